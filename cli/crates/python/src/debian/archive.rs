//! Debian's archive: `InRelease`, which Debian signs, names the digests of the lists, and these name those of the packages.
//!
//! A mirror is not trusted, so plain HTTP is enough (as apt has it). The signature is verified by `gpgv`, apt's own verifier.

use super::{
    super::{file_error::FileContext as _, process, tree_files},
    DebianError,
    control::{Package, add_packages, field},
};
use crate::cache_folder;
use pspf_nostd::{
    codec::{Budget, Chain, Codec, PureCodecs},
    digest::sha256,
};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Names another mirror than the one that apt uses.
const MIRROR_VARIABLE: &str = "FLAVOR_DEBIAN_MIRROR";
/// Names another file with the archive's keys.
const KEYRING_VARIABLE: &str = "FLAVOR_DEBIAN_KEYRING";

const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";
const DEFAULT_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// `InRelease` has 150 KB.
const RELEASE_MAX: u64 = 4 << 20;
/// The compressed list of `main` has 9 MB.
const LIST_MAX: u64 = 64 << 20;
/// The list of `main` has 50 MB.
const LIST_DECODED_MAX: u64 = 512 << 20;
/// The largest package that is taken, libc6, has 3 MB.
pub(super) const PACKAGE_MAX: u64 = 64 << 20;

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Verifying takes milliseconds.
const GPGV_LIMIT: Duration = Duration::from_secs(60);

/// The archive as this machine reaches it.
pub(super) struct Archive {
    agent: ureq::Agent,
    mirror: String,
    gpgv: PathBuf,
    keyring: PathBuf,
    /// Holds downloaded files under their digests.
    cache: Option<PathBuf>,
}

impl Archive {
    /// Looks for what is needed, without the network.
    pub(super) fn check() -> Result<(), DebianError> {
        Self::open().map(drop)
    }

    pub(super) fn open() -> Result<Self, DebianError> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let keyring = PathBuf::from(variable(KEYRING_VARIABLE).unwrap_or_else(|| DEFAULT_KEYRING.to_owned()));
        if !keyring.is_file() {
            return Err(DebianError::NoKeyring { path: keyring });
        }
        let gpgv = process::all_on_path("gpgv", env::var_os("PATH").as_deref()).into_iter().next();
        let mirror = variable(MIRROR_VARIABLE).or_else(apt_mirror).unwrap_or_else(|| DEFAULT_MIRROR.to_owned());
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(DOWNLOAD_LIMIT))
            .timeout_connect(Some(CONNECT_LIMIT))
            .user_agent(concat!("flavor/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            agent: config.build().into(),
            mirror: mirror.trim_end_matches('/').to_owned(),
            gpgv: gpgv.ok_or(DebianError::NoGpgv)?,
            keyring,
            cache: cache_folder::part(cache_folder::DEBIAN),
        })
    }

    /// Whether the mirror answers: its address, and the date that it states.
    pub(super) fn answer(&self, limit: Duration) -> Result<(String, Option<String>), DebianError> {
        let url = format!("{}/", self.mirror);
        let asked = self.agent.head(&url).config().timeout_global(Some(limit)).http_status_as_error(false).build();
        let answer = asked.call().map_err(|error| DebianError::Download { url, reason: error.to_string() })?;
        let date = answer.headers().get("Date").and_then(|date| date.to_str().ok());
        Ok((self.mirror.clone(), date.map(str::to_owned)))
    }

    /// The packages of a release with its security updates.
    pub(super) fn packages(&self, release: &str, architecture: &str) -> Result<BTreeMap<String, Package>, DebianError> {
        let mut found = BTreeMap::new();
        // The security archive is beside the main one.
        let security = self.mirror.strip_suffix("/debian").map(|base| format!("{base}/debian-security"));
        let suites = [(Some(self.mirror.clone()), release.to_owned()), (security, format!("{release}-security"))];
        for (mirror, suite) in suites {
            let Some(mirror) = mirror else { continue };
            let list = self.list(&mirror, &suite, architecture)?;
            let wrong =
                |error: deb822_fast::Error| DebianError::Content { url: mirror.clone(), reason: error.to_string() };
            add_packages(&list, &mirror, &mut found).map_err(wrong)?;
        }
        Ok(found)
    }

    fn list(&self, mirror: &str, suite: &str, architecture: &str) -> Result<String, DebianError> {
        let folder = format!("{mirror}/dists/{suite}");
        let url = format!("{folder}/InRelease");
        let release = self.verified(&url, &self.download(&url, RELEASE_MAX)?)?;
        let wrong = |reason: &str| DebianError::Content { url: url.clone(), reason: reason.to_owned() };
        // Else a mirror could hand out another release, which is signed as well.
        if field(&release, "Codename").as_deref() != Some(suite) {
            return Err(wrong(&format!("its codename is not {suite}")));
        }
        if let Some(until) = field(&release, "Valid-Until") {
            let time = jiff::fmt::rfc2822::parse(&until.replace("UTC", "+0000"));
            let time = time.map_err(|error| wrong(&error.to_string()))?.timestamp();
            if time < jiff::Timestamp::now() {
                return Err(DebianError::Expired { url, until });
            }
        }
        let path = format!("main/binary-{architecture}/Packages.xz");
        let digests = field(&release, "SHA256").unwrap_or_default();
        let digest = digests.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let digest = words.next()?;
            (words.nth(1)? == path).then(|| digest.to_owned())
        });
        let digest = digest.ok_or_else(|| wrong(&format!("it has no digest of {path}")))?;
        let by_hash = format!("{folder}/main/binary-{architecture}/by-hash/SHA256/{digest}");
        let packed = self.fetch_digest(&by_hash, &digest, LIST_MAX)?;
        let list = decode(&packed, Codec::Xz, LIST_DECODED_MAX);
        let list = list.map_err(|reason| DebianError::Content { url: by_hash, reason })?;
        Ok(String::from_utf8_lossy(&list).into_owned())
    }

    /// The signed text of a clear-signed file.
    fn verified(&self, url: &str, signed: &[u8]) -> Result<String, DebianError> {
        let folder = tempfile::tempdir().on("create a folder in", &env::temp_dir())?;
        let (input, output) = (folder.path().join("signed"), folder.path().join("text"));
        tree_files::write(&input, signed)?;
        let mut command = process::command(&self.gpgv);
        command.arg("--keyring").arg(&self.keyring).arg("--output").arg(&output).arg(&input);
        command.env("LC_ALL", "C").env("GNUPGHOME", folder.path());
        let failed = |reason: String| DebianError::Signature { url: url.to_owned(), reason };
        let finished = process::run(&mut command, b"", GPGV_LIMIT).map_err(|error| failed(error.to_string()))?;
        if !finished.success() {
            return Err(failed(finished.last_error_lines(3)));
        }
        fs::read_to_string(&output).map_err(|error| failed(error.to_string()))
    }

    /// The file of a package.
    pub(super) fn fetch(&self, package: &Package) -> Result<Vec<u8>, DebianError> {
        let url = format!("{}/{}", package.mirror, package.filename);
        self.fetch_digest(&url, &package.sha256, package.size.min(PACKAGE_MAX))
    }

    /// A file with a known digest, from the cache if it is there.
    fn fetch_digest(&self, url: &str, digest: &str, max: u64) -> Result<Vec<u8>, DebianError> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let cached = self.cache.as_ref().filter(|_| is_digest).map(|cache| cache.join(digest));
        let known = cached.as_ref().and_then(|path| fs::read(path).ok());
        if let Some(bytes) = known.filter(|bytes| sha256(bytes).to_string() == digest) {
            return Ok(bytes);
        }
        let bytes = self.download(url, max)?;
        let found = sha256(&bytes).to_string();
        if found != digest {
            return Err(DebianError::Digest { url: url.to_owned(), expected: digest.to_owned(), found });
        }
        if let Some(path) = cached {
            // The next packing downloads it again, and that is all.
            let _ = keep(&path, &bytes);
        }
        Ok(bytes)
    }

    fn download(&self, url: &str, max: u64) -> Result<Vec<u8>, DebianError> {
        let failed = |error: &ureq::Error| DebianError::Download { url: url.to_owned(), reason: error.to_string() };
        let mut answer = self.agent.get(url).call().map_err(|error| failed(&error))?;
        answer.body_mut().with_config().limit(max.saturating_add(1)).read_to_vec().map_err(|error| failed(&error))
    }
}

fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    cache_folder::create(folder).map_err(std::io::Error::other)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut temporary, bytes)?;
    temporary.persist(path).map(drop).map_err(|error| error.error)
}

/// Decodes in memory, up to `max` bytes.
pub(super) fn decode(packed: &[u8], codec: Codec, max: u64) -> Result<Vec<u8>, String> {
    let budget = Budget { output_max: max, ..Budget::default() };
    let mut chain = Chain::new(&[codec], &PureCodecs, &budget).map_err(|error| error.to_string())?;
    let mut decoded = Vec::new();
    let mut sink = |bytes: &[u8]| {
        decoded.extend_from_slice(bytes);
        Ok(())
    };
    chain.push(packed, &mut sink).and_then(|()| chain.finish(&mut sink)).map_err(|error| error.to_string())?;
    Ok(decoded)
}

/// The first mirror of Debian in apt's own list, if that is one that plain HTTP reaches.
fn apt_mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    let mut more: Vec<PathBuf> = fs::read_dir("/etc/apt/sources.list.d")
        .ok()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    more.sort();
    files.extend(more);
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| mirror_in(&text))
}

/// Both forms of apt's list (sources.list(5)). Mirrors of Debian keep the folder's name.
fn mirror_in(text: &str) -> Option<String> {
    let words = text
        .lines()
        .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('/'));
    words.filter(|word| word.starts_with("http://")).find(|word| word.ends_with("/debian")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_found_in_both_forms_of_the_list() {
        let one = "deb [signed-by=/x] http://m.example/debian/ bookworm main\n";
        assert_eq!(mirror_in(one).unwrap(), "http://m.example/debian");
        let other = "Types: deb\n# http://snapshot/debian\nURIs: http://s/debian-security http://d/debian\n";
        assert_eq!(mirror_in(other).unwrap(), "http://d/debian");
        assert_eq!(mirror_in("deb https://d/debian x main\ndeb-src http://d/debian x main"), None);
    }

    /// Debian's keys are on Debian only; the signature is over a text that nobody at Debian wrote.
    #[test]
    fn text_without_a_good_signature_is_refused() {
        let Ok(archive) = Archive::open() else { return };
        let text = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nCodename: bookworm\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
        let error = archive.verified("http://m", text).unwrap_err();
        assert_eq!(error.code(), "python.debian.signature");
    }
}

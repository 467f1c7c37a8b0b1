//! Interpreters from Debian's archive, with the C library that they were built for: the tree runs on any Linux of the architecture,
//! whatever its C library is, even without one.

mod archive;
mod control;
mod copyright;
mod system_data;
mod unpack;

use super::{
    error::{DebianError, RuntimeError},
    file_error::{FileContext as _, FileError},
    interpreter::Interpreter,
    processor::Processor,
    provider::{DebianPackage, Runtime, RuntimeProvider, RuntimeRequest},
    relocate,
    stdlib::StandardLibrary,
    tree_files,
};
use archive::Archive;
use control::Package;
use pep440_rs::Version;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Releases, newest first, and the Python that came with each; security updates raise the last number. Earlier ones have a glibc
/// (before 2.33) whose loader cannot be told `argv[0]`.
const RELEASES: [(&str, (u8, u8, u8)); 2] = [("trixie", (3, 13, 5)), ("bookworm", (3, 11, 2))];

/// What every tree needs beside the interpreter. (glibc loads libgcc_s when a thread ends early; wheels expect all of these.)
const COMMON: [&str; 4] = ["libc6", "libgcc-s1", "libstdc++6", "zlib1g"];

/// Data that programs expect of a system: of these packages the files alone count.
const DATA: [&str; 3] = ["ca-certificates", "ncurses-base", "tzdata"];

/// Modules of the standard library that Debian has in packages of their own.
const MODULES: [&str; 2] = ["python3-gdbm", "python3-tk"];

/// Dependencies of the module `nis` only, which is left out: deprecated, and they would bring Kerberos.
const LEFT_OUT: [&str; 2] = ["libnsl", "libtirpc"];

/// Where Debian's OpenSSL looks for certificates.
const CERTIFICATES: [&str; 2] = ["/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs"];

/// Whether the mirror of the archive answers: its address, and the date that it states.
pub(super) fn answer(limit: std::time::Duration) -> Result<(String, Option<String>), DebianError> {
    Archive::open()?.answer(limit)
}

/// The interpreter of a Debian release.
#[derive(Clone, Debug, Default)]
pub struct DebianProvider {
    /// Only of this version, such as `3.11`.
    pub version: Option<String>,
}

impl RuntimeProvider for DebianProvider {
    fn name(&self) -> &'static str {
        "debian"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        self.release(request)?;
        machine()?;
        if request.offline {
            return Err(DebianError::Offline.into());
        }
        Archive::check()?;
        Ok(())
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        let found = self.release(request)?;
        let machine = machine()?;
        if request.offline {
            return Err(DebianError::Offline.into());
        }
        let archive = Archive::open()?;
        let Some(processor) = request.foreign else {
            return Unpacked::get(&archive, found, machine, request, into)?.relocate(None, request, into);
        };
        // Bytecode is the same for all processors, but not for all versions.
        let of_this_machine = into.with_file_name("builder");
        let builder = Unpacked::get(&archive, found, machine, request, &of_this_machine)?;
        let target = Unpacked::get(&archive, found, processor, request, into)?;
        if builder.version != target.version {
            let versions = [machine, processor].map(Processor::name);
            return Err(DebianError::Versions { release: found.0, architectures: versions }.into());
        }
        let builder = builder.relocate(None, request, &of_this_machine)?;
        target.relocate(Some(&builder), request, into)
    }
}

/// The packages of one architecture, and the interpreter in them.
struct Unpacked {
    release: &'static str,
    processor: Processor,
    packages: Vec<Package>,
    version: (u8, u8, u8),
    /// Where their files are.
    system: PathBuf,
}

impl Unpacked {
    /// Gets the packages and unpacks them beside the folder `into`.
    fn get(
        archive: &Archive,
        (release, (major, minor, _)): (&'static str, (u8, u8, u8)),
        processor: Processor,
        request: &RuntimeRequest<'_>,
        into: &Path,
    ) -> Result<Self, RuntimeError> {
        let name = processor.name();
        request.progress.step(&format!("Read Debian's list of packages ({release}, {name})"));
        let known = archive.packages(release, name)?;
        let python = format!("python{major}.{minor}");
        let roots = [format!("{python}-minimal"), format!("lib{python}-minimal"), format!("lib{python}-stdlib")];
        let mut wanted: Vec<&str> = roots.iter().map(String::as_str).chain(COMMON).collect();
        let mut files: Vec<String> = DATA.map(str::to_owned).into();
        if request.stdlib == StandardLibrary::Full {
            wanted.extend(MODULES);
            // Both need what no package does: a shared interpreter, a browser's scripts.
            files.extend([format!("lib{python}-dev"), format!("idle-{python}")]);
        }
        if request.pip {
            files.push(format!("{python}-venv"));
            files.extend(control::WHEELS.map(str::to_owned));
        }
        let packages = closure(&known, &wanted, &files)?;
        let count = packages.len();
        request.progress.step(&format!("Get Python {major}.{minor} from Debian {release} ({name}), {count} packages"));
        let system = into.with_file_name(format!("debian-{name}"));
        tree_files::create_dir(&system)?;
        for package in &packages {
            unpack::unpack(&archive.fetch(package)?, &package.filename, &system)?;
        }
        let version = packages.iter().find(|package| package.name == roots[0]).and_then(Package::upstream);
        let version = version.ok_or_else(|| DebianError::Missing { package: roots[0].clone() })?;
        Ok(Self { release, processor, packages, version, system })
    }

    /// Makes a tree of them.
    fn relocate(
        &self,
        builder: Option<&Runtime>,
        request: &RuntimeRequest<'_>,
        into: &Path,
    ) -> Result<Runtime, RuntimeError> {
        let interpreter = Interpreter::in_folder(&self.system.join("usr"), self.version, CERTIFICATES);
        let libraries = format!("{}-linux-gnu", self.processor.gnu_name());
        // That of BLT, which Debian's module of Tk needs, is not in the folder of an architecture.
        let folders = [format!("lib/{libraries}"), format!("usr/lib/{libraries}"), "usr/lib".to_owned()];
        let folders = folders.map(|folder| self.system.join(folder));
        let mut runtime =
            relocate::relocate_with_c_library(&interpreter, "debian", folders.to_vec(), builder, request, into)?;
        system_data::add(&self.system, &runtime)?;
        let copyrights = copy_copyrights(&self.packages, &self.system, into)?;
        let c_library = self.packages.iter().find(|package| package.name == "libc6");
        runtime.c_library = c_library.map(|package| package.version.clone());
        runtime.debian_packages = described(&self.packages, self.release, self.processor.name(), copyrights);
        Ok(runtime)
    }
}

/// What the attestation says of the packages, sorted by name.
fn described(
    wanted: &[Package],
    release: &'static str,
    architecture: &'static str,
    mut copyrights: BTreeMap<String, Copyright>,
) -> Vec<DebianPackage> {
    let names: BTreeSet<&str> = wanted.iter().map(|package| package.name.as_str()).collect();
    let describe = |package: &Package| {
        let copyright = copyrights.remove(&package.name);
        let requires: BTreeSet<&String> =
            package.depends.iter().filter(|name| names.contains(name.as_str()) && **name != package.name).collect();
        DebianPackage {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: if package.filename.ends_with("_all.deb") { "all" } else { architecture },
            release,
            file: package.filename.rsplit('/').next().unwrap_or_default().to_owned(),
            sha256: package.sha256.clone(),
            requires: requires.into_iter().cloned().collect(),
            licences: copyright.iter().flat_map(|found| found.licences.clone()).collect(),
            copyright: copyright.map(|found| found.path),
        }
    };
    let mut all: Vec<DebianPackage> = wanted.iter().map(describe).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl DebianProvider {
    /// The versions that there are, newest first: `3.13`.
    pub(super) fn versions() -> impl Iterator<Item = String> {
        RELEASES.iter().map(|(_, (major, minor, _))| format!("{major}.{minor}"))
    }

    /// The newest release that fits.
    fn release(&self, request: &RuntimeRequest<'_>) -> Result<(&'static str, (u8, u8, u8)), RuntimeError> {
        let mut tried = Vec::new();
        for (release, (major, minor, patch)) in RELEASES {
            let is_wanted = self.version.as_ref().is_none_or(|version| *version == format!("{major}.{minor}"));
            let version = Version::new([major, minor, patch].map(u64::from));
            if is_wanted && request.requires_python.is_none_or(|required| required.contains(&version)) {
                return Ok((release, (major, minor, patch)));
            }
            tried.push(format!("Debian {release}: Python {version}"));
        }
        let required = request.requires_python.map(ToString::to_string);
        Err(RuntimeError::NoInterpreter { required, tried, available: Vec::new() })
    }
}

/// A copyright file in the tree.
struct Copyright {
    path: String,
    licences: Vec<String>,
}

/// Copies what the packages' licences want to go along with them to the place that Debian has for it; by names of packages.
fn copy_copyrights(packages: &[Package], system: &Path, into: &Path) -> Result<BTreeMap<String, Copyright>, FileError> {
    let mut found = BTreeMap::new();
    for package in packages {
        let path = format!("share/doc/{}/copyright", package.name);
        let original = system.join("usr").join(&path);
        if original.is_file() {
            tree_files::copy(&original, &into.join(&path))?;
            let text = fs::read(&original).on("read", &original)?;
            let licences = copyright::licences(&String::from_utf8_lossy(&text));
            found.insert(package.name.clone(), Copyright { path, licences });
        }
    }
    Ok(found)
}

/// This machine's architecture: what runs while the tree is made is for it.
fn machine() -> Result<Processor, DebianError> {
    let platform = || DebianError::Platform { os: std::env::consts::OS, arch: std::env::consts::ARCH };
    Processor::of_this_machine().ok_or_else(platform)
}

/// The packages `roots`, and the libraries that they depend on, and the packages `files` alone.
fn closure(
    packages: &BTreeMap<String, Package>,
    roots: &[&str],
    files: &[String],
) -> Result<Vec<Package>, DebianError> {
    let mut pending: Vec<String> = roots.iter().map(|name| (*name).to_owned()).chain(files.iter().cloned()).collect();
    let (mut seen, mut wanted) = (BTreeSet::new(), Vec::new());
    while let Some(name) = pending.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let package = packages.get(&name).ok_or_else(|| DebianError::Missing { package: name.clone() })?;
        if files.contains(&name) {
            wanted.push(package.clone());
            continue;
        }
        pending.extend(
            package
                .depends
                .iter()
                .filter(|name| control::is_taken(name))
                .filter(|name| !LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)))
                .cloned(),
        );
        wanted.push(package.clone());
    }
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(wanted)
}

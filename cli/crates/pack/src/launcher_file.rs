//! The launcher that goes in front of a package, and how to tell one from any other program.

use crate::{argument_file::open_argument, error::PackError};
use flavor_host::platform;
use flavor_manifest::Diagnostic;
use pspf_nostd::{digest::sha256, index::END_MAGIC, offsets::length, writer::EncodedSlot};
use std::{
    borrow::Cow,
    env,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Largest launcher read, in bytes; the largest published one has 8 MB.
const LAUNCHER_MAX: u64 = 256 << 20;

/// A string that every published launcher carries: the variable that turns its own command line on.
const PUBLISHED_MARKER: &[u8] = b"FLAVOR_LAUNCHER_CLI";

/// How the published builders call their launchers in the metadata.
const PUBLISHED_TOOL: &str = "launcher";

/// A string that this program carries, which holds everything that a launcher holds.
const PACKER_MARKER: &[u8] = b"flavor is the packer, not a launcher";

/// Empty unless the build was given a launcher (`build.rs`).
static INSIDE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher.bin"));

/// A launcher.
#[derive(Debug)]
pub struct Launcher {
    /// All of it.
    pub bytes: Cow<'static, [u8]>,
    /// Name of the program, for the metadata.
    pub tool: String,
    /// Version of the program, for the metadata.
    pub version: String,
    /// Operating system that it runs on, as the published builders name it.
    pub os: &'static str,
    /// Processor that it runs on.
    pub arch: &'static str,
}

impl Launcher {
    /// Length and digest.
    #[must_use]
    pub fn encoded(&self) -> EncodedSlot {
        let size = length(&self.bytes);
        EncodedSlot { size, original_size: size, sha256: sha256(&self.bytes) }
    }

    /// Whether it is one of the published tool's, which read packages of the compatible profile only.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.tool == PUBLISHED_TOOL
    }
}

/// This machine's platform, in the format's words.
#[must_use]
pub fn host_platform() -> (&'static str, &'static str) {
    (platform::os(), platform::arch())
}

/// Takes `--launcher-bin`, else `FLAVOR_LAUNCHER_BIN`, else the launcher inside this program.
///
/// # Errors
/// Where there is none, or the file is not a launcher.
pub(crate) fn choose(option: Option<&Path>, manifest: Option<&Path>) -> Result<Launcher, PackError> {
    let variable = env::var_os("FLAVOR_LAUNCHER_BIN").filter(|path| !path.is_empty()).map(PathBuf::from);
    let (path, field) = match (option, &variable, manifest) {
        (Some(path), ..) => (path, "--launcher-bin"),
        (None, Some(path), _) => (path.as_path(), "FLAVOR_LAUNCHER_BIN"),
        (None, None, Some(path)) => (path, "`tool.flavor.launchers`"),
        (None, None, None) => return inside(),
    };
    read(path, field)
}

/// Reads a launcher's file, which `field` has named.
///
/// # Errors
/// Where it cannot be read or is not a launcher.
pub(crate) fn read(path: &Path, field: &str) -> Result<Launcher, PackError> {
    let file = open_argument(path, "a launcher")?;
    let mut bytes = Vec::new();
    let read = file.take(LAUNCHER_MAX.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Diagnostic::io("launcher.read", path, "read the launcher", &error))?;
    let launcher = from_bytes(Cow::Owned(bytes));
    launcher.map_err(|problem| problem.file(path).field(field).into())
}

/// The launcher that this build carries; none in a plain `cargo build`, where the user names one.
#[must_use]
pub(crate) fn inside_bytes() -> Option<&'static [u8]> {
    (!INSIDE.is_empty()).then_some(INSIDE)
}

fn inside() -> Result<Launcher, PackError> {
    match inside_bytes() {
        Some(bytes) => Ok(from_bytes(Cow::Borrowed(bytes))?),
        None => Err(Diagnostic::error("launcher.none", "this build of flavor carries no launcher")
            .hint("name one with --launcher-bin, or use the release build (`cargo xtask dist`)")
            .into()),
    }
}

/// Takes a program for what it is.
///
/// # Errors
/// Where it is not a launcher.
pub(crate) fn from_bytes(bytes: Cow<'static, [u8]>) -> Result<Launcher, Diagnostic> {
    let expected = "a PSPF launcher: a program such as `flavor-launcher`";
    let wrong = |code, found: &str| {
        Err(Diagnostic::error(code, "this is not a launcher").expected(expected).found(found.to_owned()))
    };
    if length(&bytes) > LAUNCHER_MAX {
        return wrong("launcher.size", "more than 256 MiB");
    }
    if bytes.ends_with(&END_MAGIC) {
        return wrong("launcher.package", "a whole package, which has its launcher in front");
    }
    let Some((os, arch)) = platform_of(&bytes) else {
        return wrong(
            "launcher.format",
            if bytes.is_empty() { "an empty file" } else { "no ELF, PE or Mach-O program" },
        );
    };
    if contains(&bytes, PACKER_MARKER) {
        return wrong("launcher.packer", "the flavor program itself");
    }
    let ours = contains(&bytes, flavor_host::LAUNCHER_MARKER.as_bytes());
    if !ours && !contains(&bytes, PUBLISHED_MARKER) {
        return wrong("launcher.marker", "another program");
    }
    let (tool, version) =
        if ours { ("flavor-launcher", env!("CARGO_PKG_VERSION")) } else { (PUBLISHED_TOOL, "unknown") };
    Ok(Launcher { bytes, tool: tool.to_owned(), version: version.to_owned(), os, arch })
}

/// Whether some bytes are in a program.
#[must_use]
pub(crate) fn contains(bytes: &[u8], marker: &[u8]) -> bool {
    memchr::memmem::find(bytes, marker).is_some()
}

/// Operating system and processor of a program, from its header; `any` where the processor is not one that is named.
fn platform_of(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let half = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    if bytes.starts_with(b"\x7fELF") {
        let os = if bytes.get(7) == Some(&9) { "freebsd" } else { "linux" };
        return Some((
            os,
            match half(18)? {
                0x3e => "amd64",
                0xb7 => "arm64",
                _ => "any",
            },
        ));
    }
    if bytes.starts_with(b"MZ") {
        let header = usize::try_from(word(0x3c)?).ok()?;
        if bytes.get(header..header.checked_add(4)?)? != b"PE\0\0" {
            return None;
        }
        return Some((
            "windows",
            match half(header.checked_add(4)?)? {
                0x8664 => "amd64",
                0xaa64 => "arm64",
                _ => "any",
            },
        ));
    }
    match word(0)? {
        0xfeed_facf => Some((
            "darwin",
            match word(4)? {
                0x0100_0007 => "amd64",
                0x0100_000c => "arm64",
                _ => "any",
            },
        )),
        // A universal binary; its header is big-endian.
        0xbeba_feca => Some(("darwin", "any")),
        _ => None,
    }
}

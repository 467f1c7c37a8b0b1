//! What can go wrong with Debian's archive.

use super::file_error::FileError;
use std::path::PathBuf;

/// Why there is no interpreter from Debian.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DebianError {
    /// Not a machine that Debian has packages for which we take.
    #[error("Debian's packages are for Linux on amd64 and arm64; this is {os} on {arch}")]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// There is no gpgv.
    #[error("gpgv, which verifies the signature of Debian's archive, was not found on PATH")]
    NoGpgv,
    /// There are no keys.
    #[error("the keys of Debian's archive are missing: {}", path.display())]
    NoKeyring {
        /// Where they were looked for.
        path: PathBuf,
    },
    /// The mirror did not answer, or not as it should.
    #[error("{url} could not be read: {reason}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The signature is not good.
    #[error("{url} is not signed by Debian: {reason}")]
    Signature {
        /// The address.
        url: String,
        /// gpgv's words.
        reason: String,
    },
    /// The list is out of date.
    #[error("{url} was valid until {until} only: the mirror is out of date, or somebody holds updates back")]
    Expired {
        /// The address.
        url: String,
        /// When.
        until: String,
    },
    /// The list does not say what it should.
    #[error("{url}: {reason}")]
    Content {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A file is not the one that was signed for.
    #[error("{url} is not the file that Debian signed for: expected SHA-256 {expected}, found {found}")]
    Digest {
        /// The address.
        url: String,
        /// In the signed list.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// The archive is being updated.
    #[error("Debian {release} has another Python for {} than for {}", architectures[1], architectures[0])]
    Versions {
        /// The release.
        release: &'static str,
        /// This machine's, and the one that the tree is for.
        architectures: [&'static str; 2],
    },
    /// A package is not in the list.
    #[error("Debian's list has no package {package}")]
    Missing {
        /// Its name.
        package: String,
    },
    /// A package cannot be unpacked.
    #[error("the package {package} cannot be unpacked: {reason}")]
    Package {
        /// Its file.
        package: String,
        /// Why not.
        reason: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DebianError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Platform { .. } => "python.debian.platform",
            Self::NoGpgv => "python.debian.gpgv",
            Self::NoKeyring { .. } => "python.debian.keyring",
            Self::Download { .. } => "python.debian.download",
            Self::Signature { .. } | Self::Expired { .. } => "python.debian.signature",
            Self::Digest { .. } => "python.debian.digest",
            Self::Content { .. } | Self::Versions { .. } | Self::Missing { .. } | Self::Package { .. } => {
                "python.debian.archive"
            }
            Self::File(_) => "python.file",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Platform { .. } => "name an installed interpreter with --python PATH",
            Self::NoGpgv => "install gpgv (Debian, Ubuntu) or gnupg, or use another --python",
            Self::NoKeyring { .. } => {
                "install debian-archive-keyring, or set FLAVOR_DEBIAN_KEYRING to a copy of its debian-archive-keyring.gpg"
            }
            Self::Download { .. } | Self::Expired { .. } => {
                "check the network (http_proxy is used), or set FLAVOR_DEBIAN_MIRROR to another mirror, such as http://deb.debian.org/debian"
            }
            Self::Signature { .. } | Self::Digest { .. } => {
                "do not use this mirror; set FLAVOR_DEBIAN_MIRROR to another one"
            }
            Self::Versions { .. } => "try it again in an hour: an update is on its way to the mirrors",
            Self::Content { .. } | Self::Missing { .. } | Self::Package { .. } | Self::File(_) => return None,
        })
    }
}

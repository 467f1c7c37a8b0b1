//! Why a lock cannot be honoured.

use super::Lock;

/// Why a lock cannot be honoured. It names the lock; nothing is installed in its place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It cannot be read as what it is.
    #[error("{} cannot be read: {reason}", lock.name())]
    Unreadable {
        /// The lock.
        lock: Lock,
        /// Why not.
        reason: String,
    },
    /// It is of a version that is not known.
    #[error("{} has version {found} of its format, and {known} are known", lock.name())]
    Version {
        /// The lock.
        lock: Lock,
        /// Its version.
        found: String,
        /// The versions that are read.
        known: &'static str,
    },
    /// An archive has no hash in it.
    #[error("{} has no hash of {name}", lock.name())]
    NoHash {
        /// The lock.
        lock: Lock,
        /// The distribution.
        name: String,
    },
    /// It has several versions of a distribution, and does not say which is meant when.
    #[error("{} has several versions of {name} and does not say which one is for which Python: {versions}", lock.name())]
    Ambiguous {
        /// The lock.
        lock: Lock,
        /// The distribution.
        name: String,
        /// Its versions.
        versions: String,
    },
    /// It pins something in a way that cannot be installed from it.
    #[error("{} pins {name} {how}, which cannot be installed from it", lock.name())]
    Source {
        /// The lock.
        lock: Lock,
        /// The distribution.
        name: String,
        /// As what.
        how: String,
    },
    /// It does not fit the project.
    #[error("{} is out of date: it does not fit the project:\n{reason}", lock.name())]
    Outdated {
        /// The lock.
        lock: Lock,
        /// What shows it.
        reason: String,
    },
    /// pip does not read it.
    #[error("`tool.flavor.build.use_pip`: pip does not read {}", lock.name())]
    Pip {
        /// The lock.
        lock: Lock,
    },
    /// Hashes are wanted, and nothing has any.
    #[error("UV_REQUIRE_HASHES is set, and no lock has the hashes of what is installed")]
    Required,
}

impl LockError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "python.lock.unreadable",
            Self::Version { .. } => "python.lock.version",
            Self::NoHash { .. } | Self::Required => "python.lock.hash",
            Self::Ambiguous { .. } => "python.lock.ambiguous",
            Self::Source { .. } => "python.lock.source",
            Self::Outdated { .. } => "python.lock.outdated",
            Self::Pip { .. } => "python.lock.pip",
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        const OTHERWISE: &str = "pack without it (--no-lock): then the newest versions that fit are installed";
        match self {
            Self::Unreadable { lock, .. }
            | Self::Version { lock, .. }
            | Self::NoHash { lock, .. }
            | Self::Ambiguous { lock, .. }
            | Self::Outdated { lock, .. } => format!("update it with `{}`, or {OTHERWISE}", lock.kind.update()),
            Self::Source { .. } => format!("pin an archive or a commit of git in its place, or {OTHERWISE}"),
            Self::Pip { .. } => format!("leave `use_pip` out: uv can, or {OTHERWISE}"),
            Self::Required => "make a lock with `uv lock`, or unset UV_REQUIRE_HASHES".to_owned(),
        }
    }
}

//! Where things are: the repository, cargo's target folder, and what the tasks leave in them.

use std::path::{Path, PathBuf};

/// The folders of one checkout.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The repository's top level.
    pub(crate) root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR`, else `target/`.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The checkout that this program was compiled from.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().ok_or_else(|| anyhow::anyhow!("{} has no parent folder", manifest.display()))?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            // Cargo resolves a relative one against the folder that it was called in.
            Some(dir) if !dir.is_empty() => std::env::current_dir()?.join(dir),
            _ => root.join("target"),
        };
        Ok(Self { root: root.to_owned(), target })
    }

    /// Release files: what a user gets.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The finished launcher for `target`.
    pub(crate) fn launcher(&self, target: &str) -> PathBuf {
        self.dist().join("launchers").join(format!("flavor-launcher-{target}"))
    }

    /// Virtual environment with the build tools (zig, cargo-zigbuild, uv).
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools").join("venv")
    }

    /// Virtual environment with the published implementation.
    pub(crate) fn peer(&self) -> PathBuf {
        self.target.join("tools").join("peer")
    }

    /// Target folder of Debian's toolchain: apart, so that two compilers do not take turns in one folder.
    pub(crate) fn debian_target(&self) -> PathBuf {
        self.target.join("debian")
    }

    /// Folder of the npm package's sources.
    pub(crate) fn npm(&self) -> PathBuf {
        self.root.join("npm")
    }

    /// Folder of the web page's sources.
    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// Where cargo installs tools; the programs are in its `bin`.
    pub(crate) fn cargo_tools(&self) -> PathBuf {
        self.target.join("tools").join("cargo")
    }

    /// The folder of zig, as `cargo xtask setup` installed it.
    pub(crate) fn zig(&self) -> anyhow::Result<PathBuf> {
        let versions = std::fs::read_dir(self.tools().join("lib"))?.collect::<std::io::Result<Vec<_>>>()?;
        let mut folders = versions.iter().map(|version| version.path().join("site-packages/ziglang"));
        folders
            .find(|folder| folder.is_dir())
            .ok_or_else(|| anyhow::anyhow!("zig is not in {}", self.tools().display()))
    }

    /// Where skipped tests are recorded (tests/support).
    pub(crate) fn skipped_tests(&self) -> PathBuf {
        self.target.join("skipped-tests")
    }

    /// uv, as installed by `cargo xtask setup`.
    pub(crate) fn uv(&self) -> PathBuf {
        self.tools().join("bin").join("uv")
    }
}

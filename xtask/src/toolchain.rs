//! Every tool version that this project builds with: the one place to change one.
//!
//! The Rust version itself is `rust-version` in the workspace's Cargo.toml (cargo refuses an older compiler). There is no
//! rust-toolchain.toml on purpose: it would make rustup want to download on machines where it cannot.

use std::path::Path;

/// The Rust that the project is written for, from the workspace's `rust-version`.
pub(crate) const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Oldest Python that the tools' virtual environments are made with.
pub(crate) const PYTHON_MIN: (u32, u32) = (3, 11);

/// Oldest Node that runs the tests of engine, npm package and page.
pub(crate) const NODE_MIN: u32 = 20;

/// Tools for building, packing and testing, from PyPI: zig (C compiler and linker with musl), its cargo front, uv, and the
/// CycloneDX project's schemas.
pub(crate) const TOOLS: &[&str] =
    &["ziglang==0.17.0", "cargo-zigbuild==0.24.0", "uv==0.13.9", "cyclonedx-python-lib[json-validation]==11.12.0"];

/// The published implementation of the format, from PyPI: only the interop tests use it.
pub(crate) const PEER: &[&str] = &["flavorpack==0.5.4"];

/// The target of the engine for browsers and Node.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Systems whose code is compiled here without being run: type checks need no linker and no C compiler for them.
pub(crate) const CHECKED_TARGETS: &[&str] = &["aarch64-apple-darwin", "x86_64-pc-windows-gnu"];
/// The tool that makes the JavaScript glue: the version of the `wasm-bindgen` crate (wasm/Cargo.toml). wasm-opt, esbuild and
/// the tests' tools come from npm/package-lock.json; Debian's wasm-opt breaks the engine's table of references.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";

/// Runs the engine's own tests in Node and in a browser.
pub(crate) const WASM_PACK: &str = "0.15.1";

/// Shows what the tests of the core do not notice.
pub(crate) const CARGO_MUTANTS: &str = "27.1.0";

/// Debian's packages with the browser of the tests, and with the typefaces of the web page's pictures.
pub(crate) const BROWSER_PACKAGES: &[&str] = &["chromium", "fonts-inter", "fonts-dejavu-core"];

/// Programs that single tests use, with the Debian packages that have them.
pub(crate) const TEST_PROGRAMS: &[(&str, &str)] = &[
    ("strace", "strace"),
    ("openssl", "openssl"),
    ("git", "git"),
    ("man", "man-db"),
    ("script", "bsdutils"),
    ("zsh", "zsh"),
    ("fish", "fish"),
    ("unshare", "util-linux"),
    ("xvfb-run", "xvfb"),
];

/// Debian's packages for a Rust that can compile its own standard library for other targets. `rust-web-llvm` gives
/// rustc's default wasm linker.
pub(crate) const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];

/// Files that are there when Debian's Rust is installed completely.
const DEBIAN_FILES: &[&str] =
    &["/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/rust-lld", "/usr/lib/rustlib/src/rust/library/std/Cargo.toml"];

/// The target of the proof that the core needs no standard library: it has none.
pub(crate) const NO_STD_TARGET: &str = "wasm32v1-none";

/// Seconds that rustup gets to add a target or the sources, about 30 MB. With a fast network it takes 5; without one rustup gives
/// up by itself, except where packets are dropped silently.
pub(crate) const RUSTUP_SECONDS: u64 = 180;

/// The targets of the launchers that a release has.
pub(crate) const LAUNCHER_TARGETS: [&str; 2] = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];

/// How the launchers of a release are compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Stable Rust as it is installed.
    #[default]
    Plain,
    /// Half the size: the standard library is compiled along, without messages and tables for panics.
    Small,
}

/// Which Rust compiles for a target other than the host's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The active toolchain, with the target's standard library from rustup.
    Rustup,
    /// Debian's toolchain. Debian has the standard library's sources only: they are compiled once and put where rustc looks.
    Debian,
}

/// What the user lets [`Route`] be chosen from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RouteChoice {
    /// What is already there; else rustup; else Debian.
    #[default]
    Auto,
    /// Only rustup.
    Rustup,
    /// Only Debian's packages.
    Debian,
}

/// The musl target of the machine's own architecture; none on anything but Linux.
pub(crate) fn musl_target() -> Option<String> {
    cfg!(target_os = "linux").then(|| format!("{}-unknown-linux-musl", std::env::consts::ARCH))
}

/// Whether Debian's Rust has a standard library for the target already.
pub(crate) fn debian_has(target: &str) -> bool {
    debian_installed() && Path::new("/usr/lib/rustlib").join(target).join("lib/built-by").exists()
}

/// Whether Debian's Rust is here with everything needed.
pub(crate) fn debian_installed() -> bool {
    DEBIAN_FILES.iter().all(|file| Path::new(file).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_asks_for_these_versions() {
        let (major, minor) = PYTHON_MIN;
        let wanted = format!(
            "Rust {RUST} or newer, a C compiler, Python {major}.{minor} or newer, and, for the tests, Node {NODE_MIN} or newer"
        );
        assert!(include_str!("../../README.md").contains(&wanted), "{wanted}");
    }
}

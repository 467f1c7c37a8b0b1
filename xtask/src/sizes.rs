//! `cargo xtask sizes`: what was built is not suddenly much larger. CI asks; no other task fails for a size.

use std::fs;

use anyhow::{Result, bail};

use crate::npm;
use crate::workspace::Workspace;

/// Launchers of the plain profile, in bytes as measured.
const LAUNCHERS: &[(&str, u64)] =
    &[("x86_64-unknown-linux-musl", 1_920_000), ("aarch64-unknown-linux-musl", 1_618_000)];

/// The engine with `gzip -9`, in bytes as measured.
const ENGINE: u64 = 431_000;

/// An error where one has more than a tenth beyond what was measured.
pub(crate) fn sizes(workspace: &Workspace) -> Result<()> {
    let mut found = Vec::new();
    for (target, measured) in LAUNCHERS {
        let file = workspace.launcher(target);
        if file.exists() {
            found.push((fs::metadata(&file)?.len(), *measured, file));
        }
    }
    let (engine, size) = npm::finished_engine(workspace)?;
    found.push((size, ENGINE, engine));
    let mut larger = 0;
    for (size, measured, file) in &found {
        let limit = measured + measured / 10;
        let word = if *size > limit { "LARGER" } else { "ok" };
        larger += usize::from(*size > limit);
        println!("{word:<8}{size:>9} bytes, at most {limit}  {}", file.display());
    }
    if larger > 0 {
        bail!(
            "{larger} of {} are larger than measured: find out why, or write down the new size in xtask/src/sizes.rs",
            found.len()
        );
    }
    Ok(())
}

//! Removes debugging symbols from the programs and libraries that wheels brought.

use super::{error::PythonError, file_error::FileContext as _, process, provider::Runtime, tree_files};
use object::{Object as _, ObjectSegment as _};
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};
use walkdir::WalkDir;

/// One file takes a second at most.
const STRIP_LIMIT: Duration = Duration::from_secs(120);

/// Gives the files that were changed. A file that `strip` cannot rewrite soundly stays as it is: repaired wheels have libraries
/// whose segments it would move apart.
pub(super) fn site_packages(runtime: &Runtime) -> Result<BTreeSet<PathBuf>, PythonError> {
    let path = env::var_os("PATH");
    // GNU's knows the files of one processor.
    let program = match runtime.foreign {
        Some(processor) => format!("{}-linux-gnu-strip", processor.gnu_name()),
        None => "strip".to_owned(),
    };
    let strip = process::all_on_path(&program, path.as_deref()).into_iter().next();
    let strip = strip.ok_or(PythonError::NoStrip { program })?;
    let mut changed = BTreeSet::new();
    let site = runtime.site_packages();
    for entry in WalkDir::new(&site).sort_by_file_name() {
        let entry = entry.on("list", &site)?;
        if !entry.file_type().is_file() {
            continue;
        }
        if let Some(data) = tree_files::read_elf(entry.path())?
            && stripped(&strip, entry.path(), &data)?
        {
            changed.insert(entry.path().to_owned());
        }
    }
    Ok(changed)
}

fn stripped(strip: &Path, file: &Path, data: &[u8]) -> Result<bool, PythonError> {
    let result = file.with_extension("stripped");
    let mut command = process::command(strip);
    command.args(["--strip-unneeded", "-o"]).arg(&result).arg("--").arg(file);
    let done = process::run(&mut command, b"", STRIP_LIMIT).is_ok_and(|finished| finished.success());
    let new = if done { fs::read(&result).unwrap_or_default() } else { Vec::new() };
    tree_files::remove(&result)?;
    if new.len() >= data.len() || !is_loadable(&new) {
        return Ok(false);
    }
    let executable = tree_files::is_executable(file)?;
    tree_files::write(file, &new)?;
    tree_files::set_mode(file, executable)?;
    Ok(true)
}

/// Whether each segment is in the file where its address says (modulo the page), as the loader needs it.
fn is_loadable(data: &[u8]) -> bool {
    let Ok(file) = object::File::parse(data) else { return false };
    let sound = |segment: object::Segment<'_, '_>| {
        let page = segment.align().clamp(1, 0x1000);
        segment.address() % page == segment.file_range().0 % page
    };
    file.segments().all(sound)
}

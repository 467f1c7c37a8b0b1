//! Slots with lifecycle `config`: extracted into the state directory where they are not there yet. What the user has changed
//! is never overwritten, not even by a new version.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    process,
    time::Duration,
};

use pspf_nostd::verify::Authenticated;

use rustix::fs::OFlags;

use flavor_host::{
    command::{CommandError, CommandFault, placeholders::Placeholders},
    extraction::extraction_root::{ExtractionRoot, RECORD_DIRECTORY},
    files::{
        io_failure::IoFailure,
        lock::{Attempt, lock_file},
        open_file::open_own,
    },
    lifecycle::{Place, Plan},
    workenv::added_files::add_missing,
};

/// How long another start that is doing the same is waited for. Nothing is lost without the lock: no file is replaced.
const PATIENCE: Duration = Duration::from_secs(60);

/// Digits of the content id that name a version of the slots.
const ID_DIGITS: usize = 16;

/// Brings the slots that this version has not brought yet. `extract` fills a directory with a slot.
///
/// # Errors
/// [`CommandFault::Directory`], or what `extract` says.
pub(crate) fn install<E: From<CommandError>>(
    package: &Authenticated,
    plan: &Plan,
    placeholders: &Placeholders<'_>,
    extract: impl Fn(&mut ExtractionRoot, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut slots = plan.slots_at(Place::State).peekable();
    if slots.peek().is_none() {
        return Ok(());
    }
    let state = placeholders.state().create()?;
    let records = state.join(RECORD_DIRECTORY);
    let id = package.content_id().to_string();
    let id = id.get(..ID_DIGITS).unwrap_or_default();
    for slot in slots {
        let record = records.join(format!("{id}.slot{slot}"));
        if record.exists() && placeholders.slot(slot)?.symlink_metadata().is_ok() {
            continue;
        }
        let temporary = records.join(format!("{}.tmp", process::id()));
        let (mut root, _lock) = begin(&records, &temporary).map_err(refused)?;
        let extracted = extract(&mut root, slot);
        let added = if extracted.is_ok() { add_missing(&temporary, state, &|_| false) } else { Ok(()) };
        let _ = fs::remove_dir_all(&temporary);
        extracted?;
        added.and_then(|()| create(&record).map_err(IoFailure::of("write", &record))).map_err(refused)?;
    }
    Ok(())
}

/// The directory that a slot is extracted into, and the lock that keeps others from doing the same.
fn begin(records: &Path, temporary: &Path) -> Result<(ExtractionRoot, Attempt), IoFailure> {
    make_directory(records)?;
    let lock = lock_file(&records.join("lock"), PATIENCE).map_err(IoFailure::of("lock", records))?;
    // Of a process with this number that was killed.
    let _ = fs::remove_dir_all(temporary);
    Ok((ExtractionRoot::create(temporary)?, lock))
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(failure: IoFailure) -> CommandError {
    CommandFault::Directory { variable: "XDG_STATE_HOME", why: failure.to_string() }.into()
}

/// Leaves an empty file, whatever was there.
fn create(path: &Path) -> io::Result<()> {
    open_own(path, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC).map(drop)
}

fn make_directory(path: &Path) -> Result<(), IoFailure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(IoFailure::of("create the directory", path))
}

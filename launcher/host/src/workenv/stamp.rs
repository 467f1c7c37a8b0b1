//! Which package files were wholly verified for a tree, so that a start by the same, unchanged file need not read all of it.
//!
//! A file is told by its stamp: device, inode, size, and the times of its last modification and change. The time of change is
//! the kernel's own: whoever writes to a file, renames over it or sets its times back gives it a new one. A start by a file with
//! a stamp that is not in the list verifies every byte, and then adds it. The list is no part of the tree's record: where it
//! is lost or cannot be written, packages are read once more, and nothing else happens.

use std::{
    fs::{File, Metadata},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::files::open_file::{create_new, open, read_start};

/// First line of the list.
const HEADING: &str = "pspf verified files 1";
/// Most stamps that are kept: the newest.
const STAMPS_MAX: usize = 16;
/// Largest list that is read, in bytes.
const SIZE_MAX: usize = 4 << 10;
/// How long ago a file must have been changed before a later change is sure to get another time: file systems take the time from
/// a clock that ticks up to a hundred times a second.
const TICK: Duration = Duration::from_millis(100);
/// The same where times have whole seconds only, or every second one of them.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What tells one state of a file from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// That of an open file.
    ///
    /// # Errors
    /// What the system says to looking at it.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }

    /// Whether a change at `now` or later would give the file another stamp. With a clock that was set back, it is not sure.
    fn tells_changes_from(&self, now: SystemTime) -> bool {
        let tick = if self.changed.1 == 0 { COARSE_TICK } else { TICK };
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(self.changed.0), u32::try_from(self.changed.1)) else {
            return false;
        };
        let changed = UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds));
        changed.and_then(|changed| changed.checked_add(tick)).is_some_and(|sure| sure < now)
    }

    fn to_line(self) -> String {
        let Self { device, inode, size, modified, changed } = self;
        format!("{device} {inode} {size} {}.{} {}.{}\n", modified.0, modified.1, changed.0, changed.1)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut number = || words.next()?.parse().ok();
        let (device, inode, size) = (number()?, number()?, number()?);
        let mut time = || {
            let (seconds, nanoseconds) = words.next()?.split_once('.')?;
            Some((seconds.parse().ok()?, nanoseconds.parse().ok()?))
        };
        let (modified, changed) = (time()?, time()?);
        words.next().is_none().then_some(Self { device, inode, size, modified, changed })
    }
}

impl From<&Metadata> for Stamp {
    fn from(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

/// A file that is about to be read from the first byte to the last.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    stamp: Stamp,
    begun: SystemTime,
}

impl Reading {
    /// Before the first byte is read.
    pub fn begin(file: &File) -> io::Result<Self> {
        let begun = SystemTime::now();
        Ok(Self { stamp: Stamp::of(file)?, begun })
    }

    /// The stamp at the beginning.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// After the last one: the stamp of what was read. `None` where the file was changed meanwhile, or so shortly before that a change
    /// meanwhile may not show.
    pub fn end(&self, file: &File) -> Option<Stamp> {
        let unchanged = Stamp::of(file).is_ok_and(|found| found == self.stamp);
        (unchanged && self.stamp.tells_changes_from(self.begun)).then_some(self.stamp)
    }
}

/// The list at `path`; empty where it cannot be used.
fn read(path: &Path) -> Vec<Stamp> {
    let read = || -> Option<Vec<Stamp>> {
        let bytes = read_start(&open(path).ok()?, SIZE_MAX).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n');
        lines.next().filter(|line| *line == HEADING)?;
        lines.map(Stamp::parse).collect()
    };
    read().unwrap_or_default()
}

/// Whether the list at `path` has this stamp.
pub fn is_noted(path: &Path, stamp: &Stamp) -> bool {
    read(path).contains(stamp)
}

/// Adds a stamp to the list at `path`, in one step. If it cannot be written, or two processes do so at once and one of the stamps
/// is lost, that file is read once more.
pub fn note(path: &Path, stamp: Stamp) {
    let mut stamps = read(path);
    stamps.retain(|known| *known != stamp);
    stamps.push(stamp);
    let older = stamps.len().saturating_sub(STAMPS_MAX);
    let lines = stamps.drain(older..).map(Stamp::to_line).collect::<String>();
    let new = path.with_extension(std::process::id().to_string());
    let written = create_new(&new, 0o600)
        .and_then(|mut file| file.write_all([HEADING, "\n", &lines].concat().as_bytes()))
        .and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(inode: u64) -> Stamp {
        Stamp { device: 1, inode, size: 3, modified: (-4, 5), changed: (6, 7) }
    }

    #[test]
    fn the_newest_stamps_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("verified");
        for inode in 0..40 {
            assert!(!is_noted(&path, &stamp(inode)));
            note(&path, stamp(inode));
            note(&path, stamp(inode));
            assert!(is_noted(&path, &stamp(inode)));
        }
        let kept: Vec<u64> = read(&path).iter().map(|stamp| stamp.inode).collect();
        assert_eq!(kept, (24..40).collect::<Vec<_>>());
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing but the list is left");
    }

    #[test]
    fn every_part_of_a_stamp_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("verified");
        let noted = stamp(2);
        note(&path, noted);
        for other in [
            Stamp { device: 9, ..noted },
            Stamp { inode: 9, ..noted },
            Stamp { size: 9, ..noted },
            Stamp { modified: (-4, 6), ..noted },
            Stamp { modified: (4, 5), ..noted },
            Stamp { changed: (6, 8), ..noted },
            Stamp { changed: (7, 7), ..noted },
        ] {
            assert!(!is_noted(&path, &other), "{other:?}");
        }
    }

    #[test]
    fn a_list_that_is_not_whole_counts_for_nothing_and_is_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("verified");
        note(&path, stamp(2));
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(!is_noted(&path, &stamp(2)), "{cut}");
        }
        note(&path, stamp(3));
        assert!(is_noted(&path, &stamp(3)));
    }

    #[test]
    fn a_file_that_was_just_changed_is_not_told_by_its_stamp() {
        let at = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        for (changed, now, sure) in [
            ((10, 7), at(10, 7), false),
            ((10, 7), at(10, 100_000_007), false),
            ((10, 7), at(10, 100_000_008), true),
            // The clock was set back.
            ((10, 7), at(9, 0), false),
            // Whole seconds.
            ((10, 0), at(12, 0), false),
            ((10, 0), at(13, 1), true),
            ((-1, 7), at(10, 0), false),
            ((i64::MAX, 7), at(10, 0), false),
        ] {
            assert_eq!(Stamp { changed, ..stamp(1) }.tells_changes_from(now), sure, "{changed:?} {now:?}");
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_gets_no_stamp() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "content").unwrap();
        let file = File::open(&path).unwrap();
        let begin = || Reading { begun: SystemTime::now() + Duration::from_secs(60), ..Reading::begin(&file).unwrap() };
        let reading = begin();
        assert_eq!(reading.end(&file), Some(Stamp::of(&file).unwrap()));
        assert_eq!(Reading::begin(&file).unwrap().end(&file), None, "it was written just now");
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        // At the next tick of the file system's clock the same content, size and time of modification are another stamp.
        std::thread::sleep(TICK);
        std::fs::write(&path, "CONTENT").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
        assert_eq!(reading.end(&file), None);
    }
}

//! What can go wrong with a launcher, as a table: one row is one thing done to real processes, and what should come of it.
//!
//! The rows are those of the published launchers' observed holes and failures. Each is done to this project's launcher and,
//! for comparison, to the two published ones, with the same package around each.

mod concurrency;
mod content;
mod integrity;
mod ownership;
mod package;
mod policy;
mod process;
mod recovery;
pub mod report;
mod spawn;
mod stage;
mod surroundings;

use crate::peer::{Language, Peer};
use stage::Stage;
use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Whose launcher is in front of the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// This project.
    Ours,
    /// The published launcher in that language.
    Theirs(Language),
}

impl Maker {
    /// All of them, in the order of the report's columns.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Theirs(Language::Rust), Self::Theirs(Language::Go)];
}

/// When the published launchers are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// In every run.
    Always,
    /// Only for the full report: it takes long.
    InFull,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name in the list of holes (docs/launcher-table.md).
    pub id: &'static str,
    /// What is done.
    pub what: &'static str,
    /// What should come of it: alternatives with ` or ` between them, `*` for any text.
    pub wanted: &'static str,
    /// The feature that our launcher does not have yet and that this row needs.
    pub waits: Option<&'static str>,
    /// What is known to come of it with the published launchers (Rust, Go), where that does not depend on luck.
    pub known: Option<[&'static str; 2]>,
    /// When the published launchers are asked.
    pub asked: Asked,
    /// Does it once and says what came of it. An error of the kind `Unsupported` says why it cannot be done here.
    act: fn(&Stage<'_>) -> io::Result<String>,
}

impl Row {
    const fn new(
        id: &'static str,
        what: &'static str,
        wanted: &'static str,
        act: fn(&Stage<'_>) -> io::Result<String>,
    ) -> Self {
        Self { id, what, wanted, waits: None, known: None, asked: Asked::Always, act }
    }

    /// Needs a feature that is not there yet.
    #[allow(dead_code, reason = "between two features no row waits")]
    const fn waits(mut self, feature: &'static str) -> Self {
        self.waits = Some(feature);
        self
    }

    const fn known(mut self, rust: &'static str, go: &'static str) -> Self {
        self.known = Some([rust, go]);
        self
    }

    const fn in_full(mut self) -> Self {
        self.asked = Asked::InFull;
        self
    }

    /// Whether an outcome is the wanted one.
    #[must_use]
    pub fn accepts(&self, outcome: &str) -> bool {
        fits_any(self.wanted, outcome)
    }
}

/// What came of a row with one launcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Seen(String),
    /// It cannot be done here, and why.
    NotRun(String),
    /// Doing it failed: the row or the machine is at fault.
    Failed(String),
    /// It was not asked for in this run.
    NotAsked,
}

/// A row with what came of it, in the order of [`Maker::ALL`].
#[derive(Clone, Debug)]
pub struct RowResult {
    /// The row.
    pub row: &'static Row,
    /// Ours, theirs in Rust, theirs in Go.
    pub outcomes: [Outcome; 3],
}

/// All rows, in the order of the report.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [
        integrity::ROWS,
        ownership::ROWS,
        content::ROWS,
        policy::ROWS,
        concurrency::ROWS,
        recovery::ROWS,
        surroundings::ROWS,
        process::ROWS,
        spawn::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// Does the rows, ours always, theirs as the rows say. `only` keeps rows whose names start with it.
///
/// # Errors
/// Where a launcher is not there.
pub fn run(peer: &Peer, full: bool, only: &str) -> io::Result<Vec<RowResult>> {
    let launchers = [
        fs::read(crate::own::launcher())?,
        fs::read(peer.launcher(Language::Rust)?)?,
        fs::read(peer.launcher(Language::Go)?)?,
    ];
    let rows: Vec<_> = rows().filter(|row| row.id.starts_with(only)).collect();
    let mut jobs: Vec<_> = rows.iter().flat_map(|row| Maker::ALL.map(|maker| (*row, maker))).enumerate().collect();
    // The long ones first.
    jobs.sort_by_key(|(_, (row, _))| row.asked == Asked::Always);
    let ask = |&(row, maker): &(&'static Row, Maker)| {
        let asked = maker == Maker::Ours || full || row.asked == Asked::Always;
        if !asked {
            return Outcome::NotAsked;
        }
        let launcher = &launchers[Maker::ALL.iter().position(|other| *other == maker).expect("one of three")];
        match Stage::new(maker, launcher, peer).and_then(|stage| (row.act)(&stage)) {
            Ok(seen) => Outcome::Seen(seen),
            Err(why) if why.kind() == io::ErrorKind::Unsupported => Outcome::NotRun(why.to_string()),
            Err(why) => Outcome::Failed(why.to_string()),
        }
    };
    // Some rows only wait, so there are more workers than processors.
    let workers = 2 * thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let mut done = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let Some((number, job)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else { return done };
                done.push((*number, ask(job)));
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect::<Vec<_>>()
    });
    done.sort_by_key(|(number, _)| *number);
    let mut outcomes = done.into_iter().map(|(_, outcome)| outcome);
    let mut three = || [(); 3].map(|()| outcomes.next().expect("three for each row"));
    Ok(rows.into_iter().map(|row| RowResult { row, outcomes: three() }).collect())
}

/// The file that a full run's report is wanted in.
#[must_use]
pub fn report_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/reports/launcher-table.md")
}

/// Whether a text is one of the alternatives.
#[must_use]
pub fn fits_any(alternatives: &str, text: &str) -> bool {
    alternatives.split(" or ").any(|pattern| fits(pattern, text))
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|at| text.get(at..).is_some_and(|tail| fits(rest, tail)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn patterns_are_whole_texts_with_gaps() {
        for (pattern, text, expected) in [
            ("ran", "ran", true),
            ("ran", "ran evil", false),
            ("refused *", "refused 107", true),
            ("refused *; ran", "refused 107; ran evil", false),
            ("ran or refused 104", "refused 104", true),
            ("ran or refused 104", "refused 103", false),
            ("a*b*c", "a1b2b3c", true),
            ("*", "", true),
        ] {
            assert_eq!(fits_any(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn every_row_of_the_list_is_there_once() {
        let names: Vec<_> = rows().map(|row| row.id).collect();
        let set: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(names.len(), set.len(), "a name appears twice");
        let numbered = |letter: char, ranges: &[(u32, u32)]| -> Vec<String> {
            ranges.iter().flat_map(|&(from, to)| from..=to).map(|number| format!("{letter}{number}")).collect()
        };
        let mut expected = numbered('H', &[(0, 6), (9, 10)]);
        expected.extend(numbered('S', &[(1, 14), (20, 27)]));
        expected.extend(numbered('R', &[(1, 10), (20, 44)]));
        expected.extend(["H3b", "H3c"].map(str::to_owned));
        let missing: Vec<_> = expected.iter().filter(|name| !set.contains(name.as_str())).collect();
        assert_eq!((missing, set.len()), (Vec::<&String>::new(), expected.len()));
    }
}

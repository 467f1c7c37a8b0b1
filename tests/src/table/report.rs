//! The table as a text for people: on the terminal, and as Markdown.

use super::{Outcome, RowResult};
use std::fmt::Write;

/// How this project's launcher does in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As wanted.
    Good,
    /// Not as wanted, because a feature is not there yet.
    NotYet,
    /// Not done here.
    NotRun,
    /// Anything else.
    Bad,
}

/// The verdict on a row.
#[must_use]
pub fn verdict(result: &RowResult) -> Verdict {
    match (&result.outcomes[0], result.row.waits) {
        (Outcome::NotRun(_), _) => Verdict::NotRun,
        (Outcome::Seen(seen), None) if result.row.accepts(seen) => Verdict::Good,
        (Outcome::Seen(seen), Some(_)) if !result.row.accepts(seen) => Verdict::NotYet,
        // Also a row that waits for a feature and has it: the mark must go.
        _ => Verdict::Bad,
    }
}

/// What is wrong, one line for each row that is.
#[must_use]
pub fn complaints(results: &[RowResult]) -> Vec<String> {
    let mut lines = Vec::new();
    for result in results {
        let row = result.row;
        if verdict(result) == Verdict::Bad {
            let found = text(&result.outcomes[0]);
            lines.push(match row.waits {
                Some(feature) if matches!(&result.outcomes[0], Outcome::Seen(seen) if row.accepts(seen)) => {
                    format!("{}: does not have to wait for `{feature}` any more", row.id)
                }
                _ => format!("{}: wanted `{}`, found `{found}`", row.id, row.wanted),
            });
        }
        for (number, name) in ["published Rust", "published Go"].iter().enumerate() {
            match (&result.outcomes[number + 1], row.known) {
                (Outcome::Seen(seen), Some(known)) if !super::fits_any(known[number], seen) => {
                    lines.push(format!("{}: {name}: known is `{}`, found `{seen}`", row.id, known[number]));
                }
                (Outcome::Failed(why), _) => lines.push(format!("{}: {name}: {why}", row.id)),
                _ => {}
            }
        }
    }
    lines
}

/// The rows that could not be done here with any of the launchers asked, and why.
#[must_use]
pub fn not_run(results: &[RowResult]) -> Option<String> {
    let reason = |result: &RowResult| {
        result.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::NotRun(why) => Some(format!("{}: {why}", result.row.id)),
            _ => None,
        })
    };
    let rows: Vec<String> = results.iter().filter_map(reason).collect();
    (!rows.is_empty()).then(|| format!("{} rows were not done: {}", rows.len(), rows.join("; ")))
}

fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Seen(seen) => seen.clone(),
        Outcome::NotRun(why) => format!("not run: {why}"),
        Outcome::Failed(why) => format!("failed: {why}"),
        Outcome::NotAsked => "not asked".to_owned(),
    }
}

/// What is shown of ours.
fn ours(result: &RowResult) -> String {
    let seen = text(&result.outcomes[0]);
    match (verdict(result), result.row.waits) {
        (Verdict::NotYet, Some(feature)) => format!("not there yet ({feature}): {seen}"),
        (Verdict::Bad, Some(feature)) if result.row.accepts(&seen) => {
            format!("does not wait for `{feature}` any more: {seen}")
        }
        (Verdict::Bad, _) => format!("WRONG: {seen}"),
        _ => seen,
    }
}

/// How many rows came out how.
#[must_use]
pub fn summary(results: &[RowResult]) -> String {
    let count = |wanted: Verdict| results.iter().filter(|result| verdict(result) == wanted).count();
    let theirs = |number: usize| {
        let seen = results.iter().filter_map(|result| match &result.outcomes[number] {
            Outcome::Seen(seen) => Some(result.row.accepts(seen)),
            _ => None,
        });
        let seen: Vec<_> = seen.collect();
        format!("{} of {} asked", seen.iter().filter(|good| **good).count(), seen.len())
    };
    format!(
        concat!(
            "{} rows. This launcher: {} as wanted, {} not there yet, {} not run, {} wrong. ",
            "As wanted from the published Rust launcher: {}; from the Go launcher: {}."
        ),
        results.len(),
        count(Verdict::Good),
        count(Verdict::NotYet),
        count(Verdict::NotRun),
        count(Verdict::Bad),
        theirs(1),
        theirs(2)
    )
}

/// The table for a terminal: one block a row.
#[must_use]
pub fn plain(results: &[RowResult]) -> String {
    let mut page = String::new();
    for result in results {
        let row = result.row;
        let _ =
            writeln!(page, "{:4} {}\n       wanted {}\n       ours   {}", row.id, row.what, row.wanted, ours(result));
        for (name, outcome) in ["rs    ", "go    "].iter().zip(&result.outcomes[1..]) {
            let _ = writeln!(page, "       {name} {}", text(outcome));
        }
    }
    page + &summary(results) + "\n"
}

/// The table in Markdown.
#[must_use]
pub fn markdown(results: &[RowResult]) -> String {
    let mut page = String::from(concat!(
        "# What launchers make of it\n\n",
        "Each row was done to real processes, with the same package behind this project's launcher, or one of\n",
        "the two published ones (flavorpack 0.5.4). `refused N` is an exit code with a message; counts are of simultaneous or\n",
        "repeated starts, and those of the published launchers differ from run to run. Made by `cargo xtask table`, which\n",
        "writes `target/reports/launcher-table.md`; the rows are in `tests/src/table/`.\n\n",
    ));
    let _ = writeln!(page, "{}\n", summary(results));
    page += "| row | what was done | wanted | this launcher | published, Rust | published, Go |\n|---|---|---|---|---|---|\n";
    for result in results {
        let row = result.row;
        let cells = [
            row.id.to_owned(),
            row.what.to_owned(),
            row.wanted.to_owned(),
            ours(result),
            text(&result.outcomes[1]),
            text(&result.outcomes[2]),
        ];
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

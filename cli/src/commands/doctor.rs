//! `flavor doctor`.

use crate::{
    arguments::Doctor,
    doctor::{self, Check, Outcome},
    problem::{Exit, Failure},
    terminal::{Console, Style, printable},
};
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    ok: bool,
    checks: Vec<Check>,
}

/// Looks at everything, and says what to do.
///
/// # Errors
/// None: what is missing is an answer.
pub fn run(arguments: &Doctor, console: &mut Console) -> Result<Exit, Failure> {
    let checks = doctor::examine(arguments);
    let count = |result: Outcome| checks.iter().filter(|check| check.result == result).count();
    let (warnings, failed) = (count(Outcome::Warning), count(Outcome::Failed));
    let exit = if failed > 0 { Exit::Failed } else { Exit::Done };
    if console.json() {
        console.document(&Document { ok: failed == 0, checks });
        return Ok(exit);
    }
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    for check in &checks {
        let (word, style) = match check.result {
            Outcome::Ok => ("ok     ", Style::Green),
            Outcome::Warning => ("warning", Style::Yellow),
            Outcome::Failed => ("failed ", Style::Red),
        };
        let word = console.styled(style, word);
        console.say(&format!("{word}  {:width$}  {}", check.name, printable(&check.message)));
        if let Some(hint) = &check.hint {
            console.say(&format!("         {:width$}  {}", "", printable(hint)));
        }
    }
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    console.say(&match (failed, warnings) {
        (0, 0) => "everything that packing needs is here".to_owned(),
        (0, warnings) => format!("packing works, with {warnings} warning{}", plural(warnings)),
        (failed, warnings) => format!("{failed} failed, {warnings} warning{}", plural(warnings)),
    });
    Ok(exit)
}

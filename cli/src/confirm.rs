//! A question before something goes that somebody may want to keep.

use crate::{problem::Failure, terminal::Console};
use flavor_manifest::Diagnostic;
use std::io::{self, IsTerminal as _, Write as _};

/// Asks on the terminal; `yes` answers beforehand.
///
/// # Errors
/// Where nobody can be asked, and with JSON output.
pub fn confirm(console: &Console, yes: bool, question: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if console.json() || !console.interactive() || !io::stdin().is_terminal() {
        let problem = Diagnostic::error("usage", "this asks before it removes anything, and there is nobody to ask");
        return Err(Failure::usage(problem.field("--yes").hint("say --yes, or look first with --dry-run")));
    }
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    // The end of the input is a no.
    let _ = io::stdin().read_line(&mut answer);
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

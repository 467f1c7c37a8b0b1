//! The commands of a page, run one after the other in one shell, and what they must print.

use crate::{documents, markdown::Block};
use std::path::Path;

/// Stands in front of the number of the command whose output follows.
const MARK: char = '\u{1e}';

/// A command, and the output that is shown below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    line: usize,
    command: String,
    shown: Vec<String>,
}

/// All commands of a page.
#[derive(Clone, Debug, Default)]
pub struct Session {
    steps: Vec<Step>,
}

impl Session {
    /// The blocks called `sh` and `console`, without those with a mark.
    #[must_use]
    pub fn of(blocks: &[Block]) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for block in blocks.iter().filter(|block| block.mark.is_empty()) {
            if block.language == "sh" {
                steps.push(Step { line: block.line, command: block.text.clone(), shown: Vec::new() });
            } else if block.language == "console" {
                for (number, line) in block.text.lines().enumerate() {
                    if let Some(command) = line.strip_prefix("$ ") {
                        steps.push(Step {
                            line: block.line + number,
                            command: format!("{command}\n"),
                            shown: Vec::new(),
                        });
                        continue;
                    }
                    let step = steps.last_mut().expect("a console block begins with a command");
                    match line.strip_prefix("> ") {
                        Some(more) => step.command.push_str(&format!("{more}\n")),
                        None => step.shown.push(line.to_owned()),
                    }
                }
            }
        }
        Self { steps }
    }

    /// Runs the commands in an empty folder, with caches elsewhere; the first one that fails, or prints something else than is shown, is an error with its line.
    ///
    /// # Errors
    /// The line, the command, and what it printed.
    ///
    /// # Panics
    /// Where no shell can be started.
    pub fn run(&self, folder: &Path, caches: &Path) -> Result<(), String> {
        let mut script = String::from("set -eu\nexec 2>&1\n");
        for (number, step) in self.steps.iter().enumerate() {
            script.push_str(&format!("printf '\\036%s\\036' {number}\n{}", step.command));
        }
        if self.steps.is_empty() {
            return Ok(());
        }
        let output = documents::shell(folder, caches).arg("-c").arg(script).output().expect("a shell starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let parts: Vec<&str> = printed.split(MARK).skip(1).collect();
        for (number, pair) in parts.chunks(2).enumerate() {
            let (Some(step), Some(text)) = (self.steps.get(number), pair.get(1)) else { continue };
            let is_last = number * 2 + 2 >= parts.len();
            if is_last && !output.status.success() {
                return Err(format!("{}: {}: {}\n{text}", step.line, output.status, step.command));
            }
            let lines: Vec<&str> = text.lines().collect();
            if !step.shown.is_empty() && !matches(&step.shown, &lines) {
                let shown = step.shown.join("\n");
                return Err(format!("{}: {}shown:\n{shown}\nprinted:\n{text}", step.line, step.command));
            }
        }
        if parts.len() != self.steps.len() * 2 { Err(format!("0: the shell ended early: {printed}")) } else { Ok(()) }
    }
}

/// Whether `lines` are what is shown; `…` stands for any text, on a line of its own for any lines.
fn matches(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| line_matches(first.trim_end(), line.trim_end()) && matches(rest, others)),
    }
}

fn line_matches(shown: &str, line: &str) -> bool {
    match shown.split_once('…') {
        None => shown == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            line.char_indices().map(|(at, _)| at).chain([line.len()]).any(|at| line_matches(rest, &line[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::blocks;

    fn run(page: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        Session::of(&blocks(page)).run(folder.path(), folder.path())
    }

    #[test]
    fn blocks_share_a_shell_and_show_what_is_printed() {
        run("```sh\ncd /usr\nA=b\n```\n```console\n$ echo $A; \\\n> pwd >&2\nb\n/u…r\n$ seq 5\n1\n…\n5\n$ true\n```\n")
            .unwrap();
        run("```sh norun: because\nfalse\n```\n").unwrap();
    }

    #[test]
    fn what_fails_or_prints_something_else_is_an_error_with_its_line() {
        assert!(run("```sh\ntrue\n```\n```sh\nfalse\n```\n").unwrap_err().starts_with("5: "));
        assert!(run("```console\n$ true\n$ echo b\na\n```\n").unwrap_err().starts_with("3: echo b"));
        assert!(run("```console\n$ seq 2\n1\n```\n").is_err());
        assert!(run("```sh\nexit 0\n```\n```sh\ntrue\n```\n").unwrap_err().contains("ended early"));
    }
}

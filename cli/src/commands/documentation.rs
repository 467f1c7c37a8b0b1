//! `flavor completions` and `flavor man`: what the definition of the command line is also good for.

use crate::{
    arguments::{Arguments, Completions, Man},
    problem::{Exit, Failure},
    terminal::Console,
};
use clap::CommandFactory as _;
use flavor_manifest::Diagnostic;
use std::{fs, io, path::Path};

/// Name of the program, whatever its file is called.
const PROGRAM: &str = "flavor";

/// Prints a completion script.
///
/// # Errors
/// None; that of a closed output is the console's.
pub fn completions(arguments: &Completions, console: &mut Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), PROGRAM, &mut script);
    console.answer(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}

/// Prints a page, or writes all.
///
/// # Errors
/// Where there is no such command, or a file cannot be written.
pub fn man(arguments: &Man, console: &mut Console) -> Result<Exit, Failure> {
    // Nobody needs `flavor-help-trust-add.1`.
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    if let Some(directory) = &arguments.dir {
        let refused = |error: io::Error| Diagnostic::io("output.write", directory, "write the manual pages", &error);
        fs::create_dir_all(directory).map_err(refused)?;
        let written = write_pages(&command, directory).map_err(refused)?;
        console.say(&format!("{written} pages in {}", directory.display()));
        return Ok(Exit::Done);
    }
    let mut chosen = &command;
    for word in &arguments.words {
        chosen = chosen.find_subcommand(word).ok_or_else(|| {
            let names: Vec<&str> = chosen.get_subcommands().map(clap::Command::get_name).collect();
            let problem = Diagnostic::error("usage", "there is no such command").found(arguments.words.join(" "));
            let expected = if names.is_empty() { "nothing more".to_owned() } else { names.join(", ") };
            Failure::usage(problem.field("COMMAND").expected(expected))
        })?;
    }
    let page = page(chosen).map_err(|error| Diagnostic::error("man.page", error.to_string()))?;
    console.answer(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Done)
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).source(format!("{PROGRAM} {}", crate::VERSION));
    man.manual("PSPF/2025 packages").render(&mut page)?;
    Ok(page)
}

/// The pages of a command and of all below it; says how many.
fn write_pages(command: &clap::Command, directory: &Path) -> io::Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(directory.join(format!("{name}.1")), page(command)?)?;
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    below.map(|command| write_pages(command, directory)).try_fold(1, |sum, count| count.map(|count| sum + count))
}

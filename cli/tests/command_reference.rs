//! `docs/command-reference.md` is what the definition of the command line says.

use clap::CommandFactory as _;
use flavor_cli::arguments::Arguments;
use std::{env, fs, path::Path};

/// `BLESS=1 cargo test -p flavor-cli` rewrites the page.
#[test]
fn the_reference_page_is_that_of_the_command_line() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command-reference.md");
    let options = clap_markdown::MarkdownOptions::new()
        .title("Command reference".to_owned())
        .show_footer(false)
        .show_table_of_contents(true);
    let command = Arguments::command().disable_help_subcommand(true);
    let page = clap_markdown::help_markdown_command_custom(&command, &options);
    // Lines of examples end where they end.
    let lines: Vec<&str> = page.trim_end().lines().map(str::trim_end).collect();
    let page = format!(
        "<!-- Made from the definition of the command line by cli/tests/command_reference.rs. -->\n\n{}\n",
        lines.join("\n")
    );
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/command-reference.md is stale: run `BLESS=1 cargo test -p flavor-cli --test command_reference`"
    );
    for command in Arguments::command().get_subcommands() {
        assert!(page.contains(&format!("`flavor {}", command.get_name())), "{}", command.get_name());
    }
}

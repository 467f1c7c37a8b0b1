//! `docs/command-reference.md` is what the definition of the command line says.

mod page;

use clap::CommandFactory as _;
use flavor_cli::arguments::Arguments;

/// `BLESS=1 cargo test -p flavor-cli` rewrites the page.
#[test]
fn the_reference_page_is_that_of_the_command_line() {
    let options = clap_markdown::MarkdownOptions::new()
        .title("Command reference".to_owned())
        .show_footer(false)
        .show_table_of_contents(true);
    let command = Arguments::command().disable_help_subcommand(true);
    let text = clap_markdown::help_markdown_command_custom(&command, &options);
    // Lines of examples end where they end.
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    let text = format!(
        "<!-- Made from the definition of the command line by cli/tests/command_reference.rs. -->\n\n{}\n",
        lines.join("\n")
    );
    page::is_up_to_date("command-reference.md", &text);
    for command in Arguments::command().get_subcommands() {
        assert!(text.contains(&format!("`flavor {}", command.get_name())), "{}", command.get_name());
    }
}

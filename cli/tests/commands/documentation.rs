use super::process::{Folder, Run};
use std::process::Command;

/// What bash offers for these words, by a real bash.
fn offered(folder: &Folder, words: &[&str]) -> Vec<String> {
    let last = words.len() - 1;
    let script = format!(
        "source flavor.bash\ncomplete -p flavor >/dev/null\nCOMP_WORDS=({})\nCOMP_CWORD={last}\n\
         _flavor flavor '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words[last],
        words[last.saturating_sub(1)],
    );
    folder.write("complete.sh", script);
    let run = Run::of(Command::new("bash").arg("complete.sh").current_dir(folder.path(""))).succeeds();
    assert_eq!(run.stderr, "");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    if !pspf_test_support::has(&["bash"]) {
        return;
    }
    let folder = Folder::new();
    folder.write("flavor.bash", folder.flavor(&["completions", "bash"]).succeeds().stdout);
    Run::of(Command::new("bash").args(["-n", "flavor.bash"]).current_dir(folder.path(""))).succeeds();
    assert_eq!(offered(&folder, &["flavor", "ver"]), ["verify"]);
    assert_eq!(offered(&folder, &["flavor", "workenv", "cl"]), ["clean"]);
    assert_eq!(offered(&folder, &["flavor", "pack", "--test-c"]), ["--test-command"]);
    assert_eq!(offered(&folder, &["flavor", "verify", "--require", ""]), ["intact", "bound", "sealed"]);
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.flavor(&["completions", shell]).succeeds().stdout;
        assert!(script.contains("extract-all") && script.contains("require-trusted"), "{shell}");
        folder.write(shell, script);
    }
    for shell in ["zsh", "fish"].into_iter().filter(|shell| pspf_test_support::has(&[shell])) {
        Run::of(Command::new(shell).args(["-n", shell]).current_dir(folder.path(""))).succeeds();
    }
    folder.flavor(&["completions", "tcsh"]).fails(2, &["tcsh", "bash, elvish, fish, powershell, zsh"]);
    folder.flavor(&["completions"]).fails(2, &["SHELL"]);
}

/// The commands in the help, as `flavor-verify` and so on.
fn commands(folder: &Folder) -> Vec<String> {
    let help = folder.flavor(&["--help"]).succeeds().stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| format!("flavor-{name}"))
        .collect()
}

#[test]
fn every_command_has_a_manual_page_that_man_shows() {
    let folder = Folder::new();
    folder.flavor(&["man", "--dir", "share/man1"]).succeeds().says(&["pages in share/man1"]);
    let pages: Vec<String> = folder
        .listing()
        .iter()
        .filter_map(|name| name.strip_prefix("share/man1/")?.strip_suffix(".1").map(str::to_owned))
        .collect();
    let commands = commands(&folder);
    assert!(commands.len() > 14, "{commands:?}");
    for name in commands.iter().map(String::as_str).chain(["flavor", "flavor-trust-add", "flavor-workenv-clean"]) {
        assert!(pages.iter().any(|page| page == name), "{name} is not among {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help-")), "{pages:?}");
    for page in &pages {
        let text = String::from_utf8(folder.bytes(&format!("share/man1/{page}.1"))).unwrap();
        for part in [".TH", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            assert!(text.contains(part), "{page} has no {part}");
        }
    }
    if pspf_test_support::has(&["man"]) {
        let shown = |page: &str| {
            let file = format!("share/man1/{page}.1");
            let mut command = Command::new("man");
            command.args(["--warnings", "-E", "UTF-8", "-l", &file]).current_dir(folder.path(""));
            Run::of(command.env("MANPAGER", "cat").env("MANWIDTH", "200").env("LC_ALL", "C.UTF-8")).succeeds()
        };
        for page in &pages {
            let run = shown(page);
            assert_eq!(run.stderr, "", "{page}");
            assert!(run.stdout.contains("NAME"), "{run:#?}");
        }
        shown("flavor-pack").says(&["--validate-before-sign", "flavor pack --manifest tool.json", "PSPF/2025"]);
    }
}

#[test]
fn one_page_is_printed_and_one_that_is_not_is_refused() {
    let folder = Folder::new();
    folder.flavor(&["man", "--dir", "pages"]).succeeds();
    for (words, page) in [(vec!["man"], "flavor"), (vec!["man", "trust", "add"], "flavor-trust-add")] {
        let printed = folder.flavor(&words).succeeds().stdout;
        assert_eq!(printed.trim_end().as_bytes(), folder.bytes(&format!("pages/{page}.1")).trim_ascii_end());
    }
    folder.flavor(&["man", "trust", "ad"]).fails(2, &["add, list, remove, revoke, verify", "trust ad"]);
    folder.flavor(&["man", "pack", "x"]).fails(2, &["nothing more"]);
    folder.write("file", "");
    folder.flavor(&["man", "--dir", "file"]).fails(1, &["file"]);
}

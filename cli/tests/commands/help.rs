use super::process::Folder;

#[test]
fn the_version_is_one_line() {
    let run = Folder::new().flavor(&["--version"]).succeeds();
    assert_eq!(run.stdout, concat!("flavor ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn every_command_shows_examples_and_the_program_its_exit_codes() {
    let folder = Folder::new();
    folder.flavor(&["--help"]).succeeds().says(&[
        "pack",
        "verify",
        "inspect",
        "diff",
        "extract-all",
        "keygen",
        "trust",
        "policy",
        "Exit codes:",
    ]);
    for command in [
        "pack",
        "verify",
        "inspect",
        "diff",
        "extract",
        "extract-all",
        "keygen",
        "trust",
        "policy",
        "workenv",
        "clean",
        "helpers",
        "doctor",
    ] {
        folder.flavor(&[command, "--help"]).succeeds().says(&["Usage: flavor ", "Examples:", "--json"]);
    }
}

#[test]
fn wrong_usage_is_code_2_in_text_and_json() {
    let folder = Folder::new();
    folder.flavor(&[]).fails(2, &["Usage:"]);
    folder.flavor(&["verfy"]).fails(2, &["verify"]);
    folder.flavor(&["pack", "--platform", "linux"]).fails(2, &["--platform"]);
    let run = folder.flavor(&["verify", "--json", "--nonsense", "x"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(run.json()["errors"][0]["code"], "usage");
}

//! What commands show people, whole: `INSTA_UPDATE=always cargo test -p flavor-cli --test commands shown` writes it anew.

use super::{
    process::{Folder, Run},
    verify::only_intact,
};
use std::{env::consts::ARCH, fs};

/// Exit code and both outputs, without what differs between two machines or two builds of the launcher.
fn shown(folder: &Folder, run: &Run) -> String {
    let Run { code, stdout, stderr } = run;
    let mut all = format!("exit code {}\n", code.map_or("none".to_owned(), |code| code.to_string()));
    for (name, text) in [("standard output", stdout), ("standard error", stderr)] {
        if !text.is_empty() {
            all.push_str(&format!("--- {name}\n{}", text.trim_end_matches('\n')));
            all.push('\n');
        }
    }
    let arch = if ARCH == "aarch64" { "arm64" } else { "amd64" };
    let all = all
        .replace(&*folder.path("").to_string_lossy(), "[folder]/")
        .replace(&format!("linux_{arch}"), "[platform]")
        .replace(env!("CARGO_PKG_VERSION"), "[version]");
    all.lines().map(|line| redacted(line) + "\n").collect()
}

/// A line with digests, sizes and times as words; columns have two blanks between them, however wide they are.
fn redacted(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut words: Vec<String> = Vec::new();
    for word in line.trim_start().split(' ') {
        match (word.trim_end_matches([',', ')', ';']), words.last_mut()) {
            ("B" | "kB" | "MB" | "s" | "bytes", Some(number)) if is_number(number) => {
                *number = "[n]".to_owned();
                words.push(word.to_owned());
            }
            ("", Some(last)) if last.is_empty() => {}
            _ => words.push(parts(word)),
        }
    }
    " ".repeat(indent) + &words.join(" ")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

/// A word with its long hexadecimal numbers as `[hex]` and long decimal ones as `[n]`.
fn parts(word: &str) -> String {
    let (mut made, mut rest) = (String::new(), word);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        let hex = part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        made.push_str(match part.len() {
            5.. if part.bytes().all(|byte| byte.is_ascii_digit()) => "[n]",
            8.. if hex => "[hex]",
            _ => part,
        });
        let next = behind.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(behind.len());
        made.push_str(behind.get(..next).unwrap_or_default());
        rest = behind.get(next..).unwrap_or_default();
    }
    made
}

/// Runs a command and compares all that it shows.
macro_rules! shows {
    ($folder:expr, $name:literal, $words:expr) => {
        insta::assert_snapshot!($name, shown(&$folder, &$folder.flavor($words)))
    };
}

#[test]
fn help() {
    let folder = Folder::new();
    shows!(folder, "help", &["--help"]);
    shows!(folder, "help_of_verify", &["verify", "--help"]);
    shows!(folder, "misspelt_command", &["verfy"]);
    shows!(folder, "misspelt_option", &["verify", "--requir", "sealed", "x"]);
}

#[test]
fn verdicts() {
    let folder = Folder::new().with_package();
    shows!(folder, "verify_unknown_key", &["verify", "app.psp"]);
    shows!(folder, "verify_not_trusted", &["verify", "app.psp", "--require-trusted"]);
    shows!(folder, "verify_missing", &["verify", "missing.psp"]);
    folder.write("foreign.psp", only_intact());
    shows!(folder, "verify_intact", &["verify", "foreign.psp"]);
    folder.write("junk", "x".repeat(20_000));
    shows!(folder, "verify_no_package", &["verify", "junk"]);
    let mut bytes = folder.bytes("app.psp");
    // In the launcher, far from everything that has a name.
    bytes[100_000] ^= 1;
    folder.write("launcher.psp", &bytes);
    shows!(folder, "verify_tampered_launcher", &["verify", "launcher.psp"]);
    bytes[100_000] ^= 1;
    bytes.push(0);
    folder.write("longer.psp", &bytes);
    shows!(folder, "verify_appended", &["verify", "longer.psp"]);
    shows!(folder, "extract_of_tampered", &["extract", "launcher.psp", "0", "out"]);
    fs::create_dir_all(folder.path(".config/flavor/trusted-keys")).unwrap();
    folder.flavor(&["keygen"]).succeeds();
    fs::copy(folder.path("keys/flavor-public.key"), folder.path(".config/flavor/trusted-keys/me.pub")).unwrap();
    let signed = ["--output", "mine.psp", "--private-key", "keys/flavor-private.key"];
    folder.flavor(&[&["pack", "--manifest", "app/app.json"][..], &signed].concat()).succeeds();
    shows!(folder, "verify_sealed_and_trusted", &["verify", "mine.psp", "--require", "sealed", "--require-trusted"]);
    shows!(folder, "diff_of_two_signers", &["diff", "app.psp", "mine.psp"]);
    shows!(folder, "diff_of_one_package", &["diff", "app.psp", "app.psp"]);
}

#[test]
fn packages() {
    let folder = Folder::new().with_app();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test"];
    shows!(folder, "pack", &pack);
    shows!(folder, "inspect", &["inspect", "app.psp"]);
    shows!(folder, "extract", &["extract", "app.psp", "tree", "tree.tar"]);
    shows!(folder, "policy_of_nothing", &["policy", "check", "app.psp"]);
    folder.flavor(&["policy", "init"]).succeeds();
    folder.write(".config/flavor/policy.toml", "version = 1\n[trust]\nrequire_trusted_key = true\n");
    shows!(folder, "policy_refusal", &["policy", "check", "app.psp"]);
    shows!(folder, "policy_show", &["policy", "show"]);
    folder.write(".config/flavor/policy.toml", "version = 1\n[trust]\nrequire_trusted_kex = true\n");
    shows!(folder, "policy_misspelt", &["policy", "show"]);
}

#[test]
fn errors_in_manifests() {
    let folder = Folder::new();
    folder.write("app/__init__.py", "");
    folder.write(
        "pyproject.toml",
        "[project]\nname = 'app'\nversion = 'one'\ndependencies = ['click>=8.1', 'a b']\n\n[tool.flavor]\nentry_point = 'app main'\n\
         exection.command = 'x'\nbuild.compression_level = 99\n\n[[tool.flavor.slots]]\nid = 'd'\nsource = 'app'\nlifecycle = 'persistant'\n",
    );
    shows!(folder, "check_toml", &["check"]);
    folder.write("syntax.toml", "[project\nname = 'app'\n");
    shows!(folder, "check_toml_syntax", &["check", "--manifest", "syntax.toml"]);
    folder.write(
        "app.json",
        "{\n  \"package\": {\"name\": \"app\", \"version\": \"1\"},\n  \"execution\": {\"comand\": \"x\", \"timeout\": 0},\n  \
         \"policy\": {\"max_age_days\": 0}\n}\n",
    );
    shows!(folder, "check_json", &["check", "--manifest", "app.json"]);
    folder.write("syntax.json", "{\"package\": {\"name\": \"app\",}}\n");
    shows!(folder, "check_json_syntax", &["check", "--manifest", "syntax.json"]);
}

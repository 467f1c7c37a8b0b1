//! What the documents say is done here: their commands run, their examples are valid, their links lead somewhere.
//!
//! Blocks called `sh` and `console` are run, each page in one shell that starts in an empty folder. A block that cannot run says why behind
//! its language: `sh norun: needs the network`. In a `console` block lines that begin with `$ ` are commands (`> ` goes on with one), and
//! the lines below are what they print; `…` stands for any text, on a line of its own for any lines.

use pspf_tests::{
    ci_templates,
    documents::{self, Page},
    markdown, own,
    shell_session::Session,
};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// Blocks that do not run are the exception.
const NOT_RUN_MAX: usize = 8;

#[test]
fn the_commands_of_every_page_run() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let mut failed = Vec::new();
    for page in documents::pages() {
        let session = Session::of(&markdown::blocks(&page.text));
        if let Err(error) = session.run(tempfile::tempdir().unwrap().path(), Path::new(env!("CARGO_TARGET_TMPDIR"))) {
            failed.push(format!("{}:{error}", page.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn a_block_that_does_not_run_says_why() {
    let mut not_run = 0;
    for page in documents::pages() {
        for block in markdown::blocks(&page.text) {
            let place = format!("{}:{}", page.name, block.line);
            let known =
                ["", "sh", "console", "toml", "json", "python", "js", "yaml"].contains(&block.language.as_str());
            assert!(known, "{place}: nothing checks blocks called {:?}", block.language);
            if block.language != "sh" {
                assert_eq!(block.mark, "", "{place}");
            } else if !block.mark.is_empty() {
                let reason = block.mark.strip_prefix("norun: ").unwrap_or_default();
                assert!(reason.len() > 10, "{place}: no reason in {:?}", block.mark);
                not_run += 1;
            }
            let looks_like_a_command = |line: &str| {
                ["$ ", "flavor ", "./", "cargo ", "npx "].iter().any(|start| line.trim_start().starts_with(start))
            };
            let unnamed = block.language.is_empty() && block.text.lines().any(looks_like_a_command);
            assert!(!unnamed, "{place}: a block of commands is called `sh` or `console`");
        }
        for (line, text) in markdown::prose(&page.text) {
            let indented = ["flavor ", "./", "cargo ", "npx ", "$ "]
                .iter()
                .any(|word| text.strip_prefix("    ").is_some_and(|text| text.starts_with(word)));
            assert!(!indented, "{}:{line}: commands are in fenced blocks, which are run", page.name);
        }
    }
    assert!(not_run <= NOT_RUN_MAX, "{not_run} blocks are not run");
}

/// `flavor COMMAND --option` in running text names commands and options that there are.
#[test]
fn commands_in_the_text_exist() {
    let mut helps = BTreeMap::new();
    let mut seen = 0;
    for page in documents::pages() {
        for (line, text) in markdown::prose(&page.text) {
            let is_command = |code: &&str| code.starts_with("flavor ") && !code.starts_with("flavor help");
            for code in markdown::code(text).into_iter().filter(is_command) {
                let problems = problems_of(code, &mut helps);
                assert!(problems.is_empty(), "{}:{line}: `{code}`: {problems:?}", page.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// What is wrong with a command; the words in capitals stand for something, and `a|b` for either.
fn problems_of(code: &str, helps: &mut BTreeMap<String, Option<String>>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut commands = vec![String::new()];
    let mut words = code.split_whitespace().skip(1).peekable();
    while let Some(word) = words.next_if(|word| word.starts_with(|first: char| first.is_ascii_lowercase())) {
        let longer = |command: &String| -> Vec<String> {
            word.split('|').map(|choice| format!("{command} {choice}").trim().to_owned()).collect()
        };
        let candidates: Vec<String> = commands.iter().flat_map(longer).collect();
        let takes_commands =
            commands.iter().all(|command| help(command, helps).is_some_and(|text| text.contains("\nCommands:\n")));
        if !takes_commands {
            break;
        }
        for candidate in &candidates {
            if help(candidate, helps).is_none() {
                problems.push(format!("there is no command {candidate:?}"));
            }
        }
        commands = candidates;
    }
    let options = code.split(|character: char| character.is_whitespace() || "[]|=".contains(character));
    for option in options.filter(|word| word.starts_with("--")) {
        for command in &commands {
            if !help(command, helps).is_some_and(|text| text.contains(option)) && option != "--help" {
                problems.push(format!("flavor {command} has no {option}"));
            }
        }
    }
    problems
}

/// What `flavor COMMAND --help` prints; nothing where there is no such command.
fn help(command: &str, helps: &mut BTreeMap<String, Option<String>>) -> Option<String> {
    let run = || {
        let output =
            Command::new(own::program("flavor")).args(command.split_whitespace()).arg("--help").output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    helps.entry(command.to_owned()).or_insert_with(run).clone()
}

#[test]
fn links_lead_to_files() {
    let mut seen = 0;
    for page in documents::pages() {
        for (line, text) in markdown::prose(&page.text) {
            for link in markdown::links(text) {
                let file = link.split('#').next().unwrap_or_default();
                if link.contains("://") || file.is_empty() {
                    continue;
                }
                assert!(page.folder.join(file).exists(), "{}:{line}: {link} leads nowhere", page.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// Every TOML example is a manifest that `flavor check` accepts, unknown keys included, and that the JSON Schema for editors accepts.
#[test]
fn toml_examples_pass_the_check_and_the_schema() {
    let Some(python) = pspf_test_support::tools_python() else { return };
    let Some(uv) = pspf_test_support::uv() else { return };
    let folder = tempfile::tempdir().unwrap();
    let schema = own::flavor(folder.path()).args(["check", "--schema"]).output().unwrap();
    assert!(schema.status.success());
    fs::write(folder.path().join("schema.json"), &schema.stdout).unwrap();
    let schema = folder.path().join("schema.json");
    let mut examples = Vec::new();
    for Page { name, text, .. } in documents::pages() {
        for block in markdown::blocks(&text).iter().filter(|block| block.language == "toml") {
            let project = folder.path().join(format!("{}:{}", name.replace('/', "-"), block.line));
            documents::write_example(&project, &block.text);
            let mut check = own::flavor(&project);
            check.env("FLAVOR_LAUNCHER_BIN", own::launcher()).env("FLAVOR_UV", &uv).env("FLAVOR_PYTHON", "local");
            let check = check.args(["check", "--strict-manifest"]).output().unwrap();
            let said = String::from_utf8_lossy(&check.stderr).into_owned();
            assert!(check.status.success() && !said.contains("warning"), "{name}:{}: {said}", block.line);
            examples.push(project.join("pyproject.toml"));
        }
    }
    assert!(examples.len() >= 5, "{}", examples.len());
    assert_eq!(documents::schema_errors(&python, &schema, &examples), Vec::<String>::new());
    // The validator is one that refuses.
    let wrong = folder.path().join("wrong");
    documents::write_example(&wrong, "[tool.flavor.build]\nstrip = 'yes'\n");
    let errors = documents::schema_errors(&python, &schema, &[wrong.join("pyproject.toml")]);
    assert!(matches!(errors.as_slice(), [one] if one.contains("is not of type 'boolean'")), "{errors:?}");
}

/// Each template is what its server reads, and what it runs does what it says; but for the steps that fetch something.
#[test]
fn the_templates_for_build_servers_work() {
    for (template, scripts) in ci_templates::scripts().unwrap() {
        let all = scripts.concat();
        for wanted in
            ["flavor check", "flavor pack", "flavor verify", "flavor policy check", "pspf scan", "--format sarif"]
        {
            assert!(all.contains(wanted), "{template} has no {wanted}");
        }
        let folder = tempfile::tempdir().unwrap();
        let project = "flavor init --name package\nflavor keygen\nmkdir -p ci/trusted-keys\n\
             mv keys/flavor-public.key ci/trusted-keys/release.pub\nmv keys/flavor-private.key ../signing\ngit init --quiet\ngit add .\n\
             git -c user.name=a -c user.email=a@b commit --quiet --message first\n";
        let run = |script: &str| {
            let mut shell = documents::shell(folder.path(), Path::new(env!("CARGO_TARGET_TMPDIR")));
            let checkout = folder.path().join("checkout");
            fs::create_dir_all(&checkout).unwrap();
            if let Ok(key) = fs::read_to_string(folder.path().join("signing")) {
                shell.env("FLAVOR_SIGNING_KEY", key.trim_end());
            }
            let output = shell.current_dir(&checkout).args(["-euc", script]).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{template}: {script}\n{}", String::from_utf8_lossy(&said));
        };
        run(project);
        for name in ["policy.toml", "scan.json"] {
            fs::copy(documents::root().join("docs/ci").join(name), folder.path().join("checkout/ci").join(name))
                .unwrap();
        }
        let fetches = |script: &str| script.contains("curl ") || script.contains("npx ");
        let local: Vec<&String> = scripts.iter().filter(|script| !fetches(script)).collect();
        local.iter().for_each(|script| run(script));
        assert!(local.len() >= 2 && folder.path().join("checkout/dist/package.psp").is_file(), "{template}");
        let sbom = fs::read_to_string(folder.path().join("checkout/dist/sbom.cdx.json")).unwrap();
        assert!(sbom.contains("CycloneDX") && !folder.path().join("checkout/signing.key").exists(), "{template}");
    }
}

/// The table of docs/security-tests.md names tests that are there.
#[test]
fn every_claim_of_security_md_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/security-tests.md")).unwrap();
    let mut rows = 0;
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| claim")) {
        let tests = line.split('|').nth(2).unwrap_or_default();
        let words = markdown::code(tests);
        assert!(!words.is_empty() && words.len().is_multiple_of(2), "not pairs of file and test: {line}");
        for pair in words.chunks(2) {
            let [file, test] = pair else { continue };
            let source = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let is_test = source.contains(&format!("#[test]\nfn {test}("))
                || source.contains(&format!("#[test]\n    fn {test}("))
                || source.contains(&format!("#[test]\n        fn {test}("));
            assert!(is_test, "{file} has no test {test}");
        }
        rows += 1;
    }
    assert!(rows >= 25, "{rows}");
    assert!(fs::read_to_string(root.join("SECURITY.md")).unwrap().contains("docs/security-tests.md"));
}

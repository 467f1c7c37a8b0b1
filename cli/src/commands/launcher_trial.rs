//! `flavor helpers test`: a small package for each launcher, packed, verified by the launcher, and started twice.

use super::helpers::{LauncherDocument, document};
use crate::{
    problem::{Exit, Failure},
    terminal::{Console, Style, printable, table},
};
use flavor_manifest::{Diagnostic, io_text};
use flavor_pack::{
    PackError, PackOptions,
    interrupt::Scratch,
    launchers::Known,
    preflight::{self, Purpose},
};
use flavor_python::{
    Silent,
    process::{self, Finished},
};
use serde::Serialize;
use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// A start takes milliseconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The package's program tells its work environment, its arguments, and ends in a way that no launcher does by itself.
const SCRIPT: &str = "#!/bin/sh\ncat \"${0%/*}/data.txt\"\necho \"$*\"\nexit 43\n";
const DATA: &str = "the data of the package\n";
const WORDS: [&str; 2] = ["one", "two words"];
const ANSWER: &str = "the data of the package\none two words\n";
const CODE: i32 = 43;

const MANIFEST: &str = r#"{
  "package": {"name": "launcher-test", "version": "1.0"},
  "execution": {"command": "/bin/sh {workenv}/bin/run.sh"},
  "slots": [{"id": "app", "source": "app", "operations": "tar.gz", "purpose": "code", "lifecycle": "runtime"}]
}"#;

#[derive(Serialize)]
struct TestDocument<'a> {
    ok: bool,
    tests: Vec<OneDocument<'a>>,
}

#[derive(Serialize)]
struct OneDocument<'a> {
    #[serde(flatten)]
    launcher: LauncherDocument<'a>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Tests launchers.
///
/// # Errors
/// Where there is none, or no place to test them in.
pub(super) fn run(chosen: &[Known], console: &mut Console) -> Result<Exit, Failure> {
    if chosen.is_empty() {
        let problem = Diagnostic::error("launcher.none", "no launcher is known, so there is nothing to test");
        return Err(problem.hint("the release build of flavor carries one; FLAVOR_LAUNCHER_BIN names one").into());
    }
    let temporary = env::temp_dir();
    let scratch = Scratch::new(&temporary, "flavor-helpers-")
        .map_err(|error| Diagnostic::io("output.write", &temporary, "write here", &error))?;
    let bench = Bench::new(scratch.path())
        .map_err(|error| Diagnostic::io("output.write", scratch.path(), "write here", &error))?;
    let mut tests = Vec::new();
    for (number, known) in chosen.iter().enumerate() {
        let (result, reason) = if known.runs_here() {
            match bench.test(number, known, console) {
                Ok(()) => ("passed", None),
                Err(reason) => ("failed", Some(reason)),
            }
        } else {
            ("skipped", Some(format!("{} programs do not run on this machine", known.platform())))
        };
        tests.push(OneDocument { launcher: document(known), result, reason });
    }
    let ok = tests.iter().all(|test| test.result != "failed");
    if console.json() {
        console.document(&TestDocument { ok, tests });
    } else {
        let rows = chosen.iter().zip(&tests).map(|(known, test)| {
            let style = match test.result {
                "passed" => Style::Green,
                "failed" => Style::Red,
                _ => Style::Dim,
            };
            vec![console.styled(style, test.result), printable(&known.name), test.reason.clone().unwrap_or_default()]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        console.say(&table(&rows, &[], ""));
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

/// The files of the tests.
struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn new(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder.join("app/bin"))?;
        fs::write(folder.join("app/bin/run.sh"), SCRIPT)?;
        fs::write(folder.join("app/bin/data.txt"), DATA)?;
        fs::write(folder.join("app.json"), MANIFEST)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn test(&self, number: usize, known: &Known, console: &mut Console) -> Result<(), String> {
        let own = self.folder.join(number.to_string());
        fs::create_dir(&own).map_err(|error| io_text(&error))?;
        let launcher = own.join("launcher");
        let written = fs::write(&launcher, &known.launcher.bytes);
        written
            .and_then(|()| fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)))
            .map_err(|error| io_text(&error))?;
        let package = own.join("launcher-test.psp");
        self.pack(&launcher, known.is_published(), &package, console)?;
        let start = |words: &[&str], own_commands: bool| -> Result<Finished, String> {
            let mut command = process::command(&package);
            command.args(words).env_clear().current_dir(&own).env("PATH", "/usr/bin:/bin");
            command.env("HOME", &own).env("FLAVOR_CACHE_DIR", own.join("cache"));
            command.env("FLAVOR_CACHE", own.join("cache/workenv")).env("FLAVOR_LOG_LEVEL", "error");
            if own_commands {
                command.env("FLAVOR_LAUNCHER_CLI", "1");
            }
            process::run(&mut command, b"", LIMIT).map_err(|error| format!("it cannot be started: {}", io_text(&error)))
        };
        let verified = start(&["verify"], true)?;
        if !verified.success() {
            return Err(format!("it does not verify its package: {}", said(&verified)));
        }
        for which in ["first", "second"] {
            let finished = start(&WORDS, false)?;
            let answer = String::from_utf8_lossy(&finished.stdout);
            if finished.status.code() != Some(CODE) || answer != ANSWER {
                return Err(format!("at its {which} start: {}, {}", finished.status, said(&finished)));
            }
        }
        Ok(())
    }

    fn pack(&self, launcher: &Path, compat: bool, package: &Path, console: &mut Console) -> Result<(), String> {
        let options = PackOptions {
            manifest: self.folder.join("app.json"),
            output: Some(package.to_owned()),
            launcher_bin: Some(launcher.to_owned()),
            compat,
            key_seed: Some("launcher-test".to_owned()),
            ..PackOptions::default()
        };
        let packed = preflight::check(&options, Purpose::Pack, &mut |warning| console.warn(warning))
            .and_then(|mut job| job.run(&Silent));
        let text = |error: &PackError| {
            error.diagnostics().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ")
        };
        packed.map(drop).map_err(|error| format!("no package could be made with it: {}", text(&error)))
    }
}

fn said(finished: &Finished) -> String {
    if finished.timed_out {
        return format!("it did not end within {} seconds", LIMIT.as_secs());
    }
    let text = [&finished.stderr, &finished.stdout].map(|bytes| String::from_utf8_lossy(bytes));
    let line = text.iter().flat_map(|text| text.lines()).find(|line| !line.trim().is_empty());
    line.map_or_else(|| "it said nothing".to_owned(), |line| format!("it said: {}", printable(line)))
}

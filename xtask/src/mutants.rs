//! `cargo xtask mutants`: changes the core, and what decides on policies and trust, in every small way that cargo-mutants knows, and
//! counts what the tests notice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, path_with, run_any};
use crate::setup;
use crate::toolchain;
use crate::workspace::Workspace;

/// Sources that are changed together, and the tests that a change in them is held against: quick ones first, then those
/// that only the remaining ones run.
struct Group {
    name: &'static str,
    /// The package of the sources.
    package: &'static str,
    sources: &'static [&'static str],
    tests: &'static [Tests],
    /// Faces what all of these miss.
    kit: Option<Tests>,
}

/// The package of the tests, and which of them.
type Tests = (&'static str, &'static [&'static str]);

impl Group {
    fn holds(&self, file: &str) -> bool {
        self.sources.iter().any(|source| match source.strip_suffix("*.rs") {
            Some(folder) => file.starts_with(folder),
            None => file == *source,
        })
    }
}

/// Tests of other parts would only cost time. What these miss in the core goes to the conformance kit.
const GROUPS: [Group; 5] = [
    Group {
        name: "verification",
        package: CORE,
        sources: &["pspf-nostd/src/verify/*.rs"],
        tests: &[
            (CORE, &["--test=report", "--test=golden", "--test=levels"]),
            (CORE, &["--test=sections", "--test=sealed", "--test=hostile"]),
        ],
        kit: KIT,
    },
    Group {
        name: "metadata",
        package: CORE,
        sources: &["pspf-nostd/src/metadata.rs", "pspf-nostd/src/metadata/*.rs", "pspf-nostd/src/profile.rs"],
        tests: &[
            (CORE, &["--test=metadata", "--test=policy_hash", "--test=report", "--test=golden"]),
            (CORE, &["--test=levels", "--test=sections", "--test=sealed", "--test=hostile"]),
        ],
        kit: KIT,
    },
    Group {
        name: "keys",
        package: CORE,
        sources: &["pspf-nostd/src/key.rs", "pspf-nostd/src/key/*.rs"],
        tests: &[(
            CORE,
            &["--lib", "--test=key_files", "--test=trust", "--test=ed25519_strictness", "--test=format_vectors"],
        )],
        kit: KIT,
    },
    Group {
        name: "tar",
        package: CORE,
        sources: &["pspf-nostd/src/tar/*.rs"],
        tests: &[(CORE, &["--lib", "--test=tar"])],
        kit: KIT,
    },
    Group {
        name: "policies",
        package: "flavor-host",
        sources: &[
            "launcher/host/src/policy/*.rs",
            "launcher/host/src/trust.rs",
            "launcher/host/src/files/config_dir.rs",
        ],
        tests: &[("flavor-host", &["--lib"]), ("flavor-launcher", &["--test=policy"])],
        kit: None,
    },
];
const CORE: &str = "pspf-nostd";
const KIT: Option<Tests> = Some((CORE, &["--test=conformance"]));

/// What became of the mutants of one module.
#[derive(Default)]
struct Count {
    own: usize,
    kit: usize,
    missed: usize,
    unviable: usize,
}

/// Runs all groups, or the mutants of these files only; fails where one survives that docs/mutation.md does not explain.
pub(crate) fn mutants(workspace: &Workspace, files: &[String]) -> Result<()> {
    setup::cargo_tool(workspace, "cargo-mutants", "cargo-mutants", toolchain::CARGO_MUTANTS, Some("--locked"))?;
    let mut counts = BTreeMap::<String, Count>::new();
    let mut survivors = Vec::new();
    for group in GROUPS.iter().filter(|group| files.is_empty() || files.iter().any(|file| group.holds(file))) {
        let out = workspace.target.join("mutants").join(group.name);
        fs::create_dir_all(&out).with_context(|| format!("could not make {}", out.display()))?;
        let (mut missed, mut noticed) = (Vec::new(), BTreeSet::new());
        for (number, tests) in group.tests.iter().enumerate() {
            if number > 0 && missed.is_empty() {
                break;
            }
            let more: &[&str] = if number == 0 { &[] } else { &["--iterate"] };
            let [caught, left, hung, unviable] = pass(workspace, group, files, tests, &out, more)?;
            // A test that hangs has noticed the change; the next pass tries it again.
            noticed.extend(caught.into_iter().chain(hung));
            missed = left.into_iter().filter(|line| !noticed.contains(line)).collect();
            for line in unviable {
                counts.entry(module(&line)).or_default().unviable += 1;
            }
        }
        for line in &noticed {
            counts.entry(module(line)).or_default().own += 1;
        }
        let [by_kit, _, hung, _] = match &group.kit {
            Some(kit) if !missed.is_empty() => pass(workspace, group, files, kit, &out, &["--iterate"])?,
            _ => Default::default(),
        };
        for line in missed {
            let count = counts.entry(module(&line)).or_default();
            if by_kit.contains(&line) || hung.contains(&line) {
                count.kit += 1;
            } else {
                count.missed += 1;
                survivors.push(line);
            }
        }
    }
    println!("{}", table(&counts));
    let explained = fs::read_to_string(workspace.root.join("docs/mutation.md")).unwrap_or_default();
    let unexplained: Vec<&String> = survivors.iter().filter(|line| !explained.contains(place_free(line))).collect();
    for line in &survivors {
        println!("survived: {line}");
    }
    if !unexplained.is_empty() {
        bail!(
            "{} mutants survive without a reason in docs/mutation.md: test what they change, or say why not",
            unexplained.len()
        );
    }
    Ok(())
}

/// One run of cargo-mutants: what its tests caught and missed, where they hung, and what does not compile.
fn pass(
    workspace: &Workspace,
    group: &Group,
    files: &[String],
    (package, tests): &Tests,
    out: &Path,
    more: &[&str],
) -> Result<[Vec<String>; 4]> {
    let mut command = cargo(&workspace.root);
    command.args(["mutants", "--no-shuffle", "--colors=never", "--output"]).arg(out).args(more);
    command.args(["--package", group.package]);
    // `--test-package` would not hold for the run without a change.
    if *package != group.package {
        command.arg(format!("--cargo-arg=--package={package}"));
    }
    let nextest = which::which("cargo-nextest").is_ok();
    if nextest {
        command.arg("--test-tool=nextest");
    }
    for source in group.sources {
        command.args(["--file", source]);
    }
    for file in files {
        command.args(["--re", file]);
    }
    // Arguments behind `--` would not keep it from building the other tests.
    for test in *tests {
        command.arg(format!("--cargo-arg={test}"));
    }
    if nextest {
        // The first test that fails is enough.
        command.args(["--", "--max-fail=1:immediate"]);
    }
    command.env("PATH", path_with(&workspace.cargo_tools().join("bin"))?);
    command.env("CARGO_TARGET_DIR", workspace.target.join("mutants/target"));
    // 2 and 3: some were missed, or hung.
    run_any(&mut command, &[0, 2, 3])?;
    let results = out.join("mutants.out");
    let lines = |name: &str| -> Result<Vec<String>> {
        let file = results.join(name).with_extension("txt");
        let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    Ok([lines("caught")?, lines("missed")?, lines("timeout")?, lines("unviable")?])
}

/// `verify`, of `pspf-nostd/src/verify/mod.rs:12:5: replace …`.
fn module(line: &str) -> String {
    let folders = ["pspf-nostd/src/", "launcher/host/src/files/", "launcher/host/src/"];
    let path = folders.iter().find_map(|folder| line.strip_prefix(folder)).unwrap_or(line);
    path.split(['/', '.', ':']).next().unwrap_or_default().to_owned()
}

/// A mutant's name without file and place, which move with every edit.
fn place_free(line: &str) -> &str {
    line.splitn(4, ':').last().unwrap_or(line).trim()
}

fn table(counts: &BTreeMap<String, Count>) -> String {
    let mut text =
        "| module | mutants | own tests | and the kit | survive | caught |\n|---|--:|--:|--:|--:|--:|\n".to_owned();
    let mut total = Count::default();
    for (module, count) in counts {
        total.own += count.own;
        total.kit += count.kit;
        total.missed += count.missed;
        total.unviable += count.unviable;
        row(&mut text, module, count);
    }
    row(&mut text, "all", &total);
    let _ = write!(text, "\n{} more do not compile.", total.unviable);
    text
}

fn row(text: &mut String, module: &str, count: &Count) {
    let Count { own, kit, missed, .. } = count;
    let all = own + kit + missed;
    let share = (own + kit) * 1000 / all.max(1);
    let _ = writeln!(text, "| {module} | {all} | {own} | {kit} | {missed} | {}.{} % |", share / 10, share % 10);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_names_are_taken_from_a_line() {
        let line = "pspf-nostd/src/verify/mod.rs:12:5: replace Level::tolerates -> bool with true";
        assert_eq!((module(line).as_str(), place_free(line)), ("verify", "replace Level::tolerates -> bool with true"));
        assert_eq!(module("pspf-nostd/src/key.rs:1:1: delete !"), "key");
        assert_eq!(module("launcher/host/src/files/config_dir.rs:1:1: delete !"), "config_dir");
        assert_eq!(module("launcher/host/src/policy/rules.rs:1:1: delete !"), "policy");
    }
}

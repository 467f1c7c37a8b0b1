//! The workflows in `.github/workflows`: no more rights than they need, nothing that can change under its name, and the same tasks
//! as `.ci/run`.

use pspf_tests::{ci_templates, documents};
use std::{collections::BTreeSet, fs};
use yaml_rust2::Yaml;

/// What a job may ask for beside reading the repository.
const MORE_RIGHTS: &[(&str, &str, &[&str])] = &[("release.yml", "draft", &["contents: write"])];

#[test]
fn workflows_have_few_rights_and_pinned_actions() {
    let workflows = ci_templates::workflows().unwrap();
    let mut actions = 0;
    for (name, workflow) in &workflows {
        assert_eq!(rights(&workflow["permissions"]), ["contents: read"], "{name}");
        for (job_name, job) in workflow["jobs"].as_hash().unwrap() {
            let job_name = job_name.as_str().unwrap();
            let place = format!("{name}: {job_name}");
            let more = MORE_RIGHTS.iter().find(|(file, job, _)| *file == name && *job == job_name);
            let allowed: Vec<String> =
                more.iter().flat_map(|(_, _, rights)| rights.iter()).map(ToString::to_string).collect();
            assert_eq!(rights(&job["permissions"]), allowed, "{place}");
            if let Some(called) = job["uses"].as_str() {
                let file = called.strip_prefix("./").unwrap_or_else(|| panic!("{place}: {called}"));
                assert!(documents::root().join(file).is_file(), "{place}: {called}");
                continue;
            }
            assert!(job["timeout-minutes"].as_i64().is_some_and(|minutes| minutes <= 90), "{place} has no limit");
            for step in job["steps"].as_vec().unwrap() {
                if let Some(action) = step["uses"].as_str() {
                    let (_, version) = action.split_once('@').unwrap_or_else(|| panic!("{place}: {action}"));
                    let is_commit = version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
                    assert!(is_commit, "{place}: {action} is not pinned to a commit");
                    let keeps_token = action.starts_with("actions/checkout@")
                        && step["with"]["persist-credentials"].as_bool() != Some(false);
                    assert!(!keeps_token, "{place}: later steps could read the token of the checkout");
                    actions += 1;
                }
                // A tag or a branch may have any name: in a script it would be code.
                let script = step["run"].as_str().unwrap_or_default();
                assert!(!script.contains("${{"), "{place}: an expression in a script: {script}");
            }
        }
    }
    assert!(workflows.len() >= 2 && actions >= 5, "{} workflows, {actions} actions", workflows.len());
}

fn rights(permissions: &Yaml) -> Vec<String> {
    let pairs = permissions.as_hash().into_iter().flat_map(|hash| hash.iter());
    let text = |value: &Yaml| value.as_str().unwrap_or("?").to_owned();
    let found: Vec<String> = pairs.map(|(name, right)| format!("{}: {}", text(name), text(right))).collect();
    assert!(permissions.is_badvalue() || permissions.as_hash().is_some(), "{permissions:?}");
    found
}

/// Both lists of tasks, and each task exists.
#[test]
fn workflows_run_the_tasks_of_ci_run() {
    let main = fs::read_to_string(documents::root().join("xtask/src/main.rs")).unwrap();
    let variants = main.split("enum Task {").nth(1).unwrap().split("\n}").next().unwrap();
    let known: BTreeSet<String> = variants
        .lines()
        .filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())))
        .map(|line| kebab(line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()))
        .collect();
    let local = tasks(&fs::read_to_string(documents::root().join(".ci/run")).unwrap());
    let mut hosted = BTreeSet::new();
    for (_, workflow) in ci_templates::workflows().unwrap() {
        for job in workflow["jobs"].as_hash().unwrap().values() {
            for step in job["steps"].as_vec().into_iter().flatten() {
                hosted.extend(tasks(step["run"].as_str().unwrap_or_default()));
            }
        }
    }
    assert!(local.len() >= 8 && known.len() >= 20, "{local:?} {known:?}");
    let unknown: Vec<&String> = local.union(&hosted).filter(|task| !known.contains(*task)).collect();
    assert!(unknown.is_empty(), "xtask has no {unknown:?}");
    let missing: Vec<&String> = local.difference(&hosted).collect();
    assert!(missing.is_empty(), "no workflow runs `cargo xtask` with {missing:?}");
}

fn tasks(script: &str) -> BTreeSet<String> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    let calls = lines.flat_map(|line| line.split("cargo xtask ").skip(1));
    calls.filter_map(|call| call.split_whitespace().next()).map(str::to_owned).collect()
}

/// `CheckTargets` is the task `check-targets`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

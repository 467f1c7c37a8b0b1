//! `--validate-before-sign`: everything is done once with a key that is thrown away, so that the real one signs only what has held.

use crate::{error::PackError, key_files};
use crate::{
    job::{Contents, Job},
    write,
};
use flavor_attest::deep;
use flavor_host::{command, driver, extraction};
use flavor_manifest::Diagnostic;
use pspf_nostd::{
    report::{Integrity, Severity, SlotReport},
    verify::{Checked, Scope, TrustedKeys},
    writer::EncodedSlot,
};
use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// That the provenance names another key than the one that has signed.
const WITH_KEY: &str = "provenance.key";

/// Makes the package in `place`, verifies every byte, unpacks it as a start would, looks for its command, compares
/// what it says of itself with its content, and removes all of it.
///
/// # Errors
/// The first of these that fails.
pub(super) fn before_signing(
    job: &Job<'_>,
    contents: &Contents,
    encoded: &[EncodedSlot],
    place: &Path,
) -> Result<(), PackError> {
    let (package, tree) = (place.join("unsigned"), place.join("unpacked"));
    let throwaway = key_files::random_key()?;
    let assembly = job.plan(&contents.spec, &contents.slots, encoded).assemble(&throwaway);
    let assembly = assembly.map_err(|error| job.unplannable(&error.to_string()))?;
    let file = write::write_package(&assembly, &job.launcher.bytes, encoded, place, &package)?;
    let trusted = TrustedKeys { pinned: vec![throwaway.public_key().fingerprint()], ..TrustedKeys::default() };
    let outcome = driver::verify_file(&file, Scope::Content, trusted, &mut |_, _| ())
        .map_err(|error| Diagnostic::io("output.read", &package, "read the package back", &error))?;
    let Some(checked) = outcome.checked.filter(|_| outcome.report.state == Integrity::Sealed) else {
        let found = outcome.report.state.words();
        let mut problems = vec![refused("the package would not verify").expected("sealed").found(found)];
        problems
            .extend(outcome.report.errors().map(|finding| Diagnostic::error(finding.code, finding.message.clone())));
        return Err(problems.into());
    };
    extraction::extract_all(&file, &checked, &tree)
        .map_err(|error| refused(&format!("the package could not be unpacked: {error}")))?;
    find_command(&checked, &tree)?;
    look_into(&package, &file, &checked, &outcome.report.slots)?;
    for result in [fs::remove_file(&package), fs::remove_dir_all(&tree)] {
        result.map_err(|error| Diagnostic::io("output.write", place, "remove what was made for validation", &error))?;
    }
    Ok(())
}

fn refused(message: &str) -> Diagnostic {
    Diagnostic::error("pack.validate", format!("{message}; nothing was signed")).field("--validate-before-sign")
}

/// As `flavor verify --deep`: the bill of materials and the provenance must say what is in the package.
fn look_into(path: &Path, file: &File, package: &Checked, slots: &[SlotReport]) -> Result<(), PackError> {
    let deep = deep::examine(path, file, package, slots, &|_| ())?;
    // The provenance names the key that will sign.
    let errors = deep.findings.iter().filter(|finding| finding.severity == Severity::Error && finding.code != WITH_KEY);
    let problems: Vec<Diagnostic> = errors
        .map(|finding| Diagnostic::error(finding.code, finding.message.clone()).field(finding.part.clone()))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let first = refused("what the package says of itself is not what is in it");
    Err([vec![first], problems].concat().into())
}

/// A program of the package must be in it, unless the setup makes it.
fn find_command(package: &Checked, tree: &Path) -> Result<(), PackError> {
    let metadata = package.metadata();
    let Some(execution) = metadata.execution.as_ref().filter(|_| metadata.setup_commands.is_empty()) else {
        return Ok(());
    };
    let words = command::split(&execution.command).map_err(|error| refused(&error.to_string()))?;
    let Some(program) = words.first() else {
        return Err(refused("the package has no command").field("execution.command").into());
    };
    let Some(path) = in_tree(program, tree) else { return Ok(()) };
    let problem = |message: &str| Err(refused(message).field("execution.command").found(program.clone()).into());
    // Links were proved to stay inside.
    match fs::metadata(&path) {
        Err(_) => problem("the package does not hold the program that it runs"),
        Ok(found) if !found.is_file() => problem("what the package runs is no file"),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => problem("what the package runs is not executable"),
        Ok(_) => Ok(()),
    }
}

/// Where a program is, if it is one of the package's files: a bare name may be found on the user's machine, and other placeholders
/// than the work environment are known only there.
fn in_tree(program: &str, tree: &Path) -> Option<PathBuf> {
    let path = program.strip_prefix("{workenv}/").unwrap_or(program);
    let plain = !path.contains('{') && !path.starts_with('/') && program.contains('/');
    plain.then(|| tree.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_package_are_looked_for() {
        let tree = Path::new("/t");
        for (program, found) in [
            ("{workenv}/bin/x", Some("/t/bin/x")),
            ("bin/x", Some("/t/bin/x")),
            ("{workenv}/x", Some("/t/x")),
            ("x", None),
            ("/bin/sh", None),
            ("{slot:0}", None),
            ("{cache}/x", None),
        ] {
            assert_eq!(in_tree(program, tree), found.map(PathBuf::from), "{program}");
        }
    }
}

//! Packages of which every byte has been verified, as extraction needs them.

use crate::{problem::Failure, progress::Bar, terminal::Console, trusted_keys};
use flavor_host::{driver, trust::Trusted};
use flavor_manifest::Diagnostic;
use flavor_pack::open_argument;
use pspf_nostd::{
    report::{Report, Trust},
    verify::{Checked, Outcome, Scope, TrustedKeys},
};
use std::{fs::File, io, path::Path, time::Instant};

/// Files from this size on show a progress bar, in bytes: smaller ones are done before it would be drawn.
const BAR_FROM: u64 = 64 << 20;

/// Verifies all of an open package, with a progress bar where that takes a while.
///
/// # Errors
/// Those of reading; a broken package is not one.
pub fn verify(path: &Path, file: &File, trusted: TrustedKeys, console: &Console) -> Result<Outcome, Failure> {
    let bytes = file.metadata().map(|facts| facts.len()).unwrap_or_default();
    let bar = Bar::bytes(console.interactive() && bytes >= BAR_FROM, &format!("verifying {}", path.display()), bytes);
    let begin = Instant::now();
    let outcome = driver::verify_file(file, Scope::Content, trusted, &mut |done, _| bar.at(done));
    bar.clear();
    console.detail(&format!("{}: {bytes} bytes read, {:.3} s", path.display(), begin.elapsed().as_secs_f64()));
    outcome.map_err(|error| unreadable(path, &error))
}

/// Why a package could not be read to its end.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            let problem = Diagnostic::error("file.read", "the package has become shorter while it was read").file(path);
            problem.hint("something else writes to this file; try again when it is done").into()
        }
        _ => Diagnostic::io("file.read", path, "read the package", error).into(),
    }
}

/// Opens a package and reads all of it.
///
/// # Errors
/// Those of reading; a broken package is not one.
pub fn read(path: &Path, trusted: TrustedKeys, console: &Console) -> Result<(File, Outcome), Failure> {
    let file = open_argument(path, "a package")?;
    let outcome = verify(path, &file, trusted, console)?;
    Ok((file, outcome))
}

/// Opens and verifies a package for extraction.
///
/// # Errors
/// Where it cannot be read, anything in it is not as signed, or its key is revoked.
pub fn open(path: &Path, console: &mut Console) -> Result<(File, Checked), Failure> {
    let store = trusted_keys::read(console)?;
    let (file, outcome) = read(path, store.for_verification(Vec::new()), console)?;
    match outcome.checked {
        Some(checked) => Ok((file, checked)),
        None => Err(refused(path, &outcome.report, &store)),
    }
}

/// Why a package that does not verify is not used.
pub fn refused(path: &Path, report: &Report, store: &Trusted) -> Failure {
    let mut problems: Vec<Diagnostic> = report
        .errors()
        .map(|finding| {
            let place = finding.range.map(|range| format!(", bytes {range}")).unwrap_or_default();
            let revoked = store.refusal(report).filter(|_| finding.code == "key.revoked");
            let message = revoked.unwrap_or_else(|| finding.message.clone());
            Diagnostic::error(finding.code, message).file(path).field(format!("{}{place}", finding.part))
        })
        .collect();
    if problems.is_empty() && report.trust == Trust::Unsigned {
        problems.push(Diagnostic::error("signature.absent", "the package is not signed").file(path));
    }
    if let Some(last) = problems.last_mut() {
        last.hint = Some("it is not used; `flavor verify` shows the whole report".to_owned());
    }
    problems.into()
}

//! Every way in which this repository feeds a package to the verification engine.

use flavor_host::{
    driver::{verify_file, verify_rest_by},
    extraction::look_through::look_through,
};
use pspf_nostd::{
    codec::PureCodecs,
    offsets::{length, position},
    report::Report,
    verify::{Outcome, Scope, TrustedKeys, Verification, verify_slice},
};
use std::{fs, io, path::Path};

/// The report of each driver on the same package, with the driver's name.
///
/// # Errors
/// Those of writing the package to `scratch` and reading it back.
pub fn reports(package: &[u8], scratch: &Path) -> io::Result<Vec<(String, Report)>> {
    let slice = looked_through(verify_slice(package, Scope::Content, TrustedKeys::default()), package);
    let mut reports = vec![("slice".to_owned(), slice)];
    for pieces in [&[1][..], &[4097, 1, 63], &[1 << 20]] {
        // One byte at a time takes long where there are millions.
        if pieces != [1] || package.len() < 200_000 {
            reports.push((format!("pieces of {pieces:?}"), verify_in_pieces(package, pieces)));
        }
    }
    let path = scratch.join("package.psp");
    fs::write(&path, package)?;
    let file = fs::File::open(&path)?;
    let outcome = verify_file(&file, Scope::Content, TrustedKeys::default(), &mut |_, _| {})?;
    reports.push(("file".to_owned(), look_through(&file, outcome, &mut |_, _| {})?.report));
    let mut verification = Verification::new(length(package), Scope::Content, TrustedKeys::default());
    verify_rest_by(|_| 3, &file, &mut verification, &mut |_, _| {})?;
    let outcome = verification.finish();
    reports.push(("file by three threads".to_owned(), look_through(&file, outcome, &mut |_, _| {})?.report));
    Ok(reports)
}

/// Supplies pieces of these lengths, over and over.
///
/// # Panics
/// Where the engine refuses what it asked for.
#[must_use]
pub fn verify_in_pieces(package: &[u8], lengths: &[usize]) -> Report {
    let mut verification = Verification::new(length(package), Scope::Content, TrustedKeys::default());
    let mut lengths = lengths.iter().cycle();
    while let Some(range) = verification.wants() {
        let wanted = package.get(position(range.start)..position(range.end)).unwrap_or_default();
        let piece = lengths.next().map_or(wanted.len(), |length| wanted.len().min(*length));
        verification.supply(&wanted[..piece]).expect("the engine takes what it asked for");
    }
    looked_through(verification.finish(), package)
}

/// The report with what is in the slots, by the core's own decoders and in uneven pieces.
fn looked_through(outcome: Outcome, package: &[u8]) -> Report {
    let Some(mut contents) = outcome.contents(&PureCodecs, u64::MAX, &mut ()) else { return outcome.report };
    while let Some(range) = contents.wants() {
        let wanted = package.get(position(range.start)..position(range.end)).unwrap_or_default();
        contents.supply(&wanted[..wanted.len().min(1777)], &mut ());
    }
    outcome.with_contents(contents).report
}

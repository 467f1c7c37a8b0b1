//! The conformance kit is what the code makes, and this repository's drivers and programs pass it.

use flavor_host::driver::{verify_head, verify_rest_by};
use pspf_nostd::verify::TrustedKeys;
use pspf_tests::{base, catalogue::cases, drivers, kit, verdict::Verdict};
use std::{collections::BTreeSet, fs, io};

#[test]
fn the_case_files_are_up_to_date() {
    let folder = kit::vectors().join("cases");
    let wanted = kit::files().unwrap();
    let there: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let names: BTreeSet<String> = wanted.keys().cloned().collect();
    assert_eq!(there, names, "run `cargo run -p pspf-tests --bin make-vectors`");
    for (name, text) in wanted {
        let found = fs::read_to_string(folder.join(&name)).unwrap();
        assert!(found == text, "{name} is out of date: run `cargo run -p pspf-tests --bin make-vectors`");
    }
}

#[test]
fn every_row_of_the_corruption_table_is_a_case() {
    let rows = kit::rows(&kit::vectors().join("format/corruptions.json")).unwrap();
    let covered: BTreeSet<&str> = cases().iter().filter_map(|case| case.row).collect();
    assert_eq!(rows.len(), 82);
    assert_eq!(covered, rows.keys().map(String::as_str).collect());
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
}

#[test]
fn every_driver_gives_every_case_the_same_right_report() {
    let scratch = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for case in kit::read(&kit::vectors().join("cases")).unwrap().values() {
        let package = case.bytes().unwrap();
        let reports = drivers::reports(&package, scratch.path()).unwrap();
        let (_, first) = &reports[0];
        if let Err(why) = Verdict::of(first).check(&case.expect) {
            wrong.push(format!("{}: {why}", case.name));
        }
        for (driver, report) in &reports {
            assert_eq!(report, first, "{} through {driver}", case.name);
        }
        let mut end = 0;
        for part in &first.coverage {
            assert_eq!(part.range.start, end, "{}: the coverage map has a gap or an overlap", case.name);
            end = part.range.end;
        }
        assert_eq!(end, u64::try_from(package.len()).unwrap(), "{}: the coverage map ends early", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_shrinks_while_several_threads_read_it_proves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("package.psp");
    let package = base::sealed(&[7; 5000], |_| ()).bytes;
    for length in [0, 100, 4999] {
        fs::write(&path, &package).unwrap();
        let file = fs::File::options().read(true).write(true).open(&path).unwrap();
        let mut verification = verify_head(&file, TrustedKeys::default()).unwrap();
        file.set_len(length).unwrap();
        let read = verify_rest_by(|_| 3, &file, &mut verification, &mut |_, _| {});
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{length}");
        assert!(verification.finish().checked.is_none(), "{length}");
        // Read again, it is what it was.
        fs::write(&path, &package).unwrap();
        let mut verification = verify_head(&file, TrustedKeys::default()).unwrap();
        verify_rest_by(|_| 3, &file, &mut verification, &mut |_, _| {}).unwrap();
        assert!(verification.finish().checked.is_some(), "{length}");
    }
}

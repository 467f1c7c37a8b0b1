//! The conformance kit (`tests/vectors/cases`), by this crate alone; `tests/tests/conformance.rs` takes it through every driver.

mod package;

use base64ct::{Base64, Encoding};
use package::{assert_coverage_is_exact, verify};
use pspf_nostd::{
    codec::{PureCodecs, gunzip_one},
    digest::sha256,
    offsets::position,
    report::Report,
    verify::Outcome,
};
use serde_json::Value;
use std::{fs, path::Path};

/// The report with what is in the slots.
fn looked_through(outcome: Outcome, file: &[u8]) -> Report {
    let Some(mut contents) = outcome.contents(&PureCodecs, u64::MAX, &mut ()) else { return outcome.report };
    while let Some(range) = contents.wants() {
        contents.supply(&file[position(range.start)..position(range.end)], &mut ());
    }
    outcome.with_contents(contents).report
}

#[test]
fn every_case_gets_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/cases");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let case: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let file = gunzip_one(&Base64::decode_vec(&text(&case["package"])).unwrap(), 16 << 20).unwrap().data;
        assert_eq!(sha256(&file).to_string(), text(&case["sha256"]));
        let report = looked_through(verify(&file), &file);
        assert_coverage_is_exact(&report);
        let expect = &case["expect"];
        let codes: Vec<String> = expect["codes"].as_array().unwrap().iter().map(text).collect();
        let part = text(&expect["part"]);
        let named = |code: &String| report.findings.iter().any(|finding| finding.code == *code);
        let located =
            report.findings.iter().any(|f| codes.iter().any(|code| code == f.code) && f.part.starts_with(&part));
        let verdict = (report.ok, serde_json::to_value(report.state).unwrap());
        if verdict != (expect["ok"].as_bool().unwrap(), expect["state"].clone())
            || !codes.iter().all(named)
            || !(part.is_empty() || located)
        {
            wrong.push(format!("{}: {:?} {:?}", text(&case["name"]), report.state, package::codes(&report)));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases > 100, "{cases} cases");
}

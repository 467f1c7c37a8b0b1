//! The launcher against the list of holes and failures that the published launchers were seen to have.

use pspf_test_support::skip;
use pspf_tests::{
    peer::Peer,
    table::{self, report},
};
use std::{env, fs, path::Path};

/// `PSPF_TABLE=full` asks the published launchers everything and writes the report; `PSPF_TABLE_ROWS` keeps the rows whose
/// names start with it.
#[test]
fn every_row_comes_out_as_wanted() {
    let full = env::var_os("PSPF_TABLE").is_some_and(|value| value == "full");
    let only = env::var("PSPF_TABLE_ROWS").unwrap_or_default();
    let Some(peer) = Peer::for_test() else { return };
    let results = table::run(&peer, full, &only).unwrap();
    println!("{}", report::plain(&results));
    if let Some(not_run) = report::not_run(&results) {
        skip(&not_run, "run the tests as root, with `cargo xtask setup` done");
    }
    if full {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("reports").join("launcher-table.md");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, report::markdown(&results)).unwrap();
        println!("{}", file.display());
    }
    let complaints = report::complaints(&results);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

//! Every small damage to a package of every profile is refused, but for a list that is explained.

use pspf_tests::tamper_table::{self, Offsets};
use std::{fs, path::Path};

#[test]
fn only_what_the_page_lists_is_accepted() {
    let outcomes = tamper_table::run(Offsets::Distinct);
    for outcome in &outcomes {
        assert!(outcome.files > 30_000, "{}: {} files", outcome.name, outcome.files);
        assert_eq!(outcome.wrong, [""; 0], "accepted, although authenticated");
        let sealed = outcome.name.starts_with("sealed");
        assert!(!sealed || outcome.accepted.is_empty(), "{}: {:?}", outcome.name, outcome.accepted);
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tamper-table.md")).unwrap();
    let listed: Vec<&str> = page.split_once("## Accepted").unwrap().1.lines().filter(|l| l.starts_with("| ")).collect();
    let found: Vec<String> = outcomes.iter().flat_map(tamper_table::accepted).collect();
    assert_eq!(
        found,
        listed[1..],
        "docs/tamper-table.md is made by `cargo run -p pspf-tests --bin tamper-table -- --write`"
    );
}

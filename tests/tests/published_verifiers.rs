//! The published verifiers, run on the damage of the corruption table, answer as the table says: the cases are the same damage.

use pspf_tests::{catalogue::cases, kit, peer::Peer, published};

#[test]
fn the_published_verifiers_answer_as_recorded() {
    let Some(peer) = Peer::for_test() else { return };
    let rows = kit::rows(&kit::vectors().join("format/corruptions.json")).unwrap();
    let mut cases = cases();
    cases.retain(|case| case.row.is_some());
    let answers = published::answers(&peer, &cases).unwrap();
    println!("{}", published::table(&cases, &answers));
    let mut wrong = Vec::new();
    for (case, answers) in cases.iter().zip(&answers) {
        let recorded = &rows[case.row.unwrap()];
        let expected = (recorded.python, Some(recorded.rust.verify), Some(recorded.go.verify));
        let found = (answers.python, answers.rust, answers.go);
        if found != expected {
            wrong.push(format!("{}: python, rust, go exit with {found:?}, recorded is {expected:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

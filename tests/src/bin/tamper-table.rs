//! Damages a small package of each profile byte by byte and prints what is accepted: `cargo run -p pspf-tests --bin tamper-table`,
//! with `--write` into docs/tamper-table.md, with `--all` at every byte, also in the middle of zeros.

use pspf_tests::tamper_table::{Offsets, accepted, markdown, run};
use std::{env, fs, io, path::Path, process::ExitCode};

fn main() -> io::Result<ExitCode> {
    let given = |option: &str| env::args().any(|word| word == option);
    let outcomes = run(if given("--all") { Offsets::All } else { Offsets::Distinct });
    let page = markdown(&outcomes);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tamper-table.md");
    if given("--write") && !given("--all") {
        fs::write(&file, &page)?;
    }
    print!("{page}");
    let text = fs::read_to_string(file)?;
    let mut failed = false;
    for outcome in &outcomes {
        for line in &outcome.wrong {
            eprintln!("accepted, although authenticated: {line}");
            failed = true;
        }
        for row in accepted(outcome).iter().filter(|row| !text.contains(row.as_str())) {
            eprintln!("not in docs/tamper-table.md: {row}");
            failed = true;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

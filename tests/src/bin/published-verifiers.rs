//! Prints where the three published verifiers part from the conformance kit:
//! `PSPF_PEER=…/bin cargo run -p pspf-tests --bin published-verifiers [NAME...]`.

use pspf_tests::{catalogue::cases, peer::Peer, published};
use std::{env, io};

fn main() -> io::Result<()> {
    let names: Vec<String> = env::args().skip(1).collect();
    let mut cases = cases();
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name.starts_with(name.as_str())));
    let answers = published::answers(&Peer::find()?, &cases)?;
    print!("{}", published::table(&cases, &answers));
    Ok(())
}

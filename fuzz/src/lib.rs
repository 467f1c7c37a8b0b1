//! What each fuzz target asserts, as plain functions; the targets themselves are three lines.

use pspf_nostd::{
    index::{self, END_MAGIC, IndexBlock, START_MAGIC},
    key::{PublicKey, SigningKey},
    limits::READ_WINDOW,
    metadata::Metadata,
    offsets::position,
    operation::OperationChain,
    report::Report,
    verify::{Scope, TrustedKeys, Verification, verify_slice},
};

/// Verifies a package in pieces of `step` bytes.
fn verify_in_pieces(package: &[u8], step: usize) -> Report {
    let mut verification = Verification::new(package.len() as u64, Scope::Content, TrustedKeys::default());
    while let Some(range) = verification.wants() {
        assert!(range.len() > 0 && range.len() <= READ_WINDOW && range.end <= package.len() as u64);
        let wanted = &package[position(range.start)..position(range.end)];
        verification.supply(&wanted[..wanted.len().min(step)]).unwrap();
    }
    verification.finish().report
}

/// Any bytes verify without panic, the same way whole and in pieces, with a coverage map that covers each byte once.
pub fn verify(package: &[u8]) {
    let whole = verify_slice(package, Scope::Content, TrustedKeys::default());
    assert_eq!(whole.report, verify_in_pieces(package, 7));
    assert_eq!(whole.checked.is_some(), whole.report.ok);
    let mut end = 0;
    for part in &whole.report.coverage {
        assert_eq!(part.range.start, end);
        end = part.range.end;
    }
    assert_eq!(end, package.len() as u64);
}

/// As [`verify`], with the checks repaired that would stop a mutation early: magics and the index checksum.
pub fn verify_repaired(bytes: &[u8]) {
    let Some(tail) = bytes.len().checked_sub(8200) else { return verify(bytes) };
    let mut package = bytes.to_vec();
    package[tail..tail + 4].copy_from_slice(&START_MAGIC);
    let mut block = IndexBlock::from_bytes(&package[tail + 4..tail + 8196]).unwrap();
    block.set(index::VERSION, &index::FORMAT_VERSION.to_le_bytes());
    block.seal_checksum();
    package[tail + 4..tail + 8196].copy_from_slice(block.as_bytes());
    package[tail + 8196..].copy_from_slice(&END_MAGIC);
    verify(&package);
}

/// Metadata that are accepted keep their bytes, and print as JSON that is accepted again.
pub fn metadata(text: &[u8]) {
    if let Ok(metadata) = Metadata::parse(text.to_vec()) {
        assert_eq!(metadata.raw(), text);
        let again = Metadata::parse(metadata.document().to_pretty()).unwrap();
        assert_eq!(metadata.document(), again.document());
        for slot in &metadata.slots {
            if let Ok(chain) = OperationChain::parse(&slot.operations) {
                assert_eq!(OperationChain::from_packed(chain.packed()), chain);
            }
        }
    }
}

/// Keys that are accepted survive being written and read.
pub fn key(text: &[u8]) {
    if let Ok(key) = PublicKey::from_pem(text) {
        assert_eq!(PublicKey::from_pem(key.to_pem().as_bytes()).unwrap(), key);
    }
    if let Ok(key) = SigningKey::from_pem(text) {
        let again = SigningKey::from_pem(key.to_pem().as_bytes()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
}

//! What levels below strict accept, and that nothing else becomes a proof.

mod package;

use package::{sealed, verify};
use pspf_nostd::{
    index::{self, IndexBlock},
    report::{Integrity, Trust},
    verify::{Level, Outcome, Scope, TrustedKeys, verify_slice},
};

const LEVELS: [Level; 5] = [Level::Strict, Level::Standard, Level::Relaxed, Level::Minimal, Level::None];

fn with_index(change: impl Fn(&mut IndexBlock)) -> Vec<u8> {
    let (mut file, _) = sealed();
    let end = file.len();
    let mut block = IndexBlock::from_bytes(&file[end - 8196..end - 4]).unwrap();
    change(&mut block);
    block.seal_checksum();
    file[end - 8196..end - 4].copy_from_slice(block.as_bytes());
    file
}

fn head(file: &[u8]) -> Outcome {
    verify_slice(file, Scope::Head, TrustedKeys::default())
}

#[test]
fn a_good_package_is_the_same_at_every_level() {
    let (file, _) = sealed();
    let id = *verify(&file).authenticated.unwrap().content_id();
    for level in LEVELS {
        let accepted = verify(&file).accept(level).unwrap();
        assert_eq!((accepted.package.content_id(), accepted.tolerated.len()), (&id, 0));
        assert_eq!(accepted.package.provable(), accepted.checked.unwrap().integrity());
        assert!(head(&file).accept(level).unwrap().checked.is_none());
    }
}

#[test]
fn an_unsigned_package_is_told_from_the_signed_one() {
    let (file, _) = sealed();
    let signed = *verify(&file).authenticated.unwrap().content_id();
    let unsigned = with_index(|block| block.set(index::SIGNATURE, &[0; 64]));
    let forged = with_index(|block| {
        let mut signature: [u8; 64] = block.array(index::SIGNATURE);
        signature[40] ^= 1;
        block.set(index::SIGNATURE, &signature);
    });
    for (file, from) in [(unsigned, Level::Relaxed), (forged, Level::None)] {
        for level in LEVELS {
            for outcome in [head(&file), verify(&file)] {
                assert!(outcome.authenticated.is_none() && outcome.checked.is_none());
                let accepted = outcome.accept(level);
                assert_eq!(accepted.is_ok(), level >= from, "{level:?}");
                let Ok(accepted) = accepted else { continue };
                assert_eq!(
                    (accepted.package.trust(), accepted.package.provable()),
                    (Trust::Unsigned, Integrity::Intact)
                );
                assert_ne!(*accepted.package.content_id(), signed);
                assert_eq!(accepted.tolerated.len(), 1);
                assert!(!accepted.report.ok);
            }
        }
    }
}

/// Bytes all over the file, changed: a level below strict accepts no more than its list says.
#[test]
fn no_changed_byte_that_is_extracted_is_accepted() {
    let (good, _) = sealed();
    let before = verify(&good).checked.unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut file = good.clone();
        file[at] ^= 0x10;
        if let Ok(accepted) = verify(&file).accept(Level::None) {
            let codes: Vec<&str> = accepted.report.errors().map(|finding| finding.code).collect();
            let listed = ["index.checksum", "padding.nonzero", "launcher.digest", "signature.invalid"];
            assert!(codes.iter().all(|code| listed.contains(code)), "byte {at}: {codes:?}");
            let slots = accepted.checked.unwrap();
            for (slot, before) in slots.slots().iter().zip(before.slots()) {
                let range = usize::try_from(slot.range().start).unwrap()..usize::try_from(slot.range().end).unwrap();
                assert_eq!(file[range.clone()], good[range], "byte {at}");
                assert_eq!((slot.mode(), slot.entry()), (before.mode(), before.entry()), "byte {at}");
            }
        }
    }
}

#[test]
fn each_level_tolerates_what_its_list_says() {
    for (code, from) in [
        ("index.checksum", Level::Standard),
        ("padding.nonzero", Level::Standard),
        ("signature.absent", Level::Relaxed),
        ("launcher.digest", Level::Minimal),
        ("signature.invalid", Level::None),
    ] {
        let tolerating: Vec<Level> = LEVELS.into_iter().filter(|level| level.tolerates(code)).collect();
        assert_eq!(tolerating, LEVELS.into_iter().filter(|level| *level >= from).collect::<Vec<_>>(), "{code}");
    }
}

#[test]
fn levels_have_their_words() {
    let words = ["strict", "standard", "relaxed", "minimal", "none"];
    for (level, word) in LEVELS.into_iter().zip(words) {
        assert_eq!((level.word(), Level::from_word(word)), (word, Some(level)));
        assert_eq!(Level::from_word(&word.to_ascii_uppercase()), Some(level));
    }
    assert_eq!((Level::from_word(""), Level::from_word("stric"), Level::default()), (None, None, Level::Strict));
}

/// Two things at once are tolerated where each of them is.
#[test]
fn every_error_has_to_be_tolerated() {
    let mut file = with_index(|block| block.set(index::SIGNATURE, &[0; 64]));
    file[0] ^= 1;
    for level in LEVELS {
        let accepted = verify(&file).accept(level);
        assert_eq!(accepted.is_ok(), level >= Level::Minimal, "{level:?}");
        if let Ok(accepted) = accepted {
            let mut codes: Vec<&str> =
                accepted.tolerated.iter().filter_map(|words| words.rsplit_once('[')).map(|(_, code)| code).collect();
            codes.sort_unstable();
            assert_eq!(codes, ["launcher.digest]", "signature.absent]"]);
        }
    }
    // A package that is not even read to its end has nothing to hand out.
    assert!(verify(&file[..5000]).accept(Level::None).is_err());
}

#[test]
fn what_is_extracted_and_executed_is_on_no_list() {
    for code in ["slot.digest.signed", "index.field", "metadata.json", "seal.signer", "verify.incomplete", ""] {
        assert!(LEVELS.iter().all(|level| !level.tolerates(code)), "{code}");
    }
}

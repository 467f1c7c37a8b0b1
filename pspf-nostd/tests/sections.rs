//! Content that is read section by section, in any order and by several readers, proves as much as one pass does.

mod package;

use package::{SLOTS, sealed, verify};
use pspf_nostd::{
    offsets::{length, position},
    verify::{Scope, Section, TrustedKeys, Verification},
};

/// A verification that has read trailer, metadata and slot table.
fn at_content(file: &[u8]) -> Verification {
    let mut verification = Verification::new(length(file), Scope::Content, TrustedKeys::default());
    while let Some(range) = verification.wants().filter(|_| !verification.wants_content()) {
        verification.supply(&file[position(range.start)..position(range.end)]).unwrap();
    }
    verification
}

/// Reads a section in pieces.
fn read(section: &mut Section, file: &[u8], piece: usize) {
    loop {
        let wanted = section.wants();
        let bytes = &file[position(wanted.start)..position(wanted.end)];
        if bytes.is_empty() {
            return;
        }
        section.supply(&bytes[..piece.min(bytes.len())]);
    }
}

#[test]
fn order_and_pieces_change_nothing_whatever_is_damaged() {
    let (sample, _) = sealed();
    let damaged = (0..sample.len()).step_by(7).map(|at| {
        let mut file = sample.clone();
        file[at] ^= 0x40;
        file
    });
    for (number, file) in [sample.clone()].into_iter().chain(damaged).enumerate() {
        let mut verification = at_content(&file);
        let mut sections = verification.sections();
        sections.reverse();
        for mut section in sections {
            read(&mut section, &file, 1 + number % 5);
            verification.restore(section);
        }
        let (outcome, expected) = (verification.finish(), verify(&file));
        assert_eq!(outcome.checked.is_some(), expected.checked.is_some());
        assert_eq!(serde_json::to_value(outcome.report).unwrap(), serde_json::to_value(expected.report).unwrap());
    }
}

#[test]
fn what_is_missing_or_of_another_verification_proves_nothing() {
    let (file, _) = sealed();
    let count = at_content(&file).sections().len();
    assert!(count > 5);
    for missing in 0..count {
        let mut verification = at_content(&file);
        let mut twin = at_content(&file);
        let twins = twin.sections();
        for (number, (mut section, mut twin)) in verification.sections().into_iter().zip(twins).enumerate() {
            read(&mut section, &file, 100);
            read(&mut twin, &file, 100);
            verification.restore(if number == missing { twin } else { section });
        }
        assert_eq!(verification.wants(), None);
        assert!(verification.sections().is_empty());
        let outcome = verification.finish();
        assert!(outcome.checked.is_none());
        assert!(outcome.report.errors().any(|finding| finding.code == "verify.incomplete"));
    }
}

#[test]
fn an_unread_rest_is_asked_for_again() {
    let (file, _) = sealed();
    let mut verification = at_content(&file);
    for (number, mut section) in verification.sections().into_iter().enumerate() {
        assert!(verification.supply(b"x").is_err(), "nothing is asked for while a section is out");
        if number % 2 == 0 {
            section.supply(&file[position(section.wants().start)..][..1]);
        } else {
            read(&mut section, &file, 3);
        }
        // More than the section is ignored.
        let end = position(section.wants().end);
        if number == 1 {
            section.supply(&file[end..]);
        }
        verification.restore(section);
    }
    while let Some(range) = verification.wants() {
        verification.supply(&file[position(range.start)..position(range.end)]).unwrap();
    }
    assert!(verification.finish().checked.is_some());
}

#[test]
fn what_is_handed_out_is_what_is_left_to_read() {
    let (file, assembly) = sealed();
    let mut verification = at_content(&file);
    let sections = verification.sections();
    assert!(sections.iter().all(|section| !section.wants().is_empty()));
    let slots: Vec<usize> = sections.iter().filter_map(Section::slot).collect();
    let full: Vec<usize> = (0..SLOTS.len()).filter(|slot| !SLOTS[*slot].4.is_empty()).collect();
    assert_eq!(slots, full);
    for section in &sections {
        if let Some(slot) = section.slot() {
            assert_eq!(section.wants(), assembly.placement.slots[slot]);
        }
    }
    // Launcher and padding are the others.
    assert_eq!(
        sections.iter().filter(|section| section.slot().is_none()).map(|section| section.wants().start).min(),
        Some(0)
    );
}

#[test]
fn progress_goes_from_nothing_to_the_whole_file() {
    let (file, _) = sealed();
    let mut verification = Verification::new(length(&file), Scope::Content, TrustedKeys::default());
    assert_eq!(verification.progress(), 0);
    while let Some(range) = verification.wants() {
        let in_content = verification.wants_content();
        assert_eq!(verification.progress(), if in_content { range.start } else { 0 });
        verification.supply(&file[position(range.start)..][..1]).unwrap();
    }
    assert_eq!(verification.progress(), length(&file));
}

//! Both ways with the published implementation: its packages here, ours there.

use flavor_host::driver::verify_file;
use pspf_nostd::{
    codec::{Budget, Chain, PureCodecs},
    offsets::position,
    report::{Integrity, Trust},
    verify::{Checked, Scope, TrustedKeys},
};
use pspf_tests::{
    base::{self, Base},
    peer::{Language, Peer},
    published_builders::{Builder, succeeded},
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn check(package: &Path, trusted: TrustedKeys) -> (Integrity, Trust, Checked) {
    let file = fs::File::open(package).unwrap();
    let outcome = verify_file(&file, Scope::Content, trusted, &mut |_, _| {}).unwrap();
    let findings = outcome.report.findings;
    let checked = outcome.checked.unwrap_or_else(|| panic!("{}: {findings:#?}", package.display()));
    (outcome.report.state, outcome.report.trust, checked)
}

/// The content of a slot, its codecs undone; archives stay archives.
fn decode(package: &[u8], checked: &Checked, slot: usize) -> Vec<u8> {
    let slot = &checked.slots()[slot];
    let mut chain = Chain::new(&slot.operations().codecs().unwrap(), &PureCodecs, &Budget::default()).unwrap();
    let mut content = Vec::new();
    let mut sink = |piece: &[u8]| {
        content.extend_from_slice(piece);
        Ok(())
    };
    chain.push(&package[position(slot.range().start)..position(slot.range().end)], &mut sink).unwrap();
    chain.finish(&mut sink).unwrap();
    content
}

#[test]
fn packages_of_the_published_builders_are_accepted_and_decode_to_what_went_in() {
    let Some(peer) = Peer::for_test() else { return };
    let trusted = TrustedKeys { pinned: vec![base::key().public_key().fingerprint()], ..TrustedKeys::default() };
    for builder in Builder::ALL {
        for launcher in [Language::Rust, Language::Go] {
            let folder = tempfile::tempdir().unwrap();
            let program = peer.launcher(launcher).unwrap();
            let path = builder.build(&peer, &program, folder.path()).unwrap_or_else(|why| panic!("{builder:?}: {why}"));
            let (state, trust, checked) = check(&path, trusted.clone());
            let expected = if builder == Builder::Rust { Integrity::Bound } else { Integrity::Intact };
            assert_eq!((state, trust), (expected, Trust::Pinned), "{builder:?} with {launcher:?}");
            let package = fs::read(&path).unwrap();
            for (number, slot) in builder.slots().iter().enumerate() {
                let ours = decode(&package, &checked, number);
                if let Some(content) = &slot.content {
                    assert!(ours == *content, "{builder:?}: slot `{}` decodes to something else", slot.id);
                }
                // Its own `extract` leaves what only the Python builder writes undecoded (docs/format.md §4).
                if launcher == Language::Rust && matches!(slot.operations, "none" | "gzip" | "tgz") {
                    let out = folder.path().join(format!("{}.out", slot.id));
                    let mut command = peer.command(&peer.flavor(), folder.path());
                    succeeded(&command.arg("extract").arg(&path).arg(number.to_string()).arg(&out).output().unwrap())
                        .unwrap();
                    assert!(ours == fs::read(out).unwrap(), "{builder:?}: `{}` extracts to something else", slot.id);
                }
            }
            println!(
                "{:16} with the {launcher:4?} launcher: {state:?}, {} slots",
                format!("{builder:?}"),
                builder.slots().len()
            );
        }
    }
}

#[test]
fn sealed_packages_are_accepted_extracted_and_run_by_the_published_implementation() {
    let Some(peer) = Peer::for_test() else { return };
    for language in [Language::Rust, Language::Go] {
        let home = tempfile::tempdir().unwrap();
        let launcher = fs::read(peer.launcher(language).unwrap()).unwrap();
        let sample = Base::Sealed.package(&launcher);
        let path = home.path().join("sealed.psp");
        fs::write(&path, &sample.bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let (state, _, checked) = check(&path, TrustedKeys::default());
        assert_eq!(state, Integrity::Sealed);
        succeeded(&peer.verify(&path, home.path()).unwrap()).unwrap();
        succeeded(&peer.verify_by_launcher(&path, home.path()).unwrap()).unwrap();
        for slot in 0..checked.slots().len() {
            let out = home.path().join(format!("slot-{slot}"));
            let mut command = peer.command(&peer.flavor(), home.path());
            succeeded(&command.arg("extract").arg(&path).arg(slot.to_string()).arg(&out).output().unwrap()).unwrap();
            assert!(fs::read(out).unwrap() == decode(&sample.bytes, &checked, slot), "slot {slot}");
        }
        for run in ["first", "second"] {
            let output = peer.command(&path, home.path()).args(["a", "b c"]).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(
                (output.status.code(), text.as_ref()),
                (Some(7), "ran: a b c\n"),
                "{run} run, {language:?} launcher"
            );
        }
        println!("sealed package: accepted, extracted and run with the {language:?} launcher");
    }
}

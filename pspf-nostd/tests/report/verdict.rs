//! State, trust, proofs, and what is said of package, signer and slots.

use super::{
    package::{self, LAUNCHER, SLOTS, codes, key, set_field, unsign, verify},
    samples::{Sample, Signed, all, gzip, samples, slot},
};
use pspf_nostd::{
    digest::{hex, sha256},
    index,
    key::SigningKey,
    offsets::{length, position},
    report::{Integrity, Report, Signer, Trust},
    verify::{Level, Outcome, Scope, TrustedKeys, Verification, verify_slice},
};

fn head(file: &[u8]) -> Outcome {
    verify_slice(file, Scope::Head, TrustedKeys::default())
}

fn verdict(report: &Report) -> (bool, Integrity, Trust) {
    (report.ok, report.state, report.trust)
}

#[test]
fn the_state_of_every_profile_signed_unsigned_and_forged() {
    for (sample, file, _) in all() {
        let name = sample.name;
        let signed = verify(&file);
        assert_eq!(
            verdict(&signed.report),
            (sample.state > Integrity::Intact, sample.state, Trust::UnknownKey),
            "{name}"
        );
        assert_eq!(signed.authenticated.unwrap().provable(), sample.state, "{name}");
        assert_eq!(signed.checked.unwrap().integrity(), sample.state, "{name}");
        // The head alone tells as much of what is provable, and proves nothing of the content.
        let read = head(&file);
        assert_eq!(verdict(&read.report), (false, Integrity::Partial, Trust::UnknownKey), "{name}");
        assert_eq!(read.authenticated.unwrap().provable(), sample.state, "{name}");
        assert!(read.checked.is_none(), "{name}");

        let mut file = file;
        let signature: [u8; 64] = file[file.len() - 8196 + 128..][..64].try_into().unwrap();
        unsign(&mut file);
        for (outcome, state) in [(verify(&file), Integrity::Intact), (head(&file), Integrity::Partial)] {
            assert_eq!(verdict(&outcome.report), (false, state, Trust::Unsigned), "{name}");
            assert!(outcome.authenticated.is_none() && outcome.checked.is_none(), "{name}");
        }
        let mut forged = signature;
        forged[40] ^= 1;
        set_field(&mut file, index::SIGNATURE, &forged);
        for outcome in [verify(&file), head(&file)] {
            assert_eq!(verdict(&outcome.report), (false, Integrity::Broken, Trust::Unsigned), "{name}");
            assert!(outcome.authenticated.is_none() && outcome.checked.is_none(), "{name}");
        }
    }
}

/// What [`Verification::head_outcome`] says on the way is what a verification of the head alone says, and it changes nothing.
#[test]
fn the_outcome_of_the_head_is_had_on_the_way_to_that_of_the_whole() {
    for (sample, file, _) in all() {
        let name = sample.name;
        let mut tampered = file.clone();
        tampered[0] ^= 1;
        for file in [file, tampered] {
            let mut verification = Verification::new(length(&file), Scope::Content, TrustedKeys::default());
            let (mut on_the_way, mut asked) = (None, 0);
            while let Some(range) = verification.wants() {
                verification.supply(&file[position(range.start)..position(range.end)]).unwrap();
                if let Some(outcome) = verification.head_outcome() {
                    asked += 1;
                    on_the_way.get_or_insert(outcome);
                }
            }
            let (on_the_way, head) = (on_the_way.unwrap(), head(&file));
            assert!(asked > 0 && verification.head_outcome().is_none(), "{name}");
            assert_eq!(on_the_way.report, head.report, "{name}");
            assert_eq!(on_the_way.authenticated.is_some(), head.authenticated.is_some(), "{name}");
            assert!(on_the_way.checked.is_none(), "{name}");
            assert_eq!(verification.finish().report, verify(&file).report, "{name}");
        }
    }
}

/// Warnings that a signed package may have too do not count at any level.
#[test]
fn an_unsigned_package_is_tolerated_by_the_relaxed_level_whatever_else_is_noticed() {
    for (sample, mut file, _) in all() {
        unsign(&mut file);
        assert!(verify(&file).accept(Level::Standard).is_err(), "{}", sample.name);
        let accepted = verify(&file).accept(Level::Relaxed).unwrap();
        let words = "the package is not signed: signature or public key is all zero [signature.absent]";
        assert_eq!(accepted.tolerated, [words], "{}", sample.name);
        assert_eq!(accepted.checked.unwrap().integrity(), Integrity::Intact);
    }
}

#[test]
fn trust_says_where_the_key_was_found_and_a_pinned_key_comes_first() {
    let (mut file, _) = package::sealed();
    let (ours, other) = (key().public_key().fingerprint(), SigningKey::from_seed_text("other").unwrap());
    let other = other.public_key().fingerprint();
    let cases = [
        (vec![], vec![], Trust::UnknownKey),
        (vec![other], vec![other], Trust::UnknownKey),
        (vec![other, ours], vec![], Trust::Pinned),
        (vec![], vec![other, ours], Trust::InStore),
        (vec![ours], vec![ours], Trust::Pinned),
        (vec![other], vec![ours], Trust::InStore),
    ];
    for (pinned, store, trust) in &cases {
        let keys = TrustedKeys { pinned: pinned.clone(), store: store.clone(), revoked: Vec::new() };
        let outcome = verify_slice(&file, Scope::Content, keys);
        assert_eq!(verdict(&outcome.report), (true, Integrity::Sealed, *trust));
        assert_eq!(outcome.checked.unwrap().trust(), *trust);
    }
    // A key in the index is nobody's word without a signature.
    unsign(&mut file);
    for (pinned, store, _) in cases {
        let keys = TrustedKeys { pinned, store, revoked: Vec::new() };
        assert_eq!(verify_slice(&file, Scope::Content, keys).report.trust, Trust::Unsigned);
    }
}

#[test]
fn the_signer_is_the_key_in_the_index_with_what_it_signed() {
    let (file, _) = package::sealed();
    let public = key().public_key();
    let signer = |signature_valid| Signer {
        fingerprint: public.fingerprint().to_string(),
        public_key: hex(&public.0),
        signature_valid,
    };
    assert_eq!(verify(&file).report.signer, Some(signer(true)));
    let mut unsigned = file.clone();
    unsign(&mut unsigned);
    assert_eq!(verify(&unsigned).report.signer, Some(signer(false)));
    let mut nobody = file;
    set_field(&mut nobody, index::PUBLIC_KEY, &[0; 32]);
    assert_eq!(verify(&nobody).report.signer, None);
    assert_eq!(verify(b"no package").report.signer, None);
}

#[test]
fn package_and_slots_are_reported_as_the_metadata_have_them() {
    let (file, assembly) = package::sealed();
    for report in [verify(&file).report, head(&file).report] {
        let package = report.package.as_ref().unwrap();
        let said = (package.name.as_str(), package.version.as_str(), package.builder.as_str());
        assert_eq!(said, ("sample", "1.0", "flavor"));
        let json = verify(&file).metadata_hint.unwrap().raw().len();
        assert_eq!((package.launcher_size, package.metadata_size), (length(LAUNCHER), u64::try_from(json).unwrap()));
        assert_eq!(report.slots.len(), SLOTS.len());
        for (number, (slot, (id, operations, lifecycle, mode, stored))) in report.slots.iter().zip(SLOTS).enumerate() {
            assert_eq!((slot.index, slot.id.as_str()), (u64::try_from(number).unwrap(), id));
            assert_eq!((slot.target.as_str(), slot.purpose.as_str()), (format!("files/{id}").as_str(), "data"));
            assert_eq!(
                (slot.lifecycle.as_str(), slot.permissions.as_str()),
                (lifecycle, format!("{mode:04o}").as_str())
            );
            assert_eq!((slot.operations.as_str(), operations), ("raw", "none"));
            assert_eq!((slot.range, slot.original_size_hint), (assembly.placement.slots[number], length(stored)));
            let read = report.state != Integrity::Partial;
            assert_eq!(slot.sha256, read.then(|| sha256(stored).to_string()));
        }
    }
    assert!(verify(b"no package").report.package.is_none());
}

#[test]
fn the_proof_states_original_sizes_and_digests_only_where_they_follow() {
    for (sample, file, placement) in all() {
        let sealed = sample.state == Integrity::Sealed;
        for outcome in [verify(&file), head(&file)] {
            let read = outcome.launcher_sha256.is_some();
            assert_eq!(outcome.launcher_sha256, read.then(|| sha256(LAUNCHER)));
            let proof = outcome.authenticated.unwrap();
            assert_eq!(proof.launcher_size(), length(LAUNCHER));
            assert_eq!(proof.public_key(), &key().public_key());
            assert_eq!(proof.slots().len(), sample.slots.len());
            for (number, (found, slot)) in proof.slots().iter().zip(&sample.slots).enumerate() {
                assert_eq!((position(found.index()), found.range()), (number, placement.slots[number]));
                let raw = sealed || !(slot.entry.contains("gzip") || slot.entry.contains("bzip2"));
                let original = raw.then(|| length(&slot.stored));
                assert_eq!(found.original_size(), original, "{}, slot {number}", sample.name);
                let known = read || matches!(slot.signed, Signed::Full);
                assert_eq!(
                    found.sha256(),
                    known.then(|| sha256(&slot.stored)).as_ref(),
                    "{}, slot {number}",
                    sample.name
                );
            }
        }
    }
}

#[test]
fn the_proof_has_operations_and_lifecycle_of_each_slot() {
    let (file, _) = package::sealed();
    for outcome in [verify(&file), head(&file)] {
        let proof = outcome.authenticated.unwrap();
        assert_eq!(proof.metadata().name, "sample");
        assert_eq!(proof.fingerprint(), key().public_key().fingerprint());
        for (slot, lifecycle) in proof.slots().iter().zip([2, 0, 4, 6, 11]) {
            assert_eq!((slot.lifecycle_code(), slot.operations().packed()), (lifecycle, 0));
        }
    }
    let tarred = go(r#""id":"a","target":"a","operations":"tgz","lifecycle":"lazy""#);
    let proof = head(&tarred).authenticated.unwrap();
    assert_eq!((proof.slots()[0].lifecycle_code(), proof.slots()[0].operations().packed()), (6, 0x1001));
}

/// Key, metadata and slot table make the content id; packages that differ in any of them never share one.
#[test]
fn different_packages_have_different_content_ids() {
    let mut ids: Vec<String> = Vec::new();
    for (sample, file, _) in all() {
        let id = *verify(&file).authenticated.unwrap().content_id();
        assert_eq!(*head(&file).authenticated.unwrap().content_id(), id, "{}", sample.name);
        ids.push(id.to_string());
    }
    let stored: Vec<&[u8]> = SLOTS.iter().map(|slot| slot.4).collect();
    for seed in ["test123", "another"] {
        let signer = SigningKey::from_seed_text(seed).unwrap();
        let file = package::write(&package::plan().assemble(&signer).unwrap(), LAUNCHER, &stored);
        ids.push(verify(&file).authenticated.unwrap().content_id().to_string());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn the_original_size_of_a_sealed_slot_is_the_signed_one() {
    let member = gzip(b"some content");
    let mut plan = package::plan();
    plan.slots.truncate(1);
    plan.slots[0].operations = "gzip".to_owned();
    plan.slots[0].encoded = package::encoded(&member, 12);
    let file = package::write(&plan.assemble(&key()).unwrap(), LAUNCHER, &[&member]);
    for outcome in [verify(&file), head(&file)] {
        assert_eq!(outcome.authenticated.unwrap().slots()[0].original_size(), Some(12));
    }
}

#[test]
fn mode_0_means_0600_and_every_other_mode_itself() {
    for (permissions, mode) in [("0000", 0o600), ("0600", 0o600), ("0755", 0o755), ("4755", 0o4755), ("0001", 1)] {
        let sample = go(&format!(r#""id":"a","target":"a","operations":"none","permissions":"{permissions}""#));
        let outcome = verify(&sample);
        assert_eq!(outcome.report.slots[0].permissions, format!("{mode:04o}"));
        assert_eq!(outcome.checked.unwrap().slots()[0].mode(), mode, "{permissions}");
    }
}

/// A package of the Go builder with one slot.
fn go(entry: &str) -> Vec<u8> {
    let checksum = sha256(b"content");
    let json = format!(
        r#"{{"format":"PSPF/2025","build":{{"tool":"flavor-go"}},"slots":[{{"size":7,"checksum":"{checksum}",{entry}}}]}}"#
    );
    package::by_builder(pspf_nostd::profile::Profile::Go, &json, LAUNCHER, &[(b"content", 7)]).0
}

/// Nothing but the descriptor says what such a slot holds, and the descriptor has to agree.
#[test]
fn a_slot_without_a_signed_digest_and_with_another_checksum_is_refused() {
    for signed in [Signed::Nothing, Signed::Malformed, Signed::Prefix, Signed::Full] {
        for template in samples().into_iter().filter(|sample| sample.tool.is_some()) {
            let sample = Sample {
                slots: vec![slot(r#""id":"a","target":"a","operations":"none""#, b"content", signed)],
                ..template
            };
            let (file, placement) = sample.make();
            let digest_signed = matches!(signed, Signed::Prefix | Signed::Full);
            assert!(verify(&file).report.proves(Integrity::Intact), "{}", sample.name);
            // Other content under the old checksum.
            let mut content = file.clone();
            content[position(placement.slots[0].start)] ^= 1;
            let code = if digest_signed { "slot.digest.signed" } else { "slot.checksum" };
            let report = verify(&content).report;
            assert_eq!(codes(&report)[0], code, "{}", sample.name);
            assert_eq!((report.ok, report.state), (false, Integrity::Broken));
            let error = report.errors().next().unwrap();
            assert_eq!((error.part.as_str(), error.range), ("slot 0", Some(placement.slots[0])));
            // Another checksum of the old content.
            let mut checksum = file;
            checksum[position(placement.table.start) + 48] ^= 1;
            let report = verify(&checksum).report;
            let (code, part) = if digest_signed {
                ("slot.digest.descriptor", "slot 0 descriptor.checksum")
            } else {
                ("slot.checksum", "slot 0")
            };
            let error = report.errors().next().unwrap();
            assert_eq!((error.code, error.part.as_str()), (code, part), "{}", sample.name);
            assert_eq!((report.ok, report.state), (false, Integrity::Broken));
        }
    }
}

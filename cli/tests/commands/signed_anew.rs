//! Packages whose slots say something else than they did, validly sealed by another key: what only a look into them can find.

use super::process::Folder;
use pspf_nostd::{
    digest::sha256,
    json::Json,
    key::SigningKey,
    verify::{Authenticated, Scope, TrustedKeys, verify_slice},
    writer::{EncodedSlot, PackagePlan, Segment, SlotPlan},
};
use std::ops::Range;

/// Rewrites `from` as `to`; `change` gives each slot's new stored bytes for its identifier and its old ones.
pub(crate) fn rewrite(folder: &Folder, from: &str, to: &str, change: impl Fn(&str, &[u8]) -> Vec<u8>) {
    rewrite_as(folder, from, to, change, |_| ());
}

/// The same, with a plan that `changed` has changed.
pub(crate) fn rewrite_as(
    folder: &Folder,
    from: &str,
    to: &str,
    change: impl Fn(&str, &[u8]) -> Vec<u8>,
    changed: impl Fn(&mut PackagePlan),
) {
    let bytes = folder.bytes(from);
    let outcome = verify_slice(&bytes, Scope::Content, TrustedKeys::default());
    let head = outcome.authenticated.expect("the package to begin with verifies");
    let place = |range: pspf_nostd::offsets::ByteRange| -> Range<usize> {
        range.start.try_into().unwrap()..range.end.try_into().unwrap()
    };
    let launcher = &bytes[..usize::try_from(head.launcher_size()).unwrap()];
    let stored: Vec<Vec<u8>> =
        head.slots().iter().map(|slot| change(&slot.entry().id, &bytes[place(slot.range())])).collect();
    let key = SigningKey::from_seed_text("somebody else").unwrap();
    let mut plan = plan(&head, launcher, &stored);
    changed(&mut plan);
    let assembly = plan.assemble(&key).unwrap();
    let mut package = Vec::new();
    for segment in assembly.segments {
        match segment {
            Segment::Launcher => package.extend_from_slice(launcher),
            Segment::Slot(number) => package.extend_from_slice(&stored[number]),
            Segment::Bytes(bytes) => package.extend_from_slice(&bytes),
            Segment::Zeros(count) => package.resize(package.len() + usize::try_from(count).unwrap(), 0),
        }
    }
    folder.write(to, package);
}

/// The same with another bill of materials, provenance or statement.
pub(crate) fn attest_otherwise(folder: &Folder, from: &str, to: &str, change: impl Fn(&mut serde_json::Value)) {
    rewrite(folder, from, to, |id, stored| {
        if id != "_attestation" {
            return stored.to_vec();
        }
        let mut document = serde_json::from_slice(stored).unwrap();
        change(&mut document);
        document.to_string().into_bytes()
    });
}

fn plan(head: &Authenticated, launcher: &[u8], stored: &[Vec<u8>]) -> PackagePlan {
    let document = head.metadata().document();
    let entries = |key: &str| document.get(key).unwrap().entries().to_vec();
    let text = |object: &Json, key: &str| object.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let slots = head.slots().iter().zip(document.get("slots").unwrap().items()).zip(stored);
    let slots = slots.map(|((slot, json), stored)| {
        let size = u64::try_from(stored.len()).unwrap();
        let original_size = if slot.operations().is_raw() { size } else { slot.original_size().unwrap() };
        SlotPlan {
            id: slot.entry().id.clone(),
            source: text(json, "source"),
            target: slot.entry().target.clone(),
            operations: slot.entry().operations.clone(),
            purpose: slot.entry().purpose.clone(),
            lifecycle: slot.entry().lifecycle.clone(),
            permissions: slot.mode(),
            extra: Vec::new(),
            encoded: EncodedSlot { size, original_size, sha256: sha256(stored) },
        }
    });
    let named = document.get("launcher").unwrap();
    let size = head.launcher_size();
    PackagePlan {
        package: entries("package"),
        slots: slots.collect(),
        execution: document.get("execution").unwrap().clone(),
        build: entries("build").into_iter().filter(|(key, _)| key != "tool").collect(),
        launcher_tool: text(named, "tool"),
        launcher_version: text(named, "tool_version"),
        launcher: EncodedSlot { size, original_size: size, sha256: sha256(launcher) },
        extra: Vec::new(),
    }
}

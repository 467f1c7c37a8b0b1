//! What the samples are made of: archives, slots, and the sealed package around them.

use crate::{
    base::{encode, write},
    sample::{Sample, gzip},
};
use pspf_nostd::{
    json::Json,
    key::SigningKey,
    offsets::length,
    profile::Profile,
    writer::{PackagePlan, SlotPlan},
};

/// One member of a slot's archive.
pub(super) struct Member {
    pub(super) path: String,
    pub(super) mode: u32,
    /// Where a symbolic link points.
    pub(super) link: Option<&'static str>,
    pub(super) content: Vec<u8>,
}

pub(super) fn file(path: &str, mode: u32, content: &str) -> Member {
    Member { path: path.to_owned(), mode, link: None, content: content.as_bytes().to_vec() }
}

/// An archive with whatever names: the header is filled in by hand, because writers refuse hostile ones.
pub(super) fn archive(members: &[Member]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = tar::Header::new_ustar();
        let name = &mut header.as_old_mut().name;
        name[..member.path.len()].copy_from_slice(member.path.as_bytes());
        header.set_size(length(&member.content));
        header.set_mode(member.mode);
        header.set_mtime(1_735_689_600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        if let Some(target) = member.link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        }
        if member.path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_cksum();
        builder.append(&header, member.content.as_slice()).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

/// A slot, with its plan and stored bytes.
pub(super) struct Slot {
    plan: SlotPlan,
    stored: Vec<u8>,
}

pub(super) fn slot(id: &str, target: &str, operations: &str, words: [&str; 2], mode: u16, content: &[u8]) -> Slot {
    let stored = if operations.ends_with("gz") { gzip(content) } else { content.to_vec() };
    let plan = SlotPlan {
        id: id.to_owned(),
        source: id.to_owned(),
        target: target.to_owned(),
        operations: operations.to_owned(),
        purpose: words[0].to_owned(),
        lifecycle: words[1].to_owned(),
        permissions: mode,
        extra: Vec::new(),
        encoded: encode(&stored, content.len()),
    };
    Slot { plan, stored }
}

/// A file that starts as a program for Linux on x86_64 does, and holds nothing else: the samples are to be looked at, not run.
pub(super) fn stand_in() -> Vec<u8> {
    let mut launcher = vec![0; 64];
    launcher[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    // Executable, x86_64, version 1; header size 64.
    launcher[16..24].copy_from_slice(&[2, 0, 0x3e, 0, 1, 0, 0, 0]);
    launcher[52] = 64;
    launcher.extend_from_slice(b"Stand-in for the launcher of a sample package: it does not run.\n");
    launcher
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("a sample's own JSON")
}

fn object(text: &str) -> Vec<(String, Json)> {
    json(text).entries().to_vec()
}

pub(super) fn sealed(about: &str, slots: &[Slot], execution: &str, extra: &str, key: SigningKey) -> Sample {
    let launcher = stand_in();
    let plan = PackagePlan {
        package: object(about),
        slots: slots.iter().map(|slot| slot.plan.clone()).collect(),
        execution: json(execution),
        build: object(BUILD),
        launcher_tool: "flavor-launcher".to_owned(),
        launcher_version: "0.1.0".to_owned(),
        launcher: encode(&launcher, launcher.len()),
        extra: object(extra),
    };
    let assembly = plan.assemble(&key).expect("a sample is writable");
    let stored: Vec<&[u8]> = slots.iter().map(|slot| slot.stored.as_slice()).collect();
    Sample { bytes: write(&assembly, &launcher, &stored), key, profile: Profile::Sealed }
}

const BUILD: &str = r#"{ "tool_version": "0.1.0", "timestamp": "2025-01-01T00:00:00+00:00", "deterministic": true,
    "platform": { "os": "linux", "arch": "x86_64" } }"#;

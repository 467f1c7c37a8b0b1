//! Well signed packages whose contents a start refuses: nothing is wrong with a byte of them, and they are not `ok`.

use super::{Case, Expect, built, case, variants::rust_json};
use crate::base::{Base::Rust, encode, package};
use pspf_nostd::{
    digest::sha256,
    profile::Profile,
    tar::{END, EntryKind, header},
};

/// Bound, and refused for what is in a slot.
const fn refused(codes: &'static [&'static str], part: &'static str) -> Expect {
    Expect { ok: false, state: "bound", codes, part }
}

pub(super) const CASES: &[Case] = &[
    case(
        "contents-target-outside",
        Rust,
        refused(&["placement.path"], "slot 2"),
        "A slot's target leaves the work environment, as signed.",
        |s| {
            let json = s.edited_json(r#""target": "note.ini""#, r#""target": "../note.ini""#);
            s.store_signed_json(&json);
        },
    ),
    built(
        "contents-not-gzip",
        Rust,
        refused(&["codec.corrupt"], "slot 0"),
        "A slot is no gzip member, as its operations say, and it is signed so.",
        |launcher| one_slot(launcher, "gzip", b"this is no gzip member, whatever the operations say"),
    ),
    built(
        "contents-link-outside",
        Rust,
        refused(&["placement.link_out"], "slot 0"),
        "An archive holds a symbolic link to a file of the machine.",
        |launcher| {
            one_slot(launcher, "tar", &archive("notes", &EntryKind::Symlink { target: b"/etc/passwd".to_vec() }, 0o777))
        },
    ),
    built(
        "contents-set-id",
        Rust,
        super::sound("bound", &["placement.set_id"]),
        "A file in an archive would run with its owner's rights; extraction leaves that bit out.",
        |launcher| one_slot(launcher, "tar", &archive("tool", &EntryKind::File, 0o4755)),
    ),
];

/// An archive of one entry without content.
fn archive(path: &str, kind: &EntryKind, mode: u32) -> Vec<u8> {
    let mut bytes = header(path.as_bytes(), kind, 0, mode, 0).expect("a header");
    bytes.extend(END);
    bytes
}

fn one_slot(launcher: &[u8], operations: &str, stored: &[u8]) -> crate::sample::Sample {
    let entry = format!(
        concat!(
            r#"{{"slot":0,"id":"data","source":"data","target":"data","size":{},"checksum":"sha256:{}","#,
            r#""operations":"{}","purpose":"data","lifecycle":"runtime"}}"#
        ),
        stored.len(),
        sha256(stored),
        operations
    );
    package(Profile::Rust, &rust_json(launcher, &entry), launcher, &[stored], &[encode(stored, stored.len())])
}

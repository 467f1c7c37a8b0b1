//! Entries as reports and programs show them.

use super::archive::{archive, directory, file, hard_link, symlink};
use pspf_nostd::{
    digest::sha256,
    tar::{Entries, Entry, EntryKind, EntryPath, FileEntry, TarLimits, TarReader},
};

fn entry(path: &[u8], kind: EntryKind, mode: u32) -> Entry {
    Entry { path: EntryPath::new(path).expect("a path"), kind, size: 3, mode, mtime: 4 }
}

#[test]
fn entries_are_collected_with_the_digests_of_their_content() {
    let bytes = archive(&[
        directory(b"d/"),
        file(b"d/f", b"one two"),
        file(b"empty", b""),
        symlink(b"l", b"../\xff"),
        hard_link(b"h", b"d/f"),
    ]);
    let mut sink = Entries::default();
    let mut reader = TarReader::new(TarLimits::default());
    for piece in bytes.chunks(3) {
        reader.push(piece, &mut sink).expect("accepted");
    }
    reader.finish(&mut sink).expect("accepted");
    let common = FileEntry {
        path: String::new(),
        kind: "file",
        size: 0,
        mode: 0o644,
        mtime: 1,
        target: None,
        sha256: None,
        lossy: false,
    };
    let expected = [
        FileEntry { path: "d".to_owned(), kind: "directory", ..common.clone() },
        FileEntry { path: "d/f".to_owned(), size: 7, sha256: Some(sha256(b"one two").to_string()), ..common.clone() },
        FileEntry { path: "empty".to_owned(), sha256: Some(sha256(b"").to_string()), ..common.clone() },
        FileEntry {
            path: "l".to_owned(),
            kind: "symlink",
            target: Some("../\u{fffd}".to_owned()),
            lossy: true,
            ..common.clone()
        },
        FileEntry { path: "h".to_owned(), kind: "hardlink", target: Some("d/f".to_owned()), ..common },
    ];
    assert_eq!(sink.complete, expected);
    let texts: Vec<String> = sink.complete.iter().map(|entry| serde_json::to_string(entry).expect("JSON")).collect();
    assert_eq!(texts[0], r#"{"path":"d","type":"directory","size":0,"mode":420,"mtime":1}"#);
    assert_eq!(texts[3], r#"{"path":"l","type":"symlink","size":0,"mode":420,"mtime":1,"target":"../�","lossy":true}"#);
}

#[test]
fn names_that_are_not_text_are_marked() {
    let of = |path: &[u8], kind| FileEntry::of(&entry(path, kind, 0));
    assert_eq!((of(b"\xff", EntryKind::File).path.as_str(), of(b"\xff", EntryKind::File).lossy), ("\u{fffd}", true));
    assert!(!of("é".as_bytes(), EntryKind::File).lossy);
    assert!(of(b"\xff", EntryKind::Symlink { target: b"t".to_vec() }).lossy);
    assert!(of(b"a", EntryKind::Symlink { target: b"\xff".to_vec() }).lossy);
}

#[test]
fn an_entry_says_what_an_extractor_should_apply() {
    for (mode, bits) in [(0o7755, 0o755), (0o644, 0o644), (0o7000, 0), (0, 0), (0o4777, 0o777)] {
        assert_eq!(entry(b"a", EntryKind::File, mode).permission_bits(), bits);
    }
    assert!(entry(b"a", EntryKind::File, 0).portable());
    assert!(!entry(b"con", EntryKind::File, 0).portable());
    let path = EntryPath::new(b"a/\x1b\xff").expect("a path");
    assert_eq!(
        (path.to_string(), format!("{path:?}")),
        ("a/\\u{1b}\\xff".to_owned(), "EntryPath(a/\\u{1b}\\xff)".to_owned())
    );
    assert_eq!(path.components().collect::<Vec<_>>(), [&b"a"[..], b"\x1b\xff"]);
}

//! Packages that were tampered with, or that were built to do harm, are refused and leave nothing behind.

mod support;

use std::{fs, process::Command};

use pspf_nostd::{
    descriptor::{DESCRIPTOR_SIZE, SlotDescriptor},
    digest::sha256,
    index::{IndexBlock, SLOT_TABLE_OFFSET},
    tar,
};
use support::{Place, Slot, TarEntry, assert_refused, directory, file, package, script, stdout, symlink};

#[track_caller]
fn refused(bytes: &[u8], code: i32, texts: &[&str]) {
    let place = Place::new();
    let program = place.install("p", bytes);
    assert_refused(&place.run(&program, &[]), code, texts);
    assert!(place.workenvs().is_empty(), "{:?}", place.workenvs());
    let outside: Vec<_> =
        fs::read_dir(place.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(outside.iter().all(|name| name == "p" || name == "cache"), "{outside:?}");
}

fn good() -> Vec<u8> {
    package(&[Slot::script("a", "bin/a", "echo ran"), Slot::new("b", "b", "zstd", b"data".to_vec())], "a", "{}")
}

#[test]
fn changed_bytes_are_refused_whatever_is_patched_with_them() {
    let bytes = good();
    let end = bytes.len();
    let mut index = IndexBlock::from_bytes(&bytes[end - 8196..end - 4]).unwrap();
    let table = usize::try_from(index.u64(SLOT_TABLE_OFFSET)).unwrap();
    let mut row = SlotDescriptor::from_bytes(bytes[table..][..DESCRIPTOR_SIZE].try_into().unwrap());
    let slot = usize::try_from(row.offset).unwrap()..usize::try_from(row.offset + row.size).unwrap();

    let mut tampered = bytes.clone();
    let at = slot.end - 3;
    tampered[at] = b'X';
    refused(&tampered, 107, &["SHA-256"]);
    // The published launchers run this one (docs/launcher-table.md: H0).
    row.checksum = sha256(&tampered[slot]).trunc64();
    tampered[table..][..DESCRIPTOR_SIZE].copy_from_slice(&row.to_bytes());
    refused(&tampered, 107, &["checksum"]);

    for (row, name) in [
        (SlotDescriptor { permissions: 0o6777, ..row }, "permissions"),
        (SlotDescriptor { operations: 0x1b, ..row }, "operations"),
        (SlotDescriptor { lifecycle: 9, ..row }, "lifecycle"),
    ] {
        let mut tampered = bytes.clone();
        let checksum = SlotDescriptor::from_bytes(bytes[table..][..DESCRIPTOR_SIZE].try_into().unwrap()).checksum;
        tampered[table..][..DESCRIPTOR_SIZE].copy_from_slice(&SlotDescriptor { checksum, ..row }.to_bytes());
        refused(&tampered, 107, &[name]);
    }
    let mut tampered = bytes.clone();
    tampered[end - 8196 + 3000] = 1;
    refused(&tampered, 107, &["Adler-32"]);
    index.set(pspf_nostd::index::SIGNATURE, &[0; 512]);
    index.seal_checksum();
    tampered[end - 8196..end - 4].copy_from_slice(index.as_bytes());
    refused(&tampered, 107, &["sign"]);

    refused(&bytes[..end - 1], 102, &["1 bytes shorter"]);
    refused(&[&bytes[..], b"x"].concat(), 102, &["1 bytes before the end"]);
    let mut launcher = bytes.clone();
    launcher[7] ^= 1;
    refused(&launcher, 107, &["launcher"]);
}

/// An archive with bytes of its first header changed, its checksum put right.
fn patched(entries: &[TarEntry], at: usize, with: &[u8]) -> Slot {
    let mut archive = support::tar(entries);
    archive[at..at + with.len()].copy_from_slice(with);
    archive[148..156].copy_from_slice(b"        ");
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Slot::new("hostile", "", "tar.zst", archive)
}

#[test]
fn archives_cannot_write_outside() {
    let app = || Slot::script("app", "bin/app", "echo ran");
    for (slot, texts) in [
        (patched(&[file("xx/escaped", "")], 0, b"../escaped"), ["../escaped", "`..`"]),
        (patched(&[file("xtmp/escaped", "")], 0, b"/"), ["/tmp/escaped", "absolute"]),
        (patched(&[file("a/bb/../c", "").fixed("a/bb/cc/c")], 5, b".."), ["a/bb/../c", "`..`"]),
        (patched(&[file("fifo", "")], 156, b"6"), ["fifo", "not supported"]),
        (patched(&[file("device", "")], 156, b"3"), ["device", "not supported"]),
        (Slot::tree("t", &[symlink("up", "../../victim")]), ["up", "out of the directory"]),
        (Slot::tree("t", &[symlink("d/abs", "/etc/passwd")]), ["d/abs", "/etc/passwd"]),
        (Slot::tree("t", &[symlink("d", "e"), file("d/f", "")]), ["d/f", "not a directory"]),
        (Slot::tree("t", &[file("a", "1"), file("a", "2")]), ["`a`", "duplicate path"]),
        (Slot::tree("t", &[file("a", "1"), file("a/b", "2")]), ["a/b", "not a directory"]),
        (Slot::tree("t", &[file(".pspf/complete", "x")]), [".pspf/complete", "reserved"]),
        (Slot::tree("t", &[file(".PSPF/complete", "x")]), [".PSPF/complete", "reserved"]),
        (Slot::new("t", ".pspf/complete", "none", b"x".to_vec()), [".pspf/complete", "reserved"]),
        (Slot::new("t", "{workenv}", "none", b"x".to_vec()), ["slot `t`", "empty"]),
        (
            Slot::new("t", "", "tar.zst", b"no archive at all, but long enough to be looked at".repeat(20)),
            ["slot `t`", "no tar archive"],
        ),
        (Slot::new("t", "", "tar", b"short".to_vec()), ["slot `t`", "no tar archive"]),
    ] {
        let name = slot.id.clone();
        refused(&package(&[slot, app()], "app", "{}"), 103, &[&name, texts[0], texts[1]]);
    }
}

trait Fixed {
    fn fixed(self, path: &'static str) -> Self;
}

impl Fixed for TarEntry {
    fn fixed(self, path: &'static str) -> Self {
        Self { path, ..self }
    }
}

#[test]
fn slots_cannot_use_each_others_links() {
    let app = || Slot::script("app", "bin/app", "cat \"$FLAVOR_WORKENV/a\"");
    for (first, second, texts) in [
        (Slot::tree("1", &[symlink("d", ".")]), Slot::tree("2", &[file("d/f", "x")]), ["d/f", "symbolic link"]),
        (Slot::tree("1", &[symlink("d", ".")]), Slot::new("2", "d/f", "none", vec![]), ["d/f", "symbolic link"]),
        (Slot::tree("1", &[symlink("d", ".")]), Slot::tree("2", &[directory("d", 0o755)]), ["`d`", "symbolic link"]),
        (Slot::tree("1", &[file("f", "")]), Slot::tree("2", &[file("f/g", "")]), ["f/g", "file"]),
        (Slot::tree("1", &[directory("d", 0o755)]), Slot::tree("2", &[file("d", "")]), ["`d`", "directory"]),
        (Slot::tree("1", &[file("bin/app/x", "")]), Slot::new("2", "2", "none", vec![]), ["bin/app", "directory"]),
    ] {
        refused(&package(&[first, second, app()], "app", "{}"), 103, &texts);
    }
    // One file in place of another is what the published launchers do, too: the later slot wins.
    let place = Place::new();
    for (first, second) in [
        (Slot::tree("1", &[file("a", "first")]), Slot::new("2", "a", "none", b"second".to_vec())),
        (Slot::tree("1", &[file("b", "first"), symlink("a", "b")]), Slot::tree("2", &[file("a", "second")])),
        (Slot::tree("1", &[file("a", "first")]), Slot::tree("2", &[file("b", "second"), symlink("a", "b")])),
    ] {
        let program = place.install("p", &package(&[first, second, app()], "app", "{}"));
        assert_eq!(stdout(&place.run(&program, &[])), "second");
    }
}

#[test]
fn content_that_does_not_decode_as_signed_is_refused() {
    let app = || Slot::script("app", "bin/app", "echo ran");
    let stored = |operations: &str, content: &[u8], stored: Vec<u8>| Slot {
        stored: Some(stored),
        ..Slot::new("s", "s", operations, content.to_vec())
    };
    let frame = support::zstd(b"some content");
    let garbage = [&frame[..], b"garbage"].concat();
    for (slot, text) in [
        (stored("zstd", b"other length", support::zstd(b"")), "12"),
        (stored("zstd", b"short", support::zstd(&[0; 100])), "s"),
        (stored("zstd", b"some content", frame[..frame.len() - 1].to_vec()), "s"),
        (stored("zstd", b"some content", garbage), "s"),
        (stored("zstd", b"", Vec::new()), "s"),
        (stored("gzip", b"text", b"text".to_vec()), "s"),
    ] {
        refused(&package(&[slot, app()], "app", "{}"), 103, &["slot `s`", text]);
    }
    let two = [support::zstd(b"two "), support::zstd(b"frames")].concat();
    let place = Place::new();
    let print = Slot::script("app", "bin/app", "cat \"$FLAVOR_WORKENV/s\"");
    let program = place.install("p", &package(&[stored("zstd", b"two frames", two), print], "app", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "two frames");
}

#[test]
fn names_that_only_look_dangerous_are_fine() {
    let place = Place::new();
    let entries = [file("..a/b..", "x"), file("a\\..\\b", "y"), file("new\nline", "z"), script("bin/app", "echo ran")];
    let program = place.install("p", &package(&[Slot::tree("t", &entries)], "app", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    assert_eq!(fs::read(place.workenv().join("new\nline")).unwrap(), b"z");
    assert_eq!(tar::padding(512), 0);
}

#[test]
fn nothing_that_a_package_says_reaches_the_terminal() {
    const EVIL: &str = "x\u{1b}[2J\u{9b}1A\u{202e}\nok: signed by trusted key";
    let app = || Slot::script("app", "bin/app", "echo ran");
    let target = Slot { target: format!(".pspf/{EVIL}"), ..Slot::new(EVIL, "x", "zstd", b"data".to_vec()) };
    let wrong = Slot { stored: Some(b"not a frame".to_vec()), ..Slot::new(EVIL, "x", "zstd", b"data".to_vec()) };
    for bytes in [
        package(&[target, app()], "app", "{}"),
        package(&[wrong, app()], "app", "{}"),
        package(&[app()], &format!("app '{EVIL}"), "{}"),
    ] {
        let place = Place::new();
        let program = place.install("p\u{1b}[1m", &bytes);
        let output = place.run(&program, &[]);
        let text = support::stderr(&output);
        assert!(text.starts_with("flavor: ") && text.contains("[2J") && text.contains("p\\u{1b}[1m"), "{text:?}");
        assert!(
            !text.trim_end_matches('\n').contains(|found: char| found.is_control() || found == '\u{202e}'),
            "{text:?}"
        );
        let logged = place.command(&program).env("FLAVOR_LOG_LEVEL", "info").output().unwrap();
        let text = support::stderr(&logged);
        assert!(text.contains(" flavor info: ") && text.contains("[2J"), "{text:?}");
        assert!(text.chars().all(|found| found == '\n' || !found.is_control() && found != '\u{202e}'), "{text:?}");
        let info = Command::new(&program).arg("info").env_clear().env("FLAVOR_LAUNCHER_CLI", "1").output().unwrap();
        assert_eq!(stdout(&info).lines().count(), 6, "{info:?}");
        assert!(!stdout(&info).contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{info:?}");
    }
}

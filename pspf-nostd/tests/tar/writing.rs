//! What the writer writes is read alike by us, Python and the `tar` crate, and is the same each time.

use super::listing::{Collector, Listed, by_python, by_tar_crate, hex, python};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use pspf_nostd::tar::{
    END, Entry, EntryKind, EntryPath, EntrySink, HeaderError, PathFault, Stop, TarLimits, TarReader, header, padding,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
struct Planned {
    path: Vec<u8>,
    kind: EntryKind,
    content: Vec<u8>,
    mode: u32,
    mtime: u64,
}

fn component() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => b'a'..=b'c', 1 => any::<u8>()];
    let length = prop_oneof![6 => 1_usize..4, 2 => 4_usize..40, 1 => 90_usize..300];
    let bytes = length.prop_flat_map(move |length| prop::collection::vec(byte.clone(), length));
    let text = "[a-zé]{1,60}".prop_map(String::into_bytes);
    prop_oneof![2 => bytes, 1 => text].prop_filter("a component", |bytes| {
        !bytes.contains(&0) && !bytes.contains(&b'/') && bytes != b"." && bytes != b".."
    })
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(component(), 1..6).prop_map(|components| components.join(&b'/'))
}

fn planned() -> impl Strategy<Value = Planned> {
    let target = prop_oneof![path(), Just(b"../x".to_vec()), Just(b"/abs/".to_vec()), Just(vec![b'.'])];
    let kind = prop_oneof![
        4 => Just(EntryKind::File),
        2 => Just(EntryKind::Directory),
        2 => target.prop_map(|target| EntryKind::Symlink { target }),
    ];
    let mtime = prop_oneof![Just(0), 0_u64..1 << 33, Just((1 << 33) - 1), Just(1 << 33), 0_u64..1 << 40];
    let content = prop::collection::vec(any::<u8>(), 0..1100);
    (path(), kind, content, 0_u32..=0o7777, mtime).prop_map(|(path, kind, content, mode, mtime)| {
        let content = if kind == EntryKind::File { content } else { Vec::new() };
        Planned { path, kind, content, mode, mtime }
    })
}

/// Only what can be in one archive: no path twice, nothing below a file. Each third file gets a hard link.
fn tree(planned: Vec<Planned>) -> Vec<Planned> {
    let (mut used, mut above, mut kept) = (BTreeSet::new(), BTreeSet::new(), Vec::<Planned>::new());
    let mut directories = BTreeSet::new();
    for entry in planned {
        let path = EntryPath::new(&entry.path).expect("a path");
        let parents: Vec<Vec<u8>> = path.ancestors().map(<[u8]>::to_vec).collect();
        let is_directory = entry.kind == EntryKind::Directory;
        let header = header(&entry.path, &entry.kind, 0, 0, 0);
        let clash = header == Err(HeaderError::Newline)
            || used.contains(&entry.path)
            || (above.contains(&entry.path) && !is_directory)
            || parents.iter().any(|parent| used.contains(parent) && !directories.contains(parent));
        if clash {
            continue;
        }
        used.insert(entry.path.clone());
        above.extend(parents);
        if is_directory {
            directories.insert(entry.path.clone());
        }
        kept.push(entry);
    }
    let linkable = |entry: &&Planned| entry.kind == EntryKind::File && !entry.path.contains(&b'\n');
    let files: Vec<Vec<u8>> = kept.iter().filter(linkable).map(|entry| entry.path.clone()).collect();
    for (number, file) in files.iter().step_by(3).enumerate() {
        let path = format!("hard links of the archive/{number}").into_bytes();
        let kind = EntryKind::HardLink { target: EntryPath::new(file).expect("a path") };
        kept.push(Planned { path, kind, content: Vec::new(), mode: 0o644, mtime: 1 });
    }
    kept
}

fn write(entries: &[Planned]) -> Vec<u8> {
    let mut archive = Vec::new();
    for entry in entries {
        let size = entry.content.len() as u64;
        let header = header(&entry.path, &entry.kind, size, entry.mode, entry.mtime).expect("a right entry");
        assert_eq!(header.len() % 512, 0);
        archive.extend(header);
        archive.extend(&entry.content);
        archive.extend(vec![0; padding(size)]);
    }
    archive.extend(END);
    archive
}

fn listed(entries: &[Planned]) -> Vec<Listed> {
    let listed = entries.iter().map(|entry| {
        let (kind, target) = match &entry.kind {
            EntryKind::File => ("file", &[][..]),
            EntryKind::Directory => ("directory", &[][..]),
            EntryKind::Symlink { target } => ("symlink", target.as_slice()),
            EntryKind::HardLink { target } => ("hard link", target.as_bytes()),
        };
        Listed {
            path: hex(&entry.path),
            kind,
            target: hex(target),
            size: entry.content.len() as u64,
            mode: entry.mode,
            sha256: hex(&Sha256::digest(&entry.content)),
        }
    });
    listed.collect()
}

#[test]
fn what_is_written_is_read() {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(planned(), 0..20).prop_map(tree);
    let mut written: Vec<(Vec<Planned>, Vec<u8>)> = Vec::new();
    for _ in 0..300 {
        let entries = strategy.new_tree(&mut runner).expect("a tree").current();
        let archive = write(&entries);
        assert_eq!(archive, write(&entries));
        let mut sink = Collector::default();
        let mut reader = TarReader::new(TarLimits::default());
        reader.push(&archive, &mut sink).expect("accepted");
        reader.finish(&mut sink).expect("accepted");
        assert_eq!(sink.listed, listed(&entries));
        assert_eq!(sink.mtimes, entries.iter().map(|entry| entry.mtime).collect::<Vec<_>>());
        assert_eq!(by_tar_crate(&archive).expect("the tar crate reads it"), listed(&entries));
        written.push((entries, archive));
    }
    let long = written.iter().flat_map(|(entries, _)| entries).filter(|entry| entry.path.len() > 256).count();
    assert!(long > 100, "{long}");
    let archives: Vec<Vec<u8>> = written.iter().map(|(_, archive)| archive.clone()).collect();
    for ((entries, _), python) in written.iter().zip(by_python(&archives)) {
        assert_eq!(python.expect("Python reads it"), listed(entries));
    }
}

#[test]
fn pax_only_where_ustar_does_not_do() {
    let blocks = |path: &[u8], kind: &EntryKind| header(path, kind, 0, 0o644, 0).expect("a header").len() / 512;
    let long = |length: usize| vec![b'x'; length];
    assert_eq!(blocks(&long(100), &EntryKind::File), 1);
    assert_eq!(blocks(&long(101), &EntryKind::File), 3);
    assert_eq!(blocks(&long(99), &EntryKind::Directory), 1);
    assert_eq!(blocks(&long(100), &EntryKind::Directory), 3);
    assert_eq!(blocks(&[long(155), long(100)].join(&b'/'), &EntryKind::File), 1);
    assert_eq!(blocks(&[long(156), long(100)].join(&b'/'), &EntryKind::File), 3);
    assert_eq!(blocks(&[long(155), long(101)].join(&b'/'), &EntryKind::File), 3);
    assert_eq!(blocks(&[long(155), long(99)].join(&b'/'), &EntryKind::Directory), 1);
    assert_eq!(blocks(&[long(155), long(100)].join(&b'/'), &EntryKind::Directory), 3);
    assert_eq!(blocks(b"l", &EntryKind::Symlink { target: long(100) }), 1);
    assert_eq!(blocks(b"l", &EntryKind::Symlink { target: long(101) }), 3);
}

#[test]
fn numbers_are_octal_as_far_as_eleven_digits_go() {
    let largest = 0o777_7777_7777;
    let blocks = |size, mtime| header(b"f", &EntryKind::File, size, 0o644, mtime).map(|header| header.len() / 512);
    for number in [0, 1, largest - 1, largest] {
        assert_eq!((blocks(number, 0), blocks(0, number)), (Ok(1), Ok(1)), "{number:o}");
    }
    let max = u64::MAX >> 1;
    for number in [largest + 1, 1 << 40, max] {
        assert_eq!((blocks(number, 0), blocks(0, number)), (Ok(3), Ok(3)), "{number:o}");
    }
    assert_eq!((blocks(max + 1, 0), blocks(0, max + 1)), (Err(HeaderError::TooLarge), Err(HeaderError::TooLarge)));
    let field =
        |size, at: usize| header(b"f", &EntryKind::File, size, 0o644, size).expect("a header")[at..][..11].to_vec();
    assert_eq!((field(largest, 124), field(largest, 136)), (b"77777777777".to_vec(), b"77777777777".to_vec()));
    assert_eq!(
        (field(largest + 1, 1024 + 124), field(largest + 1, 1024 + 136)),
        (b"00000000000".to_vec(), b"00000000000".to_vec())
    );
}

/// Readers take names in pax headers for UTF-8 unless they are told otherwise, and those in ustar headers for bytes.
#[test]
fn only_long_names_that_are_not_utf_8_are_said_to_be_binary() {
    let (long, odd) = (vec![b'n'; 120], [&[b'n'; 120][..], b"\xff"].concat());
    let link = |target: &[u8]| EntryKind::Symlink { target: target.to_vec() };
    for (path, kind, binary) in [
        (&long, EntryKind::File, false),
        (&odd, EntryKind::File, true),
        (&odd, link(b"t"), true),
        (&long, link(&odd), true),
        (&long, link(b"\xff"), false),
        (&b"\xff".to_vec(), link(&long), false),
        (&b"\xff".to_vec(), link(&odd), true),
    ] {
        let header = header(path, &kind, 0, 0o644, 0).expect("a header");
        let said = header.windows(19).any(|bytes| bytes == b" hdrcharset=BINARY\n");
        assert_eq!(said, binary, "{} -> {kind:?}", path.escape_ascii());
        // What fits is in the ustar header, for readers that know no pax.
        let last = &header[header.len() - 512..];
        let name = &path[..path.len().min(100)];
        assert_eq!(&last[..name.len()], name);
    }
    let newline = |length: usize| [&vec![b'l'; length - 1][..], b"\n"].concat();
    assert!(header(b"l", &link(&newline(100)), 0, 0, 0).is_ok());
    assert_eq!(header(b"l", &link(&newline(101)), 0, 0, 0), Err(HeaderError::Newline));
}

#[test]
fn sizes_and_times_that_octal_cannot_express() {
    struct First(Option<Entry>);
    impl EntrySink for First {
        fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
            self.0 = Some(entry.clone());
            Err(Stop)
        }
        fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
            Err(Stop)
        }
        fn end(&mut self) -> Result<(), Stop> {
            Err(Stop)
        }
    }
    const SCRIPT: &str = "import sys, tarfile; m = tarfile.open(sys.argv[1]).next(); print(m.size, m.mtime)";
    let folder = tempfile::tempdir().expect("a folder");
    for (size, mtime) in [((1 << 33) - 1, 0), (1 << 33, 0), (20 << 30, 1 << 33), (20 << 30, 1 << 40)] {
        let bytes = header(b"large", &EntryKind::File, size, 0o644, mtime).expect("a header");
        let mut sink = First(None);
        TarReader::new(TarLimits::default()).push(&bytes, &mut sink).expect_err("the sink stops");
        let entry = sink.0.expect("an entry");
        assert_eq!((entry.size, entry.mtime), (size, mtime));
        let mut archive = tar::Archive::new(bytes.as_slice());
        let theirs = archive.entries().expect("entries").next().expect("one").expect("right");
        assert_eq!(theirs.size(), size);
        let file = folder.path().join("large.tar");
        std::fs::write(&file, &bytes).expect("a file");
        let printed = python(SCRIPT, &[file.as_os_str()]);
        let numbers: Vec<f64> = printed.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        assert_eq!(numbers, [size as f64, mtime as f64]);
    }
}

#[test]
fn what_would_be_refused_is_not_written() {
    let file = |path: &[u8]| header(path, &EntryKind::File, 0, 0, 0);
    assert_eq!(file(b""), Err(HeaderError::Path(PathFault::Empty)));
    assert_eq!(file(b"/a"), Err(HeaderError::Path(PathFault::Absolute)));
    assert_eq!(file(b"a/../b"), Err(HeaderError::Path(PathFault::Parent)));
    assert_eq!(file(b"./a"), Err(HeaderError::Path(PathFault::NotNormal)));
    assert_eq!(file(b"a/"), Err(HeaderError::Path(PathFault::NotNormal)));
    assert_eq!(file(b"a\0"), Err(HeaderError::Path(PathFault::Nul)));
    assert_eq!(file(&[b'\n'; 100]).map(|header| header.len()), Ok(512));
    assert_eq!(file(&[b'\n'; 101]), Err(HeaderError::Newline));
    let symlink = |target: &[u8]| header(b"l", &EntryKind::Symlink { target: target.to_vec() }, 0, 0, 0);
    assert_eq!(symlink(b""), Err(HeaderError::Target(PathFault::Empty)));
    assert_eq!(symlink(&[b'\n'; 101]), Err(HeaderError::Newline));
    assert_eq!(symlink(b"a\0b"), Err(HeaderError::Target(PathFault::Nul)));
    assert_eq!(header(b"d", &EntryKind::Directory, 1, 0, 0), Err(HeaderError::SizeWithoutContent));
    assert_eq!(header(b"f", &EntryKind::File, 1 << 63, 0, 0), Err(HeaderError::TooLarge));
    assert_eq!(header(b"f", &EntryKind::File, 0, 0, 1 << 63), Err(HeaderError::TooLarge));
}

#[test]
fn the_bytes_of_a_header_are_fixed() {
    let bytes = header(b"bin/tool", &EntryKind::File, 1234, 0o100_755, 1_735_689_600).expect("a header");
    let mut expected = [0; 512];
    for (at, field) in [
        (0, &b"bin/tool"[..]),
        (100, b"0000755\x000000000\x000000000\x0000000002322\x0014735102600\x00"),
        (156, b"0"),
        (257, b"ustar\x0000"),
        (329, b"0000000\x000000000\x00"),
    ] {
        expected[at..at + field.len()].copy_from_slice(field);
    }
    let sum = expected.iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    expected[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(bytes, expected);
    assert_eq!([padding(0), padding(1), padding(511), padding(512), padding(513)], [0, 511, 1, 0, 511]);
}

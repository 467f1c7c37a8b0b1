//! Each kind of archive that is refused, with the code it is refused by.

use super::{
    archive::{
        Block, archive, directory, file, global_pax, gnu_long, hard_link, padded, pax, pax_raw, records_of, symlink,
    },
    listing::{Collector, ours},
};
use pspf_nostd::tar::{Entry, EntrySink, Stop, TarFault, TarLimits, TarReader};

/// Asserts that the archive is refused with `code`, at `offset`, and that the message names `entry`.
fn refused(bytes: &[u8], code: &str, offset: u64, entry: &str) {
    let error = ours(bytes).expect_err(code);
    assert_eq!((error.fault.code(), error.offset), (code, offset), "{error}");
    assert_eq!(String::from_utf8_lossy(&error.entry), entry, "{error}");
    if !entry.is_empty() {
        assert!(error.to_string().contains(&entry.escape_debug().to_string()), "{error}");
    }
}

/// A header with one field replaced.
fn with_field(at: usize, bytes: &[u8]) -> Vec<u8> {
    archive(&[Block::new(b"a", b'0', 0).put(at, bytes).sealed()])
}

#[test]
fn names_that_leave_or_say_nothing() {
    for name in ["/a", "..", "../a", "a/../b", "a/..", "./../a", "a//b", "a/./b", "././a", "./", "."] {
        refused(&archive(&[file(name.as_bytes(), b"x")]), "tar.path", 0, name);
        refused(&archive(&[pax(&[("path", name.as_bytes())]), file(b"x", b"")]), "tar.path", 1024, name);
        refused(&archive(&[gnu_long(b'L', name.as_bytes()), file(b"x", b"")]), "tar.path", 1024, name);
    }
    refused(&archive(&[file(b"", b"x")]), "tar.path", 0, "");
    refused(&archive(&[directory(b"/")]), "tar.path", 0, "/");
    refused(&archive(&[symlink(b".", b"x")]), "tar.path", 0, ".");
    refused(&archive(&[Block::new(b"", b'0', 0).put(345, b"p").sealed()]), "tar.path", 0, "p/");
    refused(&archive(&[Block::new(b"/a", b'0', 0).put(345, b"p").sealed()]), "tar.path", 0, "p//a");
}

#[test]
fn a_trailing_slash_on_anything_but_a_directory() {
    refused(&archive(&[file(b"a/", b"")]), "tar.path", 0, "a/");
    refused(&archive(&[Block::new(b"a/", 0, 0).sealed()]), "tar.path", 0, "a/");
    refused(&archive(&[symlink(b"a/", b"x")]), "tar.path", 0, "a/");
    refused(&archive(&[directory(b"a//")]), "tar.path", 0, "a//");
}

#[test]
fn nul_in_a_name() {
    refused(&archive(&[pax(&[("path", b"a\0b")]), file(b"x", b"")]), "tar.path", 1024, "a\0b");
    refused(&archive(&[gnu_long(b'L', b"a\0b\0"), file(b"x", b"")]), "tar.path", 1024, "a\0b");
    refused(&archive(&[gnu_long(b'L', b"a\0\0"), file(b"x", b"")]), "tar.path", 1024, "a\0");
    refused(&archive(&[gnu_long(b'L', b""), file(b"x", b"")]), "tar.path", 512, "");
    refused(&archive(&[gnu_long(b'K', b"a\0b\0"), symlink(b"x", b"")]), "tar.path", 1024, "x");
    refused(&with_field(0, b"a\0b"), "tar.not_zero", 0, "a");
    refused(&with_field(345, b"p\0q"), "tar.not_zero", 0, "a");
    refused(&archive(&[symlink(b"l", b"a\0b")]), "tar.not_zero", 0, "l");
}

#[test]
fn link_targets() {
    refused(&archive(&[symlink(b"l", b"")]), "tar.path", 0, "l");
    refused(&archive(&[hard_link(b"l", b"")]), "tar.path", 0, "l");
    for target in [&b"/a"[..], b"../a", b"a/../a", b".", b"a/"] {
        refused(&archive(&[file(b"a", b""), hard_link(b"l", target)]), "tar.path", 512, "l");
    }
    refused(&archive(&[Block::new(b"a", b'0', 0).link(b"t").sealed()]), "tar.not_zero", 0, "a");
    refused(&archive(&[pax(&[("linkpath", b"t")]), file(b"a", b"")]), "tar.extension", 1024, "a");
    refused(&archive(&[gnu_long(b'K', b"t"), directory(b"a")]), "tar.extension", 1024, "a");
}

#[test]
fn hard_links_to_anything_but_an_earlier_file() {
    refused(&archive(&[hard_link(b"l", b"a"), file(b"a", b"")]), "tar.hard_link_target", 0, "l");
    refused(&archive(&[hard_link(b"l", b"l")]), "tar.hard_link_target", 0, "l");
    refused(&archive(&[directory(b"d"), hard_link(b"l", b"d")]), "tar.hard_link_target", 512, "l");
    refused(&archive(&[file(b"d/a", b""), hard_link(b"l", b"d")]), "tar.hard_link_target", 512, "l");
    refused(&archive(&[symlink(b"s", b"t"), hard_link(b"l", b"s")]), "tar.hard_link_target", 512, "l");
    let chain = [file(b"a", b""), hard_link(b"b", b"a"), hard_link(b"c", b"b")];
    refused(&archive(&chain), "tar.hard_link_target", 1024, "c");
}

#[test]
fn types_are_refused_by_name() {
    for (flag, name) in [
        (b'3', "character device"),
        (b'4', "block device"),
        (b'6', "FIFO"),
        (b'7', "contiguous file"),
        (b'S', "GNU sparse file"),
        (b'D', "GNU dump directory"),
        (b'M', "GNU continuation of another volume"),
        (b'N', "old GNU long name"),
        (b'V', "GNU volume label"),
        (b'X', "Solaris extended header"),
        (b'A', "Solaris access control list"),
        (b'E', "Solaris attributes"),
        (b'I', "inode metadata"),
        (b'Z', "unknown"),
        (0xff, "unknown"),
    ] {
        let bytes = archive(&[Block::gnu(b"odd", flag, 0).put(386, b"00000000000\0").sealed()]);
        refused(&bytes, "tar.type", 0, "odd");
        assert!(ours(&bytes).expect_err("refused").to_string().contains(name));
    }
}

#[test]
fn paths_that_stand_twice() {
    let twice = [("a", "a"), ("a", "./a"), ("./a", "a")];
    for (first, second) in twice {
        refused(&archive(&[file(first.as_bytes(), b""), file(second.as_bytes(), b"")]), "tar.duplicate", 512, second);
    }
    refused(&archive(&[directory(b"a"), directory(b"a/")]), "tar.duplicate", 512, "a/");
    refused(&archive(&[directory(b"a"), file(b"a", b"")]), "tar.duplicate", 512, "a");
    refused(&archive(&[file(b"a", b""), directory(b"a")]), "tar.duplicate", 512, "a");
    refused(&archive(&[symlink(b"a", b"b"), file(b"a", b"")]), "tar.duplicate", 512, "a");
    refused(&archive(&[file(b"a/b", b""), file(b"a", b"")]), "tar.was_directory", 512, "a");
    refused(&archive(&[file(b"a/b/c", b""), symlink(b"a", b"x")]), "tar.was_directory", 512, "a");
}

#[test]
fn entries_below_something_else_than_a_directory() {
    refused(&archive(&[file(b"a", b""), file(b"a/b", b"")]), "tar.below_non_directory", 512, "a/b");
    refused(&archive(&[symlink(b"a", b"."), file(b"a/b/c", b"")]), "tar.below_non_directory", 512, "a/b/c");
    let below = [file(b"f", b""), hard_link(b"a", b"f"), directory(b"a/b")];
    refused(&archive(&below), "tar.below_non_directory", 1024, "a/b");
}

#[test]
fn sizes_that_contradict_each_other() {
    refused(&archive(&[pax(&[("size", b"2")]), file(b"a", b"x")]), "tar.size_conflict", 1024, "a");
    refused(&archive(&[pax(&[("size", b"0")]), file(b"a", b"x")]), "tar.size_conflict", 1024, "a");
    refused(&archive(&[pax(&[("size", b"512")]), file(b"a", b"")]), "tar.size_conflict", 1024, "a");
    refused(&archive(&[pax(&[("size", b"512")]), directory(b"a")]), "tar.size_conflict", 1024, "a");
    let large = b"8589934592";
    refused(&archive(&[pax(&[("size", large)]), file(b"a", b"x")]), "tar.size_conflict", 1024, "a");
    for flag in [b'1', b'2', b'5'] {
        let entry = Block::new(b"b", flag, 512).link(if flag == b'5' { b"" } else { b"a" }).sealed();
        refused(&archive(&[file(b"a", b""), entry, vec![b'x'; 512]]), "tar.size_without_content", 512, "b");
    }
}

#[test]
fn wrong_numbers() {
    for at in [100, 124, 136] {
        refused(&with_field(at, if at == 100 { &[0; 8] } else { &[0; 12] }), "tar.number", 0, "a");
    }
    for at in [100, 108, 116, 124, 136, 329, 337] {
        for wrong in [&b"-"[..], b"0000 0 ", b"00009", b"\0\x001", b"\xff", b"\xc0", b"\x81", b"0x1"] {
            refused(&with_field(at, wrong), "tar.number", 0, "a");
        }
    }
    refused(&with_field(124, b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"), "tar.number", 0, "a");
    refused(&with_field(124, b"\x80\x01\0\0\0\0\0\0\0\0\0\0"), "tar.number", 0, "a");
}

#[test]
fn checksums() {
    let mut bytes = archive(&[file(b"a", b"")]);
    bytes[0] = b'b';
    refused(&bytes, "tar.checksum", 0, "b");
    let mut empty = archive(&[file(b"a", b"")]);
    empty[148..156].fill(0);
    refused(&empty, "tar.number", 0, "a");
}

#[test]
fn a_checksum_over_signed_bytes() {
    let mut block = Block::new(b"\xe9", b'0', 0).put(148, b"        ");
    let signed: i32 = block.0.iter().map(|&byte| i32::from(byte.cast_signed())).sum();
    block = block.put(148, format!("{signed:06o}\0 ").as_bytes());
    let error = ours(&archive(&[block.0.to_vec()])).expect_err("refused");
    assert_eq!(error.fault.code(), "tar.checksum");
}

#[test]
fn other_magics() {
    refused(&with_field(257, &[0; 8]), "tar.magic", 0, "a");
    refused(&with_field(257, b"ustar\0\0\0"), "tar.magic", 0, "a");
    refused(&with_field(257, b"ustar  0"), "tar.magic", 0, "a");
    refused(&[b'x'; 512], "tar.magic", 0, &"x".repeat(100));
}

#[test]
fn bytes_where_the_header_has_none() {
    refused(&with_field(500, b"x"), "tar.not_zero", 0, "a");
    refused(&with_field(508, b"tar\0"), "tar.not_zero", 0, "a");
    refused(&archive(&[Block::gnu(b"a", b'0', 0).put(345, b"prefix").sealed()]), "tar.not_zero", 0, "a");
    refused(&archive(&[Block::gnu(b"a", b'0', 0).put(482, b"1").sealed()]), "tar.not_zero", 0, "a");
}

#[test]
fn padding_that_is_not_zero() {
    let mut bytes = archive(&[file(b"a", b"x")]);
    bytes[1023] = 1;
    refused(&bytes, "tar.padding", 1023, "a");
    let mut bytes = archive(&[pax(&[("comment", b"x")]), file(b"a", b"x")]);
    bytes[1000] = 1;
    refused(&bytes, "tar.padding", 1000, "pax");
}

#[test]
fn the_end_marker() {
    let one = file(b"a", b"x");
    refused(&[], "tar.truncated", 0, "");
    refused(&one, "tar.truncated", 1024, "a");
    refused(&[one.clone(), vec![0; 512]].concat(), "tar.truncated", 1536, "");
    refused(&[one.clone(), vec![0; 512], file(b"b", b"")].concat(), "tar.lone_zero_block", 1536, "");
    refused(&[archive(std::slice::from_ref(&one)), file(b"b", b"")].concat(), "tar.after_end", 2048, "");
    refused(&[archive(std::slice::from_ref(&one)), vec![0, 0, 0, 1]].concat(), "tar.after_end", 2051, "");
    refused(&[archive(&[one]), vec![0; 100]].concat(), "tar.length", 2148, "");
}

#[test]
fn malformed_pax_headers() {
    for content in [&b"x"[..], b"9 path=b", b"6 a=b\n\0", b"99 path=b\n", b"0 a=b\n", b"6 a=bb\n"] {
        refused(&archive(&[pax_raw(b'x', content), file(b"a", b"")]), "tar.pax_form", 0, "pax");
        refused(&archive(&[pax_raw(b'g', content), file(b"a", b"")]), "tar.pax_form", 0, "pax");
    }
}

#[test]
fn pax_keywords() {
    for (keyword, value) in [
        ("path", &b""[..]),
        ("path", b"a\nb"),
        ("comment", b"a\n12 size=512"),
        ("size", b"-1"),
        ("mtime", b"-1"),
        ("hdrcharset", b"KOI8-R"),
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.size", b"1"),
        ("SCHILY.realsize", b"1"),
    ] {
        refused(&archive(&[pax(&[(keyword, value)]), file(b"a", b"")]), "tar.pax_keyword", 0, "pax");
    }
    let twice = pax(&[("path", b"a"), ("path", b"b")]);
    refused(&archive(&[twice, file(b"a", b"")]), "tar.pax_keyword", 0, "pax");
    for keyword in ["path", "linkpath", "size", "mtime", "GNU.sparse.map"] {
        refused(&archive(&[global_pax(&[(keyword, b"1")]), file(b"a", b"")]), "tar.pax_keyword", 0, "pax");
    }
}

#[test]
fn extension_headers_that_contradict_each_other() {
    let (x, l, k, g) = (pax(&[("path", b"p")]), gnu_long(b'L', b"l"), gnu_long(b'K', b"k"), global_pax(&[]));
    let entry = file(b"a", b"");
    refused(&archive(&[x.clone(), x.clone(), entry.clone()]), "tar.extension", 1024, "pax");
    refused(&archive(&[l.clone(), l.clone(), entry.clone()]), "tar.extension", 1024, "././@LongLink");
    refused(&archive(&[k.clone(), k.clone(), entry.clone()]), "tar.extension", 1024, "././@LongLink");
    refused(&archive(&[x.clone(), g.clone(), entry.clone()]), "tar.extension", 1024, "pax");
    refused(&archive(&[l.clone(), g, entry.clone()]), "tar.extension", 1024, "pax");
    refused(&archive(&[x.clone(), l.clone(), entry.clone()]), "tar.extension", 2048, "p");
    refused(&archive(&[l, x.clone(), entry]), "tar.extension", 2048, "p");
    let link = symlink(b"a", b"t");
    refused(&archive(&[pax(&[("linkpath", b"p")]), k, link]), "tar.extension", 2048, "a");
    refused(&archive(&[x]), "tar.extension", 1024, "");
}

#[test]
fn limits_are_named() {
    let limited = |limits: TarLimits, bytes: &[u8], what: &str, limit: u64| {
        let mut reader = TarReader::new(limits);
        let error = reader.push(bytes, &mut Collector::default()).expect_err("refused");
        assert_eq!(error.fault, TarFault::Limit { what: WHAT.into_iter().find(|w| *w == what).expect("known"), limit });
    };
    const WHAT: [&str; 6] = [
        "entries",
        "bytes in a path",
        "components in a path",
        "bytes of a pax header",
        "bytes of content",
        "bytes of a long name",
    ];
    let small = TarLimits { entries_max: 2, path_max: 10, depth_max: 3, pax_max: 100, total_max: 1000 };
    let three = archive(&[file(b"a", b""), file(b"b", b""), file(b"c", b"")]);
    limited(small.clone(), &three, "entries", 2);
    let globals = archive(&[global_pax(&[]), global_pax(&[]), global_pax(&[])]);
    limited(small.clone(), &globals, "entries", 2);
    limited(small.clone(), &archive(&[file(b"0123456789a", b"")]), "bytes in a path", 10);
    limited(small.clone(), &archive(&[symlink(b"a", b"0123456789a")]), "bytes in a path", 10);
    limited(small.clone(), &archive(&[pax(&[("path", b"0123456789a")]), file(b"", b"")]), "bytes in a path", 10);
    limited(small.clone(), &archive(&[file(b"a/b/c/d", b"")]), "components in a path", 3);
    limited(small.clone(), &pax_raw(b'x', &[b'x'; 101]), "bytes of a pax header", 100);
    limited(small.clone(), &gnu_long(b'L', &[b'x'; 12]), "bytes of a long name", 11);
    let heavy = archive(&[file(b"a", &[1; 600]), file(b"b", &[1; 401])]);
    limited(small, &heavy, "bytes of content", 1000);
    let claimed = Block::new(b"pax", b'x', 0o777_7777_7777).sealed();
    limited(TarLimits::default(), &claimed, "bytes of a pax header", 64 << 10);
    let claimed = Block::gnu(b"a", b'0', 0).put(124, b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff").sealed();
    limited(TarLimits::default(), &claimed, "bytes of content", 64 << 30);
}

#[test]
fn what_is_exactly_at_a_limit_is_accepted() {
    let small = TarLimits { entries_max: 2, path_max: 10, depth_max: 3, pax_max: 27, total_max: 1000 };
    let path = [pax(&[("path", b"0123456789"), ("comment", b"")]), file(b"", b"")].concat();
    assert_eq!(path.len(), 512 * 3);
    for members in [
        [file(b"a", &[1; 600]), file(b"b", &[1; 400])].concat(),
        file(b"a/b/c", b""),
        file(b"0123456789", b""),
        [gnu_long(b'L', b"0123456789\0"), file(b"", b"")].concat(),
        [pax_raw(b'x', b"27 comment=xxxxxxxxxxxxxxx\n"), file(b"a", b"")].concat(),
        [global_pax(&[]), file(b"a", b"")].concat(),
    ] {
        let mut reader = TarReader::new(small.clone());
        let mut sink = Collector::default();
        let archive = archive(&[members]);
        assert_eq!(reader.push(&archive, &mut sink).and_then(|()| reader.finish(&mut sink)), Ok(()));
    }
}

#[test]
fn a_truncated_archive_says_where_it_ends() {
    let whole = [archive(&[pax(&[("comment", b"c")]), file(b"a", &[1; 600])])].concat();
    let place = |bytes: &[u8]| match ours(bytes).expect_err("refused").fault {
        TarFault::Truncated { place } => place,
        other => panic!("{other:?}"),
    };
    for (length, expected) in [
        (0, "before its end marker"),
        (1, "inside a header"),
        (511, "inside a header"),
        (513, "inside an extension header"),
        (600, "inside padding"),
        (1024, "before its end marker"),
        (1536, "inside an entry's content"),
        (2136, "inside padding"),
        (2560, "before its end marker"),
        (2561, "inside its end marker"),
        (3072, "inside its end marker"),
        (3500, "inside its end marker"),
    ] {
        assert_eq!(place(&whole[..length]), expected, "{length} bytes");
    }
    assert_eq!(whole.len(), 3584);
}

#[test]
fn numbers_of_pax_headers_say_what_is_wrong() {
    for (keyword, value, expected) in [
        ("size", &b"-1"[..], "is negative"),
        ("size", b"01", "is not a plain decimal number"),
        ("size", b"9223372036854775808", "is above 2^63 - 1"),
        ("mtime", b".5", "has no digits"),
        ("mtime", b"-0.5", "is negative"),
        ("mtime", b"1.x", "is not a plain decimal number"),
        ("mtime", b"", "has no value"),
    ] {
        let error = ours(&archive(&[pax(&[(keyword, value)]), file(b"a", b"")])).expect_err("refused");
        let fault = TarFault::PaxKeyword { keyword: keyword.to_owned(), problem: expected };
        assert_eq!(error.fault, fault, "{keyword}={}", value.escape_ascii());
    }
}

/// A pax size may differ from the header's only where the header cannot express it.
#[test]
fn a_size_that_octal_can_express_stands_in_the_header() {
    let claimed = |size: u64| {
        let bytes = [pax(&[("size", size.to_string().as_bytes())]), file(b"a", b"")].concat();
        TarReader::new(TarLimits { total_max: u64::MAX, ..TarLimits::default() })
            .push(&bytes, &mut Collector::default())
    };
    let largest = 0o777_7777_7777_u64;
    assert_eq!(claimed(largest + 1), Ok(()));
    for size in [1, largest - 1, largest] {
        let fault = claimed(size).expect_err("refused").fault;
        assert_eq!(fault, TarFault::SizeConflict { header: 0, pax: size });
    }
}

#[test]
fn memory_for_paths_is_bounded() {
    let mut reader = TarReader::new(TarLimits { path_max: 1 << 20, ..TarLimits::default() });
    let deep = "d/".repeat(100) + &"x".repeat(60_000);
    let error = (0..2000).find_map(|number| {
        let entry =
            [pax_raw(b'x', &records_of(&[("path", format!("{number}{deep}").as_bytes())])), file(b"", b"")].concat();
        reader.push(&entry, &mut Collector::default()).err()
    });
    assert_eq!(error.expect("refused").fault, TarFault::Limit { what: "bytes of paths", limit: 64 << 20 });
}

#[test]
fn a_sink_can_stop_anywhere() {
    struct StopAt(&'static str);
    impl EntrySink for StopAt {
        fn begin(&mut self, _: &Entry) -> Result<(), Stop> {
            if self.0 == "begin" { Err(Stop) } else { Ok(()) }
        }
        fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
            if self.0 == "data" { Err(Stop) } else { Ok(()) }
        }
        fn end(&mut self) -> Result<(), Stop> {
            if self.0 == "end" { Err(Stop) } else { Ok(()) }
        }
    }
    let bytes = archive(&[file(b"a", b"x")]);
    for place in ["begin", "data", "end"] {
        let mut reader = TarReader::new(TarLimits::default());
        let error = reader.push(&bytes, &mut StopAt(place)).expect_err(place);
        assert_eq!((error.fault, error.offset), (TarFault::Stopped, 0));
    }
    assert_eq!(TarReader::new(TarLimits::default()).push(&bytes, &mut StopAt("never")), Ok(()));
    assert_eq!(padded(b"").len(), 0);
}

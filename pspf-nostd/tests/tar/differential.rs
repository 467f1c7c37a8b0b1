//! Whatever we accept is what Python's `tarfile` and the `tar` crate see.

use super::{
    archive,
    corpus::{self, Made},
    listing::{Listed, by_python, by_tar_crate, ours},
};

/// Compares the three readers on archives that must all be accepted.
fn assert_all_agree(made: &[Made]) {
    let archives: Vec<Vec<u8>> = made.iter().map(|made| made.bytes.clone()).collect();
    for (made, python) in made.iter().zip(by_python(&archives)) {
        let listed = ours(&made.bytes).unwrap_or_else(|error| panic!("{}: {error}", made.by));
        assert_same(&listed, &python.unwrap_or_else(|| panic!("{}: Python fails", made.by)), &made.by);
        let other = by_tar_crate(&made.bytes).unwrap_or_else(|error| panic!("{}: tar crate: {error}", made.by));
        assert_same(&listed, &other, &made.by);
    }
}

pub(crate) fn assert_same(ours: &[Listed], theirs: &[Listed], by: &str) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{by}");
    }
    assert_eq!(ours.len(), theirs.len(), "{by}");
}

#[test]
fn archives_of_python() {
    let made = corpus::by_python();
    assert_eq!(made.len(), 5);
    assert_all_agree(&made);
}

#[test]
fn archives_of_the_tar_crate() {
    assert_all_agree(&corpus::by_tar_crate());
}

#[test]
fn archives_of_gnu_tar() {
    assert_all_agree(&corpus::by_gnu_tar());
}

#[test]
fn corpora_are_not_hollow() {
    for made in corpus::by_tar_crate().iter().chain(&corpus::by_python()[..4]) {
        let count = ours(&made.bytes).expect("accepted").len();
        assert!(count > 60, "{}: {count}", made.by);
    }
}

#[test]
fn accepted_forms_that_no_corpus_has() {
    use archive::{Block, archive, directory, file, global_pax, gnu_long, hard_link, padded, pax, symlink};
    let made = [
        ("type NUL is a file", archive(&[Block::new(b"a", 0, 0).sealed()])),
        ("root as `.`", archive(&[directory(b"."), file(b"./a", b"x")])),
        ("root as `./`", archive(&[directory(b"./"), file(b"a", b"x")])),
        ("directory after its content", archive(&[file(b"d/a", b"x"), directory(b"d")])),
        ("prefix", archive(&[Block::new(b"name", b'0', 0).put(345, b"prefix/more").sealed()])),
        ("directory in the prefix alone", archive(&[Block::new(b"", b'5', 0).put(345, b"p/q").sealed()])),
        (
            "remains in a replaced name",
            archive(&[gnu_long(b'L', b"long\0"), Block::new(b"a\0b", b'0', 0).put(345, b"p\0q").sealed()]),
        ),
        ("long name without NUL", archive(&[gnu_long(b'L', b"long"), file(b"short", b"x")])),
        (
            "long name and link",
            archive(&[file(b"a", b"x"), gnu_long(b'K', b"a\0"), gnu_long(b'L', b"n\0"), hard_link(b"", b"")]),
        ),
        ("pax size as in the header", archive(&[pax(&[("size", b"1")]), file(b"a", b"x")])),
        ("pax path", archive(&[pax(&[("path", b"b/c")]), file(b"", b"x")])),
        ("pax linkpath", archive(&[pax(&[("linkpath", b"t")]), symlink(b"a", b"")])),
        ("pax path of a directory", archive(&[pax(&[("path", b"d/")]), directory(b"x")])),
        ("harmless global records", archive(&[global_pax(&[("comment", b"c"), ("uname", b"u")]), file(b"a", b"x")])),
        (
            "base-256 size",
            archive(&[Block::gnu(b"a", b'0', 0).put(124, b"\x80\0\0\0\0\0\0\0\0\0\0\x03").sealed(), padded(b"abc")]),
        ),
        (
            "numbers with blanks",
            archive(&[
                Block::new(b"a", b'0', 0).put(100, b"   644 \0").put(124, b"         3 \0").sealed(),
                padded(b"abc"),
            ]),
        ),
        ("symlink that leaves", archive(&[symlink(b"a", b"/etc/passwd")])),
        ("many zero blocks", [archive(&[file(b"a", b"x")]), vec![0; 10240]].concat()),
    ];
    let made: Vec<Made> = made.into_iter().map(|(by, bytes)| Made { by: by.to_owned(), bytes }).collect();
    assert_all_agree(&made);
}

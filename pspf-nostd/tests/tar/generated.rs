//! Archives put together at random from parts that readers are known to trip over. What we accept, all read alike.

use super::{
    archive::{Block, gnu_long, padded, pax_raw, records_of},
    differential::assert_same,
    listing::{by_python, by_tar_crate, ours},
};
use proptest::{
    prelude::Rng as _,
    test_runner::{RngAlgorithm, TestRng},
};

const COUNT: usize = 30_000;

/// Random choices, the same in each run.
struct Dice(TestRng);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0.next_u32() as usize % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

const NAMES: [&[u8]; 16] = [
    b"a",
    b"b",
    b"d",
    b"d/",
    b"d/a",
    b"d/e",
    b"d/e/",
    b"d/e/f",
    b"./a",
    b"./",
    b"c",
    b"\xff",
    b"e\xcc\x81",
    b"g/h",
    b"g/",
    b"../x",
];
const PAX_VALUES: [(&str, &[u8]); 16] = [
    ("path", b"p"),
    ("path", b"d/p"),
    ("path", b"q/"),
    ("path", b"\xffr"),
    ("linkpath", b"a"),
    ("linkpath", b"t/u"),
    ("size", b"0"),
    ("size", b"1"),
    ("size", b"512"),
    ("size", b"1024"),
    ("mtime", b"1.5"),
    ("hdrcharset", b"BINARY"),
    ("comment", b"x\n9 path=z"),
    ("uid", b"7"),
    ("GNU.sparse.size", b"512"),
    ("SCHILY.realsize", b"1"),
];
/// Places in a header and what is put there before the checksum is made.
const FIELDS: [(usize, &[u8]); 18] = [
    (100, b"0004755\0"),
    (100, b"100644 \0"),
    (108, b"\x80\0\0\0\0\x01\0\0"),
    (108, b"\0\0\0\0\0\0\0\0"),
    (124, b"00000000001 "),
    (124, b"         512"),
    (124, b"\x80\0\0\0\0\0\0\0\0\0\x02\0"),
    (124, b"000000010000"),
    (124, b"00000001000\x001"),
    (136, b"77777777777\0"),
    (156, b"\0"),
    (257, b"ustar  \0"),
    (257, b"\0\0\0\0\0\0\0\0"),
    (329, b"\0\0\0\0\0\0\0\0"),
    (345, b"pre/fix"),
    (345, b"d"),
    (500, b"x"),
    (2, b"\0x"),
];

/// A name that is often new, so that not every archive falls over its first duplicate.
fn name(dice: &mut Dice) -> Vec<u8> {
    match dice.below(3) {
        0 => dice.pick(&NAMES).to_vec(),
        _ => format!("{}{}", dice.pick(&["n", "d/n", "./n", "g/h/n"]), dice.below(50)).into_bytes(),
    }
}

fn extension(dice: &mut Dice) -> Vec<u8> {
    if dice.one_in(2) {
        let mut name = name(dice);
        name.extend_from_slice(dice.pick(&[&b"\0"[..], b"\0", b"", b"\0z"]));
        return gnu_long(dice.pick(b"LLK"), &name);
    }
    let records: Vec<_> = (0..=dice.below(2)).map(|_| dice.pick(&PAX_VALUES)).collect();
    let mut content = records_of(&records);
    if dice.one_in(20) {
        let at = dice.below(content.len());
        content[at] = dice.pick(b"0 =\n\x001");
    }
    pax_raw(if dice.one_in(5) { b'g' } else { b'x' }, &content)
}

fn entry(dice: &mut Dice) -> Vec<u8> {
    let flag = if dice.one_in(20) { dice.pick(b"x7L36S") } else { dice.pick(b"000000555122") };
    let size = if flag == b'0' || dice.one_in(20) { dice.pick(&[0, 1, 512, 513, 1024]) } else { 0 };
    let mut block = Block::new(&name(dice), flag, size);
    if matches!(flag, b'1' | b'2') || dice.one_in(30) {
        block = block.link(dice.pick(&[&b"a"[..], b"n1", b"./a", b".."]));
    }
    if dice.one_in(8) {
        let (at, field) = dice.pick(&FIELDS);
        block = block.put(at, field);
    }
    // Content that would be an entry to a reader that gets the size wrong.
    let content = Block::new(b"smuggled", b'0', 0).sealed().repeat(2);
    [block.sealed(), padded(&content[..size as usize])].concat()
}

fn generated(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.below(5) {
        if dice.one_in(5) {
            bytes.extend(extension(dice));
        }
        bytes.extend(entry(dice));
    }
    bytes.resize(bytes.len() + 512 * dice.pick(&[2, 2, 2, 2, 3, 20, 1, 0]), 0);
    if dice.one_in(30) {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
    bytes
}

#[test]
fn what_we_accept_all_read_alike() {
    let mut dice = Dice(TestRng::from_seed(RngAlgorithm::ChaCha, b"archives from parts, well mixed!"));
    let mut accepted = Vec::new();
    let mut codes = std::collections::BTreeSet::new();
    for _ in 0..COUNT {
        let bytes = generated(&mut dice);
        match ours(&bytes) {
            Ok(listed) => accepted.push((bytes, listed)),
            Err(error) => {
                codes.insert(error.fault.code());
            }
        }
    }
    let filled = accepted.iter().filter(|(_, listed)| listed.len() > 1).count();
    assert!(filled > COUNT / 20, "only {filled} archives of more than one entry were accepted");
    assert!(codes.len() > 12, "{codes:?}");
    let archives: Vec<Vec<u8>> = accepted.iter().map(|(bytes, _)| bytes.clone()).collect();
    for ((bytes, listed), python) in accepted.iter().zip(by_python(&archives)) {
        let shown = || bytes.escape_ascii().to_string().replace("\\x00", "");
        let other = by_tar_crate(bytes).unwrap_or_else(|error| panic!("tar crate: {error}: {}", shown()));
        assert_same(listed, &other, &format!("tar crate: {}", shown()));
        let python = python.unwrap_or_else(|| panic!("Python fails: {}", shown()));
        assert_same(listed, &python, &format!("Python: {}", shown()));
    }
}

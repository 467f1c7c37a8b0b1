//! Files whose sections are as signed, but are not where their builder puts them.

use super::{Case, Expect, PYTHON, broken, case};
use crate::{
    base::Base::{Go, Python, Rust, Sealed},
    sample::Sample,
    tamper::{Edit, Repair},
};
use pspf_nostd::{
    index,
    offsets::{length, position},
};

/// The file is longer than its sections make it, and nothing else tells.
const LONGER: Expect = broken(&["layout.size"], "package");

/// Zeros in front of the trailer that no field counts.
fn lengthen(sample: &mut Sample) {
    let at = sample.trailer();
    sample.bytes.splice(at..at, [0; 4096]);
}

/// Zeros in front of the trailer that the index counts.
fn append(sample: &mut Sample) {
    sample.append(&[0; 64]);
}

/// Puts zeros between two sections; every offset and length is put right.
fn insert(sample: &mut Sample, at: usize, count: usize) {
    sample.bytes =
        Edit::insert(at, &vec![0; count]).apply(sample, Repair::Everything).expect("in front of the trailer");
}

/// Lays the slots out at multiples of `alignment` and puts every number right.
fn align_slots(sample: &mut Sample, alignment: usize) {
    let slots: Vec<Vec<u8>> = (0..4).map(|slot| sample.bytes[sample.slot(slot)].to_vec()).collect();
    let (start, trailer) = (sample.table().end, sample.trailer());
    sample.bytes.drain(start..trailer);
    for (number, content) in slots.iter().enumerate() {
        let padding = sample.trailer().next_multiple_of(alignment) - sample.trailer();
        sample.append(&vec![0; padding]);
        let start = sample.append(content);
        sample.set_row_word(number, 16, u64::try_from(start).expect("a file offset"));
    }
}

pub(super) const CASES: &[Case] = &[
    case("layout-longer-sealed", Sealed, LONGER, "Zeros are in front of the trailer.", lengthen),
    case("layout-longer-python", Python, LONGER, "Zeros are in front of the trailer.", lengthen),
    case("layout-longer-rust", Rust, LONGER, "Zeros are in front of the trailer.", lengthen),
    case("layout-longer-go", Go, LONGER, "Zeros are in front of the trailer.", lengthen),
    case(
        "layout-shorter",
        Rust,
        broken(&["layout.size", "slot.range"], ""),
        "Bytes are cut out in front of the trailer.",
        |s| {
            let at = s.trailer();
            s.bytes.drain(at - 8..at);
        },
    ),
    case("layout-counted-python", Python, LONGER, "Zeros are in front of the trailer, and are counted.", append),
    case("layout-counted-rust", Rust, LONGER, "Zeros are in front of the trailer, and are counted.", append),
    case("layout-counted-go", Go, LONGER, "Zeros are in front of the trailer, and are counted.", append),
    case(
        "layout-gap-launcher",
        Go,
        broken(&["index.field", "layout.size"], "index.metadata_offset"),
        "Zeros are between launcher and metadata; every number is put right.",
        |s| {
            let at = s.metadata().start;
            insert(s, at, 8);
        },
    ),
    case(
        "layout-gap-table",
        Rust,
        broken(&["index.field", "layout.size"], "index.slot_table_offset"),
        "Zeros are between metadata and slot table; every number is put right.",
        |s| {
            let at = s.table().start;
            insert(s, at, 8);
        },
    ),
    case(
        "layout-gap-slots",
        Python,
        broken(&["slot.descriptor", "layout.size"], "slot 1 descriptor.offset"),
        "A page of zeros is between two slots; every number is put right.",
        |s| {
            let at = s.slot(1).start;
            insert(s, at, 4096);
        },
    ),
    case(
        "layout-rust-hole-missing",
        Rust,
        broken(&["index.field", "layout.size"], "index.metadata_offset"),
        "The hole of the Rust builder is cut out; every number is put right.",
        |s| {
            let start = position(s.word(index::LAUNCHER_SIZE));
            let cut = Edit { at: start, cut: 8192, put: Vec::new() };
            s.bytes = cut.apply(s, Repair::Everything).expect("in front of the trailer");
        },
    ),
    case(
        "layout-pages-not-said",
        Python,
        broken(&["slot.descriptor", "layout.size"], "slot 0 descriptor.offset"),
        "Slots are on pages, and the index says that they are not.",
        |s| s.set_word(index::CAPABILITIES, 0x81),
    ),
    case(
        "layout-pages-missing",
        Python,
        broken(&["slot.descriptor", "layout.size"], "slot 0 descriptor.offset"),
        "Slots are without padding, and the index says that they are on pages.",
        |s| align_slots(s, 1),
    ),
    case(
        "layout-pages-of-other-size",
        Python,
        broken(&["slot.descriptor", "layout.size"], "slot 0 descriptor.offset"),
        "Slots are on pages of 8 KiB, which no builder takes.",
        |s| align_slots(s, 8192),
    ),
    case("variant-python-large-pages", Python, PYTHON, "Slots are on pages of 16 KiB, as on some Macs.", |s| {
        align_slots(s, 16384);
    }),
    case(
        "variant-python-unaligned",
        Python,
        PYTHON,
        "As the Python builder writes it without page alignment: slots follow each other without padding.",
        |s| {
            align_slots(s, 1);
            s.set_word(index::CAPABILITIES, 0x81);
        },
    ),
    case(
        "original-size-upper-bytes",
        Python,
        broken(&["slot.original_size"], "slot 1 descriptor.original_size"),
        "The original size of a gzip slot is 4 GiB more than what it decodes to.",
        |s| s.set_row_word(1, 32, (1 << 32) + 11),
    ),
    case(
        "original-size-other",
        Python,
        broken(&["slot.original_size"], "slot 1 descriptor.original_size"),
        "The original size of a gzip slot is one byte less than what it decodes to.",
        |s| s.set_row_word(1, 32, 10),
    ),
    case(
        "variant-python-stored-gzip",
        Python,
        PYTHON,
        "The original size of a gzip slot is its stored size: what went in was compressed already.",
        |s| {
            let size = length(&s.bytes[s.slot(1)]);
            s.set_row_word(1, 32, size);
        },
    ),
];

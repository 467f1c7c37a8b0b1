//! A sealed package is a function of its signed metadata: whatever is changed anywhere, verification says so.

mod package;

use package::{SLOTS, assert_coverage_is_exact, codes, fix_adler, fix_checksums, sealed, verify};
use pspf_nostd::{
    codec::gunzip_one,
    digest::trunc64,
    offsets::{ByteRange, position},
    profile::Placement,
    report::{Integrity, Protection, Report},
    verify::{Scope, SupplyError, TrustedKeys, Verification},
};

/// What is at a byte of the sample, in the words of the findings' `part`.
fn region(placement: &Placement, size: usize, at: usize) -> String {
    let at_offset = u64::try_from(at).unwrap();
    let holds = |range: ByteRange| range.start <= at_offset && at_offset < range.end;
    let trailer = size - 8200;
    if at >= trailer {
        let index = (trailer + 4..size - 4).contains(&at);
        return if index { "index" } else { "trailer" }.to_owned();
    }
    if at_offset < placement.launcher_size {
        return "launcher".to_owned();
    }
    if holds(placement.table) {
        return format!("slot {} descriptor", (at_offset - placement.table.start) / 64);
    }
    if holds(placement.metadata) {
        return "metadata".to_owned();
    }
    match placement.slots.iter().position(|range| holds(*range)) {
        Some(slot) => format!("slot {slot}"),
        None => "padding".to_owned(),
    }
}

fn assert_refused(report: &Report, region: &str, what: &str) {
    assert!(!report.ok && report.state == Integrity::Broken, "{what}: accepted as {:?}", report.state);
    let parts: Vec<_> = report.errors().map(|finding| (finding.code, finding.part.as_str())).collect();
    assert!(parts.iter().any(|(_, part)| part.starts_with(region)), "{what}: `{region}` is not named in {parts:?}");
}

#[test]
fn the_sample_is_sealed_and_every_byte_is_authenticated() {
    let (file, assembly) = sealed();
    let outcome = verify(&file);
    assert_eq!(codes(&outcome.report), [""; 0]);
    assert_eq!(outcome.report.state, Integrity::Sealed);
    assert!(outcome.report.ok);
    assert_coverage_is_exact(&outcome.report);
    assert!(outcome.report.coverage.iter().all(|part| part.class == Protection::Authenticated));
    let checked = outcome.checked.unwrap();
    assert_eq!(checked.integrity(), Integrity::Sealed);
    assert_eq!(checked.fingerprint(), package::key().public_key().fingerprint());
    for (slot, (id, _, _, mode, stored)) in checked.slots().iter().zip(SLOTS) {
        assert_eq!((slot.entry().id.as_str(), slot.mode()), (id, mode));
        assert_eq!(slot.range(), assembly.placement.slots[position(slot.index())]);
        assert_eq!(&file[position(slot.range().start)..position(slot.range().end)], stored);
    }
}

#[test]
fn one_flipped_bit_in_any_byte_is_refused_and_located() {
    let (file, assembly) = sealed();
    let mut copy = file.clone();
    for at in 0..file.len() {
        copy[at] ^= 1 << (at % 8);
        let report = verify(&copy).report;
        assert_refused(&report, &region(&assembly.placement, file.len(), at), &format!("byte {at}"));
        copy[at] = file[at];
    }
}

#[test]
fn one_flipped_bit_behind_recomputed_checksums_is_refused_and_located() {
    let (file, assembly) = sealed();
    for at in 0..file.len() - 4 {
        let region = region(&assembly.placement, file.len(), at);
        // Index bytes 4..8 and 96..128 are what is recomputed here; the trailer's magics are not under any checksum.
        let field = at.wrapping_sub(file.len() - 8196);
        if region == "launcher" || region == "trailer" || (4..8).contains(&field) || (96..128).contains(&field) {
            continue;
        }
        let mut copy = file.clone();
        copy[at] ^= 0x80 >> (at % 8);
        fix_checksums(&mut copy);
        assert_refused(&verify(&copy).report, &region, &format!("byte {at}"));
    }
}

#[test]
fn any_flipped_bit_of_a_location_is_refused() {
    let (file, assembly) = sealed();
    let index = file.len() - 8196;
    let rows = (0..SLOTS.len()).map(|row| position(assembly.placement.table.start) + 64 * row + 16);
    let locations = (index + 8..index + 60).chain(rows.flat_map(|row| row..row + 24));
    for (at, bit) in locations.flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut copy = file.clone();
        copy[at] ^= 1 << bit;
        fix_checksums(&mut copy);
        let report = verify(&copy).report;
        assert!(!report.ok && report.state == Integrity::Broken, "bit {bit} of byte {at}");
        assert_coverage_is_exact(&report);
    }
}

#[test]
fn a_changed_digest_of_the_metadata_is_refused_even_with_the_index_checksum_recomputed() {
    let (file, _) = sealed();
    for at in file.len() - 8196 + 96..file.len() - 8196 + 128 {
        let mut copy = file.clone();
        copy[at] ^= 1;
        fix_adler(&mut copy);
        assert_refused(&verify(&copy).report, "index.metadata_checksum", &format!("byte {at}"));
    }
}

#[test]
fn changed_metadata_are_refused_even_with_every_checksum_recomputed() {
    let (file, assembly) = sealed();
    let range = assembly.placement.metadata;
    let (start, end) = (position(range.start), position(range.end));
    let length = gunzip_one(&file[start..end], 1 << 20).unwrap().data.len();
    // gzip header, stored-block header, the JSON, CRC-32, length.
    let text = start + 15..start + 15 + length;
    assert_eq!(text.end + 8, end);
    for at in text.clone() {
        let mut copy = file.clone();
        copy[at] ^= 1;
        let crc = crc32fast::hash(&copy[text.clone()]);
        copy[end - 8..end - 4].copy_from_slice(&crc.to_le_bytes());
        fix_checksums(&mut copy);
        let outcome = verify(&copy);
        assert!(!outcome.report.ok && outcome.report.state == Integrity::Broken, "byte {at}");
        assert!(outcome.authenticated.is_none() && outcome.checked.is_none());
    }
}

#[test]
fn a_replaced_slot_is_refused_even_with_its_descriptor_recomputed() {
    let (file, assembly) = sealed();
    for (number, range) in assembly.placement.slots.iter().enumerate().filter(|(_, range)| !range.is_empty()) {
        let mut copy = file.clone();
        copy[position(range.start)] ^= 1;
        let checksum = trunc64(&copy[position(range.start)..position(range.end)]);
        let row = position(assembly.placement.table.start) + 64 * number;
        copy[row + 48..row + 56].copy_from_slice(&checksum.to_le_bytes());
        let report = verify(&copy).report;
        assert_refused(&report, &format!("slot {number}"), "replaced slot");
        assert!(codes(&report).contains(&"slot.digest.signed"), "{:?}", codes(&report));
    }
}

#[test]
fn every_truncation_is_refused() {
    let (file, _) = sealed();
    for length in 0..file.len() {
        let outcome = verify(&file[..length]);
        assert!(!outcome.report.ok && outcome.authenticated.is_none(), "{length} bytes");
        assert_coverage_is_exact(&outcome.report);
    }
}

#[test]
fn every_extension_is_refused() {
    let (file, _) = sealed();
    let trailer = &file[file.len() - 8200..];
    let fills = [vec![0; 9000], vec![0xff; 9000], file.clone(), trailer.to_vec(), trailer.repeat(2)];
    for fill in fills {
        for length in [1, 2, 3, 4, 7, 8, 63, 64, 4096, 8196, 8199, 8200, 8201, 8208, 9000, fill.len()] {
            let mut copy = file.clone();
            copy.extend_from_slice(&fill[..length.min(fill.len())]);
            let outcome = verify(&copy);
            assert!(!outcome.report.ok && outcome.authenticated.is_none(), "{length} bytes appended");
            // The same with everything in the last 8200 bytes put right that is not signed.
            let index = copy.len() - 8196;
            let size = u64::try_from(copy.len()).unwrap();
            copy[index + 8..index + 16].copy_from_slice(&size.to_le_bytes());
            fix_adler(&mut copy);
            let outcome = verify(&copy);
            assert!(!outcome.report.ok && outcome.authenticated.is_none(), "{length} bytes appended, index patched");
        }
    }
}

/// Writes a word into a descriptor.
fn set_word(file: &mut [u8], placement: &Placement, row: usize, offset: usize, value: u64) {
    let at = position(placement.table.start) + 64 * row + offset;
    file[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Adds `shift` to the index fields at these offsets and to the package size.
fn shift_index(file: &mut [u8], offsets: &[usize], shift: u64) {
    let index = file.len() - 8196;
    for offset in offsets.iter().chain(&[8]) {
        let at = index + offset;
        let value = u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        file[at..at + 8].copy_from_slice(&(value + shift).to_le_bytes());
    }
    fix_adler(file);
}

#[test]
fn rearranged_sections_are_refused_even_with_every_offset_put_right() {
    let (file, assembly) = sealed();
    let placement = &assembly.placement;
    let trailer = file.len() - 8200;
    // Zeros between metadata and trailer, which belong to no section.
    let mut gap = file.clone();
    gap.splice(trailer..trailer, [0; 64]);
    shift_index(&mut gap, &[], 64);
    // The same in front of the slot table.
    let table = position(placement.table.start);
    let mut moved = file.clone();
    moved.splice(table..table, [0; 64]);
    let mut shifted = placement.clone();
    shifted.table.start += 64;
    for (row, range) in placement.slots.iter().enumerate() {
        set_word(&mut moved, &shifted, row, 16, range.start + 64);
    }
    shift_index(&mut moved, &[24, 40], 64);
    // Slots 2 and 3 (one byte and nine) in the other's place.
    let (one, nine) = (placement.slots[2], placement.slots[3]);
    let mut swapped = file.clone();
    let other = nine.start + 8;
    swapped[position(one.start)..position(nine.end)].fill(0);
    swapped[position(other)] = b'x';
    set_word(&mut swapped, placement, 2, 16, other);
    set_word(&mut swapped, placement, 3, 16, one.start);
    // Two rows of the slot table exchanged.
    let mut rows = file.clone();
    let (first, second) = rows[table..table + 128].split_at_mut(64);
    first.swap_with_slice(second);
    // The metadata a second time, in front of the trailer, and used there.
    let mut copied = file.clone();
    let blob = file[position(placement.metadata.start)..position(placement.metadata.end)].to_vec();
    let length = u64::try_from(blob.len()).unwrap();
    copied.splice(trailer..trailer, blob);
    shift_index(&mut copied, &[24], length);
    for (what, copy) in
        [("gap", gap), ("moved", moved), ("swapped", swapped), ("rows", rows), ("copied metadata", copied)]
    {
        let outcome = verify(&copy);
        assert!(!outcome.report.ok && outcome.authenticated.is_none(), "{what}: {:?}", outcome.report.state);
        assert_eq!(outcome.report.state, Integrity::Broken, "{what}");
        assert_coverage_is_exact(&outcome.report);
    }
}

/// Verifies with `sizes` as the lengths of the pieces, over and over.
fn verify_in_pieces(file: &[u8], sizes: &[usize]) -> Report {
    let length = u64::try_from(file.len()).unwrap();
    let mut verification = Verification::new(length, Scope::Content, TrustedKeys::default());
    let mut sizes = sizes.iter().cycle();
    while let Some(range) = verification.wants() {
        let wanted = &file[position(range.start)..position(range.end)];
        let piece = wanted.len().min(*sizes.next().unwrap());
        verification.supply(&wanted[..piece]).unwrap();
    }
    verification.finish().report
}

#[test]
fn the_report_does_not_depend_on_how_the_bytes_are_supplied() {
    let (file, assembly) = sealed();
    let mut damaged = file.clone();
    for byte in &mut damaged[position(assembly.placement.slots[0].end)..position(assembly.placement.slots[2].start)] {
        *byte = 1;
    }
    damaged[3] ^= 1;
    damaged[position(assembly.placement.slots[3].start)] ^= 1;
    for file in [&file, &damaged] {
        let whole = verify(file).report;
        for sizes in [&[1][..], &[2], &[3, 1], &[7, 64, 1], &[63], &[4095, 1], &[8199], &[1 << 20]] {
            assert_eq!(verify_in_pieces(file, sizes), whole, "{sizes:?}");
        }
    }
}

#[test]
fn bytes_that_were_not_asked_for_are_not_taken() {
    let (file, _) = sealed();
    let length = u64::try_from(file.len()).unwrap();
    let mut verification = Verification::new(length, Scope::Content, TrustedKeys::default());
    while let Some(range) = verification.wants() {
        assert_eq!(verification.supply(&[]), Err(SupplyError));
        assert_eq!(verification.supply(&vec![0; position(range.len()) + 1]), Err(SupplyError));
        assert_eq!(verification.wants(), Some(range));
        verification.supply(&file[position(range.start)..position(range.end)]).unwrap();
    }
    assert_eq!(verification.supply(&[0]), Err(SupplyError));
    let words = "the verification engine was supplied with bytes that it did not ask for, or with none";
    assert_eq!(SupplyError.to_string(), words);
    assert_eq!(verification.finish().report, verify(&file).report);
}

#[test]
fn a_verification_that_ends_early_proves_nothing() {
    let (file, _) = sealed();
    let length = u64::try_from(file.len()).unwrap();
    for steps in 0..4 {
        let mut verification = Verification::new(length, Scope::Content, TrustedKeys::default());
        for _ in 0..steps {
            let Some(range) = verification.wants() else { break };
            verification.supply(&file[position(range.start)..position(range.end)]).unwrap();
        }
        let done = verification.wants().is_none();
        let outcome = verification.finish();
        assert_eq!(outcome.report.ok, done);
        assert_eq!(outcome.checked.is_some(), done);
        assert_coverage_is_exact(&outcome.report);
    }
}

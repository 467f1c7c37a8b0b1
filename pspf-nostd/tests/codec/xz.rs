//! xz containers made by hand, so that each field can be wrong.

use pspf_nostd::codec::{Codec, DecodeError};

use super::samples::{words, xz};
use super::{decode, decode_in};

/// What a hand-made stream says; the defaults are right.
struct Container {
    flags: [u8; 2],
    footer_flags: Option<[u8; 2]>,
    filters: Vec<u8>,
    block_flags: u8,
    compressed: Option<u8>,
    uncompressed: Option<u8>,
    header_padding: u8,
    block_padding: u8,
    records: Option<Vec<[u8; 2]>>,
    backward: Option<u32>,
    blocks: u8,
}

impl Default for Container {
    fn default() -> Self {
        Self {
            flags: [0, 1],
            footer_flags: None,
            filters: vec![0x21, 1, 8],
            block_flags: 0,
            compressed: None,
            uncompressed: None,
            header_padding: 0,
            block_padding: 0,
            records: None,
            backward: None,
            blocks: 1,
        }
    }
}

const CONTENT: &[u8] = b"hello";

impl Container {
    fn bytes(&self) -> Vec<u8> {
        let with_crc = |mut bytes: Vec<u8>| {
            let crc = crc32fast::hash(&bytes).to_le_bytes();
            bytes.extend(crc);
            bytes
        };
        let mut stream = b"\xfd7zXZ\0".to_vec();
        stream.extend(with_crc(self.flags.to_vec()));
        let mut records = Vec::new();
        for _ in 0..self.blocks {
            let mut header = vec![0, self.block_flags];
            for (size, flag) in [(self.compressed, 0x40), (self.uncompressed, 0x80)] {
                if let Some(size) = size {
                    header[1] |= flag;
                    header.push(size);
                }
            }
            header.extend(&self.filters);
            header.resize((header.len() + 4).next_multiple_of(4) - 4, self.header_padding);
            header[0] = u8::try_from((header.len() + 4) / 4 - 1).unwrap();
            let header = with_crc(header);
            // LZMA2: one uncompressed chunk that resets the dictionary, then the end.
            let data = [&[1, 0, 4][..], CONTENT, &[0]].concat();
            let check = match self.flags[1] {
                1 => crc32fast::hash(CONTENT).to_le_bytes().to_vec(),
                _ => Vec::new(),
            };
            records.push([u8::try_from(header.len() + data.len() + check.len()).unwrap(), 5]);
            stream.extend(header);
            stream.extend(&data);
            stream.resize(stream.len().next_multiple_of(4), self.block_padding);
            stream.extend(check);
        }
        let records = self.records.clone().unwrap_or(records);
        let mut index = vec![0, u8::try_from(records.len()).unwrap()];
        index.extend(records.concat());
        index.resize(index.len().next_multiple_of(4), 0);
        let index = with_crc(index);
        let backward = self.backward.unwrap_or(u32::try_from(index.len() / 4 - 1).unwrap());
        stream.extend(index);
        let footer = [&backward.to_le_bytes()[..], &self.footer_flags.unwrap_or(self.flags)].concat();
        stream.extend(crc32fast::hash(&footer).to_le_bytes());
        stream.extend(footer);
        stream.extend(b"YZ");
        stream
    }

    fn corrupt(&self) -> &'static str {
        let bytes = self.bytes();
        let whole = decode(Codec::Xz, &bytes);
        assert_eq!(whole, decode_in(Codec::Xz, &bytes, &[1]));
        match whole {
            Err(DecodeError::Corrupt { what, .. } | DecodeError::Unsupported { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_hand_made_container_is_right_unless_made_wrong() {
    for blocks in [0, 1, 3, 100] {
        let container = Container { blocks, ..Container::default() };
        let expected = CONTENT.repeat(blocks.into());
        assert_eq!(decode(Codec::Xz, &container.bytes()), Ok(expected.clone()));
        let mut read = Vec::new();
        let stream = container.bytes();
        std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(stream.as_slice()), &mut read).unwrap();
        assert_eq!(read, expected, "liblzma reads it too");
    }
    let sizes = Container { compressed: Some(9), uncompressed: Some(5), ..Container::default() };
    assert_eq!(decode(Codec::Xz, &sizes.bytes()), Ok(CONTENT.to_vec()));
}

#[test]
fn sizes_in_a_block_header_must_be_right() {
    for (compressed, uncompressed, what) in [
        (Some(8), None, "a block is longer than its header says"),
        (Some(10), None, "a block is shorter than its header says"),
        (None, Some(4), "a block is longer than its header says"),
        (None, Some(6), "a block is shorter than its header says"),
        (Some(0), None, "a block header gives a compressed size of zero"),
    ] {
        assert_eq!(Container { compressed, uncompressed, ..Container::default() }.corrupt(), what);
    }
}

#[test]
fn the_index_must_list_exactly_the_blocks() {
    let right = [25, 5];
    for records in [vec![], vec![right, right], vec![[24, 5]], vec![[25, 6]]] {
        let container = Container { records: Some(records), ..Container::default() };
        assert_eq!(container.corrupt(), "the index does not fit the blocks");
    }
    assert!(decode(Codec::Xz, &Container { records: Some(vec![right]), ..Container::default() }.bytes()).is_ok());
}

#[test]
fn the_footer_must_fit_the_stream() {
    let container = Container { backward: Some(2), ..Container::default() };
    assert_eq!(container.corrupt(), "the footer's backward size is not the length of the index");
    let container = Container { footer_flags: Some([0, 4]), ..Container::default() };
    assert_eq!(container.corrupt(), "the flags of the stream's footer are not those of its header");
}

#[test]
fn padding_must_be_zero() {
    let container = Container { block_padding: 1, ..Container::default() };
    assert_eq!(container.corrupt(), "the padding of a block is not zero");
    let container = Container { header_padding: 1, ..Container::default() };
    assert_eq!(container.corrupt(), "fields behind the filters of a block header");
}

#[test]
fn what_is_not_supported_is_named() {
    // x86 BCJ (4) in front of LZMA2, delta (3) alone, a reserved check, a reserved flag.
    let bcj = Container { filters: vec![4, 0, 0x21, 1, 8], block_flags: 1, ..Container::default() };
    assert_eq!(bcj.corrupt(), "a filter besides LZMA2");
    let delta = Container { filters: vec![3, 1, 0], ..Container::default() };
    assert_eq!(delta.corrupt(), "a filter other than LZMA2");
    let check = Container { flags: [0, 2], ..Container::default() };
    assert_eq!(check.corrupt(), "a check other than none, CRC32, CRC64 or SHA-256");
    let flag = Container { block_flags: 4, ..Container::default() };
    assert_eq!(flag.corrupt(), "a reserved block flag");
    let dictionary = Container { filters: vec![0x21, 1, 41], ..Container::default() };
    assert_eq!(dictionary.corrupt(), "the dictionary size is invalid");
}

#[test]
fn padding_between_streams_is_whole_words() {
    let stream = xz(&words(50), 6, liblzma::stream::Check::Sha256);
    for count in 0..=9 {
        let both = [&stream[..], &vec![0; count], &stream].concat();
        for pieces in [1, usize::MAX] {
            let expected = count % 4 == 0;
            assert_eq!(decode_in(Codec::Xz, &both, &[pieces]).is_ok(), expected, "{count} zeros");
        }
    }
}

#[test]
fn every_check_is_compared() {
    use liblzma::stream::Check;
    let content = words(400);
    for (check, what) in [
        (Check::Crc32, "the CRC32 of a block"),
        (Check::Crc64, "the CRC64 of a block"),
        (Check::Sha256, "the SHA-256 of a block"),
    ] {
        let mut stream = xz(&content, 6, check);
        // The last byte of the check is before the index (8 bytes and its CRC) and the footer (12 bytes).
        let at = stream.len() - 12 - 12 - 1;
        stream[at] ^= 1;
        match decode(Codec::Xz, &stream) {
            Err(DecodeError::Checksum { what: found, at: 12, .. }) => assert_eq!(found, what),
            other => panic!("{check:?}: {other:?}"),
        }
    }
}

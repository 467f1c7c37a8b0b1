//! CRC-32 as gzip and xz use it (RFC 1952, ISO-HDLC).
//!
//! Natively by crc32fast. Its 16 KB of tables do not compress, and a browser downloads them: wasm32 makes a table of its own
//! when bytes come, and has some 400 MB/s.

#[cfg(not(target_arch = "wasm32"))]
pub(in crate::codec) use crc32fast::{Hasher, hash};

#[cfg(target_arch = "wasm32")]
pub(in crate::codec) use small::{Hasher, hash};

#[cfg(any(target_arch = "wasm32", test))]
mod small {
    use alloc::boxed::Box;

    /// The polynomial, lowest bit first.
    const POLYNOMIAL: u32 = 0xedb8_8320;

    /// A checksum being computed.
    #[derive(Clone)]
    pub(crate) struct Hasher {
        table: Option<Box<[u32; 256]>>,
        state: u32,
    }

    impl Hasher {
        pub(crate) fn new() -> Self {
            Self { table: None, state: u32::MAX }
        }

        pub(crate) fn update(&mut self, bytes: &[u8]) {
            let table = self.table.get_or_insert_with(|| Box::new(core::array::from_fn(remainder)));
            for byte in bytes {
                let [low, ..] = self.state.to_le_bytes();
                // A table of 256 has a place for every byte.
                self.state = (self.state >> 8) ^ table[usize::from(low ^ byte)];
            }
        }

        pub(crate) fn finalize(self) -> u32 {
            !self.state
        }
    }

    impl Default for Hasher {
        fn default() -> Self {
            Self::new()
        }
    }

    fn remainder(byte: usize) -> u32 {
        let divide = |value: u32, _| (value >> 1) ^ if value & 1 == 0 { 0 } else { POLYNOMIAL };
        (0..8).fold(u32::try_from(byte).unwrap_or_default(), divide)
    }

    pub(crate) fn hash(bytes: &[u8]) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::small;
    use alloc::vec::Vec;

    #[test]
    fn the_small_one_agrees_with_the_fast_one() {
        let bytes: Vec<u8> = (0..1000u32).flat_map(|number| number.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
        for end in [0, 1, 255, 256, 4000] {
            let (first, second) = bytes[..end].split_at(end / 3);
            let mut hasher = small::Hasher::default();
            hasher.update(first);
            hasher.update(second);
            assert_eq!(hasher.finalize(), crc32fast::hash(&bytes[..end]));
            assert_eq!(small::hash(&bytes[..end]), crc32fast::hash(&bytes[..end]));
        }
    }
}

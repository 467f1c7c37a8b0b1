//! CRC-32 as gzip and xz use it (RFC 1952, ISO-HDLC).
//!
//! By crc32fast, except where its 16 KB of tables, which do not compress, weigh more than its speed: in a browser, which
//! downloads them, and in the launcher, which stands in every package (feature `small`). There the tables are made when bytes
//! come.

#[cfg(not(any(target_arch = "wasm32", feature = "small")))]
pub(in crate::codec) use crc32fast::{Hasher, hash};

#[cfg(any(target_arch = "wasm32", feature = "small"))]
pub(in crate::codec) use small::{Hasher, hash};

#[cfg(any(target_arch = "wasm32", feature = "small", test))]
mod small {
    use alloc::{boxed::Box, vec::Vec};

    /// The polynomial, lowest bit first.
    const POLYNOMIAL: u32 = 0xedb8_8320;

    /// What a byte becomes that so many bytes follow.
    type Tables = [[u32; 256]; 8];

    /// A checksum being computed.
    #[derive(Clone)]
    pub(crate) struct Hasher {
        tables: Option<Box<Tables>>,
        state: u32,
    }

    impl Hasher {
        pub(crate) fn new() -> Self {
            Self { tables: None, state: u32::MAX }
        }

        pub(crate) fn update(&mut self, bytes: &[u8]) {
            // A table of 256 has a place for every byte.
            let [t0, t1, t2, t3, t4, t5, t6, t7] = &**self.tables.get_or_insert_with(tables);
            let (chunks, rest) = bytes.as_chunks();
            for [b0, b1, b2, b3, b4, b5, b6, b7] in chunks {
                let [s0, s1, s2, s3] = self.state.to_le_bytes();
                self.state = t7[usize::from(s0 ^ b0)]
                    ^ t6[usize::from(s1 ^ b1)]
                    ^ t5[usize::from(s2 ^ b2)]
                    ^ t4[usize::from(s3 ^ b3)]
                    ^ t3[usize::from(*b4)]
                    ^ t2[usize::from(*b5)]
                    ^ t1[usize::from(*b6)]
                    ^ t0[usize::from(*b7)];
            }
            for byte in rest {
                let [low, ..] = self.state.to_le_bytes();
                self.state = (self.state >> 8) ^ t0[usize::from(low ^ byte)];
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

    fn tables() -> Box<Tables> {
        let mut tables = Box::new([[0; 256]; 8]);
        let divide = |value: u32, _: u32| (value >> 1) ^ if value & 1 == 0 { 0 } else { POLYNOMIAL };
        let first: Vec<u32> = (0..256).map(|byte| (0..8).fold(byte, divide)).collect();
        let mut values = first.clone();
        for table in tables.iter_mut() {
            table.copy_from_slice(&values);
            for value in &mut values {
                let [low, ..] = value.to_le_bytes();
                *value = (*value >> 8) ^ first[usize::from(low)];
            }
        }
        tables
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

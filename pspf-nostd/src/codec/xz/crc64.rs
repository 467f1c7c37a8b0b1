//! CRC-64 as xz uses it (ECMA-182, reflected), byte by byte with a table that is made when bytes come: it does not compress,
//! and a browser would download it.

use alloc::boxed::Box;

/// The polynomial, lowest bit first.
const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;

/// A checksum being computed.
pub(super) struct Crc64 {
    table: Option<Box<[u64; 256]>>,
    state: u64,
}

impl Crc64 {
    pub(super) fn new() -> Self {
        Self { table: None, state: u64::MAX }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        let table = self.table.get_or_insert_with(|| Box::new(core::array::from_fn(remainder)));
        for byte in bytes {
            let [low, ..] = self.state.to_le_bytes();
            // A table of 256 has a place for every byte.
            self.state = (self.state >> 8) ^ table[usize::from(low ^ byte)];
        }
    }

    pub(super) fn finalize(self) -> u64 {
        !self.state
    }
}

fn remainder(byte: usize) -> u64 {
    let divide = |value: u64, _| (value >> 1) ^ if value & 1 == 0 { 0 } else { POLYNOMIAL };
    (0..8).fold(u64::try_from(byte).unwrap_or_default(), divide)
}

#[cfg(test)]
mod tests {
    use super::Crc64;

    /// The check value of the CRC catalogue (CRC-64/XZ).
    #[test]
    fn the_catalogues_check_value() {
        let mut crc = Crc64::new();
        crc.update(b"1234");
        crc.update(b"56789");
        assert_eq!(crc.finalize(), 0x995d_c9bb_df19_39fa);
    }
}

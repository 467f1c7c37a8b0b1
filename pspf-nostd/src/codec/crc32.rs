//! CRC-32 as gzip and xz use it (RFC 1952, ISO-HDLC).
//!
//! Natively by crc32fast. Its 16 KB of tables do not compress, and a browser downloads them: wasm32 gets 1 KB of them, and
//! some 400 MB/s.

#[cfg(not(target_arch = "wasm32"))]
pub(in crate::codec) use crc32fast::{Hasher, hash};

#[cfg(target_arch = "wasm32")]
pub(in crate::codec) use small::{Hasher, hash};

#[cfg(target_arch = "wasm32")]
mod small {
    use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

    static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

    /// A checksum being computed.
    #[derive(Clone)]
    pub(crate) struct Hasher(Digest<'static, u32, Table<1>>);

    impl Hasher {
        pub(crate) fn new() -> Self {
            Self(CRC.digest())
        }

        pub(crate) fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        pub(crate) fn finalize(self) -> u32 {
            self.0.finalize()
        }
    }

    impl Default for Hasher {
        fn default() -> Self {
            Self::new()
        }
    }

    pub(crate) fn hash(bytes: &[u8]) -> u32 {
        CRC.checksum(bytes)
    }
}

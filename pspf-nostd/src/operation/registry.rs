//! The names of the operation registry (docs/format.md §4; checked against the vector file `registry.json`).

/// Every registered code with its lower-case name: runs of codes, each with the names from its first code on.
const NAMES: [(u8, &str); 7] = [
    (
        0x00,
        "none tar tar_sorted tar_stream cpio cpio_newc ar ar_bsd zip_store zip_stream 7z rar pax ustar \
         bundle_reserved_e bundle_reserved_f gzip gzip_fast gzip_best bzip2 bzip2_fast bzip2_best xz xz_fast \
         xz_best lzma lzma2 zstd zstd_fast zstd_best lz4 lz4_hc snappy brotli brotli_text deflate deflate64 \
         ppm ppmd",
    ),
    (
        0x30,
        "aes128_gcm aes256_gcm aes128_cbc aes256_cbc aes128_ctr aes256_ctr chacha20_poly1305 \
         xchacha20_poly1305 salsa20 xsalsa20_poly1305 rsa_2048 rsa_4096 ed25519 x25519 secp256k1 secp256r1 \
         nacl_box nacl_secretbox age pgp",
    ),
    (0x50, "base64 base64_url base32 base16 hex ascii85 uuencode xxencode quoted_printable punycode percent"),
    (
        0x70,
        "sha256 sha512 sha3_256 sha3_512 blake2b blake2s blake3 md5 sha1 xxhash xxhash3 siphash highwayhash \
         adler32 crc32 crc64",
    ),
    (0x90, "ed25519_sign rsa_pss rsa_pkcs1 ecdsa_p256 ecdsa_p384 ecdsa_p521 eddsa hmac_sha256 hmac_sha512"),
    (0xb0, "split merge dedupe delta patch"),
    (0xff, "terminal"),
];

/// The name of a code.
pub(super) fn name(code: u8) -> Option<&'static str> {
    NAMES.iter().find_map(|(first, names)| names.split(' ').nth(usize::from(code.checked_sub(*first)?)))
}

/// The code of a lower-case name.
pub(super) fn code(name: &str) -> Option<u8> {
    NAMES
        .iter()
        .find_map(|(first, names)| (*first..=u8::MAX).zip(names.split(' ')).find(|(_, known)| *known == name))
        .map(|(code, _)| code)
}

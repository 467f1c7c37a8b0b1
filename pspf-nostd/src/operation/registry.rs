//! The names of the operation registry (`format.md` §4; checked against the vector file `registry.json`).

/// Every registered code with its lower-case name, in order of codes.
#[rustfmt::skip]
pub(super) const NAMES: [(u8, &str); 101] = [
    (0x00, "none"), (0x01, "tar"), (0x02, "tar_sorted"), (0x03, "tar_stream"), (0x04, "cpio"), (0x05, "cpio_newc"),
    (0x06, "ar"), (0x07, "ar_bsd"), (0x08, "zip_store"), (0x09, "zip_stream"), (0x0a, "7z"), (0x0b, "rar"),
    (0x0c, "pax"), (0x0d, "ustar"), (0x0e, "bundle_reserved_e"), (0x0f, "bundle_reserved_f"), (0x10, "gzip"),
    (0x11, "gzip_fast"), (0x12, "gzip_best"), (0x13, "bzip2"), (0x14, "bzip2_fast"), (0x15, "bzip2_best"),
    (0x16, "xz"), (0x17, "xz_fast"), (0x18, "xz_best"), (0x19, "lzma"), (0x1a, "lzma2"), (0x1b, "zstd"),
    (0x1c, "zstd_fast"), (0x1d, "zstd_best"), (0x1e, "lz4"), (0x1f, "lz4_hc"), (0x20, "snappy"), (0x21, "brotli"),
    (0x22, "brotli_text"), (0x23, "deflate"), (0x24, "deflate64"), (0x25, "ppm"), (0x26, "ppmd"),
    (0x30, "aes128_gcm"), (0x31, "aes256_gcm"), (0x32, "aes128_cbc"), (0x33, "aes256_cbc"), (0x34, "aes128_ctr"),
    (0x35, "aes256_ctr"), (0x36, "chacha20_poly1305"), (0x37, "xchacha20_poly1305"), (0x38, "salsa20"),
    (0x39, "xsalsa20_poly1305"), (0x3a, "rsa_2048"), (0x3b, "rsa_4096"), (0x3c, "ed25519"), (0x3d, "x25519"),
    (0x3e, "secp256k1"), (0x3f, "secp256r1"), (0x40, "nacl_box"), (0x41, "nacl_secretbox"), (0x42, "age"),
    (0x43, "pgp"), (0x50, "base64"), (0x51, "base64_url"), (0x52, "base32"), (0x53, "base16"), (0x54, "hex"),
    (0x55, "ascii85"), (0x56, "uuencode"), (0x57, "xxencode"), (0x58, "quoted_printable"), (0x59, "punycode"),
    (0x5a, "percent"), (0x70, "sha256"), (0x71, "sha512"), (0x72, "sha3_256"), (0x73, "sha3_512"), (0x74, "blake2b"),
    (0x75, "blake2s"), (0x76, "blake3"), (0x77, "md5"), (0x78, "sha1"), (0x79, "xxhash"), (0x7a, "xxhash3"),
    (0x7b, "siphash"), (0x7c, "highwayhash"), (0x7d, "adler32"), (0x7e, "crc32"), (0x7f, "crc64"),
    (0x90, "ed25519_sign"), (0x91, "rsa_pss"), (0x92, "rsa_pkcs1"), (0x93, "ecdsa_p256"), (0x94, "ecdsa_p384"),
    (0x95, "ecdsa_p521"), (0x96, "eddsa"), (0x97, "hmac_sha256"), (0x98, "hmac_sha512"), (0xb0, "split"),
    (0xb1, "merge"), (0xb2, "dedupe"), (0xb3, "delta"), (0xb4, "patch"), (0xff, "terminal"),
];

/// The name of a code.
pub(super) fn name(code: u8) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&code, |&(code, _)| code).ok()?;
    NAMES.get(at).map(|&(_, name)| name)
}

/// The code of a lower-case name.
pub(super) fn code(name: &str) -> Option<u8> {
    NAMES.iter().find(|&&(_, known)| known == name).map(|&(code, _)| code)
}

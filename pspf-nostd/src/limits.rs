//! Every limit of the format core, each with its reason.
//!
//! A file that passes a limit is refused with an error that names the limit; nothing is ever silently cut.

/// Largest metadata JSON accepted, in bytes. Real packages carry 2 to 20 KB; 2 MiB is enough for thousands of slots and
/// bounds the parsed form, which can take 30 times the text, to some 64 MiB. (The published Rust launcher stops at 1 MiB.)
pub const METADATA_JSON_MAX: u64 = 2 << 20;

/// Largest stored (compressed) metadata blob accepted, in bytes: the JSON limit plus the framing of stored deflate blocks.
pub const METADATA_STORED_MAX: u64 = METADATA_JSON_MAX + (1 << 16);

/// Most findings of one severity that a report lists. A hostile slot table could cause a million; the first hundreds tell as
/// much. What is left out is counted, and still counts: an error behind many warnings makes the package broken.
pub const FINDINGS_MAX: usize = 512;

/// Most slots accepted in one package (the documents' own limit, docs/format.md §9).
pub const SLOT_COUNT_MAX: u32 = 65_535;

/// Most bytes that the verification engine asks for at once: the bound of its memory use.
pub const READ_WINDOW: u64 = 1 << 20;

/// Largest key file read, in bytes. An Ed25519 key in PEM takes about 120; the rest is for comment lines around it.
pub const KEY_FILE_MAX: usize = 16 << 10;

/// Most entries accepted in one tar archive. A CPython with a machine-learning stack has about 50,000 files.
pub const TAR_ENTRIES_MAX: u64 = 1 << 18;

/// Longest path or link target accepted in a tar archive, in bytes: Linux's `PATH_MAX`.
pub const TAR_PATH_MAX: u64 = 4096;

/// Most components accepted in one path of a tar archive. Nested `node_modules` reach about 40.
pub const TAR_DEPTH_MAX: u64 = 128;

/// Largest pax extended header accepted, in bytes. Writers need about 100, or one longest path and its link target.
pub const TAR_PAX_MAX: u64 = 64 << 10;

/// Most content bytes accepted in one tar archive: three times the largest package that we measure with.
pub const TAR_TOTAL_MAX: u64 = 64 << 30;

/// Most memory spent on remembering the paths of one tar archive, in bytes: 256 for each of [`TAR_ENTRIES_MAX`].
pub const TAR_NAMES_MAX: u64 = TAR_ENTRIES_MAX * 256;

/// Most bytes that decoding one slot may give, by default: what a tar archive may hold, with its headers. A caller that knows
/// the signed original size should lower its `codec::Budget` to that.
pub const DECODED_OUTPUT_MAX: u64 = 2 * TAR_TOTAL_MAX;

/// Most decoded bytes per stored byte, by default. Programs and text compress to between a half and a tenth; hundreds are
/// reached only by content that says next to nothing (DEFLATE ends at 1032, zstd at tens of thousands).
pub const DECODED_RATIO_MAX: u64 = 250;

/// Decoded bytes that are free of the ratio rule: a small file of zeros is no bomb.
pub const DECODED_RATIO_FLOOR: u64 = 16 << 20;

/// Stored bytes are counted for the ratio rule in whole steps of this many, and no decoder is handed more than one step
/// at once. That makes the verdict the same however the caller cuts its input.
pub const DECODE_STEP: u64 = 64 << 10;

/// Largest zstd window or xz dictionary accepted by default, in bytes: what `zstd -d` accepts (`--long=27`);
/// `xz -9` needs half of it.
pub const DECODE_WINDOW_MAX: u64 = 128 << 20;

/// Longest file name or comment accepted in a gzip header, in bytes. It is skipped, not kept; RFC 1952 sets no limit.
pub const GZIP_TEXT_MAX: u64 = 64 << 10;

/// Most codecs in one chain: the descriptor has room for eight operations.
pub const CODEC_CHAIN_MAX: usize = 8;

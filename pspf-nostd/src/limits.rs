//! Every limit of the format core, each with its reason.
//!
//! A file that passes a limit is refused with an error that names the limit; nothing is ever silently cut.

/// Largest metadata JSON accepted, in bytes. Real packages carry 2 to 20 KB; 2 MiB leaves room for thousands of slots and
/// bounds the parsed form, which can take 30 times the text, to some 64 MiB. (The published Rust launcher stops at 1 MiB.)
pub const METADATA_JSON_MAX: u64 = 2 << 20;

/// Largest stored (compressed) metadata blob accepted, in bytes: the JSON limit plus the framing of stored deflate blocks.
pub const METADATA_STORED_MAX: u64 = METADATA_JSON_MAX + (1 << 16);

/// Most findings of one severity that a report lists. A hostile slot table could cause a million; the first hundreds tell as
/// much. What is left out is counted, and still counts: an error behind many warnings makes the package broken.
pub const FINDINGS_MAX: usize = 512;

/// Most slots accepted in one package (the documents' own limit, format.md §9).
pub const SLOT_COUNT_MAX: u32 = 65_535;

/// Most bytes that the verification engine asks for at once: the bound of its memory use.
pub const READ_WINDOW: u64 = 1 << 20;

/// Largest key file read, in bytes. An Ed25519 key in PEM takes about 120; the rest is room for comment lines around it.
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

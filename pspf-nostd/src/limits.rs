//! Every limit of the format core, each with its reason.
//!
//! A file that passes a limit is refused with an error that names the limit; nothing is ever silently cut.

/// Largest metadata JSON accepted, in bytes. Real packages carry 2 to 20 KB; 2 MiB leaves room for thousands of slots and
/// bounds the parsed form, which can take 30 times the text, to some 64 MiB. (The published Rust launcher stops at 1 MiB.)
pub const METADATA_JSON_MAX: u64 = 2 << 20;

/// Largest stored (compressed) metadata blob accepted, in bytes: the JSON limit plus the framing of stored deflate blocks.
pub const METADATA_STORED_MAX: u64 = METADATA_JSON_MAX + (1 << 16);

/// Most findings that one report lists. A hostile slot table could cause a million; the first hundreds tell as much.
pub const FINDINGS_MAX: usize = 512;

/// Most slots accepted in one package (the documents' own limit, format.md §9).
pub const SLOT_COUNT_MAX: u32 = 65_535;

/// Most bytes that the verification engine asks for at once: the bound of its memory use.
pub const READ_WINDOW: u64 = 1 << 20;

/// Largest key file read, in bytes. An Ed25519 key in PEM takes about 120; the rest is room for comment lines around it.
pub const KEY_FILE_MAX: usize = 16 << 10;

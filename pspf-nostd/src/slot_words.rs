//! The words for purpose, lifecycle and permissions in slot metadata, and the descriptor values that each published
//! builder (0.5.4) writes for them (docs/format.md §3).
//!
//! The builders disagree, so every table takes the builder. The rules were measured on the 0.5.4 builders; letters and
//! digits beyond ASCII are compared unchanged.

/// A published builder, as far as its descriptor values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Builder {
    /// `flavor-python`, the default of `flavor pack`.
    Python,
    /// `flavor-rs-builder`.
    Rust,
    /// `flavor-go-builder`.
    Go,
}

impl Builder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Python, Self::Rust, Self::Go];

    /// The builder that a package's metadata names in `build.tool`.
    #[must_use]
    pub fn from_build_tool(tool: &str) -> Option<Self> {
        match tool {
            "flavor-python" => Some(Self::Python),
            "flavor-rs" => Some(Self::Rust),
            "flavor-go" => Some(Self::Go),
            _ => None,
        }
    }
}

/// Lifecycle code of the built-in attestation slot, by which readers find it.
pub const LIFECYCLE_ATTESTATION: u8 = 11;

/// Lifecycle code that unknown words get.
pub const LIFECYCLE_RUNTIME: u8 = 2;

const LIFECYCLES: [&str; 12] = [
    "init",
    "startup",
    "runtime",
    "shutdown",
    "cache",
    "temporary",
    "lazy",
    "eager",
    "dev",
    "config",
    "platform",
    "attestation",
];

/// The purpose byte that a builder writes for a word; unknown words give 0.
#[must_use]
pub fn purpose_code(builder: Builder, word: &str) -> u8 {
    let known: &[(&str, u8)] = match builder {
        Builder::Python => &[("code", 1), ("config", 2), ("media", 3)],
        Builder::Rust | Builder::Go => &[("runtime", 1), ("tool", 2)],
    };
    known.iter().find(|&&(name, _)| same_word(builder, name, word)).map_or(0, |&(_, code)| code)
}

/// The word for a purpose byte in a builder's numbering, or `None` for a byte that it never writes.
#[must_use]
pub fn purpose_name(builder: Builder, code: u8) -> Option<&'static str> {
    let names: &[&'static str] = match builder {
        Builder::Python => &["data", "code", "config", "media"],
        Builder::Rust | Builder::Go => &["payload", "runtime", "tool"],
    };
    names.get(usize::from(code)).copied()
}

/// The lifecycle byte that a builder writes for a word; unknown words give [`LIFECYCLE_RUNTIME`].
///
/// Only the Python builder knows `attestation`, and `cached` as another word for `cache`.
#[must_use]
pub fn lifecycle_code(builder: Builder, word: &str) -> u8 {
    if builder == Builder::Python && same_word(builder, "cached", word) {
        return 4;
    }
    let code = (0u8..).zip(LIFECYCLES).find(|&(_, name)| same_word(builder, name, word)).map(|(code, _)| code);
    code.filter(|&code| code != LIFECYCLE_ATTESTATION || builder == Builder::Python).unwrap_or(LIFECYCLE_RUNTIME)
}

/// The word for a lifecycle byte, or `None` for a byte without one. The same in all builders.
#[must_use]
pub fn lifecycle_name(code: u8) -> Option<&'static str> {
    LIFECYCLES.get(usize::from(code)).copied()
}

/// When a slot of a lifecycle is unpacked, and how long it stays (docs/launcher.md, "Lifecycles"), for people.
#[must_use]
pub fn lifecycle_means(word: &str) -> &'static str {
    match word {
        "init" | "volatile" => "kept until the setup is done",
        "dev" => "unpacked for development only",
        "platform" => "unpacked on one platform only",
        "lazy" => "unpacked when the program asks for it",
        "config" => "unpacked once, then left to the user",
        "startup" => "unpacked anew in each start",
        "temporary" | "temp" | "shutdown" => "removed when the program ends",
        "attestation" => "bill of materials and provenance",
        _ => "unpacked once and kept",
    }
}

/// The Python builder ignores case, the other two do not.
fn same_word(builder: Builder, known: &str, word: &str) -> bool {
    match builder {
        Builder::Python => known.eq_ignore_ascii_case(word),
        Builder::Rust | Builder::Go => known == word,
    }
}

/// The permission bits (all 16 of the descriptor's two bytes) that a builder writes for the metadata's octal text.
///
/// `None` stands for a missing or `null` value. Text that a builder cannot read gives its default: 0644 (Python) or 0600
/// (Rust, Go).
#[must_use]
pub fn permissions(builder: Builder, text: Option<&str>) -> u16 {
    match builder {
        Builder::Python => text.and_then(python_permissions).unwrap_or(0o644),
        Builder::Rust => text.and_then(rust_permissions).unwrap_or(0o600),
        Builder::Go => text.and_then(go_permissions).unwrap_or(0o600),
    }
}

/// All leading zeros off, then an octal `u16` with an optional `+`; so `0`, `0000` and `0o755` are not understood.
fn rust_permissions(text: &str) -> Option<u16> {
    u16::from_str_radix(text.trim_start_matches('0'), 8).ok()
}

/// One leading zero off, then an octal `u16` without sign; so `0000` is 0, but `0` is not understood.
fn go_permissions(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('0').unwrap_or(text);
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    u16::from_str_radix(digits, 8).ok().filter(|_| plain)
}

/// Blanks off, a leading `0o` or (if more follows) `0` off, then what Python's `int(text, 8)` reads: blanks, a sign, another
/// `0o`, single underscores between digits. Only the low 16 bits of the number reach the descriptor.
fn python_permissions(text: &str) -> Option<u16> {
    let text = python_strip(text);
    let text = match text.strip_prefix("0o") {
        Some(rest) => rest,
        None => text.strip_prefix('0').filter(|rest| !rest.is_empty()).unwrap_or(text),
    };
    let text = python_strip(text);
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = text.strip_prefix("0o").or_else(|| text.strip_prefix("0O"));
    let digits = prefixed.map_or(text, |rest| rest.strip_prefix('_').unwrap_or(rest));
    let mut value = 0u16;
    for group in digits.split('_') {
        if group.is_empty() {
            return None;
        }
        for digit in group.bytes() {
            let digit = digit.checked_sub(b'0').filter(|&digit| digit < 8)?;
            value = (value << 3) | u16::from(digit);
        }
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Python counts the four separators U+001C to U+001F as blanks; Rust does not.
pub(crate) fn python_strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

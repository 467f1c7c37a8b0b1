//! Key files of a trust store: a public key in PEM with its name and the day on which the trust in it ends.
//!
//! There is one form, because a day that is not understood is trust that does not end:
//!
//! ```text
//! # Name: Build farm
//! # Expires: 2027-01-31
//! -----BEGIN PUBLIC KEY-----
//! ```
//!
//! Each of the two lines at most once and in front of the block, exactly as spelt here. Other comments are free text, as
//! long as nothing in them could be meant for one of these lines: ASCII without digits, `:` and `=`, and no word that begins with `expir`.

use super::{KeyError, PublicKey, pem::boundary};
use crate::calendar;
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// What a key file of a trust store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKeyFile {
    /// The key.
    pub key: PublicKey,
    /// `# Name: …`; empty where there is none.
    pub name: String,
    /// `# Expires: …`, a day of the calendar in the form `2027-01-31`.
    pub expires: Option<String>,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedKeyError {
    /// It holds no public key.
    Key(KeyError),
    /// A line around the key is not understood.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with a line of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// The file begins with a byte order mark.
    ByteOrderMark,
    /// A control character that ends no line: another reader may see a line of its own behind it.
    Control,
    /// `# Expires:` without a day of the calendar in the one form.
    Expires,
    /// The second `# Name:` or `# Expires:`.
    Twice,
    /// A name in which there seems to be a day.
    Name,
    /// A comment that may be meant for `# Name:` or `# Expires:`.
    Comment,
    /// Neither empty nor a comment, nor part of the one key.
    Text,
}

impl LineFault {
    fn words(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "the file begins with a byte order mark; save it as plain UTF-8 text",
            Self::Control => "this line has a control character",
            Self::Expires => "expected a day of the calendar, exactly as in `# Expires: 2027-01-31`",
            Self::Twice => "duplicate line: one name and one day are understood",
            Self::Name => {
                "a name that seems to say when the trust ends; write `# Expires: 2027-01-31` on a line of its own"
            }
            Self::Comment => {
                "this comment may be meant to say when the trust ends; write `# Expires: 2027-01-31` or `# Name: TEXT` in front of the key, or a comment without digits, `:`, `=` and `expires`"
            }
            Self::Text => "expected nothing but comments and one public key",
        }
    }
}

impl fmt::Display for TrustedKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(f),
            Self::Line { line, fault } => write!(f, "line {line}: {}", fault.words()),
        }
    }
}

impl core::error::Error for TrustedKeyError {}

impl TrustedKeyError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Line { .. } => "key.notes",
        }
    }

    /// The line that is not understood, from 1, and why.
    #[must_use]
    pub fn place(&self) -> Option<(usize, &'static str)> {
        match self {
            Self::Key(_) => None,
            Self::Line { line, fault } => Some((*line, fault.words())),
        }
    }
}

impl TrustedKeyFile {
    /// Reads a key file.
    ///
    /// # Errors
    /// [`TrustedKeyError`]: the whole file is refused for one line.
    pub fn read(file: &[u8]) -> Result<Self, TrustedKeyError> {
        let key = PublicKey::from_pem(file).map_err(TrustedKeyError::Key)?;
        // The key was found in UTF-8 text.
        let text = core::str::from_utf8(file).unwrap_or_default();
        let mut read = Self { key, name: String::new(), expires: None };
        let mut notes = Notes { name: false, block: Block::Ahead };
        for (line, text) in (1..).zip(text.split('\n')) {
            let text = text.strip_suffix('\r').unwrap_or(text);
            read.line(&mut notes, text).map_err(|fault| TrustedKeyError::Line { line, fault })?;
        }
        Ok(read)
    }

    fn line(&mut self, notes: &mut Notes, text: &str) -> Result<(), LineFault> {
        if text.starts_with('\u{feff}') {
            return Err(LineFault::ByteOrderMark);
        }
        if text.chars().any(|found| (found.is_control() && found != '\t') || matches!(found, '\u{2028}' | '\u{2029}')) {
            return Err(LineFault::Control);
        }
        let trimmed = text.trim();
        match notes.block {
            // What was in it was read as a key.
            Block::Inside if boundary(trimmed, "-----END ").is_some() => notes.block = Block::Behind,
            Block::Inside => {}
            Block::Ahead if boundary(trimmed, "-----BEGIN ").is_some() => notes.block = Block::Inside,
            Block::Ahead | Block::Behind if trimmed.is_empty() => {}
            Block::Ahead if text.starts_with("# Name: ") => {
                let name = text.strip_prefix("# Name: ").unwrap_or_default().trim();
                if core::mem::replace(&mut notes.name, true) {
                    return Err(LineFault::Twice);
                }
                if !is_name(name) {
                    return Err(LineFault::Name);
                }
                name.clone_into(&mut self.name);
            }
            Block::Ahead if text.starts_with("# Expires: ") => {
                let day = text.strip_prefix("# Expires: ").unwrap_or_default();
                calendar::date(day).ok_or(LineFault::Expires)?;
                if self.expires.replace(day.to_owned()).is_some() {
                    return Err(LineFault::Twice);
                }
            }
            _ if trimmed.starts_with('#') && is_plain(trimmed) => {}
            _ if trimmed.starts_with('#') => return Err(LineFault::Comment),
            _ => return Err(LineFault::Text),
        }
        Ok(())
    }
}

struct Notes {
    name: bool,
    block: Block,
}

#[derive(Clone, Copy)]
enum Block {
    Ahead,
    Inside,
    Behind,
}

/// Whether a text may be a key's name: nobody could take it for the end of the trust.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !says_expire(text) && !has_day(text)
}

fn is_plain(comment: &str) -> bool {
    let free = |byte: u8| byte.is_ascii() && !byte.is_ascii_digit() && !matches!(byte, b':' | b'=');
    comment.bytes().all(free) && !says_expire(comment)
}

fn says_expire(text: &str) -> bool {
    text.to_ascii_lowercase().contains("expir")
}

/// Whether three numbers are joined as those of a day are, one of them a year.
fn has_day(text: &str) -> bool {
    text.split(|found: char| !found.is_ascii_digit() && !matches!(found, '-' | '/' | '.')).any(|word| {
        let (mut numbers, mut year) = (0_u32, false);
        for number in word.split(['-', '/', '.']).filter(|number| !number.is_empty()) {
            numbers = numbers.saturating_add(1);
            year |= number.len() == 4;
        }
        numbers >= 3 && year
    })
}

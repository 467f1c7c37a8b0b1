//! The chain that each published builder (0.5.4) writes for a metadata string.
//!
//! String and descriptor can disagree: two of the builders drop what they do not know. A verifier that derives the
//! descriptor from the signed string has to follow the builder that wrote it. The rules were measured on the 0.5.4 builders
//! (docs/format.md §4, "Operation strings accepted"); letters beyond ASCII are compared unchanged.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::chain::{abbreviation, writable};
use super::{Operation, OperationChain, OperationError};
use crate::slot_words::python_strip;

/// The Python builder: case does not matter; a word, or a `|` list with blanks and empty elements ignored.
///
/// # Errors
/// Where the builder refuses: an unknown word, more than eight operations.
pub fn python(text: &str) -> Result<OperationChain, OperationError> {
    let text = text.to_ascii_lowercase();
    let unknown = |name: &str| OperationError::UnknownName { name: name.to_string() };
    if !text.contains('|') {
        // Neither trimmed nor split: ` tar` and `tar,gzip` are refused, and so is the abbreviation `tzst`.
        let word = text.as_str();
        let chain = abbreviation(word).filter(|_| word != "tzst");
        return match writable(word) {
            Some(operation) => OperationChain::from_operations(&[operation]),
            None => chain.ok_or_else(|| unknown(word)),
        };
    }
    let operations = text
        .split('|')
        .map(python_strip)
        .filter(|part| !part.is_empty())
        .map(|part| writable(part).ok_or_else(|| unknown(part)))
        .collect::<Result<Vec<_>, _>>()?;
    OperationChain::from_operations(&operations)
}

/// The Rust builder: `tgz` alone, else a comma list of `tar` and `gzip` with blanks allowed; anything else in it is
/// skipped, and what comes after eight operations is dropped. Never fails.
#[must_use]
pub fn rust(text: &str) -> OperationChain {
    if text == "tgz" {
        return OperationChain::from_packed(0x1001);
    }
    let operations = text.split(',').filter_map(|part| match part.trim() {
        "tar" => Some(Operation::TAR),
        "gzip" => Some(Operation::GZIP),
        _ => None,
    });
    let operations: Vec<_> = operations.take(OperationChain::MAX_LEN).collect();
    OperationChain::from_operations(&operations).unwrap_or_default()
}

/// The Go builder: `tar`, `gzip`, `tgz` or `tar.gz`, spelt exactly so; anything else is raw. Never fails.
#[must_use]
pub fn go(text: &str) -> OperationChain {
    OperationChain::from_packed(match text {
        "tar" => 0x01,
        "gzip" => 0x10,
        "tgz" | "tar.gz" => 0x1001,
        _ => 0,
    })
}

//! Text of a package as messages show it: on one line, and nothing in it that hides or reorders the text around it.
//!
//! As Rust's `{:?}` writes it, but for combining marks and unassigned characters beyond the usual blocks: it looks those up
//! in tables of 3 KB, which the engine and the launcher are spared.

use alloc::string::String;
use core::fmt::Write;

/// Characters besides ASCII's that are not seen, are blank, or act on their neighbours: from, to.
const HIDDEN: [(char, char); 14] = [
    ('\u{7f}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{300}', '\u{36f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{20d0}', '\u{20f0}'),
    ('\u{3000}', '\u{3000}'),
    // Private use, and what would be surrogates before it.
    ('\u{d7fc}', '\u{f8ff}'),
    // Variation selectors, the byte order mark and the end of the plane.
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
];

/// The text in double quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    escape(&mut out, text, &['"', '\\']);
    out.push('"');
    out
}

/// The text without quotes around it; those in it are escaped.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text, &['"', '\\', '\'']);
    out
}

/// A message that is put together already, whatever texts are in it: line breaks, quotes and backslashes stay.
#[must_use]
pub fn visible(message: &str) -> String {
    let mut out = String::new();
    for line in message.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        escape(&mut out, line, &[]);
        out.push_str(end);
    }
    out
}

/// Writes `text` with these characters escaped besides those that are never shown.
fn escape(out: &mut String, text: &str, quotes: &[char]) {
    for character in text.chars() {
        let short = match character {
            '\0' => '0',
            '\t' => 't',
            '\r' => 'r',
            '\n' => 'n',
            _ if quotes.contains(&character) => character,
            _ if character < ' '
                || ('\u{fff0}'..='\u{fffb}').contains(&character)
                || ('\u{fffe}'..='\u{ffff}').contains(&character)
                || character >= '\u{e0000}'
                || HIDDEN.iter().any(|(from, to)| (*from..=*to).contains(&character)) =>
            {
                // A text grows without an error.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
                continue;
            }
            _ => {
                out.push(character);
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
}

#[cfg(test)]
mod tests {
    use super::{escaped, quoted, visible};
    use alloc::{format, string::ToString};

    #[test]
    fn every_text_in_use_is_written_as_rust_writes_it() {
        let usual =
            ('\0'..'\u{250}').chain('\u{370}'..'\u{378}').chain('\u{410}'..'\u{480}').chain('\u{5d0}'..'\u{5eb}');
        let marks = "\u{300}\u{61c}\u{200b}\u{200f}\u{202e}\u{2028}\u{2066}\u{2069}\u{3000}\u{feff}\u{e000}\u{fff9}\u{e0041}\u{10ffff}";
        for character in usual.chain('\u{4e00}'..'\u{9f00}').chain('\u{1f600}'..'\u{1f640}').chain(marks.chars()) {
            let text = character.to_string();
            assert_eq!(quoted(&text), format!("{text:?}"));
            assert_eq!(escaped(&text), text.escape_debug().to_string());
        }
    }

    #[test]
    fn a_message_keeps_what_can_be_seen_and_its_lines() {
        let message = "cannot open \"C:\\it's\"\n  \u{1b}[2Jprinted\r\n\u{9b}1A\u{202e}\n";
        let shown = "cannot open \"C:\\it's\"\n  \\u{1b}[2Jprinted\\r\n\\u{9b}1A\\u{202e}\n";
        assert_eq!(visible(message), shown);
        assert_eq!(visible(""), "");
    }

    #[test]
    fn nothing_unseen_is_left() {
        for character in '\0'..=char::MAX {
            let unseen = character.is_control() || character.is_whitespace() && character != ' ';
            assert!(!unseen || quoted(&character.to_string()).contains('\\'), "{character:?}");
            assert!(!unseen || character == '\n' || visible(&character.to_string()).contains('\\'), "{character:?}");
        }
    }
}

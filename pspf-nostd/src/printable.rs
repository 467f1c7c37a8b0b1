//! Text of a package for people: on one line, without characters that a terminal acts on or that cannot be seen.

use alloc::string::String;

/// A text in which quotes, backslashes, control characters and invisible ones (Unicode's format characters, which can turn the
/// direction of what follows) are escaped as in a Rust string.
///
/// Not `str::escape_debug`: its tables of all scripts are 3 KB of every launcher.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) => out.extend(hidden.escape_unicode()),
            plain => out.push(plain),
        }
    }
    out
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_of_it_acts_and_everything_of_it_is_seen() {
        for (text, expected) in [
            ("naïve 日本", "naïve 日本"),
            ("a\"b'c\\d", "a\\\"b\\'c\\\\d"),
            ("\n\r\t\u{1b}[2J\0\u{7f}\u{9b}", "\\n\\r\\t\\u{1b}[2J\\u{0}\\u{7f}\\u{9b}"),
            (
                "abc\u{202e}gpj.exe\u{200b}\u{feff}\u{2066}\u{e0041}",
                "abc\\u{202e}gpj.exe\\u{200b}\\u{feff}\\u{2066}\\u{e0041}",
            ),
        ] {
            assert_eq!(printable(text), expected);
        }
    }
}

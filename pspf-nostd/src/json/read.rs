//! The reader (RFC 8259). Its words and places are those of `serde_json`, which users of the published builders know.

use super::{Json, JsonError, Number};
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Arrays and objects inside each other that are too many: one call each.
const DEPTH_MAX: u32 = 128;

pub(super) fn document(text: &[u8]) -> Result<Json, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0, fault: None };
    let value = reader.value();
    if value.is_some() && reader.past_blanks().is_some() {
        reader.refuse_next::<Json>("trailing characters");
    }
    match (value, reader.fault) {
        (Some(value), None) => Ok(value),
        (_, fault) => {
            let (at, message) = fault.unwrap_or_default();
            let before = text.get(..at).unwrap_or(text);
            let lines = before.split(|byte| *byte == b'\n');
            let column = lines.clone().next_back().map_or(0, <[u8]>::len);
            Err(JsonError { line: lines.count(), column, message: message.into_owned() })
        }
    }
}

/// Every `None` comes with a fault.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    fault: Option<(usize, Cow<'static, str>)>,
}

impl Reader<'_> {
    /// A fault behind the last byte that was taken.
    #[cold]
    fn refuse<T>(&mut self, message: &'static str) -> Option<T> {
        self.fault = Some((self.at, Cow::Borrowed(message)));
        None
    }

    /// A fault at the byte that comes next.
    #[cold]
    fn refuse_next<T>(&mut self, message: &'static str) -> Option<T> {
        self.at = self.text.len().min(self.at.saturating_add(1));
        self.refuse(message)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.skip();
        Some(byte)
    }

    /// The first byte that is not blank.
    fn past_blanks(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.skip();
        }
        self.peek()
    }

    fn value(&mut self) -> Option<Json> {
        match self.past_blanks() {
            Some(b'n') => self.word("null", Json::Null),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string().map(Json::String),
            Some(open @ (b'[' | b'{')) => {
                self.depth = self.depth.saturating_add(1);
                if self.depth >= DEPTH_MAX {
                    return self.refuse_next("recursion limit exceeded");
                }
                self.skip();
                let value = if open == b'[' { self.array() } else { self.object() }?;
                self.depth = self.depth.saturating_sub(1);
                Some(value)
            }
            Some(_) => self.refuse_next("expected value"),
            None => self.refuse("EOF while parsing a value"),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        for expected in word.bytes() {
            match self.next() {
                Some(found) if found == expected => {}
                Some(_) => return self.refuse("expected ident"),
                None => return self.refuse("EOF while parsing a value"),
            }
        }
        Some(value)
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.skip();
        }
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.skip();
        }
        match self.next() {
            Some(b'0') => {
                if let Some(b'0'..=b'9') = self.peek() {
                    return self.refuse_next("invalid number");
                }
            }
            Some(b'1'..=b'9') => self.digits(),
            Some(_) => return self.refuse("invalid number"),
            None => return self.refuse("EOF while parsing a value"),
        }
        if self.peek() == Some(b'.') {
            self.skip();
            match self.peek() {
                Some(b'0'..=b'9') => self.digits(),
                Some(_) => return self.refuse_next("invalid number"),
                None => return self.refuse("EOF while parsing a value"),
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.skip();
            if let Some(b'+' | b'-') = self.peek() {
                self.skip();
            }
            match self.next() {
                Some(b'0'..=b'9') => self.digits(),
                Some(_) => return self.refuse("invalid number"),
                None => return self.refuse("EOF while parsing a value"),
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        match core::str::from_utf8(text).ok().and_then(Number::of_text) {
            Some(number) => Some(Json::Number(number)),
            None => self.refuse("number out of range"),
        }
    }

    /// From the opening quote on.
    fn string(&mut self) -> Option<String> {
        self.skip();
        let mut bytes = Vec::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.skip();
            }
            bytes.extend_from_slice(self.text.get(start..self.at).unwrap_or_default());
            match self.next() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let character = self.escape()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(_) => {
                    return self.refuse("control character (\\u0000-\\u001F) found while parsing a string");
                }
                None => return self.refuse("EOF while parsing a string"),
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => {
                self.at = self.at.saturating_sub(1);
                self.refuse("invalid unicode code point")
            }
        }
    }

    /// What stands for a backslash and what follows it.
    fn escape(&mut self) -> Option<char> {
        Some(match self.next() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            Some(_) => return self.refuse("invalid escape"),
            None => return self.refuse("EOF while parsing a string"),
        })
    }

    /// One UTF-16 unit in four digits, or the pair of two that is one character.
    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        if let Some(character) = char::from_u32(u32::from(first)) {
            return Some(character);
        }
        if first >= 0xdc00 {
            return self.refuse("lone leading surrogate in hex escape");
        }
        for expected in *b"\\u" {
            match self.next() {
                Some(found) if found == expected => {}
                Some(_) => return self.refuse("unexpected end of hex escape"),
                None => return self.refuse("EOF while parsing a string"),
            }
        }
        let second = self.unit()?;
        match char::decode_utf16([first, second]).next() {
            Some(Ok(character)) => Some(character),
            _ => self.refuse("lone leading surrogate in hex escape"),
        }
    }

    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0u16;
        let end = self.at.saturating_add(4);
        let Some(digits) = self.text.get(self.at..end) else {
            self.at = self.text.len();
            return self.refuse("EOF while parsing a string");
        };
        self.at = end;
        for digit in digits {
            let Some(digit) = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok()) else {
                return self.refuse("invalid escape");
            };
            unit = (unit << 4) | digit;
        }
        Some(unit)
    }

    fn array(&mut self) -> Option<Json> {
        let mut items = Vec::new();
        loop {
            match self.past_blanks() {
                Some(b']') => break,
                Some(b',') if !items.is_empty() => {
                    self.skip();
                    if self.past_blanks() == Some(b']') {
                        return self.refuse_next("trailing comma");
                    }
                }
                Some(_) if items.is_empty() => {}
                Some(_) => return self.refuse_next("expected `,` or `]`"),
                None => return self.refuse("EOF while parsing a list"),
            }
            items.push(self.value()?);
        }
        self.skip();
        Some(Json::Array(items))
    }

    fn object(&mut self) -> Option<Json> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        // Where each key ends.
        let mut places: Vec<usize> = Vec::new();
        loop {
            match self.past_blanks() {
                Some(b'}') => break,
                Some(b',') if !entries.is_empty() => {
                    self.skip();
                    self.past_blanks();
                }
                Some(_) if entries.is_empty() => {}
                Some(_) => return self.refuse_next("expected `,` or `}`"),
                None => return self.refuse("EOF while parsing an object"),
            }
            match self.peek() {
                Some(b'"') => {}
                Some(b'}') => return self.refuse_next("trailing comma"),
                Some(_) => return self.refuse_next("key must be a string"),
                None => return self.refuse("EOF while parsing a value"),
            }
            let key = self.string()?;
            places.push(self.at);
            match self.past_blanks() {
                Some(b':') => self.skip(),
                Some(_) => return self.refuse_next("expected `:`"),
                None => return self.refuse("EOF while parsing an object"),
            }
            let value = self.value()?;
            entries.push((key, value));
        }
        self.skip();
        if let Some((key, place)) = repeated(&entries, &places) {
            let message = ["the key `", key, "` appears twice in one object"].concat();
            self.fault = Some((place, Cow::Owned(message)));
            return None;
        }
        Some(Json::Object(entries))
    }
}

/// A key that is there a second time, and where. By sorting: an object of a million keys must not take a million squared steps.
fn repeated<'a>(entries: &'a [(String, Json)], places: &[usize]) -> Option<(&'a str, usize)> {
    let keys = keys_in_order(entries.iter().map(|(key, _)| key.as_str()).zip(places.iter().copied()));
    let mut pairs = keys.iter().zip(keys.iter().skip(1));
    pairs.find(|(first, second)| first.0 == second.0).map(|(_, second)| *second)
}

/// Keys in order, each with its place.
pub(crate) fn keys_in_order<'a>(keys: impl Iterator<Item = (&'a str, usize)>) -> Vec<(&'a str, usize)> {
    let mut keys: Vec<(&str, usize)> = keys.collect();
    keys.sort_unstable();
    keys
}

//! The text of a policy file: TOML, and for the published tool's `policy.json` JSON, as far as policies need them.
//!
//! Both come to the same flat list of settings with the place of each. Of TOML 1.0: tables one level deep, bare and quoted
//! keys, one-line strings, decimal integers, booleans, arrays of strings over several lines, comments. Everything else is an
//! error that says so. Full TOML readers made a small static program 79 to 121 KB larger.

use pspf_nostd::quoted::escaped;

use crate::files::config_dir::Position;

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// A string.
    Text(String),
    /// An array of strings.
    List(Vec<String>),
    /// JSON's `null`.
    Nothing,
    /// A table; the settings in it follow with its name as their section.
    Table,
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Nothing => "null",
            Self::Table => "a table",
        }
    }
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The table it stands in; empty at the top.
    pub section: String,
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where the name stands.
    pub at: Position,
    /// Where the value stands.
    pub value_at: Position,
}

/// What is wrong with a policy's text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The place.
    pub at: Position,
    /// What was expected, what was found.
    pub message: String,
}

/// The syntax of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `policy.toml`.
    Toml,
    /// `policy.json`.
    Json,
}

/// Reads a policy's text.
///
/// # Errors
/// The first thing that is not as it must be.
pub fn read(bytes: &[u8], syntax: Syntax) -> Result<Vec<Setting>, Malformed> {
    let (text, damaged) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            (bytes.get(..error.valid_up_to()).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or(""), true)
        }
    };
    let mut scanner = Scanner { text, rest: text, syntax };
    if damaged {
        scanner.rest = "";
        return Err(scanner.error("this is not UTF-8 text"));
    }
    match syntax {
        Syntax::Toml => scanner.toml(),
        Syntax::Json => scanner.json(),
    }
}

struct Scanner<'a> {
    text: &'a str,
    rest: &'a str,
    syntax: Syntax,
}

impl<'a> Scanner<'a> {
    fn position(&self) -> Position {
        let done = self.text.get(..self.text.len() - self.rest.len()).unwrap_or_default();
        let line_start = done.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: done.matches('\n').count() + 1,
            column: done.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }

    fn error(&self, message: &str) -> Malformed {
        Malformed { at: self.position(), message: message.to_owned() }
    }

    fn expected(&self, what: &str) -> Malformed {
        let found = match self.peek() {
            None => "the end of the file".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(found) => format!("`{}`", escaped(&found.to_string())),
        };
        self.error(&format!("expected {what}, found {found}"))
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|found| !accepts(found)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Blanks, and with `lines` also line ends and comments, as far as the syntax has them there.
    fn skip(&mut self, lines: bool) -> Result<(), Malformed> {
        loop {
            self.take_while(|found| matches!(found, ' ' | '\t'));
            let commented = self.syntax == Syntax::Toml && self.take("#");
            if commented {
                self.take_while(|found| !is_control(found) || found == '\t');
                if !matches!(self.peek(), None | Some('\n' | '\r')) {
                    return Err(self.error("control characters are not allowed in comments"));
                }
            }
            let ended = (lines || self.syntax == Syntax::Json) && (self.take("\n") || self.take("\r\n"));
            if !ended {
                return Ok(());
            }
        }
    }

    fn toml(&mut self) -> Result<Vec<Setting>, Malformed> {
        let (mut settings, mut section) = (Vec::new(), String::new());
        loop {
            self.skip(true)?;
            if self.rest.is_empty() {
                return Ok(settings);
            }
            if self.take("[") {
                if self.peek() == Some('[') {
                    return Err(self.error("arrays of tables have no meaning in a policy"));
                }
                self.skip(false)?;
                let at = self.position();
                section = self.key("the name of a table")?;
                self.skip(false)?;
                if !self.take("]") {
                    return Err(self.expected("`]` behind the name of a table, which has one part"));
                }
                add(&mut settings, "", section.clone(), at, at, Value::Table)?;
            } else {
                let at = self.position();
                let key = self.key("a key or a [table]")?;
                self.skip(false)?;
                if !self.take("=") {
                    return Err(self.expected("`=` behind the key, which has one part"));
                }
                self.setting(&mut settings, &section, key, at)?;
            }
            self.skip(false)?;
            if !matches!(self.peek(), None | Some('\n')) && !self.rest.starts_with("\r\n") {
                return Err(self.expected("the end of the line"));
            }
        }
    }

    fn json(&mut self) -> Result<Vec<Setting>, Malformed> {
        let mut settings = Vec::new();
        self.skip(true)?;
        if !self.take("{") {
            return Err(self.expected("an object"));
        }
        self.members(&mut settings, "")?;
        self.skip(true)?;
        if self.rest.is_empty() { Ok(settings) } else { Err(self.expected("the end of the file")) }
    }

    /// The members of a JSON object, up to and with its brace.
    fn members(&mut self, settings: &mut Vec<Setting>, section: &str) -> Result<(), Malformed> {
        self.skip(true)?;
        if self.take("}") {
            return Ok(());
        }
        loop {
            self.skip(true)?;
            let at = self.position();
            if self.peek() != Some('"') {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            self.skip(true)?;
            if !self.take(":") {
                return Err(self.expected("`:`"));
            }
            self.skip(true)?;
            if section.is_empty() && self.take("{") {
                add(settings, "", key.clone(), at, at, Value::Table)?;
                self.members(settings, &key)?;
            } else {
                self.setting(settings, section, key, at)?;
            }
            self.skip(true)?;
            if self.take("}") {
                return Ok(());
            }
            if !self.take(",") {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn setting(
        &mut self,
        settings: &mut Vec<Setting>,
        section: &str,
        key: String,
        at: Position,
    ) -> Result<(), Malformed> {
        self.skip(false)?;
        let value_at = self.position();
        let value = self.value()?;
        add(settings, section, key, at, value_at, value)
    }

    fn key(&mut self, what: &str) -> Result<String, Malformed> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.string();
        }
        match self.take_while(|found| found.is_ascii_alphanumeric() || matches!(found, '_' | '-')) {
            "" => Err(self.expected(what)),
            key => Ok(key.to_owned()),
        }
    }

    fn value(&mut self) -> Result<Value, Malformed> {
        match self.peek() {
            Some('"') => return self.string().map(Value::Text),
            Some('\'') if self.syntax == Syntax::Toml => return self.string().map(Value::Text),
            Some('[') => return self.list().map(Value::List),
            Some('{') => return Err(self.error("a table has no meaning here")),
            _ => {}
        }
        let start = self.rest;
        let word =
            self.take_while(|found| found.is_ascii_alphanumeric() || matches!(found, '_' | '-' | '+' | '.' | ':'));
        let plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
        match word {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            "null" if self.syntax == Syntax::Json => Ok(Value::Nothing),
            word if plain && let Ok(number) = word.parse() => Ok(Value::Number(number)),
            word => {
                let found = if word.is_empty() { String::new() } else { format!(", found `{word}`") };
                let message = format!("expected a string, a list of strings, true, false or a whole number{found}");
                self.rest = start;
                Err(self.error(&message))
            }
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Malformed> {
        self.take("[");
        let mut items = Vec::new();
        loop {
            self.skip(true)?;
            let trailing = items.is_empty() || self.syntax == Syntax::Toml;
            if trailing && self.take("]") {
                return Ok(items);
            }
            match self.peek() {
                Some('"') => items.push(self.string()?),
                Some('\'') if self.syntax == Syntax::Toml => items.push(self.string()?),
                _ => return Err(self.expected("a string or `]`")),
            }
            self.skip(true)?;
            if self.take("]") {
                return Ok(items);
            }
            if !self.take(",") {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    /// A string in double quotes with escapes, or in single quotes without.
    fn string(&mut self) -> Result<String, Malformed> {
        let literal = self.take("'");
        let quote = if literal { '\'' } else { '"' };
        if self.rest.starts_with(if literal { "''" } else { "\"\"\"" }) {
            return Err(self.error("strings of several lines have no meaning in a policy"));
        }
        if !literal {
            self.take("\"");
        }
        let mut text = String::new();
        loop {
            let Some(found) = self.peek() else { return Err(self.expected("a closing quote")) };
            if is_control(found) && (found != '\t' || self.syntax == Syntax::Json) {
                return Err(self.expected("a closing quote"));
            }
            if found == '\\' && !literal {
                text.push(self.escape()?);
                continue;
            }
            self.rest = self.rest.get(found.len_utf8()..).unwrap_or_default();
            if found == quote {
                return Ok(text);
            }
            text.push(found);
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let known = [
            ("\\\"", '"'),
            ("\\\\", '\\'),
            ("\\b", '\u{8}'),
            ("\\t", '\t'),
            ("\\n", '\n'),
            ("\\f", '\u{c}'),
            ("\\r", '\r'),
        ];
        if let Some((_, meant)) = known.into_iter().find(|(escape, _)| self.take(escape)) {
            return Ok(meant);
        }
        if self.syntax == Syntax::Json && self.take("\\/") {
            return Ok('/');
        }
        let digits = self.rest.strip_prefix("\\u").and_then(|rest| rest.get(..4));
        let code = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let meant = code.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        let meant = meant.ok_or_else(|| self.error("this escape is not known; \\u takes four hexadecimal digits"))?;
        self.rest = self.rest.get(6..).unwrap_or_default();
        Ok(meant)
    }
}

/// Adds a setting or a table; no name may stand twice in one place.
fn add(
    settings: &mut Vec<Setting>,
    section: &str,
    key: String,
    at: Position,
    value_at: Position,
    value: Value,
) -> Result<(), Malformed> {
    if settings.iter().any(|known| known.section == section && known.key == key) {
        let shown = escaped(&key);
        let name = if value == Value::Table { format!("the table [{shown}]") } else { format!("`{shown}`") };
        return Err(Malformed { at, message: format!("{name} stands twice") });
    }
    settings.push(Setting { section: section.to_owned(), key, value, at, value_at });
    Ok(())
}

fn is_control(found: char) -> bool {
    matches!(found, '\0'..='\u{1f}' | '\u{7f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, syntax: Syntax) -> Vec<(String, Value)> {
        let settings = read(text.as_bytes(), syntax).unwrap();
        let settings = settings.into_iter().filter(|setting| setting.value != Value::Table);
        settings.map(|setting| (format!("{}.{}", setting.section, setting.key), setting.value)).collect()
    }

    #[test]
    fn both_syntaxes_say_the_same() {
        let toml = "version = 1 # one\r\n\r\n[ a ]\nflag=true\n\"text\" = \"x\\\"\\u00e9#\"\n'n-u' = 120\n[b]\nlist = [ # c\n 'y\\', \"z\",\n]\nnone = []";
        let json = r#" {"version":1, "a": {"flag" : true,"text":"x\"\u00e9#", "n-u":120},
            "b":{"list":["y\\" ,"z"],"none":[]}} "#;
        let found = values(toml, Syntax::Toml);
        assert_eq!(found, values(json, Syntax::Json));
        let list = Value::List(vec!["y\\".to_owned(), "z".to_owned()]);
        assert_eq!(found[4], ("b.list".to_owned(), list));
        assert_eq!(found[2], ("a.text".to_owned(), Value::Text("x\"é#".to_owned())));
    }

    /// What both read must be equal; what the full reader refuses must be refused here.
    #[test]
    fn a_full_toml_reader_agrees() {
        let pieces = [
            "[a]",
            "[b]",
            "[a.b]",
            "[[a]]",
            "[\"q r\"]",
            "x = 1",
            "x=01",
            "y = \"\"",
            "y = ''",
            "z = \"a\\tb\"",
            "z = \"\\/\"",
            "l = [\"a\", 'b',]",
            "l = [",
            "]",
            "t = true",
            "t = True",
            "k.l = 1",
            "f = 1.5",
            "n = -1",
            "n = 1_0",
            "h = 0x1",
            "d = 2020-01-01",
            "m = \"\"\"a\"\"\"",
            "i = {}",
            "# é",
            "e = \"\\ud800\"",
            "u = \"\\u00e9\"",
            "v = \"open",
            "x",
            "= 1",
            "w = 1 2",
            "s = 'it''s'",
            "99 = 'b'",
            "\tp\t=\ttrue\t# c",
        ];
        for first in pieces {
            for second in pieces {
                for text in
                    [format!("{first}\n{second}\n"), format!("{first}\r\n{second}"), format!("{first} {second}")]
                {
                    let Ok(ours) = read(text.as_bytes(), Syntax::Toml) else { continue };
                    let theirs: toml::Table = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
                    for setting in ours {
                        let table = if setting.section.is_empty() {
                            &theirs
                        } else {
                            theirs[&setting.section].as_table().unwrap()
                        };
                        let expected = match setting.value {
                            Value::Flag(flag) => toml::Value::from(flag),
                            Value::Number(number) => toml::Value::from(i64::try_from(number).unwrap()),
                            Value::Text(text) => toml::Value::from(text),
                            Value::List(list) => toml::Value::from(list),
                            Value::Nothing => panic!("{text:?}"),
                            Value::Table => {
                                assert!(theirs[&setting.key].is_table(), "{text:?}");
                                continue;
                            }
                        };
                        assert_eq!(table[&setting.key], expected, "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn errors_have_their_place() {
        for (syntax, text, line, column, words) in [
            (Syntax::Toml, "x = 1\ny == 2", 2, 4, "expected a string"),
            (Syntax::Toml, "x = 1\n\nx = 2", 3, 1, "`x` stands twice"),
            (Syntax::Toml, "[a]\n[b]\n [a]", 3, 3, "[a] stands twice"),
            (Syntax::Toml, "a = 1\n[a]", 2, 2, "[a] stands twice"),
            (Syntax::Toml, "[a.b]", 1, 3, "one part"),
            (Syntax::Toml, "a.b = 1", 1, 2, "one part"),
            (Syntax::Toml, "a = \"é\" x", 1, 9, "the end of the line, found `x`"),
            (Syntax::Toml, "a = \"x\nb = 1", 1, 7, "closing quote, found the end of the line"),
            (Syntax::Toml, "a = [1]", 1, 6, "a string or `]`, found `1`"),
            (Syntax::Toml, "a = 1.5", 1, 5, "found `1.5`"),
            (Syntax::Toml, "a = null", 1, 5, "found `null`"),
            (Syntax::Toml, "a = 99999999999999999999", 1, 5, "whole number"),
            (Syntax::Json, "{\"a\": 1,}", 1, 9, "a key in quotes"),
            (Syntax::Json, "{\"a\": 1} x", 1, 10, "the end of the file"),
            (Syntax::Json, "{\"a\": {\"b\": {}}}", 1, 13, "a table"),
            (Syntax::Json, "{\"a\": [\"b\",]}", 1, 12, "a string or `]`"),
            (Syntax::Json, "{\"a\": true, \"a\": 1}", 1, 13, "twice"),
            (Syntax::Json, "{\"a\": {}, \"a\": {}}", 1, 11, "twice"),
            (Syntax::Json, "{\"a\": {}, \"a\": 1}", 1, 11, "twice"),
            (Syntax::Json, "{\"a\": 1, \"\\u0061\": {}}", 1, 10, "twice"),
            (Syntax::Json, "", 1, 1, "an object, found the end of the file"),
        ] {
            let error = read(text.as_bytes(), syntax).unwrap_err();
            assert_eq!((error.at.line, error.at.column), (line, column), "{text:?}: {}", error.message);
            assert!(error.message.contains(words), "{text:?}: {}", error.message);
        }
        let error = read(b"a = 1\nb = \"\xff\"", Syntax::Toml).unwrap_err();
        assert_eq!((error.at.line, error.at.column), (2, 6));
    }
}

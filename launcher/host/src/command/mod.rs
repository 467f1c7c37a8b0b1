//! The command line of the program: splitting into words, placeholders, finding the file to run.
//!
//! Grammar: words are separated by blanks. `'…'` takes everything literally; in `"…"` a backslash takes away the
//! meaning of `"` and `\` and is an ordinary character before others; outside quotes a backslash takes the next character
//! literally. Quoted parts join what they touch, and an empty quoted word is a word. There is no shell: nothing else is
//! special. Placeholders are filled in after splitting, so blanks in a path never break a word.

pub mod environment;
pub mod error;
pub mod placeholders;
pub mod setup;
pub mod stable_prefix;
pub mod start_dir;
pub mod state_dir;

use std::{
    ffi::{OsStr, OsString},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::PermissionsExt,
    },
    path::{Path, PathBuf},
};

pub use error::{CommandError, CommandFault};
use placeholders::Placeholders;

/// Splits a command into words.
///
/// # Errors
/// [`CommandFault::Quote`], [`CommandFault::Backslash`].
pub fn split(command: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                let open = || CommandFault::Quote { quote, command: command.to_owned() };
                loop {
                    match characters.next().ok_or_else(open)? {
                        end if end == quote => break,
                        '\\' if quote == '"' => match characters.next().ok_or_else(open)? {
                            plain @ ('"' | '\\') => word.push(plain),
                            other => word.extend(['\\', other]),
                        },
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => {
                let next = characters.next().ok_or_else(|| CommandFault::Backslash { command: command.to_owned() })?;
                word.get_or_insert_default().push(next);
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The words of a command with their placeholders filled in.
///
/// # Errors
/// As [`split`] and [`Placeholders::fill`]; [`CommandFault::Missing`] where there is no word.
pub fn words(command: &str, placeholders: &Placeholders<'_>) -> Result<Vec<OsString>, CommandError> {
    let words = split(command)?
        .iter()
        .map(|word| placeholders.fill(word).map(OsString::from_vec))
        .collect::<Result<Vec<_>, _>>()?;
    if words.first().is_none_or(|program| program.is_empty()) {
        return Err(CommandFault::Missing.into());
    }
    Ok(words)
}

/// The file behind a program's name. A name with a slash is a path, relative ones inside the work environment, and
/// nothing else is ever run in its place; a bare name is looked for in `<workenv>/bin`, then along `path`.
///
/// # Errors
/// [`CommandFault::NotFound`].
pub fn resolve(program: &OsStr, workenv: &Path, path: Option<&OsStr>) -> Result<PathBuf, CommandError> {
    if program.as_bytes().contains(&b'/') {
        // `exec` itself tells what is wrong with a path: an extra look would cost every start a system call.
        return Ok(workenv.join(program));
    }
    let directories = path.map(OsStr::as_bytes).unwrap_or_default().split(|byte| *byte == b':');
    // An empty or relative element means the current directory, where whoever owns it could plant a program.
    let absolute = directories.filter(|directory| directory.starts_with(b"/")).map(|d| Path::new(OsStr::from_bytes(d)));
    std::iter::once(workenv.join("bin").as_path())
        .chain(absolute)
        .map(|directory| directory.join(program))
        .find(|candidate| is_executable(candidate))
        .ok_or_else(|| {
            let searched = "is neither in the package's bin directory nor on PATH";
            CommandFault::NotFound { program: program.into(), searched }.into()
        })
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_documented() {
        for (command, expected) in [
            ("a b  c", vec!["a", "b", "c"]),
            (" \t a\n", vec!["a"]),
            ("", vec![]),
            ("'a b' c", vec!["a b", "c"]),
            ("a'b c'd", vec!["ab cd"]),
            ("'' a \"\"", vec!["", "a", ""]),
            (r#""a\"b\\c\n""#, vec![r#"a"b\c\n"#]),
            (r"'a\b'", vec![r"a\b"]),
            (r"e\ f g\'h", vec!["e f", "g'h"]),
            ("a;b && c|d > e $X `y` *", vec!["a;b", "&&", "c|d", ">", "e", "$X", "`y`", "*"]),
            ("{workenv}/bin/x --y={slot:0}", vec!["{workenv}/bin/x", "--y={slot:0}"]),
        ] {
            assert_eq!(split(command).unwrap(), expected, "{command}");
        }
        for command in ["'a", "\"a", "a\\", "\"a\\"] {
            assert!(split(command).is_err(), "{command}");
        }
    }

    #[test]
    fn a_path_is_never_looked_for_elsewhere() {
        let workenv = Path::new("/nowhere/workenv");
        let path = Some(OsStr::new("/bin:/usr/bin"));
        for (program, expected) in [
            ("/opt/missing/sh", "/opt/missing/sh"),
            ("bin/sh", "/nowhere/workenv/bin/sh"),
            ("./sh", "/nowhere/workenv/./sh"),
        ] {
            assert_eq!(resolve(OsStr::new(program), workenv, path).unwrap(), Path::new(expected));
        }
        assert!(resolve(OsStr::new("sh"), workenv, path).unwrap().ends_with("sh"));
        assert!(resolve(OsStr::new("sh"), workenv, None).is_err());
        assert!(resolve(OsStr::new("sh"), workenv, Some(OsStr::new(":.:bin"))).is_err());
    }
}

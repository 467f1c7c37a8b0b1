//! Shell patterns over bytes: `*`, `?` and `[...]`, as variable names and setup commands use them; and those with `*` alone, as policies do.

/// Whether a text is a pattern. As in the published launchers, `[` alone does not make one (docs/launcher.md, "The environment").
#[must_use]
pub fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'*' | b'?'))
}

/// Whether `name` matches `pattern`; a pattern without `*` and `?` matches itself. Case-sensitive.
#[must_use]
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if is_pattern(pattern) { walk(pattern, name, one) } else { pattern == name }
}

/// Whether `text` matches `pattern`, in which only `*` is special. Case-sensitive.
#[must_use]
pub fn matches_stars(pattern: &[u8], text: &[u8]) -> bool {
    walk(pattern, text, |rest, byte| (rest.first() == Some(&byte)).then_some(1))
}

/// Whether a name matches; `one` gives the length of the first element of a pattern, other than `*`, where it matches a byte.
fn walk(pattern: &[u8], name: &[u8], one: impl Fn(&[u8], u8) -> Option<usize>) -> bool {
    // One level of backtracking is enough: a later `*` makes every choice of an earlier one unnecessary to revisit.
    let (mut at_pattern, mut at_name) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(at_name) {
        let rest = pattern.get(at_pattern..).unwrap_or_default();
        if rest.first() == Some(&b'*') {
            at_pattern += 1;
            retry = Some((at_pattern, at_name));
            continue;
        }
        let step = one(rest, *byte);
        match (step, retry) {
            (Some(length), _) => {
                at_pattern += length;
                at_name += 1;
            }
            (None, Some((after_star, from))) => {
                retry = Some((after_star, from + 1));
                at_pattern = after_star;
                at_name = from + 1;
            }
            (None, None) => return false,
        }
    }
    pattern.get(at_pattern..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Length of the first element of a pattern where it matches `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' => Some(1),
        b'[' => match class(pattern, byte) {
            Some((length, true)) => Some(length),
            Some((_, false)) => None,
            // An unclosed bracket is an ordinary character.
            None => (byte == b'[').then_some(1),
        },
        literal => (*literal == byte).then_some(1),
    }
}

/// Length of a bracket expression and whether it holds `byte`; `None` where it is not closed.
fn class(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let start = if negated { 2 } else { 1 };
    // A closing bracket in first place is a member.
    let end = start + 1 + pattern.get(start + 1..)?.iter().position(|byte| *byte == b']')?;
    let (mut found, mut members) = (false, pattern.get(start..end)?);
    loop {
        members = match members {
            [low, b'-', high, rest @ ..] => {
                found |= (low..=high).contains(&&byte);
                rest
            }
            [low, rest @ ..] => {
                found |= *low == byte;
                rest
            }
            [] => break,
        };
    }
    Some((end + 1, found != negated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn only_stars_are_special_where_it_is_said() {
        for (pattern, text, yes) in [
            ("gpl-3.0*", "gpl-3.0-only", true),
            ("gpl-*", "lgpl-2.1", false),
            ("*gpl*", "lgpl-2.1", true),
            ("mit", "mit-0", false),
            ("pkg:pypi/a*@*", "pkg:pypi/abc@1", true),
            ("pkg:pypi/a*@2", "pkg:pypi/abc@1", false),
            ("pkg:deb/a?arch=*", "pkg:deb/a?arch=amd64", true),
            ("pkg:deb/a?arch=*", "pkg:deb/abarch=amd64", false),
            ("[a]*", "a", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches_stars(pattern.as_bytes(), text.as_bytes()), yes, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, yes, no) in [
            ("*", vec!["", "A", "LC_ALL"], vec![]),
            ("LC_*", vec!["LC_", "LC_ALL"], vec!["LC", "XLC_ALL"]),
            ("*_PROXY", vec!["HTTP_PROXY", "_PROXY"], vec!["HTTP_PROXY2"]),
            ("A?C", vec!["ABC"], vec!["AC", "ABBC"]),
            ("*a*b*c", vec!["abc", "xxaxbxbc"], vec!["acb", "abcd"]),
            ("[AB]*", vec!["A", "Bx"], vec!["", "Cx"]),
            ("[!AB]*", vec!["C"], vec!["A", ""]),
            ("[a-c]?", vec!["bx"], vec!["dx"]),
            ("[]]?", vec!["]x"], vec!["[x"]),
            ("[FOO", vec!["[FOO"], vec!["F"]),
            ("[FOO*", vec!["[FOOx"], vec!["Fx"]),
            ("PATH", vec!["PATH"], vec!["path", "PATHS"]),
        ] {
            for name in yes {
                assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
            for name in no {
                assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
        }
    }
}

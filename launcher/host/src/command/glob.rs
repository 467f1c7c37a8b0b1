//! Shell patterns over bytes: `*`, `?` and `[...]`, as variable names and setup commands use them.

/// Whether a text is a pattern. As in the published launchers, `[` alone does not make one (docs/launcher.md, "The environment").
#[must_use]
pub fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'*' | b'?'))
}

/// Whether `name` matches `pattern`; a pattern without `*` and `?` matches itself. Case-sensitive.
#[must_use]
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if !is_pattern(pattern) {
        return pattern == name;
    }
    // One level of backtracking is enough: a later `*` makes every choice of an earlier one unnecessary to revisit.
    let (mut at_pattern, mut at_name) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at_name < name.len() {
        let step = match pattern.get(at_pattern) {
            Some(b'*') => {
                retry = Some((at_pattern + 1, at_name));
                at_pattern += 1;
                continue;
            }
            Some(_) => one(&pattern[at_pattern..], name[at_name]),
            None => None,
        };
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
    pattern[at_pattern..].iter().all(|byte| *byte == b'*')
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
    let members = &pattern[start..end];
    let (mut found, mut at) = (false, 0);
    while at < members.len() {
        let low = members[at];
        match (members.get(at + 1), members.get(at + 2)) {
            (Some(b'-'), Some(high)) => {
                found |= (low..=*high).contains(&byte);
                at += 3;
            }
            _ => {
                found |= low == byte;
                at += 1;
            }
        }
    }
    Some((end + 1, found != negated))
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! Passwords and tokens in addresses are shown nowhere.

use flavor_manifest::Diagnostic;
use std::borrow::Cow;

/// What is in the place of user and password.
const HIDDEN: &str = "…";

/// Ends an address in a running text.
fn ends_address(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>')
}

/// The text with `https://user:password@host/` and `https://token@host/` as `https://…@host/`. A user alone is kept where it is no
/// secret, as in `ssh://git@host/`.
#[must_use]
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("://") {
        let scheme =
            before.rsplit(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).next().unwrap_or_default();
        let address = after.split(ends_address).next().unwrap_or_default();
        let end = credentials(scheme, address);
        shown.push_str(before);
        shown.push_str("://");
        if end > 0 {
            shown.push_str(HIDDEN);
        }
        rest = after.get(end..).unwrap_or_default();
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// The same in every text of a diagnostic: what programs print, and what a manifest says, may have some.
#[must_use]
pub fn diagnostic(mut diagnostic: Diagnostic) -> Diagnostic {
    let facts = &mut *diagnostic;
    let texts = [&mut facts.file, &mut facts.field, &mut facts.expected, &mut facts.found, &mut facts.hint];
    for text in texts.into_iter().flatten().chain([&mut facts.message]) {
        if let Cow::Owned(shown) = without_passwords(text) {
            *text = shown;
        }
    }
    diagnostic
}

/// How long the user and password at the start of an address are, without the `@`; 0 where there is nothing to hide.
fn credentials(scheme: &str, address: &str) -> usize {
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    let end = match authority.rfind('@') {
        Some(end) => end,
        // A password with a slash in it that was not escaped: what looks like a port is none.
        None if !authority.starts_with('[')
            && authority.split_once(':').is_some_and(|(_, port)| !port.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            address.rfind('@').unwrap_or_default()
        }
        None => 0,
    };
    let user = address.get(..end).unwrap_or_default();
    let transport = scheme.rsplit('+').next().unwrap_or_default().to_ascii_lowercase();
    // Over HTTP the user alone may be a token.
    let is_secret = user.contains(':') || matches!(transport.as_str(), "http" | "https" | "ftp" | "ftps");
    if is_secret { end } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_an_address_has_them() {
        for (text, shown) in [
            ("https://me:secret@x.org/simple", "https://…@x.org/simple"),
            ("HTTPS://token@x.org", "HTTPS://…@x.org"),
            ("see `http://a:b@x/` and 'git+https://t@y/z@1'", "see `http://…@x/` and 'git+https://…@y/z@1'"),
            ("https://a:p@ss@x.org/", "https://…@x.org/"),
            ("https://a:p/w?d#@x.org/", "https://…@x.org/"),
            ("https://:only@x.org https://u:@y.org", "https://…@x.org https://…@y.org"),
            ("ssh://git@x.org/a", "ssh://git@x.org/a"),
            ("ssh://git:pw@x.org/a", "ssh://…@x.org/a"),
            ("https://x.org/a@b", "https://x.org/a@b"),
            ("http://[::1]:8080/a@b http://127.0.0.1:9/c@d", "http://[::1]:8080/a@b http://127.0.0.1:9/c@d"),
            ("https://a:b@x.org,https://c:d@y.org", "https://…@x.org,https://…@y.org"),
            ("https://a:b@x.org/?next=https://c:d@y.org", "https://…@x.org/?next=https://…@y.org"),
            ("no address, me@x.org", "no address, me@x.org"),
            ("https://", "https://"),
            ("", ""),
        ] {
            assert_eq!(without_passwords(text), shown, "{text}");
            assert_eq!(without_passwords(shown), shown);
        }
    }
}

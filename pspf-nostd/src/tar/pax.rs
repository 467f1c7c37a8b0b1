//! The records of pax extended headers (IEEE 1003.1, `pax`, "pax Extended Header").

use super::{
    error::TarFault,
    number::{NUMBER_MAX, NumberFault},
};
use alloc::{format, string::String, string::ToString, vec::Vec};

/// What a pax header says about the next entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    /// The path, in full.
    pub path: Option<Vec<u8>>,
    /// The link target, in full.
    pub linkpath: Option<Vec<u8>>,
    /// Length of the content in bytes.
    pub size: Option<u64>,
    /// Seconds since 1970, the fraction cut off.
    pub mtime: Option<u64>,
}

/// Whose header it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    NextEntry,
    Global,
}

/// Reads all records of a pax header's content.
///
/// A newline in a value is allowed by POSIX and refused here: readers that split the content into lines, as the `tar` crate does, would see
/// another record behind it, such as a path.
pub(super) fn read_records(content: &[u8], scope: Scope) -> Result<Pax, TarFault> {
    let mut pax = Pax::default();
    let mut charset_seen = false;
    let mut rest = content;
    while !rest.is_empty() {
        let at = content.len().saturating_sub(rest.len());
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let (keyword, value, behind) = split_record(rest).map_err(|problem| TarFault::PaxForm { at, problem })?;
        rest = behind;
        let refuse = |problem| Err(refused(keyword, problem));
        if value.contains(&b'\n') {
            return refuse("has a newline in its value");
        }
        let new = match keyword {
            b"path" | b"linkpath" | b"size" | b"mtime" if scope == Scope::Global => {
                return refuse("not accepted for all entries at once");
            }
            b"path" | b"linkpath" | b"size" | b"mtime" | b"hdrcharset" if value.is_empty() => {
                return refuse("has no value");
            }
            b"path" => pax.path.replace(value.to_vec()).is_none(),
            b"linkpath" => pax.linkpath.replace(value.to_vec()).is_none(),
            b"size" => pax.size.replace(whole(value).map_err(|fault| number("size", fault))?).is_none(),
            b"mtime" => pax.mtime.replace(seconds(value).map_err(|fault| number("mtime", fault))?).is_none(),
            b"hdrcharset" if matches!(value, b"BINARY" | b"ISO-IR 10646 2000 UTF-8") => {
                !core::mem::replace(&mut charset_seen, true)
            }
            b"hdrcharset" => return refuse("names a charset that is not known"),
            _ if changes_content(keyword) => return refuse("changes what the content is, which is not supported"),
            _ => true,
        };
        if !new {
            return refuse("appears twice");
        }
    }
    Ok(pax)
}

/// One record: `length SP keyword = value LF`, where the length counts all of it.
pub(super) fn record(keyword: &str, value: &[u8]) -> Vec<u8> {
    let rest = keyword.len().saturating_add(value.len()).saturating_add(3);
    let mut length = rest;
    loop {
        let next = rest.saturating_add(length.to_string().len());
        if next == length {
            break;
        }
        length = next;
    }
    [format!("{length} {keyword}=").as_bytes(), value, b"\n"].concat()
}

/// Keywords that make other readers see other content, or another kind of entry, than the header says.
fn changes_content(keyword: &[u8]) -> bool {
    const SCHILY: [&[u8]; 5] =
        [b"SCHILY.filetype", b"SCHILY.offset", b"SCHILY.realsize", b"SCHILY.tarfiletype", b"SCHILY.volhdr"];
    keyword.starts_with(b"GNU.") || SCHILY.iter().any(|refused| keyword.starts_with(refused))
}

/// Keyword and value of a record, and what is behind it.
type Record<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn split_record(bytes: &[u8]) -> Result<Record<'_>, &'static str> {
    const DIGITS_MAX: usize = 10;
    let end = bytes.iter().take(DIGITS_MAX.saturating_add(1)).position(|byte| !byte.is_ascii_digit());
    let digits = end.and_then(|end| bytes.get(..end)).ok_or("a record does not begin with its length")?;
    let length = whole(digits).map_err(|_| "a record does not begin with its length")?;
    let length = usize::try_from(length).map_err(|_| "a record is longer than the header")?;
    let (record, behind) = bytes.split_at_checked(length).ok_or("a record is longer than the header")?;
    let body = record.get(digits.len()..).and_then(|body| body.strip_prefix(b" "));
    let body = body.ok_or("a record has no blank behind its length")?;
    let body = body.strip_suffix(b"\n").ok_or("a record does not end with a newline")?;
    let equals = body.iter().position(|&byte| byte == b'=').ok_or("a record has no `=`")?;
    let (keyword, value) = body.split_at_checked(equals).ok_or("a record has no `=`")?;
    if keyword.is_empty() || keyword.iter().any(u8::is_ascii_control) {
        return Err("a record has no proper keyword");
    }
    Ok((keyword, value.get(1..).unwrap_or(&[]), behind))
}

/// A decimal number: digits only, no leading zero.
fn whole(value: &[u8]) -> Result<u64, NumberFault> {
    match value {
        [] => return Err(NumberFault::Missing),
        [b'-', ..] => return Err(NumberFault::Negative),
        [b'0', _, ..] => return Err(NumberFault::Garbage),
        _ if !value.iter().all(u8::is_ascii_digit) => return Err(NumberFault::Garbage),
        _ => {}
    }
    let text = core::str::from_utf8(value).map_err(|_| NumberFault::Garbage)?;
    text.parse().ok().filter(|&number| number <= NUMBER_MAX).ok_or(NumberFault::TooLarge)
}

/// A time: a decimal number that may have a fraction.
fn seconds(value: &[u8]) -> Result<u64, NumberFault> {
    let point = value.iter().position(|&byte| byte == b'.').unwrap_or(value.len());
    let (whole_part, fraction) = value.split_at_checked(point).unwrap_or((value, &[]));
    if !fraction.iter().skip(1).all(u8::is_ascii_digit) {
        return Err(NumberFault::Garbage);
    }
    whole(whole_part)
}

fn number(field: &'static str, fault: NumberFault) -> TarFault {
    refused(
        field.as_bytes(),
        match fault {
            NumberFault::Missing => "has no digits",
            NumberFault::Garbage => "is not a plain decimal number",
            NumberFault::Negative => "is negative",
            NumberFault::TooLarge => "is above 2^63 - 1",
        },
    )
}

fn refused(keyword: &[u8], problem: &'static str) -> TarFault {
    TarFault::PaxKeyword { keyword: String::from_utf8_lossy(keyword).into_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::{Pax, Scope, TarFault, read_records, record};
    use alloc::{vec, vec::Vec};

    #[test]
    fn a_record_counts_itself() {
        assert_eq!(record("path", b"a"), b"9 path=a\n");
        assert_eq!(record("path", b"ab"), b"11 path=ab\n");
        for length in 0..2000 {
            let record = record("path", &vec![b'x'; length]);
            assert!(record.starts_with(format_length(record.len()).as_bytes()));
        }
    }

    fn format_length(length: usize) -> alloc::string::String {
        alloc::format!("{length} ")
    }

    #[test]
    fn records_are_read() {
        let content = [
            record("path", b"a=b c"),
            record("mtime", b"1700000000.25"),
            record("size", b"12"),
            record("comment", b""),
            record("SCHILY.xattr.user.x", b"\0\xff"),
            record("comment", b"again"),
        ]
        .concat();
        let pax = Pax { path: Some(b"a=b c".to_vec()), linkpath: None, size: Some(12), mtime: Some(1_700_000_000) };
        assert_eq!(read_records(&content, Scope::NextEntry), Ok(pax));
        assert_eq!(read_records(b"", Scope::NextEntry), Ok(Pax::default()));
    }

    #[test]
    fn malformed_records() {
        for content in [
            &b"x"[..],
            b"\0",
            b"9",
            b"9 path=a",
            b"9 path=ab",
            b"9 path=ab\n",
            b"8 path=a\n",
            b"09 path=a\n",
            b"+9 path=a\n",
            b" 9 path=a\n",
            b"9\tpath=a\n",
            b"0 \n",
            b"3 \n",
            b"5 ab\n",
            b"5 =a\n",
            b"99999999999999999999 path=a\n",
            b"9999999999 path=a\n",
            b"9 path=a\n\0",
            b"9 pa\nh=a\n",
            b"9 pa\nh=\n",
        ] {
            let found = read_records(content, Scope::NextEntry);
            assert!(matches!(found, Err(TarFault::PaxForm { .. })), "{}: {found:?}", content.escape_ascii());
        }
    }

    #[test]
    fn refused_keywords() {
        let twice = [record("path", b"a"), record("path", b"a")].concat();
        let cases: Vec<Vec<u8>> = [
            ("path", &b""[..]),
            ("path", b"a\nb"),
            ("comment", b"a\n10 size=1"),
            ("linkpath", b""),
            ("size", b""),
            ("size", b"-1"),
            ("size", b"+1"),
            ("size", b"01"),
            ("size", b"0x1"),
            ("size", b"1.0"),
            ("size", b"1 "),
            ("size", b"9223372036854775808"),
            ("size", b"99999999999999999999999"),
            ("mtime", b"-1"),
            ("mtime", b"-0.5"),
            ("mtime", b".5"),
            ("mtime", b"1e3"),
            ("mtime", b"1.2.3"),
            ("hdrcharset", b"latin1"),
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.name", b"a"),
            ("SCHILY.realsize", b"1"),
            ("SCHILY.filetype", b"sparse"),
        ]
        .map(|(keyword, value)| record(keyword, value))
        .into_iter()
        .chain([twice])
        .collect();
        for content in cases {
            let found = read_records(&content, Scope::NextEntry);
            assert!(matches!(found, Err(TarFault::PaxKeyword { .. })), "{}: {found:?}", content.escape_ascii());
        }
        for keyword in ["path", "linkpath", "size", "mtime", "GNU.sparse.major"] {
            let found = read_records(&record(keyword, b"1"), Scope::Global);
            assert!(matches!(found, Err(TarFault::PaxKeyword { .. })), "{keyword}: {found:?}");
        }
        assert_eq!(read_records(&record("comment", b"0123abcd"), Scope::Global), Ok(Pax::default()));
    }
}

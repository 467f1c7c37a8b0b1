//! Debian's control files (deb822), lists of packages, and the order of versions (Debian policy, chapter 5).

use deb822_fast::borrowed::{BorrowedParagraph, iter_paragraphs_borrowed};
use std::{cmp::Ordering, collections::BTreeMap};

/// A package of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Names that must be installed as well; of alternatives the first.
    pub(super) depends: Vec<String>,
    /// Path below the mirror's address.
    pub(super) filename: String,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
    /// In bytes.
    pub(super) size: u64,
    /// Address of the mirror.
    pub(super) mirror: String,
}

impl Package {
    /// `3.11.2-6+deb12u6` is (3, 11, 2).
    pub(super) fn upstream(&self) -> Option<(u8, u8, u8)> {
        let upstream = self.version.split(['-', '~', '+']).next()?;
        let mut numbers = upstream.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

/// The value of a field in a control file of one paragraph; lines that continue it are joined by line feeds.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    value(&iter_paragraphs_borrowed(text).next()?.ok()?, name)
}

/// The value of a field; lines that continue it are joined by line feeds.
pub(super) fn value(paragraph: &BorrowedParagraph<'_>, name: &str) -> Option<String> {
    paragraph.get(name).map(|lines| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n"))
}

/// Packages with the wheels that `ensurepip` installs.
pub(super) const WHEELS: [&str; 2] = ["python3-pip-whl", "python3-setuptools-whl"];

/// Interpreters, libraries, what belongs to an interpreter in packages of its own, and the packages that hold the licence of GCC's
/// libraries.
pub(super) fn is_taken(name: &str) -> bool {
    const NAMED: [&str; 5] = ["ca-certificates", "ncurses-base", "python3-gdbm", "python3-tk", "tzdata"];
    NAMED.contains(&name)
        || WHEELS.contains(&name)
        || ["lib", "python3.", "zlib1g", "idle-python3.", "tk8.6-blt"].iter().any(|prefix| name.starts_with(prefix))
        || (name.starts_with("gcc-") && name.ends_with("-base"))
}

/// Adds the interpreters and libraries of a list to `found`; of two versions the later stays.
pub(super) fn add_packages(
    list: &str,
    mirror: &str,
    found: &mut BTreeMap<String, Package>,
) -> Result<(), deb822_fast::Error> {
    for paragraph in iter_paragraphs_borrowed(list) {
        let paragraph = paragraph?;
        let name = paragraph.get_single("Package").unwrap_or_default();
        if !is_taken(name) {
            continue;
        }
        let of = |name| value(&paragraph, name);
        let (Some(version), Some(filename), Some(sha256)) = (of("Version"), of("Filename"), of("SHA256")) else {
            continue;
        };
        let Some(size) = of("Size").and_then(|size| size.parse().ok()) else { continue };
        let known = found.get(name).map(|known| compare_versions(&known.version, &version));
        if matches!(known, Some(Ordering::Greater | Ordering::Equal)) {
            continue;
        }
        let depends = ["Pre-Depends", "Depends"].iter().filter_map(|key| of(key));
        let depends = depends.flat_map(|list| list.split(',').filter_map(package_name).collect::<Vec<_>>()).collect();
        let mirror = mirror.to_owned();
        let package = Package { name: name.to_owned(), version, depends, filename, sha256, size, mirror };
        found.insert(name.to_owned(), package);
    }
    Ok(())
}

/// `libc6 (>= 2.36) | other` is `libc6`.
fn package_name(dependency: &str) -> Option<String> {
    dependency.split(['|', '(', ':', '[']).next()?.split_whitespace().next().map(str::to_owned)
}

/// The order of two versions: epoch, upstream version, revision. (The crate debversion agrees on every pair of neighbours in
/// bookworm's list; it would bring chrono, num-bigint and lazy-regex for this alone.)
pub(super) fn compare_versions(a: &str, b: &str) -> Ordering {
    let parts = |version: &str| {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
        (epoch.parse::<u64>().unwrap_or(0), upstream.to_owned(), revision.to_owned())
    };
    let (a, b) = (parts(a), parts(b));
    a.0.cmp(&b.0).then_with(|| compare_part(&a.1, &b.1)).then_with(|| compare_part(&a.2, &b.2))
}

/// Text and numbers in turn. `~` sorts before the end, letters before everything else.
fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let order = cut(
            &mut a,
            |c| !c.is_ascii_digit(),
            |text_a| cut(&mut b, |c| !c.is_ascii_digit(), |text_b| compare_text(text_a, text_b)),
        );
        if order != Ordering::Equal {
            return order;
        }
        let order = cut(
            &mut a,
            |c| c.is_ascii_digit(),
            |number_a| {
                cut(
                    &mut b,
                    |c| c.is_ascii_digit(),
                    |number_b| {
                        let (a, b) = (number_a.trim_start_matches('0'), number_b.trim_start_matches('0'));
                        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
                    },
                )
            },
        );
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the longest beginning whose characters are `wanted` off `text`, and gives it to `then`.
fn cut<T>(text: &mut &str, wanted: impl Fn(char) -> bool, then: impl FnOnce(&str) -> T) -> T {
    let end = text.find(|c| !wanted(c)).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    *text = tail;
    then(head)
}

fn compare_text(a: &str, b: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        Some(c) => i64::from(u32::from(c)) + 256,
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) if weight(x) == weight(y) => {}
            (x, y) => return weight(x).cmp(&weight(y)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let pairs = [
            ("3.11.2-6", "3.11.2-6+deb12u1"),
            ("3.11.2-6+deb12u9", "3.11.2-6+deb12u10"),
            ("1.0~rc1-1", "1.0-1"),
            ("1.9", "1.10"),
            ("9.9", "1:0.1"),
            ("2.36-9+deb12u3", "2.36-9+deb12u13"),
            ("1.0a", "1.0+"),
        ];
        for (less, more) in pairs {
            assert_eq!(compare_versions(less, more), Ordering::Less, "{less} {more}");
            assert_eq!(compare_versions(more, less), Ordering::Greater, "{less} {more}");
        }
        assert_eq!(compare_versions("1.01-1", "1.1-1"), Ordering::Equal);
    }

    #[test]
    fn the_later_of_two_versions_stays() {
        let stanza = |version: &str| {
            format!(
                "Package: libx1\nVersion: {version}\nPre-Depends: libc6 (>= 2.36) | other\nDepends: liby2:any, a [amd64]\nFilename: pool/{version}.deb\nSize: 5\nSHA256: 00\n\n"
            )
        };
        for lists in [["1-1", "1-2"], ["1-2", "1-1"]] {
            let mut found = BTreeMap::new();
            for version in lists {
                add_packages(&stanza(version), "http://m", &mut found).unwrap();
            }
            let package = found.get("libx1").unwrap();
            assert_eq!((&*package.version, &*package.filename), ("1-2", "pool/1-2.deb"));
            assert_eq!(package.depends, ["libc6", "liby2", "a"]);
        }
    }

    #[test]
    fn a_list_that_breaks_off_is_an_error() {
        assert!(add_packages("Package: libx1\nVersion: 1\n\nPack", "http://m", &mut BTreeMap::new()).is_err());
    }

    #[test]
    fn fields_may_take_several_lines() {
        let text = "Suite: x\nSHA256:\n aa 1 f\n bb 2 g\nEnd: y\n";
        assert_eq!(field(text, "SHA256").unwrap(), "\naa 1 f\nbb 2 g");
        assert_eq!(field(text, "end").unwrap(), "y");
        assert_eq!(field(text, "none"), None);
    }
}

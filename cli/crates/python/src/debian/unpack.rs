//! Unpacks the files of a package (deb(5)): an ar archive whose member `data.tar.*` holds them.

use super::{
    DebianError,
    archive::{PACKAGE_MAX, decode},
};
use pspf_nostd::codec::Codec;
use std::path::Path;

const MAGIC: &[u8] = b"!<arch>\n";
/// Length of a member's header: name (16), time, owner, group, mode (32), size (10), end (2).
const HEADER: usize = 60;

/// What a package may decode to: libc6 has 13 MB.
const DECODED_MAX: u64 = 4 * PACKAGE_MAX;

/// Unpacks into `folder`.
pub(super) fn unpack(package: &[u8], name: &str, folder: &Path) -> Result<(), DebianError> {
    let wrong = |reason: &str| DebianError::Package { package: name.to_owned(), reason: reason.to_owned() };
    let (member, data) = data_member(package).ok_or_else(|| wrong("it has no member data.tar"))?;
    let codec = match member {
        "data.tar.xz" => Codec::Xz,
        "data.tar.zst" => Codec::Zstd,
        "data.tar.gz" => Codec::Gzip,
        other => return Err(wrong(&format!("its member {other} is compressed in a way that is not known"))),
    };
    let files = decode(data, codec, DECODED_MAX).map_err(|reason| wrong(&reason))?;
    let mut archive = tar::Archive::new(&*files);
    archive.set_preserve_permissions(false);
    archive.unpack(folder).map_err(|error| wrong(&error.to_string()))
}

fn data_member(package: &[u8]) -> Option<(&str, &[u8])> {
    let mut rest = package.strip_prefix(MAGIC)?;
    loop {
        let (header, content) = rest.split_at_checked(HEADER)?;
        let text = |from: usize, to: usize| std::str::from_utf8(header.get(from..to)?).ok().map(str::trim);
        let name = text(0, 16)?.trim_end_matches('/');
        let size: usize = text(48, 58)?.parse().ok()?;
        if header.get(58..) != Some(b"`\n") {
            return None;
        }
        let (content, next) = content.split_at_checked(size)?;
        if name.starts_with("data.tar") {
            return Some((name, content));
        }
        // Members begin at even positions.
        rest = next.get(size % 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut all = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len()).into_bytes();
        all.extend_from_slice(content);
        if content.len() % 2 == 1 {
            all.push(b'\n');
        }
        all
    }

    #[test]
    fn the_member_with_the_files_is_found() {
        let package = [MAGIC.to_vec(), member("debian-binary", b"2.0"), member("data.tar.xz", b"abc")].concat();
        assert_eq!(data_member(&package), Some(("data.tar.xz", &b"abc"[..])));
        for end in 0..package.len() - 2 {
            assert_eq!(data_member(&package[..end]), None, "{end}");
        }
    }
}

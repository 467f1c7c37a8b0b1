//! Takes out of the tree what differs between two builds of the same inputs.

use super::{
    error::PythonError,
    file_error::{FileContext as _, FileError},
    provider::Runtime,
    tree_files,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// Records of where and how a distribution was installed, which no program needs (PEP 376, PEP 610, uv's own).
const INSTALL_RECORDS: [&str; 3] = ["REQUESTED", "direct_url.json", ".lock"];

/// Removes the installer's records and makes each `RECORD` true again: lines of removed files go, `changed` files get their
/// new digest, the rest is sorted.
pub(super) fn metadata(runtime: &Runtime, changed: &BTreeSet<PathBuf>) -> Result<(), PythonError> {
    let site = runtime.site_packages();
    tree_files::remove(&site.join(".lock"))?;
    for dist_info in super::distribution::dist_infos(&site)? {
        for entry in fs::read_dir(&dist_info).on("list", &dist_info)? {
            let path = entry.on("list", &dist_info)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let by_uv = name.starts_with("uv_") && name.ends_with(".json");
            if by_uv || INSTALL_RECORDS.contains(&&*name) {
                tree_files::remove(&path)?;
            }
        }
        let record = dist_info.join("RECORD");
        if record.is_file() {
            let text = fs::read_to_string(&record).on("read", &record)?;
            tree_files::write(&record, normal_record(&text, runtime, changed)?.as_bytes())?;
        }
    }
    Ok(())
}

fn normal_record(text: &str, runtime: &Runtime, changed: &BTreeSet<PathBuf>) -> Result<String, FileError> {
    let site = runtime.site_packages();
    let mut lines = BTreeSet::new();
    for line in text.lines() {
        let (field, path) = record_path(line);
        let file = site.join(&path);
        if changed.contains(&file) {
            lines.insert(format!("{field},{}", digest_and_size(&file)?));
        } else if file.symlink_metadata().is_ok() {
            lines.insert(line.to_owned());
        }
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// The path in a line of `RECORD`, the first field of CSV: as written, and without its quotes.
#[must_use]
pub fn record_path(line: &str) -> (&str, String) {
    if !line.starts_with('"') {
        let field = line.split(',').next().unwrap_or(line);
        return (field, field.to_owned());
    }
    // A quote within the field is doubled.
    let bytes = line.as_bytes();
    let mut end = 1;
    loop {
        match line.get(end..).and_then(|rest| rest.find('"')) {
            Some(offset) if bytes.get(end + offset + 1) == Some(&b'"') => end += offset + 2,
            Some(offset) => {
                end += offset;
                break;
            }
            None => return (line, String::new()),
        }
    }
    let (inner, field) = (line.get(1..end).unwrap_or_default(), line.get(..=end).unwrap_or(line));
    (field, inner.replace("\"\"", "\""))
}

fn digest_and_size(file: &Path) -> Result<String, FileError> {
    let data = fs::read(file).on("read", file)?;
    Ok(format!("sha256={},{}", Base64UrlUnpadded::encode_string(&Sha256::digest(&data)), data.len()))
}

/// Sets every file to 0644 or 0755 and every folder to 0755, whatever the umask was.
pub(super) fn modes(root: &Path) -> Result<(), FileError> {
    for entry in WalkDir::new(root).contents_first(true) {
        let entry = entry.on("list", root)?;
        if entry.file_type().is_dir() {
            tree_files::set_mode(entry.path(), true)?;
        } else if entry.file_type().is_file() {
            tree_files::set_mode(entry.path(), tree_files::is_executable(entry.path())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_fields_may_be_quoted() {
        assert_eq!(record_path("a/b.py,sha256=x,1"), ("a/b.py", "a/b.py".to_owned()));
        assert_eq!(record_path("\"a,\"\"b\"\".py\",sha256=x,1"), ("\"a,\"\"b\"\".py\"", "a,\"b\".py".to_owned()));
        assert_eq!(record_path("\"unended"), ("\"unended", String::new()));
    }
}

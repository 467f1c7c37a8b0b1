//! Requirements with hashes, as `uv export`, `uv pip compile --generate-hashes` and pip-compile write them.

use super::{Lock, LockError, Pin, pin::Origin, read_text};
use std::path::Path;

/// How deep `-r` may lead.
const DEPTH_MAX: u32 = 16;

/// Whether anything in it has a hash; then everything has to.
pub(super) fn has_hashes(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains("--hash"))
}

/// The pins of a file and those that it names with `-r`.
pub(super) fn read(lock: &Lock, path: &Path) -> Result<Vec<Pin>, LockError> {
    let mut pins = Vec::new();
    follow(lock, path, DEPTH_MAX, &mut pins)?;
    Ok(pins)
}

fn follow(lock: &Lock, path: &Path, depth: u32, pins: &mut Vec<Pin>) -> Result<(), LockError> {
    if depth == 0 {
        return Err(lock.unreadable(&format!("its files name each other more than {DEPTH_MAX} times")));
    }
    for line in logical_lines(&read_text(lock, path)?) {
        let included = ["-r", "--requirement"].iter().find_map(|option| {
            let rest = line.strip_prefix(option)?;
            Some(rest.trim_start_matches(['=', ' ', '\t']).to_owned())
        });
        match included {
            Some(file) => {
                follow(lock, &path.parent().unwrap_or(Path::new("")).join(file), depth.saturating_sub(1), pins)?;
            }
            None if line.starts_with('-') => {}
            None => pins.push(pin(lock, &line)?),
        }
    }
    Ok(())
}

/// Lines without comments, those that end with a backslash joined with the next.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let end = if line.trim_start().starts_with('#') { Some(0) } else { line.find(" #") };
        let line = line.get(..end.unwrap_or(line.len())).unwrap_or_default().trim();
        if let Some(begin) = line.strip_suffix('\\') {
            open.extend([begin, " "]);
            continue;
        }
        open.push_str(line);
        lines.push(std::mem::take(&mut open).trim().to_owned());
    }
    lines.push(open.trim().to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}

fn pin(lock: &Lock, line: &str) -> Result<Pin, LockError> {
    let (what, options) = line.split_once(" --").map_or((line, ""), |(what, options)| (what, options));
    let mut hashes: Vec<String> = options
        .split_whitespace()
        .filter_map(|word| word.trim_start_matches('-').strip_prefix("hash="))
        .map(str::to_owned)
        .collect();
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let end = what.find(|character| !is_name(character)).unwrap_or(what.len());
    let (name, rest) = what.split_at(end);
    let rest = rest.trim_start();
    let rest =
        if rest.starts_with('[') { rest.split_once(']').map_or("", |(_, rest)| rest.trim_start()) } else { rest };
    let (rest, marker) = match rest.split_once(" ;").or_else(|| rest.split_once(';').filter(|_| !rest.starts_with('@')))
    {
        Some((rest, marker)) => (rest.trim(), marker.trim()),
        None => (rest.trim(), ""),
    };
    let (version, origin) = if let Some(address) = rest.strip_prefix('@').map(str::trim) {
        // A hash may be part of the address.
        if let Some((_, digest)) = address.split_once("#sha256=") {
            hashes.push(format!("sha256:{digest}"));
        }
        let is_git = address.starts_with("git+");
        (None, if is_git { Origin::Git(address.to_owned()) } else { Origin::Url(address.to_owned()) })
    } else {
        let version = rest.strip_prefix("===").or_else(|| rest.strip_prefix("==")).map(str::trim);
        match version.filter(|version| !version.contains(['*', ','])) {
            Some(version) => (Some(version.to_owned()), Origin::Index),
            None => {
                let (name, how) = (what.to_owned(), "without a version".to_owned());
                return Err(LockError::Source { lock: lock.clone(), name, how });
            }
        }
    };
    Ok(Pin { name: name.to_owned(), version, marker: marker.to_owned(), hashes, origin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    fn lock(path: &Path) -> Lock {
        Lock { kind: LockKind::Requirements, path: path.to_owned() }
    }

    #[test]
    fn what_uv_and_pip_compile_write_is_read() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("r.txt");
        let text = "# made by\n--index-url https://x/\n-r more.txt\nsix==1.17.0 ; os_name == 'posix' \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n    # via a\n\
            requests[socks]==2.31.0 --hash=sha256:33  # via b\ng @ git+https://x/g@abc\nu @ https://x/u.whl#sha256=44\n";
        std::fs::write(&path, text).unwrap();
        std::fs::write(temp.path().join("more.txt"), "click==8 --hash=sha256:55").unwrap();
        let all = read(&lock(&path), &path).unwrap();
        let short: Vec<(&str, Option<&str>, usize, &str)> = all
            .iter()
            .map(|pin| (pin.name.as_str(), pin.version.as_deref(), pin.hashes.len(), pin.marker.as_str()))
            .collect();
        assert_eq!(
            short,
            [
                ("click", Some("8"), 1, ""),
                ("six", Some("1.17.0"), 2, "os_name == 'posix'"),
                ("requests", Some("2.31.0"), 1, ""),
                ("g", None, 0, ""),
                ("u", None, 1, "")
            ]
        );
        for wrong in ["six>=1 --hash=sha256:11", "six --hash=sha256:11", "./folder", "six==1.* --hash=sha256:11"] {
            std::fs::write(&path, wrong).unwrap();
            assert_eq!(read(&lock(&path), &path).unwrap_err().code(), "python.lock.source", "{wrong}");
        }
        std::fs::write(&path, "-r r.txt\n").unwrap();
        assert_eq!(read(&lock(&path), &path).unwrap_err().code(), "python.lock.unreadable");
    }
}

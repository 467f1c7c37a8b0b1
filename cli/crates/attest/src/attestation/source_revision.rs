//! Which commit a folder is at, where git can say.

use flavor_python::process;
use std::{path::Path, process::Stdio};

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its name, 40 or 64 hexadecimal digits.
    pub commit: String,
    /// Address of the remote `origin`, without user and password.
    pub origin: Option<String>,
    /// Whether files that git knows differ from the commit.
    pub modified: bool,
}

/// Asks git about the folder; none where it is in no working copy, or there is no git.
#[must_use]
pub fn of(folder: &Path) -> Option<Revision> {
    let git = |words: &[&str]| -> Option<String> {
        let mut command = process::command("git");
        command.arg("-C").arg(folder).args(words);
        // Hooks and locks of somebody's working copy are not ours to touch.
        command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
        let done = command.output().ok().filter(|done| done.status.success())?;
        Some(String::from_utf8(done.stdout).ok()?.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--verify", "HEAD"])
        .filter(|text| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let modified =
        git(&["status", "--porcelain", "--untracked-files=no", "--", "."]).is_none_or(|text| !text.is_empty());
    let origin = git(&["config", "--get", "remote.origin.url"]).and_then(|address| public_address(&address));
    Some(Revision { commit, origin, modified })
}

/// An address that may be published: without credentials; none for a path of this machine.
fn public_address(address: &str) -> Option<String> {
    if let Some((scheme, rest)) = address.split_once("://") {
        if scheme == "file" {
            return None;
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.rsplit('@').next().unwrap_or_default();
        // A query may hold a token.
        let path = path.split(['?', '#']).next().unwrap_or_default();
        return Some(format!("{scheme}://{host}/{path}"));
    }
    // scp's form: user@host:path.
    let (host, path) = address.split_once(':')?;
    let host = host.rsplit('@').next().unwrap_or_default();
    (!host.is_empty() && !host.contains('/')).then(|| format!("ssh://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_credentials_and_paths_of_this_machine() {
        for (address, expected) in [
            ("https://user:secret@example.org/a/b.git", Some("https://example.org/a/b.git")),
            ("https://example.org/a?token=x", Some("https://example.org/a")),
            ("git@example.org:a/b.git", Some("ssh://example.org/a/b.git")),
            ("/home/somebody/a", None),
            ("./a:b", None),
            ("file:///a", None),
        ] {
            assert_eq!(public_address(address).as_deref(), expected, "{address}");
        }
    }
}

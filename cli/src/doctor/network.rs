//! The index, Debian's archive, and the clock held against theirs.

use super::Check;
use flavor_manifest::IndexSettings;
use flavor_python::{Uv, UvError, readiness};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// More than this, and other clocks disagree with ours, in seconds. HTTP's dates have whole seconds, and answers take a while.
const CLOCK_WARNING: i64 = 300;
/// More than this, and certificates and signed lists look expired, or not valid yet.
const CLOCK_FAILED: i64 = 86_400;

pub(super) fn examine(uv: Option<&Uv>, index: &IndexSettings, url: Option<&str>, python: Option<&Path>) -> Vec<Check> {
    let mut checks = Vec::new();
    let address = readiness::index_url(index, url);
    let shown = without_credentials(&address);
    if let Some(uv) = uv {
        checks.push(match readiness::index(uv, index, url) {
            // An index that does not have what was asked for has answered.
            Ok(()) | Err(UvError::NotFound { .. }) => Check::ok("index", format!("{shown} answers")),
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
                let message = format!("{shown} was not reached: {last}");
                let hint = "packing works with what uv has in its cache; check the network, HTTPS_PROXY and SSL_CERT_FILE, \
                            or name another index with UV_DEFAULT_INDEX";
                Check::warning("index", message, hint)
            }
        });
    }
    let debian = readiness::debian_date();
    checks.push(match &debian {
        Ok((mirror, _)) => Check::ok("debian", format!("{mirror} answers")),
        Err(error) => {
            let hint = error.hint().unwrap_or("only --python debian needs it");
            Check::warning("debian", error.to_string(), hint)
        }
    });
    let date = readiness::date(&shown, python).map(|date| (shown, date));
    let date = date.or_else(|| debian.ok().and_then(|(mirror, date)| Some((mirror, date?))));
    checks.push(clock(date, Timestamp::now()));
    checks
}

fn clock(other: Option<(String, Timestamp)>, now: Timestamp) -> Check {
    let Some((whose, date)) = other else {
        return Check::ok("clock", format!("{now:.0}; it could not be compared, for no server was reached"));
    };
    let apart = now.duration_since(date);
    let seconds = apart.abs().as_secs();
    if seconds <= CLOCK_WARNING {
        return Check::ok("clock", format!("agrees with {whose}"));
    }
    let message = format!(
        "{} {} that of {whose}",
        distance(seconds),
        if apart > SignedDuration::ZERO { "ahead of" } else { "behind" }
    );
    let hint = "set the clock: certificates and signed lists are valid for a time only";
    if seconds <= CLOCK_FAILED { Check::warning("clock", message, hint) } else { Check::failed("clock", message, hint) }
}

fn distance(seconds: i64) -> String {
    match seconds {
        0..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or(host))
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn clocks_may_differ_a_little() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let checked = |seconds: i64| {
            let check = clock(Some(("x".to_owned(), now - SignedDuration::from_secs(seconds))), now);
            (check.result, check.message)
        };
        assert_eq!(checked(-300).0, Outcome::Ok);
        assert_eq!(checked(600), (Outcome::Warning, "10 minutes ahead of that of x".to_owned()));
        assert_eq!(checked(-7_200), (Outcome::Warning, "2 hours behind that of x".to_owned()));
        assert_eq!(checked(-864_000), (Outcome::Failed, "10 days behind that of x".to_owned()));
        assert_eq!(clock(None, now).result, Outcome::Ok);
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_credentials("https://me:secret@x.org/simple"), "https://x.org/simple");
        assert_eq!(without_credentials("https://x.org/a@b"), "https://x.org/a@b");
    }
}

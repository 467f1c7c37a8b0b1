//! What a machine has for packing Python projects, asked before anybody packs one.

use super::{
    LocalProvider, RuntimeError, RuntimeRequest, Uv, UvError, UvProvider, debian, installation::index_of_uv, process,
};
use flavor_manifest::IndexSettings;
use jiff::Timestamp;
use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

/// A server that does not answer within this time is not there.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// uv may ask several servers.
const INDEX_LIMIT: Duration = Duration::from_secs(30);
/// A distribution that most indexes have; one that has not says so.
const PROBE: &str = "pip\n";
/// uv's own, unless its configuration files name another.
const DEFAULT_INDEX: &str = "https://pypi.org/simple";
/// Asks a server for its time. An error page has a date as well.
const DATE_SCRIPT: &str = "\
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], method='HEAD')
try:
    headers = urllib.request.urlopen(request, timeout=10).headers
except urllib.error.HTTPError as error:
    headers = error.headers
print(headers['Date'])
";

/// What `uv --version` says.
///
/// # Errors
/// Where it cannot be run.
pub fn uv_version(uv: &Uv) -> Result<String, UvError> {
    let finished = Uv::run(uv.command().arg("--version"), ANSWER_LIMIT, Path::new("/"))?;
    let text = String::from_utf8_lossy(&finished.stdout);
    Ok(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// Whether the index answers, as packing asks it: by the caller's environment, else the settings, else uv's own. `url` outweighs all.
///
/// # Errors
/// As uv has it; [`UvError::NotFound`] where it has answered.
pub fn index(uv: &Uv, settings: &IndexSettings, url: Option<&str>) -> Result<(), UvError> {
    let mut command = uv.command();
    command.args(["pip", "compile", "-", "--no-deps", "--no-cache", "--no-header", "--quiet", "--color", "never"]);
    command.args(["--python-version", "3.12", "--no-python-downloads", "--only-binary", ":all:"]);
    match url {
        Some(url) => {
            command.env("UV_DEFAULT_INDEX", url).env_remove("UV_INDEX").env_remove("UV_INDEX_URL");
        }
        None => index_of_uv(&mut command, settings),
    }
    command.env("UV_HTTP_RETRIES", "0").env("UV_HTTP_TIMEOUT", ANSWER_LIMIT.as_secs().to_string());
    Uv::run_with_input(&mut command, PROBE.as_bytes(), INDEX_LIMIT, Path::new("/")).map(drop)
}

/// The address of that index.
#[must_use]
pub fn index_url(settings: &IndexSettings, url: Option<&str>) -> String {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    // uv's variable may name the index: `name=URL`.
    let address = |value: String| match value.split_once('=') {
        Some((name, url)) if !name.contains(':') => url.to_owned(),
        _ => value,
    };
    url.map(str::to_owned)
        .or_else(|| variable("UV_DEFAULT_INDEX").map(address))
        .or_else(|| variable("UV_INDEX_URL"))
        .or_else(|| variable("PIP_INDEX_URL"))
        .or_else(|| settings.url.clone())
        .unwrap_or_else(|| DEFAULT_INDEX.to_owned())
}

/// The interpreter that `--python local` takes: its version and its file.
///
/// # Errors
/// Where there is none.
pub fn local(request: &RuntimeRequest<'_>) -> Result<(String, PathBuf), RuntimeError> {
    let python = LocalProvider::default().interpreter(request)?;
    Ok((python.version_text(), python.executable))
}

/// The interpreter that uv manages already, if it manages one.
#[must_use]
pub fn managed(request: &RuntimeRequest<'_>) -> Option<PathBuf> {
    UvProvider::default().installed(request)
}

/// The mirror of Debian's archive, and its time.
///
/// # Errors
/// Where it cannot be used, or does not answer.
pub fn debian_date() -> Result<(String, Option<Timestamp>), super::error::DebianError> {
    let (mirror, date) = debian::answer(ANSWER_LIMIT)?;
    Ok((mirror, date.and_then(|date| parse(&date))))
}

/// The time of a server: over plain HTTP by ourselves, else by an interpreter, which has TLS. None where it does not answer.
#[must_use]
pub fn date(url: &str, python: Option<&Path>) -> Option<Timestamp> {
    if url.starts_with("http://") {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(ANSWER_LIMIT)).http_status_as_error(false).build().into();
        let answer = agent.head(url).call().ok()?;
        return parse(answer.headers().get("Date")?.to_str().ok()?);
    }
    let mut command = process::command(python.filter(|_| url.starts_with("https://"))?);
    command.args(["-I", "-c", DATE_SCRIPT, url]);
    let finished = process::run(&mut command, b"", ANSWER_LIMIT.saturating_mul(2)).ok()?;
    parse(std::str::from_utf8(&finished.stdout).ok()?.trim())
}

/// A date of HTTP (RFC 9110, 5.6.7).
fn parse(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(&date.replace("GMT", "+0000")).ok().map(|time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_servers_are_read() {
        assert_eq!(parse("Sat, 21 Nov 2026 18:13:42 GMT"), "2026-11-21T18:13:42Z".parse().ok());
        assert_eq!(parse("yesterday"), None);
    }
}

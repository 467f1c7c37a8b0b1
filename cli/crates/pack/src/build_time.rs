//! The one point in time that a package knows: it is chosen, never measured, so that equal inputs give equal bytes.

use flavor_manifest::Diagnostic;
use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

/// 2025-01-01T00:00:00Z, the time of packages that are made without `SOURCE_DATE_EPOCH`; the published tool uses the same.
pub(crate) const DEFAULT: u64 = 1_735_689_600;

/// The time that a package knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildTime {
    /// Seconds since 1970.
    pub epoch: u64,
    /// Whether it is the same at every packing.
    pub fixed: bool,
}

impl BuildTime {
    /// The time that the environment says, else the default one, or the clock's if it need not be fixed.
    #[must_use]
    pub fn choose(stated: Option<u64>, deterministic: bool) -> Self {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(DEFAULT, |passed| passed.as_secs());
        let epoch = stated.unwrap_or_else(|| if deterministic { DEFAULT } else { clock() });
        Self { epoch, fixed: deterministic || stated.is_some() }
    }
}

/// Seconds since 1970 from `SOURCE_DATE_EPOCH`, where that is set.
///
/// # Errors
/// Where the variable is set to something else than such a number.
pub(crate) fn from_environment() -> Result<Option<u64>, Diagnostic> {
    let Some(text) = env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = text.to_string_lossy();
    parse(&text).map(Some).ok_or_else(|| {
        Diagnostic::error("source_date_epoch", "the environment variable SOURCE_DATE_EPOCH is not a time")
            .expected("whole seconds since 1970, before the year 10000")
            .found(format!("{text:?}"))
    })
}

fn parse(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    // jiff's range ends before the year 10000, up to which the text form has one length.
    text.parse().ok().filter(|seconds| plain && timestamp(*seconds).is_some())
}

/// The time as the published builders write it: `2025-01-01T00:00:00+00:00`.
#[must_use]
pub(crate) fn timestamp(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_strict_and_written_as_the_builders_do() {
        assert_eq!(timestamp(DEFAULT).as_deref(), Some("2025-01-01T00:00:00+00:00"));
        assert_eq!(timestamp(951_782_399).as_deref(), Some("2000-02-28T23:59:59+00:00"));
        assert_eq!(
            [parse("0"), parse("+1"), parse("-1"), parse("1.5"), parse("99999999999999")],
            [Some(0), None, None, None, None]
        );
    }
}

//! Dates and times of metadata, key files and logs, in UTC. A library for the whole of ISO 8601 would be a tenth of the
//! launcher; these are the forms that the three builders and the trust store write.

use std::time::{SystemTime, UNIX_EPOCH};

pub use pspf_nostd::calendar::{DAY, date};
use pspf_nostd::calendar::{days_in, days_in_year, number};

/// Seconds since 1970 now.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Seconds since 1970 of `2026-11-21T08:21:18Z`, also with a fraction, or with an offset instead of `Z`.
#[must_use]
pub fn time(text: &str) -> Option<u64> {
    let (day, clock) = text.split_at_checked(10)?;
    let (clock, zone) = clock.strip_prefix('T')?.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock.as_bytes() else { return None };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone =
        zone.strip_prefix('.').map_or(zone, |rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    let local = date(day)? + hour * 3600 + minute * 60 + second;
    match *zone.as_bytes() {
        [b'Z'] => Some(local),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            let offset = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
            if sign == b'+' { local.checked_sub(offset) } else { local.checked_add(offset) }
        }
        _ => None,
    }
}

/// `2026-11-21T08:21:18Z` of seconds since 1970.
#[must_use]
pub fn text(seconds: u64) -> String {
    let (mut days, rest) = (seconds / DAY, seconds % DAY);
    let (mut year, mut month) = (1970, 1);
    while days >= days_in_year(year) {
        days -= days_in_year(year);
        year += 1;
    }
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_builders_are_read() {
        // `date -u -d 2025-01-01 +%s` and so on.
        for (text, seconds) in [
            ("2025-01-01T00:00:00+00:00", 1_735_689_600),
            ("2026-11-21T08:23:23.520969+00:00", 1_795_249_403),
            ("2026-11-21T08:23:23Z", 1_795_249_403),
            ("2026-11-21T09:53:23+01:30", 1_795_249_403),
            ("2026-11-20T23:23:23-09:00", 1_795_249_403),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("1970-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(time(text), Some(seconds), "{text}");
        }
        assert_eq!(date("2100-03-01"), Some(4_107_542_400));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2025",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00:00",
            "2025-01-01 00:00:00Z",
            "2025-01-01T00:00:00Zx",
            "1969-12-31T00:00:00Z",
            "2025-01-0é:00:00:00Z",
            "1970-01-01T00:00:00+01:00",
            "2025-01-01T00:00:00.1",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn texts_are_read_back() {
        for seconds in (0..8_000_000_000).step_by(86_400 * 13 + 12_345) {
            assert_eq!(time(&text(seconds)), Some(seconds), "{}", text(seconds));
        }
    }
}

//! The placeholders of commands, variables and setup texts: `{workenv}`, `{package_name}`, `{version}`, `{slot:N}`.

use std::{
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use pspf_nostd::{metadata::Metadata, profile::Profile};

use crate::command::CommandError;

/// What the placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Placeholders<'a> {
    /// The work environment.
    pub workenv: &'a Path,
    /// The signed metadata.
    pub metadata: &'a Metadata,
}

impl Placeholders<'_> {
    /// The text with its placeholders filled in, once: what is filled in is not looked at again. Other text in braces stays.
    ///
    /// # Errors
    /// [`CommandError::UnknownSlot`].
    pub fn fill(&self, text: &str) -> Result<Vec<u8>, CommandError> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at..];
            let name = rest.find('}').map(|end| &rest[1..end]);
            let value = match name {
                Some("workenv") => Some(self.workenv.as_os_str().as_bytes().to_vec()),
                Some("package_name") => Some(self.metadata.name.clone().into_bytes()),
                Some("version") => Some(self.metadata.version.clone().into_bytes()),
                Some(name) => match name.strip_prefix("slot:") {
                    Some(number) => Some(self.slot(number)?.into_os_string().into_vec()),
                    None => None,
                },
                None => None,
            };
            match (name, value) {
                (Some(name), Some(value)) => {
                    out.extend_from_slice(&value);
                    rest = &rest[name.len() + 2..];
                }
                _ => {
                    out.push(b'{');
                    rest = &rest[1..];
                }
            }
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(out)
    }

    /// Where slot `number` was extracted to: its file, or for a tar slot the work environment.
    fn slot(&self, number: &str) -> Result<PathBuf, CommandError> {
        let unknown = || CommandError::UnknownSlot { number: number.to_owned() };
        let wanted: u64 = number.parse().map_err(|_| unknown())?;
        let numbered = self.metadata.slots.iter().zip(0_u64..);
        let (entry, _) = numbered
            .into_iter()
            .find(|(entry, position)| entry.slot.unwrap_or(*position) == wanted)
            .ok_or_else(unknown)?;
        let profile = Profile::of(self.metadata).unwrap_or(Profile::Rust);
        if profile.operations(&entry.operations).unwrap_or_default().is_tar() {
            return Ok(self.workenv.to_owned());
        }
        Ok(self.workenv.join(inside(&entry.target)))
    }
}

/// A target or path of the metadata without the `{workenv}` in front of it.
#[must_use]
pub fn inside(path: &str) -> &str {
    match path.strip_prefix("{workenv}") {
        Some(rest) => rest.trim_start_matches('/'),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let text = br#"{"format":"PSPF/2025","package":{"name":"{version}","version":"2"},"build":{"tool":"flavor-rs"},
            "slots":[{"slot":0,"id":"a","target":"{workenv}/bin/a","operations":"gzip"},
                     {"slot":1,"id":"b","target":"b","operations":"tgz"}]}"#;
        let metadata = Metadata::parse(text.to_vec()).unwrap();
        let placeholders = Placeholders { workenv: Path::new("/w"), metadata: &metadata };
        for (text, expected) in [
            ("{workenv}/bin", "/w/bin"),
            ("{package_name}-{version}", "{version}-2"),
            ("{slot:0} {slot:1}", "/w/bin/a /w"),
            ("{home} {} { {workenv", "{home} {} { {workenv"),
            ("{{workenv}}", "{/w}"),
            ("{é}", "{é}"),
        ] {
            assert_eq!(placeholders.fill(text).unwrap(), expected.as_bytes(), "{text}");
        }
        for text in ["{slot:2}", "{slot:x}", "{slot:}"] {
            assert!(placeholders.fill(text).is_err(), "{text}");
        }
    }
}

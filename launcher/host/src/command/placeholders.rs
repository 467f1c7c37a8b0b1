//! The placeholders of commands, variables and setup texts (docs/launcher.md, "The command"), and their values.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use pspf_nostd::{metadata::Metadata, placement::inside_workenv, profile::Profile};

use crate::{
    command::{
        error::{CommandError, CommandFault},
        start_dir::StartDir,
        state_dir::StateDir,
    },
    files::base_dir::variable,
    lifecycle::{Content, Place, Plan, Skip},
    platform,
};

/// The values of placeholders.
#[derive(Debug)]
pub struct Placeholders<'a> {
    /// The signed metadata.
    pub metadata: &'a Metadata,
    /// Where its slots go.
    pub plan: &'a Plan,
    /// The work environment.
    pub workenv: PathBuf,
    /// The directory that holds the work environments.
    pub base: &'a Path,
    /// What the paths of all trees of the package begin with.
    tree: &'a Path,
    state: StateDir,
    start: Option<&'a StartDir>,
}

impl<'a> Placeholders<'a> {
    /// For a package under `base`; the paths of its trees begin with `tree`.
    #[must_use]
    pub fn new(metadata: &'a Metadata, plan: &'a Plan, base: &'a Path, tree: &'a Path) -> Self {
        let workenv = suffixed(tree, &Content::work_environment(plan).suffix());
        Self { metadata, plan, workenv, base, tree, state: StateDir::of(&metadata.name, variable), start: None }
    }

    /// The same while the work environment is elsewhere.
    #[must_use]
    pub fn at(mut self, workenv: &Path) -> Self {
        self.workenv = workenv.to_owned();
        self
    }

    /// The same for one start, with its own directory: before, `{tmp}` stays as it is.
    #[must_use]
    pub fn during(mut self, start: &'a StartDir) -> Self {
        self.start = Some(start);
        self
    }

    /// The state directory of the package.
    #[must_use]
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// The text with its placeholders filled in, once: values are not expanded again. Other text in braces stays.
    /// `{state}` and `{tmp}` make their directories.
    ///
    /// # Errors
    /// A missing slot, no home, a directory that cannot be created.
    pub fn fill(&self, text: &str) -> Result<Vec<u8>, CommandError> {
        self.fill_checked(text, &|_| true)
    }

    /// As [`Self::fill`], but only with values that `fits` accepts.
    ///
    /// # Errors
    /// Those of [`Self::fill`], and [`CommandFault::Unquoted`].
    pub fn fill_checked(&self, text: &str, fits: &dyn Fn(&OsStr) -> bool) -> Result<Vec<u8>, CommandError> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some((before, braced)) = rest.split_once('{') {
            out.extend_from_slice(before.as_bytes());
            let filled = match braced.split_once('}') {
                Some((name, after)) => self.value(name)?.map(|value| (value, after)),
                None => None,
            };
            rest = match filled {
                Some((value, _)) if !fits(&value) => return Err(CommandFault::Unquoted { value }.into()),
                Some((value, after)) => {
                    out.extend_from_slice(value.as_bytes());
                    after
                }
                None => {
                    out.push(b'{');
                    braced
                }
            };
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(out)
    }

    fn value(&self, name: &str) -> Result<Option<OsString>, CommandError> {
        let value: Cow<'_, Path> = match (name, self.start) {
            ("workenv", _) => self.workenv.as_path().into(),
            ("cache", _) => self.base.into(),
            ("state", _) => self.state.create()?.into(),
            ("tmp", Some(start)) => start.path()?.into(),
            ("home", _) => {
                let home = variable("HOME").filter(|home| !home.is_empty());
                PathBuf::from(home.ok_or(CommandFault::NoHome)?).into()
            }
            ("package_name", _) => return Ok(Some(self.metadata.name.as_str().into())),
            ("version", _) => return Ok(Some(self.metadata.version.as_str().into())),
            ("platform", _) => return Ok(Some(platform::name().into())),
            ("os", _) => return Ok(Some(platform::os().into())),
            ("arch", _) => return Ok(Some(platform::arch().into())),
            _ => match name.strip_prefix("slot:") {
                Some(number) => return self.numbered(number).map(|path| Some(path.into_os_string())),
                None => return Ok(None),
            },
        };
        Ok(Some(value.into_owned().into_os_string()))
    }

    /// The path of the slot with this number in the metadata.
    fn numbered(&self, number: &str) -> Result<PathBuf, CommandError> {
        let unknown = || CommandFault::UnknownSlot { number: number.to_owned() };
        let wanted: u64 = number.parse().map_err(|_| unknown())?;
        let mut numbered = self.metadata.slots.iter().zip(0_u64..);
        let slot = numbered.position(|(entry, at)| entry.slot.unwrap_or(at) == wanted).ok_or_else(unknown)?;
        self.slot(slot)
    }

    /// Where the slot at a position is, or will be once it is asked for: its file, or for a tar slot the root of the tree that
    /// it is unpacked into.
    ///
    /// # Errors
    /// The slot is not extracted.
    pub fn slot(&self, slot: usize) -> Result<PathBuf, CommandError> {
        let entry = self.metadata.slots.get(slot);
        let entry = entry.ok_or_else(|| CommandFault::UnknownSlot { number: slot.to_string() })?;
        let absent = |why| CommandError::from(CommandFault::AbsentSlot { id: entry.id.clone(), why });
        let root = match self.plan.place(slot) {
            Place::Kept | Place::SetupOnly => self.workenv.clone(),
            Place::Lazy => suffixed(self.tree, &Content::lazy_slot(self.plan, slot).suffix()),
            Place::State => self.state.path().to_owned(),
            Place::Fresh => self.start.ok_or_else(|| absent("belongs to a start"))?.path()?.to_owned(),
            Place::Skipped(Skip::Platform) => return Err(absent("is for another platform")),
            Place::Skipped(Skip::Development) => return Err(absent("is for development (FLAVOR_DEV)")),
            // As in the published launchers it has a path, though nothing is there.
            Place::Skipped(Skip::IsThePackage | Skip::NoSetup) => self.workenv.clone(),
        };
        let profile = Profile::of(self.metadata).unwrap_or(Profile::Rust);
        match profile.operations(&entry.operations).unwrap_or_default().is_tar() {
            true => Ok(root),
            false => Ok(root.join(inside_workenv(&entry.target))),
        }
    }
}

fn suffixed(tree: &Path, suffix: &str) -> PathBuf {
    let mut bytes = tree.as_os_str().as_bytes().to_vec();
    bytes.extend_from_slice(suffix.as_bytes());
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let text = br#"{"format":"PSPF/2025","package":{"name":"{version}","version":"2"},"build":{"tool":"flavor-rs"},
            "slots":[{"slot":0,"id":"a","target":"{workenv}/bin/a","operations":"gzip"},
                     {"slot":7,"id":"b","target":"b","operations":"tgz"},
                     {"slot":2,"id":"c","target":"c/d","lifecycle":"lazy"},
                     {"slot":3,"id":"d","target":"d","lifecycle":"dev"},
                     {"slot":4,"id":"e","target":"e","operations":"tgz","lifecycle":"lazy"}]}"#;
        let metadata = Metadata::parse(text.to_vec()).unwrap();
        let plan = Plan::of(&metadata, false);
        let placeholders = Placeholders::new(&metadata, &plan, Path::new("/b"), Path::new("/b/workenv/t"));
        for (text, expected) in [
            ("{workenv}/bin {cache}", "/b/workenv/t/bin /b"),
            ("{package_name}-{version}", "{version}-2"),
            ("{slot:0} {slot:7}", "/b/workenv/t/bin/a /b/workenv/t"),
            ("{slot:2} {slot:4}", "/b/workenv/t.slot2/c/d /b/workenv/t.slot4"),
            ("{platform}", &platform::name()),
            ("{os}_{arch}", &platform::name()),
            ("{tmp} {} { {workenv", "{tmp} {} { {workenv"),
            ("{{workenv}}", "{/b/workenv/t}"),
            ("{é}", "{é}"),
        ] {
            assert_eq!(placeholders.fill(text).unwrap(), expected.as_bytes(), "{text}");
        }
        for text in ["{slot:1}", "{slot:x}", "{slot:}", "{slot:3}"] {
            assert!(placeholders.fill(text).is_err(), "{text}");
        }
    }
}

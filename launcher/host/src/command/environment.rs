//! The environment of the program: what `runtime.env`, `workenv.env` and `execution.env` make of the caller's
//! (docs/launcher.md, "The environment"), in one fixed order.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use pspf_nostd::{glob, metadata::RuntimeEnv};

use crate::{
    command::{
        error::{CommandError, CommandFault},
        placeholders::Placeholders,
    },
    lifecycle::Place,
    platform,
};

/// The variable with the names of what the package's rules have removed.
pub const UNSET: &str = "FLAVOR_UNSET";

/// Where `exec` looks for programs without a `PATH` (confstr(3), `_CS_PATH`).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Variables by name. Values, and names, need not be UTF-8.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// A variable's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Sets a variable.
    fn set(&mut self, name: &str, value: &OsStr) {
        self.0.insert(name.into(), value.to_owned());
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// What the program is told about its launcher.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The work environment.
    pub workenv: &'a Path,
    /// The directory that holds all work environments.
    pub base: &'a Path,
    /// The package's own file, absolute, if it still has a name.
    pub launcher: Option<&'a Path>,
    /// The name by which the user called the package.
    pub command_name: &'a OsStr,
}

/// The program's environment.
///
/// Order: `runtime.env` (unset, map, set; `pass` protects from unset and map), `workenv.env`, `execution.env`, then the
/// launcher's own variables and `PATH`.
///
/// # Errors
/// As [`Placeholders::fill`]; [`CommandFault::SameVariable`].
pub fn for_program(
    caller: impl IntoIterator<Item = (OsString, OsString)>,
    placeholders: &Placeholders<'_>,
    facts: &Facts<'_>,
) -> Result<Environment, CommandError> {
    let metadata = placeholders.metadata;
    let mut environment: Environment = caller.into_iter().collect();
    let unset = apply_runtime(&mut environment, &metadata.runtime_env);
    let program = metadata.execution.as_ref().map(|execution| execution.env.as_slice()).unwrap_or_default();
    for (name, value) in metadata.workenv.env.iter().chain(program) {
        environment.set(name, OsStr::from_bytes(&placeholders.fill(value)?));
    }
    add_own(&mut environment, placeholders, facts);
    if !unset.is_empty() {
        environment.set(UNSET, &unset.join(OsStr::new(",")));
    }
    add_slots(&mut environment, placeholders)?;
    Ok(environment)
}

/// The environment of a setup command: as for the program, but without `workenv.env` and `execution.env`, which are about
/// the running program (a `HOME` inside the work environment, say), and without slots that are elsewhere.
#[must_use]
pub fn for_setup(
    caller: impl IntoIterator<Item = (OsString, OsString)>,
    placeholders: &Placeholders<'_>,
    facts: &Facts<'_>,
) -> Environment {
    let mut environment: Environment = caller.into_iter().collect();
    apply_runtime(&mut environment, &placeholders.metadata.runtime_env);
    add_own(&mut environment, placeholders, facts);
    environment
}

/// The variable that says where a slot is: `FLAVOR_SLOT_` and its identifier in upper case, everything but ASCII letters and
/// digits replaced by `_`.
#[must_use]
pub fn slot_variable(id: &str) -> String {
    let plain = id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    "FLAVOR_SLOT_".chars().chain(plain).collect()
}

/// Says where the slots are that are not where their target says.
fn add_slots(environment: &mut Environment, placeholders: &Placeholders<'_>) -> Result<(), CommandError> {
    let mut named = Vec::new();
    for (slot, entry) in placeholders.metadata.slots.iter().enumerate() {
        if matches!(placeholders.plan.place(slot), Place::Lazy | Place::State | Place::Fresh) {
            let variable = slot_variable(&entry.id);
            environment.set(&variable, placeholders.slot(slot)?.as_os_str());
            if named.contains(&variable) {
                return Err(CommandFault::SameVariable { variable }.into());
            }
            named.push(variable);
        }
    }
    Ok(())
}

/// Gives the names that were removed, as far as the rules name them in full.
fn apply_runtime(environment: &mut Environment, rules: &RuntimeEnv) -> Vec<OsString> {
    let matches_any =
        |patterns: &[String], name: &OsStr| patterns.iter().any(|p| glob::matches(p.as_bytes(), name.as_bytes()));
    // What is renamed is wanted by its new name, also where all others go.
    let is_mapped = |name: &OsStr| rules.map.iter().any(|(old, _)| name == old.as_str());
    let mut removed = Vec::new();
    environment.0.retain(|name, _| {
        let stays = !matches_any(&rules.unset, name) || matches_any(&rules.pass, name) || is_mapped(name);
        if !stays && rules.unset.iter().any(|known| name == known.as_str()) {
            removed.push(name.clone());
        }
        stays
    });
    for (old, new) in &rules.map {
        if old != new
            && !matches_any(&rules.pass, OsStr::new(old))
            && let Some(value) = environment.0.remove(OsStr::new(old))
        {
            environment.set(new, &value);
        }
    }
    for (name, value) in &rules.set {
        environment.set(name, OsStr::new(value));
    }
    removed
}

fn add_own(environment: &mut Environment, placeholders: &Placeholders<'_>, facts: &Facts<'_>) {
    for name in ["FLAVOR_LAUNCHER_CLI", UNSET] {
        environment.0.remove(OsStr::new(name));
    }
    let workenvs = facts.base.join("workenv");
    for (name, value) in [("FLAVOR_CACHE_DIR", facts.base), ("FLAVOR_CACHE", &workenvs)] {
        if environment.get(name).is_none() {
            environment.set(name, value.as_os_str());
        }
    }
    let metadata = placeholders.metadata;
    for (name, value) in [
        ("FLAVOR_STATE_DIR", placeholders.state().path().as_os_str()),
        ("FLAVOR_PACKAGE", OsStr::new(&metadata.name)),
        ("FLAVOR_VERSION", OsStr::new(&metadata.version)),
        ("FLAVOR_OS", OsStr::new(platform::os())),
        ("FLAVOR_ARCH", OsStr::new(platform::arch())),
        ("FLAVOR_PLATFORM", OsStr::new(&platform::name())),
        ("FLAVOR_WORKENV", facts.workenv.as_os_str()),
        ("FLAVOR_COMMAND_NAME", facts.command_name),
    ] {
        environment.set(name, value);
    }
    for name in ["FLAVOR_LAUNCHER", "FLAVOR_ORIGINAL_COMMAND"] {
        match facts.launcher {
            Some(launcher) => environment.set(name, launcher.as_os_str()),
            // That of the caller would be another package.
            None => drop(environment.0.remove(OsStr::new(name))),
        }
    }
    set_path(environment, placeholders, facts.workenv);
}

/// Without `execution.path` the package's programs come first, as the published launchers have it.
fn set_path(environment: &mut Environment, placeholders: &Placeholders<'_>, workenv: &Path) {
    let asked = placeholders.metadata.execution.as_ref().and_then(|execution| execution.path.as_ref());
    let (first, last, otherwise) = match asked {
        None => (&["bin".to_owned()][..], &[][..], ""),
        Some(path) if path.first.is_empty() && path.last.is_empty() => return,
        // Where there is no PATH, programs are looked for here, and no longer once there is one.
        Some(path) => (&path.first[..], &path.last[..], DEFAULT_PATH),
    };
    let own = |directories: &[String]| -> Vec<OsString> {
        directories.iter().map(|directory| workenv.join(directory).into_os_string()).collect()
    };
    let callers = environment.get("PATH").filter(|path| !path.is_empty()).unwrap_or(OsStr::new(otherwise)).to_owned();
    let callers = Some(callers).filter(|path| !path.is_empty());
    let all: Vec<OsString> = own(first).into_iter().chain(callers).chain(own(last)).collect();
    environment.set("PATH", &all.join(OsStr::new(":")));
}

#[cfg(test)]
mod tests {
    use pspf_nostd::metadata::Metadata;

    use super::*;
    use crate::lifecycle::Plan;
    use std::os::unix::ffi::OsStringExt;

    fn run(rules: &str, caller: &[(&str, &str)]) -> Vec<String> {
        let own = ["FLAVOR_", "PATH"];
        let variables = all(&format!(r#""runtime":{{"env":{rules}}}"#), caller);
        variables.into_iter().filter(|pair| own.iter().all(|prefix| !pair.starts_with(prefix))).collect()
    }

    fn all(section: &str, caller: &[(&str, &str)]) -> Vec<String> {
        let text = format!(r#"{{"format":"PSPF/2025","package":{{"name":"n","version":"1"}},"slots":[],{section}}}"#);
        let metadata = Metadata::parse(text.into_bytes()).unwrap();
        let facts = Facts {
            workenv: Path::new("/w e"),
            base: Path::new("/b"),
            launcher: Some(Path::new("/p.psp")),
            command_name: OsStr::new("p"),
        };
        let plan = Plan::of(&metadata, false);
        let placeholders = Placeholders::new(&metadata, &plan, Path::new("/b"), Path::new("/b/workenv/t"));
        let caller = caller.iter().map(|(name, value)| (name.into(), value.into()));
        for_program(caller, &placeholders, &facts)
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn the_package_says_where_its_programs_are_on_the_search_path() {
        let one = |variables: Vec<String>, name: &str| variables.into_iter().find(|pair| pair.starts_with(name));
        for (path, caller, expected) in [
            (r#"null"#, Some("/a:/b"), Some("/w e/bin:/a:/b")),
            (r#"null"#, None, Some("/w e/bin")),
            (r#"{"last":["lib/c"]}"#, Some("/a:/b"), Some("/a:/b:/w e/lib/c")),
            (r#"{"last":["lib/c"]}"#, None, Some("/bin:/usr/bin:/w e/lib/c")),
            (r#"{"first":["x","y"],"last":["z"]}"#, Some("/a"), Some("/w e/x:/w e/y:/a:/w e/z")),
            (r#"{}"#, Some("/a:/b"), Some("/a:/b")),
            (r#"{}"#, None, None),
        ] {
            let caller: Vec<_> = caller.map(|path| ("PATH", path)).into_iter().collect();
            let found = one(all(&format!(r#""execution":{{"command":"x","path":{path}}}"#), &caller), "PATH=");
            assert_eq!(found, expected.map(|expected| format!("PATH={expected}")), "{path}");
        }
    }

    #[test]
    fn the_program_is_told_what_was_removed_by_name() {
        let rules = r#""runtime":{"env":{"unset":["A","B","S*","M"],"pass":["B"],"map":{"M":"N"}}}"#;
        let caller = [("A", "1"), ("B", "2"), ("SECRET", "3"), ("M", "4"), (UNSET, "of another package")];
        let told = |variables: Vec<String>| variables.into_iter().find(|pair| pair.starts_with("FLAVOR_UNSET"));
        assert_eq!(told(all(rules, &caller)), Some("FLAVOR_UNSET=A".to_owned()));
        assert_eq!(told(all(rules, &caller[1..])), None);
    }

    #[test]
    fn rules_apply_in_one_order() {
        for (rules, caller, expected) in [
            (r#"{"unset":["A"]}"#, vec![("A", "1"), ("B", "2")], vec!["B=2"]),
            (r#"{"unset":["*"],"pass":["K*"]}"#, vec![("A", "1"), ("KEEP", "2")], vec!["KEEP=2"]),
            (r#"{"unset":["LC_*"]}"#, vec![("LC_ALL", "C"), ("LCX", "1")], vec!["LCX=1"]),
            (r#"{"map":{"A":"B","B":"C"}}"#, vec![("A", "1")], vec!["C=1"]),
            (r#"{"map":{"B":"C","A":"B"}}"#, vec![("A", "1"), ("B", "2")], vec!["B=1", "C=2"]),
            (r#"{"map":{"A":"B"},"pass":["A"]}"#, vec![("A", "1")], vec!["A=1"]),
            (r#"{"map":{"A":"A"}}"#, vec![("A", "1")], vec!["A=1"]),
            (r#"{"unset":["B"],"map":{"A":"B"}}"#, vec![("A", "1"), ("B", "2")], vec!["B=1"]),
            (r#"{"map":{"A":"B"},"set":{"B":"{workenv}"}}"#, vec![("A", "1")], vec!["B={workenv}"]),
            (r#"{"unset":["*"],"map":{"A":"B"}}"#, vec![("A", "1"), ("B", "2"), ("C", "3")], vec!["B=1"]),
            (r#"{"unset":["*"],"map":{"A":"B","B":"C"}}"#, vec![("A", "1")], vec!["C=1"]),
            (r#"{"unset":["*"],"map":{"A":"A"}}"#, vec![("A", "1"), ("B", "2")], vec!["A=1"]),
            (r#"{"unset":["A*"],"map":{"AA":"B"}}"#, vec![("A", "1"), ("AA", "2")], vec!["B=2"]),
            (r#"{"unset":["*"],"map":{"A":"B"},"pass":["C"]}"#, vec![("C", "3")], vec!["C=3"]),
            (r#"{"unset":["S"],"set":{"S":"9"}}"#, vec![("S", "1")], vec!["S=9"]),
        ] {
            assert_eq!(run(rules, &caller), expected, "{rules}");
        }
    }

    #[test]
    fn slots_have_variables() {
        for (id, variable) in [("models", "MODELS"), ("my-models.v2", "MY_MODELS_V2"), ("é", "_"), ("", "")] {
            assert_eq!(slot_variable(id), ["FLAVOR_SLOT_", variable].concat(), "{id}");
        }
    }

    #[test]
    fn names_and_values_that_are_not_utf8_pass_through() {
        let metadata = Metadata::parse(br#"{"format":"PSPF/2025","slots":[]}"#.to_vec()).unwrap();
        let odd = OsString::from_vec(vec![b'X', 0xff]);
        let facts = Facts {
            workenv: Path::new("/w"),
            base: Path::new("/b"),
            launcher: Some(Path::new("/p")),
            command_name: OsStr::new("p"),
        };
        let plan = Plan::of(&metadata, false);
        let placeholders = Placeholders::new(&metadata, &plan, Path::new("/b"), Path::new("/b/workenv/t"));
        let caller = [(odd.clone(), odd.clone()), ("FLAVOR_LAUNCHER_CLI".into(), "1".into())];
        let environment = for_program(caller, &placeholders, &facts).unwrap();
        assert!(environment.iter().any(|found| found == (odd.as_os_str(), odd.as_os_str())));
        assert_eq!(environment.get("FLAVOR_LAUNCHER_CLI"), None);
        assert_eq!(environment.get("PATH"), Some(OsStr::new("/w/bin")));
    }
}

//! Variables of the environment that somebody meant for this program and misspelt.

use super::{Diagnostic, schema};

/// What every name begins with.
const PREFIX: &str = "FLAVOR_";

/// Variables beside those of keys; the launcher's too, which people set in the same places.
const OTHERS: [&str; 27] = [
    "FLAVOR_CACHE",
    "FLAVOR_CACHE_DIR",
    "FLAVOR_COMMAND",
    "FLAVOR_COMMAND_NAME",
    "FLAVOR_CONFIG_DIR",
    "FLAVOR_DEBIAN_KEYRING",
    "FLAVOR_DEBIAN_MIRROR",
    "FLAVOR_DEV",
    "FLAVOR_EXEC_MODE",
    "FLAVOR_JSON_LOG",
    "FLAVOR_KEY_SEED",
    "FLAVOR_LAUNCHER",
    "FLAVOR_LAUNCHER_BIN",
    "FLAVOR_LAUNCHER_CLI",
    "FLAVOR_LAUNCHER_LOG_LEVEL",
    "FLAVOR_LOG_LEVEL",
    "FLAVOR_LOG_PATH",
    "FLAVOR_ORIGINAL_COMMAND",
    "FLAVOR_PACKAGE",
    "FLAVOR_PYTHON",
    "FLAVOR_STATE_DIR",
    "FLAVOR_TRUSTED_KEYS_DIR",
    "FLAVOR_UV",
    "FLAVOR_VALIDATION",
    "FLAVOR_WORKENV",
    "FLAVOR_WORKENV_BASE",
    "FLAVOR_WORKENV_CACHE",
];

/// A warning for each name that is close to one that is read, and not read itself.
#[must_use]
pub fn misspelt(names: impl Iterator<Item = String>) -> Vec<Diagnostic> {
    let leaves = schema::leaves();
    let known: Vec<&str> = leaves.iter().filter_map(|leaf| leaf.key.variable).chain(OTHERS).collect();
    let mut found: Vec<(String, &str)> =
        names.filter_map(|name| near(&name, &known).map(|near| (name, near))).collect();
    found.sort();
    found
        .into_iter()
        .map(|(name, near)| {
            let warning = Diagnostic::warning("variable.unknown", format!("the variable {name:?} is not read"));
            warning.hint(format!("did you mean `{near}`?"))
        })
        .collect()
}

fn near<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let rest = name.to_ascii_uppercase().strip_prefix(PREFIX)?.to_owned();
    if known.contains(&name) {
        return None;
    }
    let distance = |known: &str| strsim::damerau_levenshtein(&rest, known.strip_prefix(PREFIX).unwrap_or(known));
    let (distance, near) = known.iter().map(|known| (distance(known), *known)).min()?;
    // A letter in four: names of other things begin like ours, too.
    (distance <= 2 && distance.saturating_mul(4) <= rest.len()).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_named_and_others_left_alone() {
        let all = [
            "FLAVOR_VERSIN",
            "FLAVOR_VERSION",
            "FLAVOR_UV",
            "FLAVOR_TEST_RUN",
            "flavor_python",
            "FLAVOR_CACH_DIR",
            "PATH",
        ];
        let texts: Vec<String> =
            misspelt(all.iter().map(ToString::to_string)).iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 3, "{texts:?}");
        for (text, (wrong, right)) in texts.iter().zip([
            ("FLAVOR_CACH_DIR", "FLAVOR_CACHE_DIR"),
            ("FLAVOR_VERSIN", "FLAVOR_VERSION"),
            ("flavor_python", "FLAVOR_PYTHON"),
        ]) {
            assert!(text.contains(wrong) && text.contains(right), "{text}");
        }
    }

    /// No variable that a program of this workspace reads is missing.
    #[test]
    fn every_variable_of_the_sources_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let sources = ["cli/src", "cli/crates", "launcher/src", "launcher/host/src"].map(|folder| root.join(folder));
        let leaves = schema::leaves();
        let known: Vec<&str> = leaves.iter().filter_map(|leaf| leaf.key.variable).chain(OTHERS).collect();
        // What packages are given, and what only builds of this program read.
        let given =
            ["FLAVOR_VERSION", "FLAVOR_OS", "FLAVOR_ARCH", "FLAVOR_PLATFORM", "FLAVOR_EMBED_LAUNCHER", "FLAVOR_UNSET"];
        let mut seen = 0;
        for file in sources.iter().flat_map(walkdir::WalkDir::new).filter_map(Result::ok) {
            let path = file.path();
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            if !is_source || path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("variables.rs")
            {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for part in text.split("\"FLAVOR_").skip(1) {
                let Some((name, _)) = part.split_once('"') else { continue };
                if name.is_empty()
                    || !name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                    || name.ends_with('_')
                {
                    continue;
                }
                let name = format!("FLAVOR_{name}");
                assert!(known.contains(&&*name) || given.contains(&&*name), "{name} in {}", path.display());
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen}");
    }
}

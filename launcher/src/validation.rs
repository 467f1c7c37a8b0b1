//! `FLAVOR_VALIDATION`: the level at which this start accepts the package.

use std::ffi::OsStr;

use pspf_nostd::verify::Level;

use crate::policy::Policies;

/// The level that is asked for, if the policies leave a choice; and what is to be said about it, where it is not strict.
#[must_use]
pub fn level(asked: Option<&OsStr>, policies: &Policies) -> (Level, Option<String>) {
    let Some(asked) = asked.filter(|word| !word.is_empty()) else { return (Level::Strict, None) };
    let Some(level) = asked.to_str().and_then(Level::from_word) else {
        let known = Level::WORDS.map(|(word, _)| word).join(", ");
        let said = format!("FLAVOR_VALIDATION={} is not one of {known}; validation is strict", asked.display());
        return (Level::Strict, Some(said));
    };
    if level == Level::Strict {
        return (level, None);
    }
    let word = level.word();
    match policies.needs_strict() {
        Some(file) => {
            let path = file.path.display();
            (Level::Strict, Some(format!("FLAVOR_VALIDATION={word} is not allowed by {path}; validation is strict")))
        }
        None => (level, Some(format!("FLAVOR_VALIDATION={word}: less is checked than should be"))),
    }
}

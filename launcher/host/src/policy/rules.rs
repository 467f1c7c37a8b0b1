//! What one policy asks for: the settings of a file, or of a package's signed metadata, checked and typed.

use pspf_nostd::{
    json::Json,
    quoted::{escaped, quoted},
    report::Integrity,
};

use super::document::{Malformed, Setting, Value};
use crate::files::config_dir::Position;

/// Every setting that a policy file may have, as `table.key`.
pub const SETTINGS: &[&str] = &[
    "version",
    "trust.require_signature",
    "trust.require_trusted_key",
    "trust.allow_user_keys",
    "trust.use_os_keychain",
    "trust.minimum_verdict",
    "trust.allow_validation_lowering",
    "execution.refuse_root",
    "execution.allow_platforms",
    "execution.max_age_days",
    "execution.require_env",
    "execution.verify_cache",
    "attestation.require_sbom",
    "enforcement.default",
    "enforcement.missing_signature",
    "enforcement.untrusted_key",
    "enforcement.os_keychain",
    "enforcement.low_verdict",
    "enforcement.root_execution",
    "enforcement.platform_mismatch",
    "enforcement.expired_package",
    "enforcement.missing_env",
    "enforcement.missing_sbom",
];

/// What a package's own policy may have, and the setting behind each key. The first four are the published tool's.
pub const PACKAGE_SETTINGS: &[(&str, &str)] = &[
    ("platforms", "execution.allow_platforms"),
    ("refuse_root", "execution.refuse_root"),
    ("max_age_days", "execution.max_age_days"),
    ("require_env", "execution.require_env"),
    ("require_trusted_key", "trust.require_trusted_key"),
    ("minimum_verdict", "trust.minimum_verdict"),
    ("allow_validation_lowering", "trust.allow_validation_lowering"),
    ("verify_cache", "execution.verify_cache"),
    ("require_sbom", "attestation.require_sbom"),
];

/// What a policy can require of a package or of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A valid signature.
    Signature,
    /// By a trusted key.
    TrustedKey,
    /// By a key of the system's key chain, which no version of this launcher looks into.
    Keychain,
    /// A least verdict.
    Verdict,
    /// The strict level.
    Lowering,
    /// Not as root.
    Root,
    /// A platform of the list.
    Platform,
    /// Not too old.
    Age,
    /// Variables that are set.
    Env,
    /// An SBOM.
    Sbom,
    /// A key that is not revoked; asked for by revocation lists, not by policies.
    Revoked,
    /// A package's policy that can be understood.
    PackagePolicy,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 12] = [
        Self::Signature,
        Self::TrustedKey,
        Self::Keychain,
        Self::Verdict,
        Self::Lowering,
        Self::Root,
        Self::Platform,
        Self::Age,
        Self::Env,
        Self::Sbom,
        Self::Revoked,
        Self::PackagePolicy,
    ];

    /// The name in `[enforcement]`; `None` where nothing but `deny` makes sense.
    #[must_use]
    pub fn enforcement_key(self) -> Option<&'static str> {
        let fixed = matches!(self, Self::Lowering | Self::Revoked | Self::PackagePolicy);
        self.code().strip_prefix("policy.").filter(|_| !fixed)
    }

    /// A stable code for reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Signature => "policy.missing_signature",
            Self::TrustedKey => "policy.untrusted_key",
            Self::Keychain => "policy.os_keychain",
            Self::Verdict => "policy.low_verdict",
            Self::Lowering => "policy.lowered_validation",
            Self::Root => "policy.root_execution",
            Self::Platform => "policy.platform_mismatch",
            Self::Age => "policy.expired_package",
            Self::Env => "policy.missing_env",
            Self::Sbom => "policy.missing_sbom",
            Self::Revoked => "policy.revoked_key",
            Self::PackagePolicy => "policy.package",
        }
    }
}

/// What happens if a rule is not met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Enforcement {
    /// Nothing.
    Allow,
    /// A line on standard error.
    Warn,
    /// The package is not run.
    #[default]
    Deny,
}

/// How a work environment is looked at before it is used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerifyCache {
    /// Its record.
    #[default]
    Off,
    /// Size, mode and time of every file.
    Quick,
    /// Every byte.
    Full,
}

/// The rules of one policy. The default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// `trust.require_signature`.
    pub require_signature: bool,
    /// `trust.require_trusted_key`.
    pub require_trusted_key: bool,
    /// `trust.allow_user_keys`: keys of the user's own store count for the machine's policy.
    pub allow_user_keys: bool,
    /// `trust.use_os_keychain`.
    pub use_os_keychain: bool,
    /// `trust.minimum_verdict`.
    pub minimum_verdict: Option<Integrity>,
    /// `trust.allow_validation_lowering = false`.
    pub forbid_lowering: bool,
    /// `execution.refuse_root`.
    pub refuse_root: bool,
    /// `execution.allow_platforms`; empty for all.
    pub allow_platforms: Vec<String>,
    /// `execution.max_age_days`.
    pub max_age_days: Option<u64>,
    /// `execution.require_env`.
    pub require_env: Vec<String>,
    /// `execution.verify_cache`.
    pub verify_cache: VerifyCache,
    /// `attestation.require_sbom`.
    pub require_sbom: bool,
    default_enforcement: Enforcement,
    enforcement: Vec<(String, Enforcement)>,
}

impl Rules {
    /// The rules of a policy file's settings.
    ///
    /// # Errors
    /// Unknown names, wrong types, no version or one that is not known: a rule that is not understood is not a rule.
    pub fn of_file(settings: &[Setting]) -> Result<Self, Malformed> {
        let mut rules = Self::default();
        for setting in settings {
            rules.apply(setting)?;
        }
        // `version` can have one value only; `null` is none.
        let is_version = |setting: &&Setting| setting.section.is_empty() && setting.key == "version";
        if settings.iter().find(is_version).is_some_and(|setting| setting.value != Value::Nothing) {
            return Ok(rules);
        }
        let at = Position { line: 1, column: 1 };
        Err(Malformed { at, message: "`version` is missing; this is version 1 of the policy's form".to_owned() })
    }

    /// The rules of a package's own policy, whoever built it: a rule that is not understood protects from nothing.
    ///
    /// # Errors
    /// The key that is not known or has a wrong type, in words.
    pub fn of_package(policy: &Json) -> Result<Self, String> {
        let mut rules = Self::default();
        let Json::Object(entries) = policy else { return Err("`policy` is not an object".to_owned()) };
        for (key, value) in entries {
            let shown = escaped(key);
            let Some((_, setting)) = PACKAGE_SETTINGS.iter().find(|(known, _)| known == key) else {
                let known = PACKAGE_SETTINGS.iter().map(|(known, _)| *known);
                return Err(format!("`policy.{shown}` is not known{}", nearest(key, known)));
            };
            let (section, name) = setting.split_once('.').unwrap_or(("", setting));
            let value = match value {
                Json::Bool(flag) => Some(Value::Flag(*flag)),
                Json::String(text) => Some(Value::Text(text.clone())),
                Json::Null => Some(Value::Nothing),
                Json::Number(_) => value.as_u64().map(Value::Number),
                Json::Array(items) => {
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Value::List)
                }
                Json::Object(_) => None,
            };
            let Some(value) = value else { return Err(format!("`policy.{shown}` has a value of the wrong type")) };
            let at = Position::default();
            let setting = Setting { section: section.to_owned(), key: name.to_owned(), value, at, value_at: at };
            rules.apply(&setting).map_err(|error| format!("`policy.{shown}`: {}", error.message))?;
        }
        Ok(rules)
    }

    /// What happens where `rule` is not met.
    #[must_use]
    pub fn enforcement(&self, rule: Rule) -> Enforcement {
        let Some(key) = rule.enforcement_key() else { return Enforcement::Deny };
        let own = self.enforcement.iter().find(|(known, _)| known == key);
        own.map_or(self.default_enforcement, |(_, enforcement)| *enforcement)
    }

    /// Whether levels below strict are ruled out: a policy that asks for a signer accepts no package without one.
    #[must_use]
    pub fn needs_strict(&self) -> bool {
        self.forbid_lowering || self.require_signature || self.require_trusted_key || self.minimum_verdict.is_some()
    }

    fn apply(&mut self, setting: &Setting) -> Result<(), Malformed> {
        if setting.value == Value::Table {
            return match is_table(&setting.key) {
                true => Ok(()),
                false => Err(unknown_table(setting)),
            };
        }
        if setting.value == Value::Nothing {
            // The published tool writes what is not set as null; a name that nobody knows is an error all the same.
            return if is_known(setting) { Ok(()) } else { Err(unknown(setting)) };
        }
        match (setting.section.as_str(), setting.key.as_str()) {
            ("", "version") if number(setting)? == 1 => {}
            ("", "version") => return Err(wrong(setting, "1, the only version of the policy's form")),
            ("trust", "require_signature") => self.require_signature = flag(setting)?,
            ("trust", "require_trusted_key") => self.require_trusted_key = flag(setting)?,
            ("trust", "allow_user_keys") => self.allow_user_keys = flag(setting)?,
            ("trust", "use_os_keychain") => self.use_os_keychain = flag(setting)?,
            ("trust", "minimum_verdict") => {
                let words = [("intact", Integrity::Intact), ("bound", Integrity::Bound), ("sealed", Integrity::Sealed)];
                self.minimum_verdict = Some(word(setting, &words, "\"intact\", \"bound\" or \"sealed\"")?);
            }
            ("trust", "allow_validation_lowering") => self.forbid_lowering = !flag(setting)?,
            ("execution", "refuse_root") => self.refuse_root = flag(setting)?,
            ("execution", "allow_platforms") => self.allow_platforms = list(setting)?,
            ("execution", "max_age_days") => self.max_age_days = Some(number(setting)?),
            ("execution", "require_env") => self.require_env = list(setting)?,
            ("execution", "verify_cache") => {
                let words = [("off", VerifyCache::Off), ("quick", VerifyCache::Quick), ("full", VerifyCache::Full)];
                self.verify_cache = word(setting, &words, "\"off\", \"quick\" or \"full\"")?;
            }
            ("attestation", "require_sbom") => self.require_sbom = flag(setting)?,
            ("enforcement", key) if is_known(setting) => {
                let words = [("deny", Enforcement::Deny), ("warn", Enforcement::Warn), ("allow", Enforcement::Allow)];
                let enforcement = word(setting, &words, "\"deny\", \"warn\" or \"allow\"")?;
                match key {
                    "default" => self.default_enforcement = enforcement,
                    key => self.enforcement.push((key.to_owned(), enforcement)),
                }
            }
            _ => return Err(unknown(setting)),
        }
        Ok(())
    }
}

fn full_name(setting: &Setting) -> String {
    if setting.section.is_empty() { setting.key.clone() } else { format!("{}.{}", setting.section, setting.key) }
}

fn is_known(setting: &Setting) -> bool {
    SETTINGS.contains(&full_name(setting).as_str())
}

/// The tables that hold settings.
fn tables() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter_map(|name| name.split_once('.')).map(|(table, _)| table)
}

fn is_table(name: &str) -> bool {
    tables().any(|table| table == name)
}

fn unknown_table(setting: &Setting) -> Malformed {
    let name = &setting.key;
    let message = match SETTINGS.contains(&name.as_str()) {
        true => format!("`{name}` is not a table"),
        false => format!("the table [{}] is not known{}", escaped(name), nearest(name, tables())),
    };
    Malformed { at: setting.at, message }
}

fn unknown(setting: &Setting) -> Malformed {
    let name = full_name(setting);
    let message = match setting.section.is_empty() && is_table(&setting.key) {
        true => format!("`{name}`: expected a table, found {}", setting.value.kind()),
        false => format!("`{}` is not known{}", escaped(&name), nearest(&name, SETTINGS.iter().copied())),
    };
    Malformed { at: setting.at, message }
}

fn wrong(setting: &Setting, expected: &str) -> Malformed {
    let found = match &setting.value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        value => value.kind().to_owned(),
    };
    Malformed { at: setting.value_at, message: format!("`{}`: expected {expected}, found {found}", full_name(setting)) }
}

fn flag(setting: &Setting) -> Result<bool, Malformed> {
    match setting.value {
        Value::Flag(flag) => Ok(flag),
        _ => Err(wrong(setting, "true or false")),
    }
}

fn number(setting: &Setting) -> Result<u64, Malformed> {
    match setting.value {
        Value::Number(number) => Ok(number),
        _ => Err(wrong(setting, "a whole number")),
    }
}

fn list(setting: &Setting) -> Result<Vec<String>, Malformed> {
    match &setting.value {
        Value::List(items) if items.iter().all(|item| !item.is_empty()) => Ok(items.clone()),
        _ => Err(wrong(setting, "a list of strings that are not empty")),
    }
}

fn word<T: Copy>(setting: &Setting, words: &[(&str, T)], expected: &str) -> Result<T, Malformed> {
    let found = match &setting.value {
        Value::Text(text) => words.iter().find(|(word, _)| word == text),
        _ => None,
    };
    found.map(|(_, meant)| *meant).ok_or_else(|| wrong(setting, expected))
}

/// `; did you mean …?` with the known name that takes the fewest changes, where that is less than half of the name.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best = known.map(|known| (strsim::levenshtein(name, known), known)).min();
    match best.filter(|(changes, _)| *changes * 2 < name.len()) {
        Some((_, known)) => format!("; did you mean `{known}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::document::{Syntax, read};

    fn rules(text: &str) -> Result<Rules, Malformed> {
        Rules::of_file(&read(text.as_bytes(), Syntax::Toml).unwrap())
    }

    #[test]
    fn every_listed_setting_is_taken_and_changes_something() {
        for name in SETTINGS.iter().filter(|name| **name != "version") {
            let (section, key) = name.split_once('.').unwrap();
            let values = ["true", "false", "7", "[\"x\"]", "\"sealed\"", "\"full\"", "\"warn\""];
            let taken = values.iter().filter(|value| {
                let text = format!("version = 1\n[{section}]\n{key} = {value}\n");
                rules(&text).is_ok_and(|rules| rules != Rules::default())
            });
            assert_eq!(taken.count(), 1, "{name}");
        }
        for (_, setting) in PACKAGE_SETTINGS {
            assert!(SETTINGS.contains(setting), "{setting}");
        }
    }

    #[test]
    fn a_longer_name_finds_its_neighbour_and_nonsense_none() {
        for (text, line, column, words) in [
            ("version=1\n[trust]\nrequire_trusted_keys=true", 3, 1, "did you mean `trust.require_trusted_key`?"),
            ("version=1\n[exectuion]\nrefuse_root=true", 2, 2, "[exectuion] is not known; did you mean `execution`?"),
            ("version=1\n[trusts]", 2, 2, "did you mean `trust`?"),
            ("version=1\n[Trust]", 2, 2, "[Trust] is not known"),
            ("[version]", 1, 2, "`version` is not a table"),
            ("version=1\ntrust=true", 2, 1, "`trust`: expected a table, found a boolean"),
            ("version=1\n[enforcement]\nuntrusted_keys='warn'", 3, 1, "did you mean `enforcement.untrusted_key`?"),
            ("version=1\n[enforcement]\nrevoked_key='allow'", 3, 1, "`enforcement.revoked_key` is not known"),
            ("version=1\nrefuse_root=true", 2, 1, "`refuse_root` is not known"),
            ("version=1\n[x]\nqqq=true", 2, 2, "[x] is not known"),
            ("version = 2", 1, 11, "found 2"),
            ("", 1, 1, "`version` is missing"),
            ("version=1\n[trust]\nminimum_verdict = \"Sealed\"", 3, 19, "found \"Sealed\""),
            ("version=1\n[execution]\nmax_age_days = \"90\"", 3, 16, "a whole number, found \"90\""),
            ("version=1\n[execution]\nrequire_env = [\"\"]", 3, 15, "not empty"),
            ("version=1\n[enforcement]\ndefault = true", 3, 11, "found a boolean"),
        ] {
            let error = rules(text).unwrap_err();
            assert_eq!((error.at.line, error.at.column), (line, column), "{text}: {}", error.message);
            assert!(error.message.contains(words), "{text}: {}", error.message);
        }
    }

    #[test]
    fn a_neighbour_takes_changes_to_less_than_half_of_the_name() {
        let found = |name: &str, known: &'static str| nearest(name, [known].into_iter()).contains(known);
        assert!(found("abc", "abd") && found("abcdefghij", "abcdefxxxx"));
        assert!(!found("abcd", "abxx") && !found("abcdefghij", "abcdexxxxx"));
    }

    /// A setting that changed another rule would be a rule that does not hold.
    #[test]
    fn every_setting_changes_its_own_rule() {
        let list = || vec!["x".to_owned()];
        let none = Rules::default;
        let enforced = |key: &str, enforcement| Rules { enforcement: vec![(key.to_owned(), enforcement)], ..none() };
        for (setting, value, expected) in [
            ("trust.require_signature", "true", Rules { require_signature: true, ..none() }),
            ("trust.require_trusted_key", "true", Rules { require_trusted_key: true, ..none() }),
            ("trust.allow_user_keys", "true", Rules { allow_user_keys: true, ..none() }),
            ("trust.use_os_keychain", "true", Rules { use_os_keychain: true, ..none() }),
            ("trust.minimum_verdict", "\"intact\"", Rules { minimum_verdict: Some(Integrity::Intact), ..none() }),
            ("trust.minimum_verdict", "\"bound\"", Rules { minimum_verdict: Some(Integrity::Bound), ..none() }),
            ("trust.minimum_verdict", "\"sealed\"", Rules { minimum_verdict: Some(Integrity::Sealed), ..none() }),
            ("trust.allow_validation_lowering", "false", Rules { forbid_lowering: true, ..none() }),
            ("trust.allow_validation_lowering", "true", none()),
            ("execution.refuse_root", "true", Rules { refuse_root: true, ..none() }),
            ("execution.allow_platforms", "[\"x\"]", Rules { allow_platforms: list(), ..none() }),
            ("execution.max_age_days", "7", Rules { max_age_days: Some(7), ..none() }),
            ("execution.max_age_days", "0", Rules { max_age_days: Some(0), ..none() }),
            ("execution.require_env", "[\"x\"]", Rules { require_env: list(), ..none() }),
            ("execution.verify_cache", "\"off\"", none()),
            ("execution.verify_cache", "\"quick\"", Rules { verify_cache: VerifyCache::Quick, ..none() }),
            ("execution.verify_cache", "\"full\"", Rules { verify_cache: VerifyCache::Full, ..none() }),
            ("attestation.require_sbom", "true", Rules { require_sbom: true, ..none() }),
            ("enforcement.default", "\"deny\"", none()),
            ("enforcement.default", "\"warn\"", Rules { default_enforcement: Enforcement::Warn, ..none() }),
            ("enforcement.default", "\"allow\"", Rules { default_enforcement: Enforcement::Allow, ..none() }),
            ("enforcement.untrusted_key", "\"warn\"", enforced("untrusted_key", Enforcement::Warn)),
            ("enforcement.missing_sbom", "\"allow\"", enforced("missing_sbom", Enforcement::Allow)),
        ] {
            assert_eq!(rules(&format!("version = 1\n{setting} = {value}")).unwrap(), expected, "{setting} = {value}");
            for (key, _) in PACKAGE_SETTINGS.iter().filter(|(_, meant)| *meant == setting) {
                let own = Rules::of_package(&Json::parse(format!(r#"{{"{key}":{value}}}"#).as_bytes()).unwrap());
                assert_eq!(own.unwrap(), expected, "{key}");
                assert!(setting.ends_with(key) || (*key, setting) == ("platforms", "execution.allow_platforms"));
            }
        }
    }

    #[test]
    fn what_cannot_be_allowed_is_denied_whatever_is_allowed_by_default() {
        let rules = rules("version = 1\nenforcement.default = 'allow'\nenforcement.missing_env = 'warn'").unwrap();
        for rule in Rule::ALL {
            let expected = match rule {
                Rule::Lowering | Rule::Revoked | Rule::PackagePolicy => Enforcement::Deny,
                Rule::Env => Enforcement::Warn,
                _ => Enforcement::Allow,
            };
            assert_eq!(rules.enforcement(rule), expected, "{rule:?}");
        }
    }

    /// A rule that asks for a signer gets one; other rules take no choice from the user.
    #[test]
    fn rules_about_the_signer_need_the_strict_level_and_others_do_not() {
        for (text, expected) in [
            ("", false),
            ("trust.require_signature = true", true),
            ("trust.require_trusted_key = true", true),
            ("trust.minimum_verdict = 'intact'", true),
            ("trust.allow_validation_lowering = false", true),
            ("trust.allow_validation_lowering = true", false),
            ("trust.require_signature = false\ntrust.require_trusted_key = false", false),
            ("trust.use_os_keychain = true\ntrust.allow_user_keys = true", false),
            ("execution.refuse_root = true\nexecution.max_age_days = 1", false),
        ] {
            assert_eq!(rules(&format!("version = 1\n{text}")).unwrap().needs_strict(), expected, "{text}");
        }
    }

    /// `policy.json` of the published tool: as strict, in every place.
    #[test]
    fn what_json_says_is_known_or_an_error() {
        let rules = |text: &str| {
            Rules::of_file(&read(text.as_bytes(), Syntax::Json).map_err(|error| error.message)?)
                .map_err(|error| error.message)
        };
        for text in [
            r#"{"version":1}"#,
            r#"{"version":1,"trust":{},"execution":{},"attestation":{},"enforcement":{}}"#,
            r#"{"version":1,"trust":{"require_trusted_key":null},"enforcement":{"default":null}}"#,
        ] {
            assert_eq!(rules(text), Ok(Rules::default()), "{text}");
        }
        for (text, words) in [
            (r#"{"version":null}"#, "`version` is missing"),
            (r#"{"version":1,"version":1}"#, "twice"),
            (r#"{"version":1,"trust":{},"trust":{}}"#, "twice"),
            (r#"{"version":1,"trust":{},"trust":null}"#, "twice"),
            (r#"{"version":{},"version":1}"#, "twice"),
            (r#"{"version":1,"trust":null}"#, "expected a table, found null"),
            (r#"{"version":1,"trust":[]}"#, "expected a table, found a list"),
            (r#"{"version":1,"signatures":{}}"#, "[signatures] is not known"),
            (r#"{"version":1,"signatures":null}"#, "`signatures` is not known"),
            (r#"{"version":1,"Trust":{}}"#, "[Trust] is not known"),
            (r#"{"version":1,"tru\u017ft":{}}"#, "is not known"),
            (r#"{"version":1,"trust":{"require_trusted_key":"true"}}"#, "expected true or false"),
            (r#"{"version":1,"trust":{"require_trusted_key":1}}"#, "expected true or false"),
            (r#"{"version":1,"trust":{"require_trusted_key":false,"require_trusted_key":true}}"#, "twice"),
            (r#"{"version":1,"trust":{"trust":{"require_trusted_key":true}}}"#, "a table has no meaning here"),
            (r#"{"version":1,"trust.require_trusted_key":true}"#, "is not known"),
            (r#"{"version":1,"enforcement":{"untrusted-key":"deny"}}"#, "is not known"),
            (r#"{"version":1,"enforcement":{"untrusted_key":"Deny"}}"#, "found \"Deny\""),
            (r#"{"version":1,"enforcement":{"policy.untrusted_key":"deny"}}"#, "is not known"),
            (r#"{"version":1,"enforcement":{"default":{"deny":true}}}"#, "a table has no meaning here"),
            (r#"{"version":1,"enforcement":["deny"]}"#, "expected a table, found a list"),
        ] {
            let found = rules(text).unwrap_err();
            assert!(found.contains(words), "{text}: {found}");
        }
    }

    #[test]
    fn what_a_package_asks_for_is_known_or_refused() {
        let rules = |text: &str| Rules::of_package(&Json::parse(text.as_bytes()).unwrap());
        for (key, _) in PACKAGE_SETTINGS {
            assert!(rules(&format!(r#"{{"{key}":null}}"#)).is_ok(), "{key}");
            for wrong in [format!("{key}s"), key.to_uppercase(), format!(" {key}"), key.replace('_', "-") + "-"] {
                let error = rules(&format!(r#"{{"{wrong}":null}}"#)).unwrap_err();
                assert!(error.contains("is not known"), "{error}");
            }
            assert!(rules(&format!(r#"{{"{key}":{{}}}}"#)).is_err() && rules(&format!(r#"{{"{key}":1.5}}"#)).is_err());
        }
        for text in
            [r#"{"enforcement":{"default":"allow"}}"#, r#"{"version":1}"#, r#"{"trust":{}}"#, "[]", "true", "null"]
        {
            assert!(rules(text).is_err(), "{text}");
        }
    }
}

//! What a registry demands of packages.

use std::cell::RefCell;

use crate::failure::Failure;
use pspf_nostd::{
    codec::Budget,
    digest::Sha256Digest,
    findings::severity_of,
    glob,
    json::Json,
    key::Fingerprint,
    limits::{DECODE_WINDOW_MAX, DECODED_RATIO_MAX, TAR_ENTRIES_MAX},
    quoted::quoted,
    report::{Integrity, Severity},
    tar::TarLimits,
};

use crate::{slot_reading::WINDOW_DEFAULT, verification::fingerprint};

/// The only version of the policy document.
pub const POLICY_VERSION: u64 = 1;

/// Decoded bytes of all slots together, by default: a CPython with a machine-learning stack has about 6 GB.
pub const UNPACKED_DEFAULT: u64 = 16 << 30;

/// What a registry demands.
#[derive(Clone, Debug)]
pub struct Policy {
    fingerprints: Option<Vec<Fingerprint>>,
    minimum: Integrity,
    allow_unsigned: bool,
    launchers: Option<Vec<Sha256Digest>>,
    /// What may not be in slots.
    pub forbid: Forbid,
    /// How much may be in them.
    pub limits: Limits,
    /// What the bill of materials must be.
    pub sbom: SbomRules,
    severity: Vec<(String, Severity)>,
}

/// What may not be in slots.
#[derive(Clone, Copy, Debug)]
pub struct Forbid {
    /// Set-user-ID and set-group-ID.
    pub setuid: bool,
    /// Files and directories that everybody may write.
    pub world_writable: bool,
    /// Symbolic links that lead out of the slot.
    pub symlinks_out: bool,
    /// Operations that are never undone.
    pub unknown_operations: bool,
    /// Paths that do not mean the same on every file system, such as DOS device names.
    pub device_names: bool,
    /// Files of one slot in place of another's.
    pub replaced_files: bool,
    /// Paths that are one file where case is folded or Unicode normalised.
    pub same_names: bool,
}

/// Codes of the policy's own findings, with whether `severity` may take weight from them: what a package is, and who signed it, is
/// not weighed; such a demand is left out instead.
pub const CODES: &[(&str, bool)] = &[
    ("policy.unsigned", false),
    ("policy.state", false),
    ("policy.signer", false),
    ("policy.launcher", false),
    ("policy.package_size", false),
    ("policy.setuid", true),
    ("policy.world_writable", true),
    ("policy.symlink_out", true),
    ("policy.device_name", true),
    ("policy.replaced_file", true),
    ("policy.same_name", true),
    ("policy.operation", true),
    ("policy.sbom_missing", true),
    ("policy.licence", true),
    ("policy.purl", true),
];

/// How much may be in a package.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub package_size: u64,
    /// Entries of all slots together.
    pub entries: u64,
    /// Decoded bytes of all slots together.
    pub unpacked_size: u64,
    /// Decoded bytes per stored byte.
    pub ratio: u64,
    /// Bytes of a compression window.
    pub window: u64,
}

/// What the bill of materials must be.
#[derive(Clone, Debug)]
pub struct SbomRules {
    /// Whether there must be one.
    pub required: bool,
    /// Refused licences.
    pub deny_licences: Vec<String>,
    /// Refused package URLs.
    pub deny_purls: Vec<String>,
}

impl Policy {
    /// Reads a policy document. Unknown keys are errors: a misspelt demand is none.
    ///
    /// # Errors
    /// `policy.invalid` with the place, `key.fingerprint`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let document = Json::parse(text.as_bytes()).map_err(|error| invalid("", &error.to_string()))?;
        let fault = Fault::default();
        let policy = Self::read(&document, &fault);
        fault.into_inner().map_or(Ok(policy), Err)
    }

    fn read(document: &Json, fault: &Fault) -> Self {
        let top = Section { path: "", value: Some(document), fault };
        top.has_only(&["version", "trust", "launcher", "forbid", "limits", "sbom", "severity"]);
        if top.number("version", 0) != POLICY_VERSION {
            top.refuse(invalid("version", &format!("must be {POLICY_VERSION}")));
        }
        let trust = top.section("trust", &["fingerprints", "minimum", "allowUnsigned"]);
        let launcher = top.section("launcher", &["digests"]);
        let forbidden = [
            "setuid",
            "worldWritable",
            "symlinksOut",
            "unknownOperations",
            "deviceNames",
            "replacedFiles",
            "sameNames",
        ];
        let forbid = top.section("forbid", &forbidden);
        let limits = top.section("limits", &["packageSize", "entries", "unpackedSize", "ratio", "window"]);
        let sbom = top.section("sbom", &["required", "denyLicences", "denyPurls"]);
        let denied = |key, wrong: fn(&str) -> Option<&'static str>| {
            let texts = sbom.texts(key).unwrap_or_default();
            for text in &texts {
                if let Some(why) = wrong(text) {
                    sbom.wrong(key, &format!("has {}, {why}", quoted(text)));
                }
            }
            texts
        };
        Self {
            fingerprints: trust.texts("fingerprints").map(|texts| trust.each(&texts, fingerprint)),
            launchers: launcher.texts("digests").map(|texts| launcher.each(&texts, digest)),
            minimum: match trust.get("minimum").map(|value| value.as_str().unwrap_or_default()) {
                Some("intact") => Integrity::Intact,
                // More cannot be proved of an unsigned package.
                None if trust.flag("allowUnsigned", false) => Integrity::Intact,
                None | Some("bound") => Integrity::Bound,
                Some("sealed") => Integrity::Sealed,
                Some(_) => {
                    trust.refuse(invalid("trust.minimum", "must be intact, bound or sealed"));
                    Integrity::Intact
                }
            },
            allow_unsigned: trust.flag("allowUnsigned", false),
            forbid: Forbid {
                setuid: forbid.flag("setuid", true),
                world_writable: forbid.flag("worldWritable", false),
                symlinks_out: forbid.flag("symlinksOut", true),
                unknown_operations: forbid.flag("unknownOperations", true),
                device_names: forbid.flag("deviceNames", true),
                replaced_files: forbid.flag("replacedFiles", true),
                same_names: forbid.flag("sameNames", false),
            },
            limits: Limits {
                package_size: limits.number("packageSize", u64::MAX),
                entries: limits.number("entries", TAR_ENTRIES_MAX),
                unpacked_size: limits.number("unpackedSize", UNPACKED_DEFAULT),
                ratio: limits.number("ratio", DECODED_RATIO_MAX),
                window: limits.number("window", WINDOW_DEFAULT),
            },
            sbom: SbomRules {
                required: sbom.flag("required", false),
                deny_licences: denied("denyLicences", wrong_licence),
                deny_purls: denied("denyPurls", wrong_purl),
            },
            severity: severities(&top),
        }
    }

    /// The trusted keys; `None` where signers are not limited.
    #[must_use]
    pub fn trusted(&self) -> Option<&[Fingerprint]> {
        self.fingerprints.as_deref()
    }

    /// Whether an unsigned package may pass.
    #[must_use]
    pub fn allows_unsigned(&self) -> bool {
        self.allow_unsigned
    }

    /// Least of what must be proved.
    #[must_use]
    pub fn minimum(&self) -> Integrity {
        self.minimum
    }

    /// The launchers that may be; `None` where they are not limited.
    #[must_use]
    pub fn launchers(&self) -> Option<&[Sha256Digest]> {
        self.launchers.as_deref()
    }

    /// What a finding weighs here.
    #[must_use]
    pub fn severity(&self, code: &str, own: Severity) -> Severity {
        self.severity.iter().find(|(named, _)| named == code).map_or(own, |(_, severity)| *severity)
    }

    /// What decoding one slot may cost, after `unpacked` bytes of others.
    #[must_use]
    pub fn budget(&self, unpacked: u64) -> Budget {
        Budget {
            output_max: self.limits.unpacked_size.saturating_sub(unpacked),
            ratio_max: self.limits.ratio,
            window_max: self.limits.window.min(DECODE_WINDOW_MAX),
        }
    }

    /// What one archive may hold, after `entries` of others.
    #[must_use]
    pub fn tar_limits(&self, entries: u64) -> TarLimits {
        let left = self.limits.entries.saturating_sub(entries).min(TAR_ENTRIES_MAX);
        TarLimits { entries_max: left, ..TarLimits::default() }
    }
}

fn severities(top: &Section<'_>) -> Vec<(String, Severity)> {
    let Some(value) = top.get("severity") else { return Vec::new() };
    let mut severities = Vec::new();
    if !matches!(value, Json::Object(_)) {
        top.refuse(invalid("severity", "must be an object"));
    }
    for (code, word) in value.entries() {
        let place = ["severity.", code].concat();
        let severity = match word.as_str() {
            Some("error") => Severity::Error,
            Some("warning") => Severity::Warning,
            Some("info") => Severity::Info,
            _ => {
                top.refuse(invalid(&place, "must be error, warning or info"));
                continue;
            }
        };
        let own = severity_of(code);
        match CODES.iter().find(|(known, _)| known == code) {
            Some((_, true)) => {}
            Some((_, false)) if severity == Severity::Error => {}
            Some((_, false)) => {
                top.refuse(invalid(&place, "can weigh no less than error; leave the demand out instead"));
            }
            // The order is from error to info.
            None if own.is_some_and(|own| severity <= own) => {}
            None if own.is_some() => {
                top.refuse(invalid(&place, "is a code of the verification, which can only be given more weight"));
            }
            None => top.refuse(invalid(&place, "is no code that a policy can weigh (npm/README.md, \"Policy\")")),
        }
        severities.push((code.clone(), severity));
    }
    severities
}

/// Why a pattern is none that a package URL can match, where it is not.
fn wrong_purl(pattern: &str) -> Option<&'static str> {
    const FORM: Option<&str> = Some("which is no package URL: expected the form pkg:TYPE/NAME, `*` as wildcard");
    // What begins with a wildcard may match anything.
    if pattern.starts_with('*') && pattern.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let Some(rest) = pattern.strip_prefix("pkg:") else { return FORM };
    let Some((kind, name)) = rest.split_once('/') else { return FORM };
    let of_type = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'*');
    let plain = |byte: u8| byte.is_ascii_graphic();
    if kind.is_empty() || !kind.bytes().all(of_type) || name.is_empty() || !name.bytes().all(plain) {
        return FORM;
    }
    None
}

/// Why a pattern is none that a licence can match, where it is not.
fn wrong_licence(pattern: &str) -> Option<&'static str> {
    let known = spdx::identifiers::LICENSES.iter().any(|licence| matches(pattern, licence.name));
    let own = ["LicenseRef-", "DocumentRef-"].iter().any(|start| pattern.starts_with(start));
    match known || own || spdx::Expression::parse(pattern).is_ok() {
        true => None,
        false => Some("which is no SPDX licence or expression, and matches none; LicenseRef-NAME is another's"),
    }
}

fn digest(text: &str) -> Result<Sha256Digest, Failure> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    digits.parse().map_err(|_| invalid("launcher.digests", "must be texts of 64 hexadecimal digits"))
}

fn invalid(place: &str, what: &str) -> Failure {
    Failure::new("policy.invalid", format!("the policy is not valid: {place} {what}"))
}

/// The first fault of a document.
type Fault = RefCell<Option<Failure>>;

/// One object of the document, of which all keys are known. Reading goes on behind a fault; the document is refused at the end.
struct Section<'a> {
    path: &'static str,
    value: Option<&'a Json>,
    fault: &'a Fault,
}

impl<'a> Section<'a> {
    fn has_only(&self, known: &[&str]) {
        match self.value {
            None => {}
            Some(Json::Object(entries)) => {
                if let Some((key, _)) = entries.iter().find(|(key, _)| !known.contains(&key.as_str())) {
                    self.refuse(invalid(self.path, &format!("has no key `{key}`; there are {}", known.join(", "))));
                }
            }
            Some(_) => self.refuse(invalid(self.path, "must be an object")),
        }
    }

    fn section(&self, key: &'static str, known: &[&str]) -> Self {
        let section = Self { path: key, value: self.get(key), fault: self.fault };
        section.has_only(known);
        section
    }

    fn get(&self, key: &str) -> Option<&'a Json> {
        self.value.and_then(|value| value.get(key))
    }

    fn refuse(&self, failure: Failure) {
        self.fault.borrow_mut().get_or_insert(failure);
    }

    fn wrong(&self, key: &str, expected: &str) {
        self.refuse(invalid(&[self.path, ".", key].concat(), expected));
    }

    fn flag(&self, key: &str, default: bool) -> bool {
        let Some(value) = self.get(key) else { return default };
        if value.as_bool().is_none() {
            self.wrong(key, "must be true or false");
        }
        value.as_bool().unwrap_or_default()
    }

    fn number(&self, key: &str, default: u64) -> u64 {
        let Some(value) = self.get(key) else { return default };
        if value.as_u64().is_none() {
            self.wrong(key, "must be a whole number");
        }
        value.as_u64().unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.get(key)?;
        let texts: Vec<String> = value.items().iter().filter_map(Json::as_str).map(str::to_owned).collect();
        if !matches!(value, Json::Array(items) if items.len() == texts.len()) {
            self.wrong(key, "must be a list of texts");
        }
        Some(texts)
    }

    /// What each text means.
    fn each<T>(&self, texts: &[String], read: fn(&str) -> Result<T, Failure>) -> Vec<T> {
        let mut values = Vec::new();
        for text in texts {
            match read(text) {
                Ok(value) => values.push(value),
                Err(failure) => self.refuse(failure),
            }
        }
        values
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for anything; case does not matter.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let [pattern, text] = [pattern, text].map(str::to_ascii_lowercase);
    glob::matches_stars(pattern.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Policy, matches};
    use pspf_nostd::report::{Integrity, Severity};

    #[test]
    fn patterns_know_no_case() {
        assert!(matches("gpl-3.0*", "GPL-3.0-only") && matches("*GPL*", "lgpl-2.1") && !matches("MIT", "mit-0"));
    }

    #[test]
    fn a_misspelt_demand_is_an_error() {
        let code = |text| Policy::parse(text).expect_err("refused").code;
        assert_eq!(code(r#"{"version":1,"forbid":{"setUid":true}}"#), "policy.invalid");
        assert_eq!(code(r#"{"version":2}"#), "policy.invalid");
        assert_eq!(code("{}"), "policy.invalid");
        assert_eq!(code(r#"{"version":1,"trust":{"fingerprints":["ab"]}}"#), "key.fingerprint");
        assert_eq!(code(r#"{"version":1,"launcher":{"digests":["ab"]}}"#), "policy.invalid");
    }

    #[test]
    fn weight_is_never_taken_from_what_breaks_a_package() {
        let refused = |code: &str, weight: &str| {
            Policy::parse(&format!(r#"{{"version":1,"severity":{{"{code}":"{weight}"}}}}"#))
                .err()
                .map(|error| error.message)
        };
        for pspf_nostd::findings::Code { code, severity: own, .. } in pspf_nostd::findings::CODES {
            for (weight, severity) in
                [("error", Severity::Error), ("warning", Severity::Warning), ("info", Severity::Info)]
            {
                assert_eq!(refused(code, weight).is_some(), severity > *own, "{code} {weight}");
            }
        }
        for (code, may_be_lowered) in super::CODES {
            assert_eq!(refused(code, "error"), None, "{code}");
            for weight in ["warning", "info"] {
                assert_eq!(refused(code, weight).is_none(), *may_be_lowered, "{code} {weight}");
            }
        }
        for code in ["tar.path", "codec.limit.ratio", "placement.path", "policy.setuids", "attestation.json", "", "*"] {
            assert!(refused(code, "error").is_some_and(|message| message.contains("no code")), "{code}");
        }
        assert!(refused("policy.setuid", "off").is_some());
    }

    #[test]
    fn what_denies_nothing_is_an_error() {
        let refused = |key: &str, text: &str| {
            Policy::parse(&format!(r#"{{"version":1,"sbom":{{"{key}":["{text}"]}}}}"#)).err().map(|error| error.message)
        };
        for text in ["pkg:pypi/a", "pkg:npm/*", "pkg:*/left-pad@1.*", "*", "*left-pad*", "pkg:npm/%40scope/name@1.2.3"]
        {
            assert_eq!(refused("denyPurls", text), None, "{text}");
        }
        for text in ["", "* a", "pypi/a", "pkg:pypi", "pkg:/a", "pkg:pypi/", "pkg:py pi/a", "left-pad", "pkg:pypi/a b"]
        {
            assert!(refused("denyPurls", text).is_some_and(|message| message.contains("denyPurls")), "{text}");
        }
        for text in ["MIT", "mit", "GPL-*", "*gpl*", "AGPL-3.0-or-later", "MIT OR GPL-2.0-only", "LicenseRef-ours", "*"]
        {
            assert_eq!(refused("denyLicences", text), None, "{text}");
        }
        for text in ["", "GPLv3", "AGPL-3.O-only", "GPL3*", "MIT OR", "proprietary"] {
            assert!(refused("denyLicences", text).is_some_and(|message| message.contains("denyLicences")), "{text}");
        }
    }

    #[test]
    fn what_is_said_is_what_holds() {
        let policy = Policy::parse(
            r#"{"version":1,"trust":{"minimum":"sealed","fingerprints":[]},"severity":{"policy.purl":"info"}}"#,
        )
        .expect("a policy");
        assert_eq!(policy.minimum(), Integrity::Sealed);
        assert_eq!(policy.trusted(), Some([].as_slice()));
        assert_eq!(policy.severity("policy.purl", Severity::Error), Severity::Info);
        assert!(policy.forbid.setuid && !policy.forbid.world_writable && policy.launchers().is_none());
    }
}

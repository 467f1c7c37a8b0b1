//! What a registry demands of packages.

use crate::failure::Failure;
use pspf_nostd::{
    codec::Budget,
    digest::Sha256Digest,
    key::Fingerprint,
    limits::{DECODE_WINDOW_MAX, TAR_ENTRIES_MAX},
    report::{Integrity, Severity},
    tar::TarLimits,
};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{slot_reading::WINDOW_DEFAULT, verification::fingerprint};

/// The only version of the policy document.
pub const POLICY_VERSION: u32 = 1;

/// Decoded bytes of all slots together, by default: a CPython with a machine-learning stack has about 6 GB.
pub const UNPACKED_DEFAULT: u64 = 16 << 30;

/// A policy document. Unknown keys are errors: a misspelt demand is none.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    version: u32,
    #[serde(default)]
    trust: TrustRules,
    #[serde(default)]
    launcher: LauncherRules,
    /// What may not be in slots.
    #[serde(default)]
    pub forbid: Forbid,
    /// How much may be in them.
    #[serde(default)]
    pub limits: Limits,
    /// What the bill of materials must be.
    #[serde(default)]
    pub sbom: SbomRules,
    #[serde(default)]
    severity: BTreeMap<String, SeverityWord>,
    #[serde(skip)]
    fingerprints: Vec<Fingerprint>,
    #[serde(skip)]
    launchers: Vec<Sha256Digest>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TrustRules {
    fingerprints: Option<Vec<String>>,
    minimum: Minimum,
    allow_unsigned: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Minimum {
    #[default]
    Intact,
    Bound,
    Sealed,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct LauncherRules {
    digests: Option<Vec<String>>,
}

/// What may not be in slots.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
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
}

impl Default for Forbid {
    fn default() -> Self {
        Self { setuid: true, world_writable: false, symlinks_out: true, unknown_operations: true, device_names: true }
    }
}

/// How much may be in a package.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
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

impl Default for Limits {
    fn default() -> Self {
        Self {
            package_size: u64::MAX,
            entries: TAR_ENTRIES_MAX,
            unpacked_size: UNPACKED_DEFAULT,
            ratio: Budget::default().ratio_max,
            window: WINDOW_DEFAULT,
        }
    }
}

/// What the bill of materials must be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SbomRules {
    /// Whether there must be one.
    pub required: bool,
    /// Refused licences.
    pub deny_licences: Vec<String>,
    /// Refused package URLs.
    pub deny_purls: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SeverityWord {
    Error,
    Warning,
    Info,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// `policy.invalid` with the place, `key.fingerprint`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new("policy.invalid", format!("the policy is not valid: {message}"));
        let mut policy: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if policy.version != POLICY_VERSION {
            return Err(invalid(format!("version is {}, only {POLICY_VERSION} is known", policy.version)));
        }
        let named = policy.trust.fingerprints.iter().flatten();
        policy.fingerprints = named.map(|text| fingerprint(text)).collect::<Result<_, _>>()?;
        for text in policy.launcher.digests.iter().flatten() {
            let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
            let digest = digits.parse().map_err(|error| invalid(format!("launcher.digests: {text:?}: {error}")))?;
            policy.launchers.push(digest);
        }
        Ok(policy)
    }

    /// The trusted keys; `None` where signers are not limited.
    #[must_use]
    pub fn trusted(&self) -> Option<&[Fingerprint]> {
        self.trust.fingerprints.as_ref().map(|_| self.fingerprints.as_slice())
    }

    /// Whether an unsigned package may pass.
    #[must_use]
    pub fn allows_unsigned(&self) -> bool {
        self.trust.allow_unsigned
    }

    /// Least of what must be proved.
    #[must_use]
    pub fn minimum(&self) -> Integrity {
        match self.trust.minimum {
            Minimum::Intact => Integrity::Intact,
            Minimum::Bound => Integrity::Bound,
            Minimum::Sealed => Integrity::Sealed,
        }
    }

    /// The launchers that may be; `None` where they are not limited.
    #[must_use]
    pub fn launchers(&self) -> Option<&[Sha256Digest]> {
        self.launcher.digests.as_ref().map(|_| self.launchers.as_slice())
    }

    /// What a finding weighs here.
    #[must_use]
    pub fn severity(&self, code: &str, own: Severity) -> Severity {
        match self.severity.get(code) {
            Some(SeverityWord::Error) => Severity::Error,
            Some(SeverityWord::Warning) => Severity::Warning,
            Some(SeverityWord::Info) => Severity::Info,
            None => own,
        }
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

/// Whether `text` matches `pattern`, in which `*` stands for anything; case does not matter.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Policy, matches};
    use pspf_nostd::report::{Integrity, Severity};

    #[test]
    fn wildcards() {
        for (pattern, text, yes) in [
            ("GPL-3.0*", "GPL-3.0-only", true),
            ("gpl-*", "LGPL-2.1", false),
            ("*gpl*", "LGPL-2.1", true),
            ("MIT", "mit", true),
            ("MIT", "MIT-0", false),
            ("pkg:pypi/a*@*", "pkg:pypi/abc@1", true),
            ("pkg:pypi/a*@2", "pkg:pypi/abc@1", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), yes, "{pattern} {text}");
        }
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
    fn what_is_said_is_what_holds() {
        let policy =
            Policy::parse(r#"{"version":1,"trust":{"minimum":"sealed","fingerprints":[]},"severity":{"x":"info"}}"#)
                .expect("a policy");
        assert_eq!(policy.minimum(), Integrity::Sealed);
        assert_eq!(policy.trusted(), Some([].as_slice()));
        assert_eq!(policy.severity("x", Severity::Error), Severity::Info);
        assert!(policy.forbid.setuid && !policy.forbid.world_writable && policy.launchers().is_none());
    }
}

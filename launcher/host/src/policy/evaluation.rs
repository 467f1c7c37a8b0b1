//! Whether a package may be run here: every policy's rules against the package's signed facts and the machine's.

use std::ffi::OsString;

use pspf_nostd::{
    json::Json,
    quoted::escaped,
    report::{Integrity, Trust},
    verify::Authenticated,
};

use super::{
    Policies,
    rules::{Enforcement, Rule, Rules, VerifyCache},
};
use crate::{
    calendar,
    files::{base_dir, config_dir::ConfigError, config_dir::Owner},
    platform,
    trust::{self, Revocation, Standing, TrustStore, TrustedKey},
};

/// How far in the future a package may have been built, in seconds: clocks differ, time zones are mistaken.
const CLOCK_TOLERANCE: u64 = calendar::DAY;

/// What the machine is.
#[derive(Clone, Debug)]
pub struct Host {
    /// `linux_amd64` and so on, as the published tool names platforms.
    pub platform: String,
    /// The effective user is root.
    pub root: bool,
    /// Seconds since 1970.
    pub now: u64,
    /// The environment.
    pub variable: fn(&str) -> Option<OsString>,
}

impl Host {
    /// This machine, this user, now.
    #[must_use]
    pub fn current() -> Self {
        Self {
            platform: platform::name(),
            root: rustix::process::geteuid().is_root(),
            now: calendar::now(),
            variable: base_dir::variable,
        }
    }
}

/// Something that a policy asks for and that is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What is to happen.
    pub enforcement: Enforcement,
    /// Who asks for it: a file, or `the package`.
    pub origin: String,
    /// What is wrong.
    pub message: String,
}

/// What the policies say of one package.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// What is not met, with what is to happen; allowed ones are left out.
    pub violations: Vec<Violation>,
    /// How a work environment is looked at before it is used again.
    pub verify_cache: VerifyCache,
    /// Nothing may be tolerated when the content is read, either.
    pub needs_strict: bool,
}

impl Decision {
    /// Whether the package may be run.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.denials().next().is_none()
    }

    /// What refuses it.
    pub fn denials(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.enforcement == Enforcement::Deny)
    }

    /// Warnings, which do not refuse it.
    pub fn warnings(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.enforcement == Enforcement::Warn)
    }
}

/// Asks every policy about a package. `lowered`: it was accepted in spite of findings.
///
/// The trust store is read only where a policy needs it; revocation lists always are.
///
/// # Errors
/// A revocation list that cannot be read.
pub fn decide(
    policies: &Policies,
    store: &TrustStore,
    package: &Authenticated,
    lowered: bool,
    host: &Host,
) -> Result<Decision, ConfigError> {
    let mut decision = Decision::default();
    let revoked = store.revocations()?.into_iter().find(|revoked| revoked.fingerprint == package.fingerprint());
    if let Some(Revocation { fingerprint, reason, path }) = revoked {
        let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        decision.violations.push(Violation {
            rule: Rule::Revoked,
            enforcement: Enforcement::Deny,
            origin: path.display().to_string(),
            message: format!("its key {fingerprint} is revoked{because}"),
        });
    }
    let metadata = package.metadata();
    let own = metadata.document().get("policy").filter(|policy| **policy != Json::Null);
    let own = match own.map(Rules::of_package).transpose() {
        Ok(own) => own,
        Err(message) => {
            let origin = PACKAGE.to_owned();
            let (rule, enforcement) = (Rule::PackagePolicy, Enforcement::Deny);
            decision.violations.push(Violation { rule, enforcement, origin, message });
            None
        }
    };
    let mut asked = Asked { package, lowered, host, store, keys: None, violations: Vec::new() };
    for file in policies.files() {
        let owner = (file.owner == Owner::System && !file.rules.allow_user_keys).then_some(Owner::System);
        asked.ask(&file.rules, &file.path.display().to_string(), owner);
    }
    if let Some(own) = &own {
        asked.ask(own, PACKAGE, None);
    }
    decision.violations.append(&mut asked.violations);
    for rules in policies.files().iter().map(|file| &file.rules).chain(&own) {
        decision.verify_cache = decision.verify_cache.max(rules.verify_cache);
        decision.needs_strict |= rules.needs_strict();
    }
    Ok(decision)
}

/// The origin of rules in the signed metadata.
const PACKAGE: &str = "the package";

struct Asked<'a> {
    package: &'a Authenticated,
    lowered: bool,
    host: &'a Host,
    store: &'a TrustStore,
    keys: Option<(Vec<TrustedKey>, Vec<ConfigError>)>,
    violations: Vec<Violation>,
}

impl Asked<'_> {
    /// Holds one policy's rules against the package; `owner`: only keys of that store count.
    fn ask(&mut self, rules: &Rules, origin: &str, owner: Option<Owner>) {
        for rule in Rule::ALL {
            let enforcement = rules.enforcement(rule);
            if enforcement != Enforcement::Allow
                && let Some(message) = self.not_met(rule, rules, owner)
            {
                self.violations.push(Violation { rule, enforcement, origin: origin.to_owned(), message });
            }
        }
    }

    /// What is not as a rule wants it.
    fn not_met(&mut self, rule: Rule, rules: &Rules, owner: Option<Owner>) -> Option<String> {
        let signed = self.package.trust() != Trust::Unsigned;
        let (broken, words) = match rule {
            Rule::Lowering => (rules.needs_strict() && self.lowered, "validation may not be lowered"),
            Rule::Signature => (rules.require_signature && !signed, "it is not signed"),
            Rule::TrustedKey => return if rules.require_trusted_key { self.distrust(signed, owner) } else { None },
            Rule::Keychain => (rules.use_os_keychain, "key chains of the system are not supported; use trusted-keys"),
            Rule::Verdict => return self.below(rules.minimum_verdict?),
            Rule::Root => (rules.refuse_root && self.host.root, "it may not be run as root"),
            Rule::Platform => {
                let (platform, allowed) = (&self.host.platform, &rules.allow_platforms);
                if allowed.is_empty() || allowed.contains(platform) {
                    return None;
                }
                return Some(["this is ", platform, ", allowed is ", &escaped(&allowed.join(", "))].concat());
            }
            Rule::Age => return self.too_old(rules.max_age_days?),
            Rule::Env => {
                let unset = |name: &&String| (self.host.variable)(name).is_none_or(|value| value.is_empty());
                let name = rules.require_env.iter().find(unset)?;
                return Some(["the variable ", &escaped(name), " must be set and is not"].concat());
            }
            Rule::Sbom => (rules.require_sbom && !self.has_sbom(), "it carries no SBOM"),
            // Asked for by lists, and by the package, not by a policy.
            Rule::Revoked | Rule::PackagePolicy => (false, ""),
        };
        broken.then(|| words.to_owned())
    }

    /// Why the signer is not trusted. The key that made the signature is compared, never a name or a fingerprint of the index.
    fn distrust(&mut self, signed: bool, owner: Option<Owner>) -> Option<String> {
        if !signed {
            return Some("nobody trusted signed it: it is not signed".to_owned());
        }
        let (keys, unusable) = self.keys.get_or_insert_with(|| self.store.keys());
        let key = self.package.public_key();
        let fingerprint = self.package.fingerprint();
        let why = match trust::standing(keys, key, owner, self.host.now) {
            Standing::Trusted => return None,
            Standing::Expired => format!("the trust in its key {fingerprint} has expired"),
            Standing::Unknown if trust::standing(keys, key, None, self.host.now) == Standing::Trusted => {
                format!("its key {fingerprint} is trusted by the user only, not by the machine")
            }
            Standing::Unknown => format!("its key {fingerprint} is not trusted"),
        };
        let ignored = unusable.first().map(|error| format!(" (a key file is refused: {error})"));
        Some([why, ignored.unwrap_or_default()].concat())
    }

    fn below(&self, least: Integrity) -> Option<String> {
        let word = |verdict| match verdict {
            Integrity::Sealed => "sealed",
            Integrity::Bound => "bound",
            Integrity::Intact => "intact",
            Integrity::Partial | Integrity::Broken => "broken",
        };
        let provable = if self.lowered { Integrity::Broken } else { self.package.provable() };
        (provable < least).then(|| format!("it can be {} at best, {} is required", word(provable), word(least)))
    }

    /// By the signed time of building: the index has one too, which anybody can change.
    fn too_old(&self, days: u64) -> Option<String> {
        let build = self.package.metadata().document().get("build").and_then(|build| build.get("timestamp"));
        match build.and_then(|time| time.as_str()).and_then(calendar::time) {
            Some(built) => wrong_age(built, self.host.now, days),
            None => Some("its signed metadata do not say when it was built".to_owned()),
        }
    }

    fn has_sbom(&self) -> bool {
        let slot = self.package.metadata().attestation_slot().and_then(|number| self.package.slots().get(number));
        slot.is_some_and(|slot| !slot.range().is_empty())
    }
}

/// What is wrong with a time of building, in seconds since 1970.
fn wrong_age(built: u64, now: u64, days: u64) -> Option<String> {
    if built > now.saturating_add(CLOCK_TOLERANCE) {
        return Some(format!("it says that it was built in the future, at {}", calendar::text(built)));
    }
    let age = now.saturating_sub(built) / calendar::DAY;
    (age > days).then(|| format!("it was built {age} days ago, at most {days} are allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_denied_refuses() {
        let decision = |enforcements: &[Enforcement]| {
            let violation = |enforcement: &Enforcement| Violation {
                rule: Rule::Root,
                enforcement: *enforcement,
                origin: String::new(),
                message: String::new(),
            };
            Decision { violations: enforcements.iter().map(violation).collect(), ..Decision::default() }
        };
        let (deny, warn) = (Enforcement::Deny, Enforcement::Warn);
        for (enforcements, denials, warnings) in [(&[][..], 0, 0), (&[warn], 0, 1), (&[warn, deny, warn], 1, 2)] {
            let decision = decision(enforcements);
            assert_eq!((decision.denials().count(), decision.warnings().count()), (denials, warnings));
            assert_eq!(decision.allows(), denials == 0);
        }
    }

    #[test]
    fn an_age_is_counted_in_whole_days_and_the_future_begins_in_a_day() {
        let now = 20_000 * calendar::DAY;
        for (built, days, words) in [
            (now, 0, None),
            (now - calendar::DAY + 1, 0, None),
            (now - calendar::DAY, 0, Some("1 days ago, at most 0")),
            (now - 30 * calendar::DAY, 30, None),
            (now - 31 * calendar::DAY + 1, 30, None),
            (now - 31 * calendar::DAY, 30, Some("31 days ago, at most 30")),
            (now + calendar::DAY, 0, None),
            (now + calendar::DAY + 1, u64::MAX, Some("in the future, at 2024-10-05T00:00:01")),
        ] {
            let found = wrong_age(built, now, days);
            assert_eq!(found.is_some(), words.is_some(), "{built} {days}: {found:?}");
            assert!(found.unwrap_or_default().contains(words.unwrap_or_default()), "{built} {days}");
        }
    }
}

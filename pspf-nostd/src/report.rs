//! What verification found out: one shape for the CLI, the launcher, Node and the browser.

pub mod verdict;

use crate::{limits, offsets::ByteRange};
use alloc::{borrow::Cow, string::String, vec::Vec};
use serde::Serialize;
use verdict::Verdict;

/// Version of the report's shape; raised when a field changes its meaning.
pub const REPORT_SCHEMA: u32 = 3;

/// What is proved of the bytes. Says nothing of who signed them: that is [`Trust`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// Something does not hold; see the findings of severity `error`.
    Broken,
    /// Nothing wrong in what was read, but the content was not read (head scope).
    Partial,
    /// All checksums and the signature hold, but the signed metadata do not bind every byte that matters.
    Intact,
    /// The signed metadata carry a matching SHA-256 of the launcher and of every slot, and every field follows from them.
    Bound,
    /// Every byte of the file is a function of the signed metadata.
    Sealed,
}

impl Integrity {
    /// As messages name it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Partial => "partly read",
            Self::Intact => "intact",
            Self::Bound => "bound",
            Self::Sealed => "sealed",
        }
    }
}

/// Who made the signature, as far as the caller's keys tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// There is no valid signature.
    Unsigned,
    /// The signature is good and the key is in none of the caller's sets.
    UnknownKey,
    /// The key is one that the caller pinned for this call.
    Pinned,
    /// The key is in the caller's trust store.
    InStore,
    /// The signature is good and the key is revoked, which outweighs both: whoever has the key may have made the package.
    Revoked,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The package is broken, or its key is revoked.
    Error,
    /// Nothing is broken, but something is weaker than it should be.
    Warning,
    /// Worth knowing.
    Info,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable dotted code (docs/findings.md).
    pub code: &'static str,
    /// Weight.
    pub severity: Severity,
    /// The part it is about: `trailer`, `index.flags`, `metadata`, `slot 2`, `launcher`, `padding` …
    pub part: String,
    /// The bytes it is about, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<ByteRange>,
    /// The file in the slot, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The SHA-256 that is signed, where another was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The SHA-256 that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// One sentence: what was expected and what was found.
    pub message: String,
}

/// How well a range of bytes is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// The signed metadata determine these bytes: no others would pass.
    Authenticated,
    /// Checked against something that is not signed: whoever changes the bytes can change that too.
    Checked,
    /// Any bytes would pass here, or these were not read.
    Unprotected,
    /// These are not the bytes that should be here.
    Failed,
}

/// One stretch of the coverage map; the stretches together cover the file once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The bytes.
    pub range: ByteRange,
    /// What is there.
    pub part: String,
    /// How well they are protected.
    pub class: Protection,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// One slot, as the signed metadata describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotReport {
    /// Position.
    pub index: u64,
    /// Identifier.
    pub id: String,
    /// Where the content goes.
    pub target: String,
    /// Stored bytes in the file.
    pub range: ByteRange,
    /// Bytes before encoding as the descriptor claims them.
    pub original_size_hint: u64,
    /// Operation chain in words.
    pub operations: String,
    /// Whether the operations make an archive.
    pub archive: bool,
    /// How it is stored, as a person says it.
    pub stored_as: String,
    /// Purpose word of the metadata.
    pub purpose: String,
    /// Lifecycle word of the metadata.
    pub lifecycle: String,
    /// When it is unpacked, and how long it stays, as a person says it.
    pub kept: &'static str,
    /// Unix mode, octal.
    pub permissions: String,
    /// SHA-256 of the stored bytes as computed, where they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The key in the index and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// SHA-256 of the raw key, lower-case hex.
    pub fingerprint: String,
    /// The raw Ed25519 key, lower-case hex.
    pub public_key: String,
    /// Whether its signature over the metadata is valid by the strict rule.
    pub signature_valid: bool,
}

/// What the metadata say of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageFacts {
    /// `package.name`.
    pub name: String,
    /// `package.version`.
    pub version: String,
    /// `build.tool`.
    pub builder: String,
    /// Size of the launcher in bytes.
    pub launcher_size: u64,
    /// Size of the uncompressed metadata in bytes.
    pub metadata_size: u64,
}

/// The limits that applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// [`limits::METADATA_JSON_MAX`].
    pub metadata_json_max: u64,
    /// [`limits::METADATA_STORED_MAX`].
    pub metadata_stored_max: u64,
    /// [`limits::SLOT_COUNT_MAX`].
    pub slot_count_max: u32,
}

impl Limits {
    /// The limits compiled in.
    pub const CURRENT: Self = Self {
        metadata_json_max: limits::METADATA_JSON_MAX,
        metadata_stored_max: limits::METADATA_STORED_MAX,
        slot_count_max: limits::SLOT_COUNT_MAX,
    };
}

/// Whether the contents were looked through, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// They were not asked for, or the bytes do not hold.
    NotAsked,
    /// It was ended before its end; nothing was wrong until then.
    Unfinished,
    /// There is more than was to be looked at.
    OverLimit,
    /// All of them would be unpacked.
    Accepted,
    /// A start refuses them.
    Refused,
}

/// What is in the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ContentsReport {
    /// Whether they were looked through.
    pub looked: Looked,
    /// Files, directories and links in archives, as far as was read.
    pub entries: u64,
    /// Decoded bytes, as far as was read.
    pub unpacked: u64,
}

impl ContentsReport {
    /// Nobody has looked.
    pub const NOT_ASKED: Self = Self { looked: Looked::NotAsked, entries: 0, unpacked: 0 };
}

/// Everything that verification found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// Whether the package is good: [`Report::proves`] that launcher and content are what was signed, and nothing in the content is
    /// refused. Trust in the signer is a separate question.
    pub ok: bool,
    /// What it comes to.
    pub verdict: Verdict,
    /// What is proved of the bytes.
    pub state: Integrity,
    /// Who signed, as far as the caller's keys tell.
    pub trust: Trust,
    /// Size of the file in bytes.
    pub size: u64,
    /// The key, where the index names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
    /// What the metadata say, where they could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageFacts>,
    /// What is in the slots.
    pub contents: ContentsReport,
    /// The slots.
    pub slots: Vec<SlotReport>,
    /// What was noticed, errors first.
    pub findings: Vec<Finding>,
    /// The coverage map.
    pub coverage: Vec<Coverage>,
    /// The limits that applied.
    pub limits: Limits,
}

impl Report {
    /// The findings for which the package is refused.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Whether the package is validly signed by a key that is not revoked, nothing is broken, at least `least` is proved, and its
    /// contents, where they were looked at, would be unpacked.
    /// The one rule by which packages are accepted: `ok` asks it for [`Integrity::Bound`], since in a package that is only
    /// intact anybody could have replaced the parts that the finding `signature.coverage` names.
    #[must_use]
    pub fn proves(&self, least: Integrity) -> bool {
        self.state >= least.max(Integrity::Intact)
            && !matches!(self.trust, Trust::Unsigned | Trust::Revoked)
            && self.contents.looked != Looked::Refused
    }

    /// Finds `ok` and the verdict anew, after another field was changed.
    pub(crate) fn decide(&mut self) {
        self.ok = self.proves(Integrity::Bound);
        self.verdict = Verdict::of(self);
    }

    /// Bytes of each protection class: authenticated, checked, and what proves nothing, unprotected or failed.
    #[must_use]
    pub fn covered_bytes(&self) -> [u64; 3] {
        let sum = |class| self.coverage.iter().filter(|part| part.class == class).map(|part| part.range.len()).sum();
        [
            sum(Protection::Authenticated),
            sum(Protection::Checked),
            sum(Protection::Unprotected).saturating_add(sum(Protection::Failed)),
        ]
    }
}

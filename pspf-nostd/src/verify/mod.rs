//! The verification engine: one sans-IO state machine for every reader of packages.
//!
//! It never reads; it asks. A driver is a loop:
//!
//! ```text
//! while let Some(range) = verification.wants() { verification.supply(&read(range)) }
//! let outcome = verification.finish();
//! ```
//!
//! Fewer bytes than asked for may be supplied, but at least one; they are the first ones of the range. Memory is bounded by
//! the metadata, the slot table and one [`limits::READ_WINDOW`](crate::limits::READ_WINDOW), whatever the file's size; a slot
//! of the Python builder whose original size has to be counted takes less than 300 KB more for each layer of gzip.

mod comparison;
mod content;
mod contents;
mod coverage;
mod head;
mod level;
mod section;
mod token;

pub use contents::{ContentFault, ContentWatch, Contents};
pub use level::{Accepted, Level};
pub use section::Section;
pub use token::{Authenticated, Checked, SlotFacts};

use crate::{
    digest::Sha256Digest,
    findings::Findings,
    index::{IndexBlock, TRAILER_SIZE},
    key::Fingerprint,
    limits::READ_WINDOW,
    metadata::Metadata,
    offsets::{ByteRange, length, position},
    report::{ContentsReport, Coverage, Integrity, Limits, Protection, REPORT_SCHEMA, Report, Trust, verdict::Verdict},
};
use alloc::{borrow::ToOwned, string::String, sync::Arc, vec::Vec};
use content::ContentPass;
use head::Head;

/// How many parts one sentence names.
const PARTS_NAMED: usize = 4;

/// How much of the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Trailer, metadata and slot table: who signed, and what is claimed of the rest.
    Head,
    /// Every byte.
    Content,
}

/// What the caller says of keys.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys {
    /// Keys named for this call.
    pub pinned: Vec<Fingerprint>,
    /// Keys of the trust store.
    pub store: Vec<Fingerprint>,
    /// Revoked keys: nothing of what they signed is proved, also where they are pinned or in the store.
    pub revoked: Vec<Fingerprint>,
}

/// The driver supplied bytes that were not asked for, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplyError;

impl core::fmt::Display for SupplyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the verification engine was supplied with bytes that it did not ask for, or with none")
    }
}

impl core::error::Error for SupplyError {}

/// What a finished verification hands over.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// Everything that was found out.
    pub report: Report,
    /// Proof that the signature is good and the index and slot table follow from it; `None` where anything failed, and where
    /// the key is revoked.
    pub authenticated: Option<Authenticated>,
    /// Proof that every byte was read and nothing failed; `None` in head scope and where anything failed.
    pub checked: Option<Checked>,
    /// The metadata as in the file, for showing them: nothing is proved of them unless one of the proofs is there.
    pub metadata_hint: Option<Arc<Metadata>>,
    /// SHA-256 of the launcher as computed, where it was read.
    pub launcher_sha256: Option<Sha256Digest>,
    /// What [`Outcome::accept`] hands out where something failed; `None` where not all findings were kept.
    candidate: Option<Authenticated>,
    content_read: bool,
}

/// A verification in progress.
#[derive(Debug)]
pub struct Verification {
    size: u64,
    scope: Scope,
    trusted: TrustedKeys,
    stage: Stage,
    /// Bytes of the structure being read (trailer, metadata, slot table).
    held: Vec<u8>,
    findings: Findings,
    index: Option<IndexBlock>,
    blob: Vec<u8>,
    metadata: Option<Arc<Metadata>>,
    signature_valid: bool,
    head: Option<Head>,
}

#[derive(Debug)]
enum Stage {
    Trailer,
    Metadata(ByteRange),
    Table(ByteRange),
    Content(ContentPass),
    Done(Option<ContentPass>),
}

impl Verification {
    /// Starts on a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64, scope: Scope, trusted: TrustedKeys) -> Self {
        let mut verification = Self {
            size,
            scope,
            trusted,
            stage: Stage::Trailer,
            held: Vec::new(),
            findings: Findings::default(),
            index: None,
            blob: Vec::new(),
            metadata: None,
            signature_valid: false,
            head: None,
        };
        if size < TRAILER_SIZE {
            verification.findings.add(
                "trailer.missing",
                "trailer",
                Some(ByteRange { start: 0, end: size }),
                alloc::format!("the file has {size} bytes, a package has at least {TRAILER_SIZE}"),
            );
            verification.stage = Stage::Done(None);
        }
        verification
    }

    /// The bytes that are wanted next, at most [`READ_WINDOW`] of them; `None` when verification is done.
    #[must_use]
    pub fn wants(&self) -> Option<ByteRange> {
        let range = match &self.stage {
            Stage::Trailer => self.trailer(),
            Stage::Metadata(range) | Stage::Table(range) => *range,
            Stage::Content(pass) => return pass.wants().filter(|_| !pass.is_handed_out()),
            Stage::Done(_) => return None,
        };
        let start = range.start.saturating_add(length(&self.held));
        Some(ByteRange { start, end: range.end.min(start.saturating_add(READ_WINDOW)) })
    }

    /// Takes the first bytes of the wanted range.
    ///
    /// # Errors
    /// [`SupplyError`] where `bytes` is empty or longer than what was asked for; the state is unchanged.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), SupplyError> {
        let wanted = self.wants().ok_or(SupplyError)?;
        if bytes.is_empty() || length(bytes) > wanted.len() {
            return Err(SupplyError);
        }
        let range = match &mut self.stage {
            Stage::Trailer => ByteRange { start: self.size.saturating_sub(TRAILER_SIZE), end: self.size },
            Stage::Metadata(range) | Stage::Table(range) => *range,
            Stage::Content(pass) => {
                pass.supply(bytes);
                if pass.wants().is_none() {
                    self.finish_content();
                }
                return Ok(());
            }
            Stage::Done(_) => return Err(SupplyError),
        };
        self.held.extend_from_slice(bytes);
        if length(&self.held) == range.len() {
            self.complete_structure();
        }
        Ok(())
    }

    /// The bytes of the file that are behind the verification: a measure of progress out of the file's size.
    #[must_use]
    pub fn progress(&self) -> u64 {
        match &self.stage {
            Stage::Content(pass) => pass.position(),
            Stage::Done(_) => self.size,
            _ => 0,
        }
    }

    /// Whether trailer, metadata and slot table are read, and only the content is missing.
    #[must_use]
    pub fn wants_content(&self) -> bool {
        matches!(self.stage, Stage::Content(_))
    }

    /// Hands out what is left of the content, section by section in file order, so that it can be read by several at once and
    /// once only. Empty before [`Self::wants_content`]. Until all are back, [`Self::wants`] is `None` and nothing is proved.
    pub fn sections(&mut self) -> Vec<Section> {
        match (&mut self.stage, &self.metadata) {
            (Stage::Content(pass), Some(metadata)) => pass.hand_out(metadata),
            _ => Vec::new(),
        }
    }

    /// Takes a section back, read to the end or not. One of another verification is ignored.
    pub fn restore(&mut self, section: Section) {
        if let (Stage::Content(pass), Some(metadata)) = (&mut self.stage, &self.metadata) {
            pass.restore(section, metadata);
            if !pass.is_handed_out() && pass.wants().is_none() {
                self.finish_content();
            }
        }
    }

    /// What was found out of trailer, metadata and slot table, once they are read and only the content is missing: the outcome of
    /// [`Scope::Head`]. The verification goes on from there.
    #[must_use]
    pub fn head_outcome(&self) -> Option<Outcome> {
        self.wants_content().then(|| self.conclude(None))
    }

    /// Ends the verification. What was not supplied counts as not proved.
    pub fn finish(mut self) -> Outcome {
        let pass = match core::mem::replace(&mut self.stage, Stage::Done(None)) {
            Stage::Done(pass) => pass,
            _ => {
                self.findings.add(
                    "verify.incomplete",
                    "package",
                    None,
                    "verification was ended before all bytes were read".to_owned(),
                );
                None
            }
        };
        self.conclude(pass.as_ref())
    }

    fn trailer(&self) -> ByteRange {
        ByteRange { start: self.size.saturating_sub(TRAILER_SIZE), end: self.size }
    }

    /// Goes on to the next stage; an empty structure is complete at once.
    fn advance(&mut self, stage: Stage) {
        self.held.clear();
        let empty = matches!(&stage, Stage::Metadata(range) | Stage::Table(range) if range.is_empty());
        self.stage = stage;
        if empty {
            self.complete_structure();
        }
    }

    fn complete_structure(&mut self) {
        let held = core::mem::take(&mut self.held);
        let next = match &self.stage {
            Stage::Trailer => self.read_trailer(&held).map(Stage::Metadata),
            Stage::Metadata(_) => self.read_metadata(held).map(Stage::Table),
            Stage::Table(_) => self.read_table(&held),
            Stage::Content(_) | Stage::Done(_) => return,
        };
        self.advance(next.unwrap_or(Stage::Done(None)));
        if matches!(&self.stage, Stage::Content(pass) if pass.wants().is_none()) {
            self.finish_content();
        }
    }

    fn conclude(&self, pass: Option<&ContentPass>) -> Outcome {
        let mut findings = self.findings.clone();
        let coverage = self.coverage(pass);
        let broken = findings.any_error();
        let content_read = pass.is_some();
        let trust = self.trust();
        let sealed = self.metadata.as_ref().is_some_and(|metadata| metadata.seal.is_some());
        let fully_bound = self.head.as_ref().is_some_and(Head::all_signed)
            && coverage.iter().all(|part| part.class != Protection::Unprotected);
        let state = match (broken, content_read) {
            (true, _) => Integrity::Broken,
            (false, false) => Integrity::Partial,
            (false, true) if !self.signature_valid => Integrity::Intact,
            (false, true) if sealed => Integrity::Sealed,
            (false, true) if fully_bound => Integrity::Bound,
            (false, true) => Integrity::Intact,
        };
        if let (Trust::Revoked, Some(head)) = (trust, &self.head) {
            let message = alloc::format!("the signing key {} is revoked", head.fingerprint);
            findings.add("key.revoked", "index.public_key", None, message);
        }
        if state == Integrity::Intact && self.signature_valid {
            findings.add("signature.coverage", "package", None, not_covered(&coverage));
        }
        let all_kept = findings.all_kept();
        let mut report = Report {
            schema: REPORT_SCHEMA,
            ok: false,
            verdict: Verdict::NONE,
            state,
            trust,
            size: self.size,
            signer: self.signer(),
            package: self.package_facts(),
            contents: ContentsReport::NOT_ASKED,
            slots: self.slot_reports(pass),
            findings: findings.sorted(),
            coverage,
            limits: Limits::CURRENT,
        };
        report.decide();
        let candidate = if all_kept { self.authenticate(trust, pass) } else { None };
        let vouched = !broken && !matches!(trust, Trust::Unsigned | Trust::Revoked);
        let authenticated = candidate.clone().filter(|_| vouched);
        // Also of what is only intact: it may be run and unpacked, as it always could, by those who ask for no more.
        let checked =
            authenticated.clone().filter(|_| report.proves(Integrity::Intact)).map(|head| Checked::new(head, state));
        let launcher_sha256 = pass.and_then(ContentPass::launcher);
        Outcome {
            report,
            authenticated,
            checked,
            metadata_hint: self.metadata.clone(),
            launcher_sha256,
            candidate,
            content_read,
        }
    }

    fn trust(&self) -> Trust {
        let Some(fingerprint) = self.head.as_ref().filter(|_| self.signature_valid).map(|head| head.fingerprint) else {
            return Trust::Unsigned;
        };
        if self.trusted.revoked.contains(&fingerprint) {
            Trust::Revoked
        } else if self.trusted.pinned.contains(&fingerprint) {
            Trust::Pinned
        } else if self.trusted.store.contains(&fingerprint) {
            Trust::InStore
        } else {
            Trust::UnknownKey
        }
    }
}

/// Why a package is only intact, in one sentence.
fn not_covered(coverage: &[Coverage]) -> String {
    let content = |part: &str| part == "launcher" || part.strip_prefix("slot ").is_some_and(|number| number != "table");
    let open = coverage.iter().filter(|part| part.class != Protection::Authenticated && content(&part.part));
    let named = |part: &Coverage| if part.part == "launcher" { "the launcher".to_owned() } else { part.part.clone() };
    let mut parts: Vec<String> = open.map(named).collect();
    let more = parts.len().saturating_sub(PARTS_NAMED);
    parts.truncate(PARTS_NAMED);
    let parts = match (parts.is_empty(), more) {
        (true, _) => "every field of index and slot table".to_owned(),
        (_, 0) => parts.join(", "),
        (_, more) => alloc::format!("{} and {more} more", parts.join(", ")),
    };
    alloc::format!("the signature does not wholly cover {parts}: other bytes there would pass as well")
}

/// Verifies a package that is held in memory.
pub fn verify_slice(package: &[u8], scope: Scope, trusted: TrustedKeys) -> Outcome {
    let mut verification = Verification::new(length(package), scope, trusted);
    while let Some(range) = verification.wants() {
        let bytes = package.get(position(range.start)..position(range.end)).unwrap_or_default();
        if verification.supply(bytes).is_err() {
            break;
        }
    }
    verification.finish()
}

//! The contents of a package whose bytes were checked: every slot decoded, and what it would put where judged.
//!
//! Sans-IO as the verification before it: it asks for the stored bytes of one slot after the other, and holds nothing of them. Nothing is
//! decoded of a package that is broken.

use super::{Authenticated, Outcome, SlotFacts};
use crate::{
    codec::{Budget, Chain, Codecs, DecodeError, Stop},
    digest::{Sha256Digest, StreamingSha256},
    findings::{Findings, errors_first},
    limits::READ_WINDOW,
    offsets::{ByteRange, length},
    operation::OperationError,
    placement::{self, Concern, Item, Judge, Judgement},
    report::{ContentsReport, Integrity, Looked, Severity},
    tar::{Entry, EntrySink, FileEntry, TarError, TarLimits, TarReader},
};
use alloc::{boxed::Box, format, string::String};
use core::fmt;

/// Hears of what is in the slots, and says how much of it there may be.
pub trait ContentWatch {
    /// What decoding one slot may cost, after so many decoded bytes of others. By default what a first start allows.
    fn budget(&self, unpacked: u64) -> Budget {
        let _ = unpacked;
        Budget::default()
    }

    /// How much one archive may hold, after so many entries of others. By default what a first start allows.
    fn tar_limits(&self, entries: u64) -> TarLimits {
        let _ = entries;
        TarLimits::default()
    }

    /// Whether [`Self::bytes`] is to hear of a slot; one that is stored as it is need not be read otherwise.
    fn reads(&self, slot: usize) -> bool {
        let _ = slot;
        false
    }

    /// The next bytes of a slot that is not an archive.
    ///
    /// # Errors
    /// [`Stop`] refuses the slot.
    fn bytes(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Stop> {
        let _ = (slot, bytes);
        Ok(())
    }

    /// What is said of a file, directory or link.
    fn judged(&mut self, slot: usize, path: &str, judgement: &Judgement) {
        let _ = (slot, path, judgement);
    }

    /// A slot of which nothing more is read.
    fn refused(&mut self, slot: usize, fault: &ContentFault) {
        let _ = (slot, fault);
    }

    /// A slot that was read to its end.
    fn ended(&mut self, slot: usize) {
        let _ = slot;
    }
}

/// Nobody watches.
impl ContentWatch for () {}

/// Why nothing of a slot would be extracted.
#[derive(Debug)]
pub enum ContentFault {
    /// An operation that is not undone.
    Operations(OperationError),
    /// The stored bytes are not what the operations say.
    Decode(DecodeError),
    /// The archive is refused.
    Archive(Box<TarError>),
    /// The operations say tar, and it holds no archive: published launchers take it as one file.
    NoArchive(Box<TarError>),
    /// The target is refused.
    Target(placement::Fault),
    /// It decodes to another length than the signed metadata state.
    OriginalSize {
        /// As signed, in bytes.
        expected: u64,
        /// As decoded, in bytes.
        found: u64,
    },
    /// The file was changed after its bytes were checked.
    Changed {
        /// As checked.
        expected: Sha256Digest,
        /// As read.
        found: Sha256Digest,
    },
}

impl ContentFault {
    /// A stable code (docs/findings.md).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Operations(error) => error.code(),
            Self::Decode(error) => error.code(),
            Self::Archive(error) => error.fault.code(),
            Self::NoArchive(_) => "slot.not_tar",
            Self::Target(fault) => fault.code(),
            Self::OriginalSize { .. } => "slot.original_size",
            Self::Changed { .. } => "slot.digest.signed",
        }
    }
}

impl fmt::Display for ContentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operations(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Archive(error) => error.fmt(f),
            Self::NoArchive(_) => {
                f.write_str("its operations say tar, and it holds no archive: launchers take it as one file")
            }
            Self::Target(fault) => write!(f, "a start refuses its target: {fault}"),
            Self::OriginalSize { expected, found } => {
                write!(f, "it has {found} bytes after decoding, the signed metadata say {expected}")
            }
            Self::Changed { expected, found } => {
                write!(f, "the file was changed while it was read: SHA-256 {found}, expected {expected}")
            }
        }
    }
}

/// The slots of one package, being looked through.
pub struct Contents {
    package: Authenticated,
    codecs: &'static dyn Codecs,
    unpacked_max: u64,
    next: usize,
    open: Option<Open>,
    judge: Judge,
    findings: Findings,
    entries: u64,
    unpacked: u64,
    done: u64,
    over_limit: bool,
}

/// A slot being decoded.
struct Open {
    slot: usize,
    range: ByteRange,
    at: u64,
    hasher: StreamingSha256,
    chain: Chain,
    tar: Option<TarReader>,
}

impl Open {
    fn wants(&self) -> Option<ByteRange> {
        let end = self.range.end.min(self.at.saturating_add(READ_WINDOW));
        (end > self.at).then_some(ByteRange { start: self.at, end })
    }
}

impl Outcome {
    /// Begins to look through the slots; `None` where the bytes do not hold, or were not read. More than `unpacked_max` bytes, as the
    /// package states them or as they come out, are not looked at, and the report says so.
    #[must_use]
    pub fn contents(
        &self,
        codecs: &'static dyn Codecs,
        unpacked_max: u64,
        watch: &mut dyn ContentWatch,
    ) -> Option<Contents> {
        let package = self.candidate.clone().filter(|_| self.report.state >= Integrity::Intact)?;
        let stated = self.report.slots.iter().map(|slot| slot.original_size_hint.max(slot.range.len()));
        let mut contents = Contents {
            package,
            codecs,
            unpacked_max,
            next: 0,
            open: None,
            judge: Judge::default(),
            findings: Findings::default(),
            entries: 0,
            unpacked: 0,
            done: 0,
            over_limit: stated.fold(0, u64::saturating_add) > unpacked_max,
        };
        contents.advance(watch);
        Some(contents)
    }

    /// Takes what was found in the slots into the report. What was not read to its end counts as not proved.
    pub fn with_contents(mut self, mut contents: Contents) -> Self {
        let refused = contents.findings.any_error();
        let looked = match () {
            () if refused => Looked::Refused,
            () if contents.over_limit => Looked::OverLimit,
            () if contents.wants().is_some() => Looked::Unfinished,
            () => Looked::Accepted,
        };
        let report = &mut self.report;
        report.contents = ContentsReport { looked, entries: contents.entries, unpacked: contents.unpacked };
        let mut findings = core::mem::take(&mut report.findings);
        findings.append(&mut contents.findings.sorted());
        report.findings = errors_first(findings, |finding| finding.severity);
        report.decide();
        self
    }
}

impl Contents {
    /// The bytes that are wanted next; `None` when all slots are looked through.
    #[must_use]
    pub fn wants(&self) -> Option<ByteRange> {
        self.open.as_ref().and_then(Open::wants)
    }

    /// Stored bytes that were read.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Stored bytes that are to be read in all, or fewer where slots are refused.
    #[must_use]
    pub fn total(&self) -> u64 {
        let slots = self.package.slots().iter().filter(|slot| !slot.entry().self_ref);
        slots.map(|slot| slot.range().len()).fold(0, u64::saturating_add)
    }

    /// Entries of archives so far.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Decoded bytes of the slots that were ended.
    #[must_use]
    pub fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Takes the first bytes of the wanted range; more than those are ignored.
    pub fn supply(&mut self, bytes: &[u8], watch: &mut dyn ContentWatch) {
        let Some(mut open) = self.open.take() else { return };
        let wanted = open.wants().map_or(0, |range| range.len());
        let bytes = bytes.get(..crate::offsets::position(wanted)).unwrap_or(bytes);
        self.done = self.done.saturating_add(length(bytes));
        open.hasher.update(bytes);
        open.at = open.at.saturating_add(length(bytes));
        match self.through(&mut open, watch, |chain, out| chain.push(bytes, out)) {
            Ok(()) => self.open = Some(open),
            Err(fault) => self.refuse(open.slot, &fault, watch),
        }
        let decoded = self.open.as_ref().map_or(0, |open| open.chain.bytes_out());
        if self.unpacked.saturating_add(decoded) > self.unpacked_max {
            self.over_limit = true;
            self.open = None;
        }
        self.advance(watch);
    }

    fn advance(&mut self, watch: &mut dyn ContentWatch) {
        while self.wants().is_none() {
            if let Some(open) = self.open.take() {
                let slot = open.slot;
                self.unpacked = self.unpacked.saturating_add(open.chain.bytes_out());
                match self.end(open, watch) {
                    Ok(()) => watch.ended(slot),
                    Err(fault) => self.refuse(slot, &fault, watch),
                }
                continue;
            }
            let facts = self.package.slots().get(self.next).cloned();
            let Some(facts) = facts.filter(|_| !self.over_limit) else { return };
            let slot = self.next;
            self.next = slot.saturating_add(1);
            if facts.entry().self_ref {
                continue;
            }
            let platform = facts.entry().platform.as_deref().unwrap_or_default();
            self.judge.begin(slot, &facts.entry().lifecycle, platform);
            if !facts.operations().is_tar() {
                self.judge_file(slot, &facts, watch);
            }
            match self.begin(slot, &facts, watch) {
                Ok(open) => self.open = open,
                Err(fault) => self.refuse(slot, &fault, watch),
            }
        }
    }

    fn begin(
        &mut self,
        slot: usize,
        facts: &SlotFacts,
        watch: &mut dyn ContentWatch,
    ) -> Result<Option<Open>, ContentFault> {
        let codecs = facts.operations().codecs().map_err(ContentFault::Operations)?;
        let is_tar = facts.operations().is_tar();
        if codecs.is_empty() && !is_tar && !watch.reads(slot) {
            self.unpacked = self.unpacked.saturating_add(facts.range().len());
            return Ok(None);
        }
        let mut budget = watch.budget(self.unpacked);
        // One byte over the signed size is enough to know that it is wrong. (What one codec hands to another may be longer.)
        if let (Some(size), 0 | 1) = (facts.original_size(), codecs.len()) {
            budget.output_max = budget.output_max.min(size);
        }
        Ok(Some(Open {
            slot,
            range: facts.range(),
            at: facts.range().start,
            hasher: StreamingSha256::new(),
            chain: Chain::new(&codecs, self.codecs, &budget).map_err(ContentFault::Decode)?,
            tar: is_tar.then(|| TarReader::new(watch.tar_limits(self.entries))),
        }))
    }

    /// Runs a step of the chain into the archive reader, or past it; the innermost error is the one that counts.
    fn through(
        &mut self,
        open: &mut Open,
        watch: &mut dyn ContentWatch,
        step: impl FnOnce(&mut Chain, &mut dyn FnMut(&[u8]) -> Result<(), Stop>) -> Result<(), DecodeError>,
    ) -> Result<(), ContentFault> {
        let (slot, mut refused, mut no_archive) = (open.slot, None, None);
        let Open { chain, tar, .. } = open;
        let (judge, findings, entries) = (&mut self.judge, &mut self.findings, &mut self.entries);
        let result = step(chain, &mut |piece: &[u8]| {
            let Some(reader) = tar else { return watch.bytes(slot, piece) };
            match reader.push(piece, &mut Judging { slot, judge, findings, entries, watch: &mut *watch }) {
                Ok(()) => Ok(()),
                Err(error) if error.is_no_archive() => {
                    no_archive = Some(Box::new(error));
                    *tar = None;
                    Ok(())
                }
                Err(error) => {
                    refused = Some(ContentFault::Archive(Box::new(error)));
                    Err(Stop)
                }
            }
        });
        if let Some(error) = no_archive {
            self.no_archive(slot, error, watch);
        }
        match refused {
            Some(fault) => Err(fault),
            None => result.map_err(ContentFault::Decode),
        }
    }

    fn end(&mut self, mut open: Open, watch: &mut dyn ContentWatch) -> Result<(), ContentFault> {
        let slot = open.slot;
        self.through(&mut open, watch, |chain, out| chain.finish(out))?;
        if let Some(mut tar) = open.tar.take() {
            let (judge, findings, entries) = (&mut self.judge, &mut self.findings, &mut self.entries);
            match tar.finish(&mut Judging { slot, judge, findings, entries, watch: &mut *watch }) {
                Ok(()) => {}
                Err(error) if error.is_no_archive() => self.no_archive(slot, Box::new(error), watch),
                Err(error) => return Err(ContentFault::Archive(Box::new(error))),
            }
        }
        let Some(facts) = self.package.slots().get(slot) else { return Ok(()) };
        let found = open.hasher.finish();
        if let Some(expected) = facts.sha256().copied().filter(|expected| *expected != found) {
            return Err(ContentFault::Changed { expected, found });
        }
        let found = open.chain.bytes_out();
        match facts.original_size().filter(|expected| *expected != found) {
            Some(expected) => Err(ContentFault::OriginalSize { expected, found }),
            None => Ok(()),
        }
    }

    fn no_archive(&mut self, slot: usize, error: Box<TarError>, watch: &mut dyn ContentWatch) {
        let fault = ContentFault::NoArchive(error);
        watch.refused(slot, &fault);
        let part = format!("slot {slot}");
        self.findings.push(Severity::Warning, fault.code(), &part, None, format!("{fault}"));
        if let Some(facts) = self.package.slots().get(slot).cloned() {
            self.judge_file(slot, &facts, watch);
        }
    }

    fn judge_file(&mut self, slot: usize, facts: &SlotFacts, watch: &mut dyn ContentWatch) {
        match placement::target(&facts.entry().target) {
            Ok(path) => {
                let judgement = self.judge.judge(&Item::file(slot, &path, facts.mode().into()));
                let path = &facts.entry().target;
                watch.judged(slot, path, &judgement);
                say(&mut self.findings, slot, path, &judgement);
            }
            Err(fault) => {
                let judgement = Judgement { fault: Some(fault.clone()), ..Judgement::default() };
                watch.judged(slot, &facts.entry().target, &judgement);
                let (fault, path) = (ContentFault::Target(fault), facts.entry().target.as_str());
                let part = format!("slot {slot}");
                self.findings.about_file(Severity::Error, fault.code(), &part, path, format!("{fault}"));
            }
        }
    }

    fn refuse(&mut self, slot: usize, fault: &ContentFault, watch: &mut dyn ContentWatch) {
        watch.refused(slot, fault);
        let part = format!("slot {slot}");
        self.findings.error(fault.code(), &part, None, format!("nothing of it would be unpacked: {fault}"));
    }
}

/// What is said of one file, directory or link.
fn say(findings: &mut Findings, slot: usize, path: &str, judgement: &Judgement) {
    let part = format!("slot {slot}");
    if let Some(fault) = &judgement.fault {
        findings.about_file(Severity::Error, fault.code(), &part, path, format!("a start refuses it: {fault}"));
    }
    for concern in &judgement.concerns {
        let severity = match concern {
            // CPython's own terminfo has `a` beside `A`.
            Concern::SameName { .. } => Severity::Info,
            _ => Severity::Warning,
        };
        findings.about_file(severity, concern.code(), &part, path, format!("{concern}"));
    }
}

/// Judges entries as they pass.
struct Judging<'a> {
    slot: usize,
    judge: &'a mut Judge,
    findings: &'a mut Findings,
    entries: &'a mut u64,
    watch: &'a mut dyn ContentWatch,
}

impl EntrySink for Judging<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        *self.entries = self.entries.saturating_add(1);
        let judgement = self.judge.judge(&Item::of_entry(self.slot, entry));
        let path: String = FileEntry::of(entry).path;
        self.watch.judged(self.slot, &path, &judgement);
        say(self.findings, self.slot, &path, &judgement);
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

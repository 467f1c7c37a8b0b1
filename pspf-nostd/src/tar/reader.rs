//! The reader: blocks in, entries out.

use super::{
    BLOCK_SIZE, Stop,
    block::{EntryType, ExtensionType, Header, MemberType, name_hint, read_header},
    entry::EntrySink,
    error::{TarError, TarFault},
    members::Members,
    pax::{Scope, read_records},
    resolve::{Extensions, resolve},
    writer::padding,
};
use crate::limits::{TAR_DEPTH_MAX, TAR_ENTRIES_MAX, TAR_PATH_MAX, TAR_PAX_MAX, TAR_TOTAL_MAX};
use alloc::vec::Vec;

/// How much of an archive is accepted. What is above a limit is an error that names the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarLimits {
    /// Number of entries, global pax headers included.
    pub entries_max: u64,
    /// Length of a path or link target in bytes.
    pub path_max: u64,
    /// Number of components of a path.
    pub depth_max: u64,
    /// Length of a pax header's content in bytes.
    pub pax_max: u64,
    /// Length of all content in bytes.
    pub total_max: u64,
}

impl Default for TarLimits {
    /// The limits of [`crate::limits`].
    fn default() -> Self {
        Self {
            entries_max: TAR_ENTRIES_MAX,
            path_max: TAR_PATH_MAX,
            depth_max: TAR_DEPTH_MAX,
            pax_max: TAR_PAX_MAX,
            total_max: TAR_TOTAL_MAX,
        }
    }
}

/// Reads one archive, fed in pieces of any size. Sizes of pieces change nothing but the sizes of [`EntrySink::data`]'s.
///
/// After an error it stays in error: every further call returns the same one.
#[derive(Debug)]
pub struct TarReader {
    limits: TarLimits,
    part: Part,
    block: [u8; BLOCK_SIZE],
    /// Bytes taken so far.
    position: u64,
    /// Where the present member's header is.
    header_at: u64,
    /// Name of the present member, for errors.
    name: Vec<u8>,
    /// Padding behind the present member's content.
    padding: u64,
    extension: Vec<u8>,
    pending: Extensions,
    members: Members,
    entries: u64,
    total: u64,
    failed: Option<TarError>,
}

/// What the next byte belongs to. `remaining` is never 0.
#[derive(Clone, Copy, Debug)]
enum Part {
    Header { filled: usize, zero_block_before: bool },
    Extension { kind: ExtensionType, remaining: u64 },
    Content { remaining: u64 },
    Padding { remaining: u64 },
    Trailer,
}

const HEADER: Part = Part::Header { filled: 0, zero_block_before: false };

impl TarReader {
    /// A reader for one archive.
    #[must_use]
    pub fn new(limits: TarLimits) -> Self {
        Self {
            limits,
            part: HEADER,
            block: [0; BLOCK_SIZE],
            position: 0,
            header_at: 0,
            name: Vec::new(),
            padding: 0,
            extension: Vec::new(),
            pending: Extensions::default(),
            members: Members::default(),
            entries: 0,
            total: 0,
            failed: None,
        }
    }

    /// Reads the next bytes of the archive.
    ///
    /// # Errors
    /// [`TarError`] where the archive is refused, a limit is passed or the sink stops.
    pub fn push(&mut self, input: &[u8], sink: &mut dyn EntrySink) -> Result<(), TarError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.advance(input, sink);
        self.failed = result.as_ref().err().cloned();
        result
    }

    /// Ends the archive. Only after this is known to be right what the sink was given.
    ///
    /// The sink is there for the likeness with [`Self::push`]; nothing is left to be given to it.
    ///
    /// # Errors
    /// [`TarError`] where the archive is not complete, or was refused before.
    pub fn finish(&mut self, _sink: &mut dyn EntrySink) -> Result<(), TarError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let place = match self.part {
            Part::Trailer if padding(self.position) == 0 => return Ok(()),
            Part::Trailer => return self.fail(TarFault::Length),
            Part::Header { filled: 0, zero_block_before: false } => "before its end marker",
            Part::Header { filled, .. } if !is_zero(self.block.get(..filled).unwrap_or(&[])) => "inside a header",
            Part::Header { .. } => "inside its end marker",
            Part::Extension { .. } => "inside an extension header",
            Part::Content { .. } => "inside an entry's content",
            Part::Padding { .. } => "inside padding",
        };
        self.fail(TarFault::Truncated { place })
    }

    fn fail(&mut self, fault: TarFault) -> Result<(), TarError> {
        let error = self.error_at(self.position, fault);
        self.failed = Some(error.clone());
        Err(error)
    }

    fn error_at(&self, offset: u64, fault: TarFault) -> TarError {
        let entry = self.name.iter().take(usize::try_from(self.limits.path_max).unwrap_or(usize::MAX));
        TarError { offset, entry: entry.copied().collect(), fault }
    }

    fn advance(&mut self, mut input: &[u8], sink: &mut dyn EntrySink) -> Result<(), TarError> {
        while !input.is_empty() {
            let wanted = match self.part {
                Part::Header { filled, .. } => BLOCK_SIZE.saturating_sub(filled),
                Part::Extension { remaining, .. } | Part::Content { remaining } | Part::Padding { remaining } => {
                    usize::try_from(remaining).unwrap_or(usize::MAX)
                }
                Part::Trailer => usize::MAX,
            };
            let (taken, rest) = input.split_at_checked(wanted).unwrap_or((input, &[]));
            let length = u64::try_from(taken.len()).unwrap_or(u64::MAX);
            match self.part {
                Part::Header { filled, zero_block_before } => {
                    self.take_header(taken, filled, zero_block_before, sink)?;
                }
                Part::Extension { kind, remaining } => {
                    self.extension.extend_from_slice(taken);
                    self.position = self.position.saturating_add(length);
                    match remaining.saturating_sub(length) {
                        0 => self.end_extension(kind)?,
                        remaining => self.part = Part::Extension { kind, remaining },
                    }
                }
                Part::Content { remaining } => {
                    sink.data(taken).map_err(|Stop| self.error_at(self.header_at, TarFault::Stopped))?;
                    self.position = self.position.saturating_add(length);
                    match remaining.saturating_sub(length) {
                        0 => self.end_content(sink)?,
                        remaining => self.part = Part::Content { remaining },
                    }
                }
                Part::Padding { remaining } => {
                    self.take_zeros(taken, TarFault::Padding)?;
                    match remaining.saturating_sub(length) {
                        0 => self.part = HEADER,
                        remaining => self.part = Part::Padding { remaining },
                    }
                }
                Part::Trailer => self.take_zeros(taken, TarFault::AfterEnd)?,
            }
            input = rest;
        }
        Ok(())
    }

    fn take_zeros(&mut self, taken: &[u8], otherwise: TarFault) -> Result<(), TarError> {
        let zeros = taken.iter().position(|&byte| byte != 0).unwrap_or(taken.len());
        self.position = self.position.saturating_add(u64::try_from(zeros).unwrap_or(u64::MAX));
        if zeros < taken.len() { Err(self.error_at(self.position, otherwise)) } else { Ok(()) }
    }

    fn take_header(
        &mut self,
        taken: &[u8],
        filled: usize,
        zero_block_before: bool,
        sink: &mut dyn EntrySink,
    ) -> Result<(), TarError> {
        for (place, byte) in self.block.iter_mut().skip(filled).zip(taken) {
            *place = *byte;
        }
        if filled == 0 {
            self.header_at = self.position;
            self.name.clear();
        }
        self.position = self.position.saturating_add(u64::try_from(taken.len()).unwrap_or(u64::MAX));
        let filled = filled.saturating_add(taken.len());
        if filled < BLOCK_SIZE {
            self.part = Part::Header { filled, zero_block_before };
            return Ok(());
        }
        if is_zero(&self.block) {
            if !self.pending.is_empty() {
                let fault = TarFault::Extension { problem: "an extension header without an entry" };
                return Err(self.error_at(self.header_at, fault));
            }
            self.part = match zero_block_before {
                true => Part::Trailer,
                false => Part::Header { filled: 0, zero_block_before: true },
            };
            return Ok(());
        }
        if zero_block_before {
            return Err(self.error_at(self.header_at, TarFault::LoneZeroBlock));
        }
        self.name = name_hint(&self.block);
        let header = read_header(&self.block).map_err(|fault| self.error_at(self.header_at, fault))?;
        self.padding = u64::try_from(padding(header.size)).unwrap_or(0);
        match header.member_type {
            MemberType::Extension(kind) => self.begin_extension(kind, &header),
            MemberType::Entry(kind) => self.begin_entry(header, kind, sink),
        }
    }

    fn begin_extension(&mut self, kind: ExtensionType, header: &Header) -> Result<(), TarError> {
        let fail = |fault| Err(self.error_at(self.header_at, fault));
        let refuse = |problem| fail(TarFault::Extension { problem });
        // GNU tar's names end with a NUL that is counted.
        let names_max = self.limits.path_max.saturating_add(1);
        let (what, limit) = match kind {
            ExtensionType::Pax if self.pending.pax.is_some() => return refuse("two pax headers for one entry"),
            ExtensionType::LongName if self.pending.name.is_some() => return refuse("two long names for one entry"),
            ExtensionType::LongLink if self.pending.link.is_some() => return refuse("two long links for one entry"),
            ExtensionType::GlobalPax if !self.pending.is_empty() => {
                return refuse("a global pax header between an extension header and its entry");
            }
            ExtensionType::Pax | ExtensionType::GlobalPax => ("bytes of a pax header", self.limits.pax_max),
            ExtensionType::LongName | ExtensionType::LongLink => ("bytes of a long name", names_max),
        };
        if header.size > limit {
            return fail(TarFault::Limit { what, limit });
        }
        if matches!(kind, ExtensionType::GlobalPax) {
            self.count_entry()?;
        }
        self.extension.clear();
        match header.size {
            0 => self.end_extension(kind),
            remaining => {
                self.part = Part::Extension { kind, remaining };
                Ok(())
            }
        }
    }

    fn end_extension(&mut self, kind: ExtensionType) -> Result<(), TarError> {
        let mut content = core::mem::take(&mut self.extension);
        let records = |scope| read_records(&content, scope).map_err(|fault| self.error_at(self.header_at, fault));
        match kind {
            ExtensionType::Pax => self.pending.pax = Some(records(Scope::NextEntry)?),
            ExtensionType::GlobalPax => {
                records(Scope::Global)?;
            }
            ExtensionType::LongName | ExtensionType::LongLink => {
                if content.last() == Some(&0) {
                    content.pop();
                }
                let pending = match kind {
                    ExtensionType::LongName => &mut self.pending.name,
                    _ => &mut self.pending.link,
                };
                *pending = Some(content);
            }
        }
        self.begin_padding();
        Ok(())
    }

    fn begin_entry(&mut self, header: Header, kind: EntryType, sink: &mut dyn EntrySink) -> Result<(), TarError> {
        let pending = core::mem::take(&mut self.pending);
        if let Some(name) = pending.name_in(&header) {
            self.name = name.to_vec();
        }
        let fail = |reader: &Self, fault| reader.error_at(reader.header_at, fault);
        self.count_entry()?;
        let entry = resolve(header, kind, pending, &self.limits).map_err(|fault| fail(self, fault))?;
        let Some(entry) = entry else {
            self.begin_padding();
            return Ok(());
        };
        self.members.add(&entry).map_err(|fault| fail(self, fault))?;
        self.padding = u64::try_from(padding(entry.size)).unwrap_or(0);
        self.total = self.total.saturating_add(entry.size);
        if self.total > self.limits.total_max {
            return Err(fail(self, TarFault::Limit { what: "bytes of content", limit: self.limits.total_max }));
        }
        sink.begin(&entry).map_err(|Stop| fail(self, TarFault::Stopped))?;
        match entry.size {
            0 => self.end_content(sink),
            remaining => {
                self.part = Part::Content { remaining };
                Ok(())
            }
        }
    }

    fn end_content(&mut self, sink: &mut dyn EntrySink) -> Result<(), TarError> {
        self.begin_padding();
        sink.end().map_err(|Stop| self.error_at(self.header_at, TarFault::Stopped))
    }

    fn begin_padding(&mut self) {
        self.part = match self.padding {
            0 => HEADER,
            remaining => Part::Padding { remaining },
        };
    }

    fn count_entry(&mut self) -> Result<(), TarError> {
        self.entries = self.entries.saturating_add(1);
        let limit = self.limits.entries_max;
        match self.entries > limit {
            true => Err(self.error_at(self.header_at, TarFault::Limit { what: "entries", limit })),
            false => Ok(()),
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

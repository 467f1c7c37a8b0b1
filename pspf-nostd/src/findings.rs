//! Findings as they are collected: bounded in number, all counted, given out errors first.

use crate::{
    limits::FINDINGS_MAX,
    offsets::{ByteRange, in_order},
    report::{Finding, Severity},
};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Code of the finding that says that others were left out.
pub const LEFT_OUT: &str = "findings.limit";

/// A code of findings: the one place that says what it weighs and means. docs/findings.md is made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable dotted code.
    pub code: &'static str,
    /// What its findings weigh.
    pub severity: Severity,
    /// One sentence, in Markdown.
    pub means: &'static str,
    /// Where the rule is written, in Markdown: a section of docs/format.md, an RFC, a page; may be empty.
    pub rule: &'static str,
}

impl Code {
    const fn error(code: &'static str, means: &'static str, rule: &'static str) -> Self {
        Self { code, severity: Severity::Error, means, rule }
    }

    const fn warning(code: &'static str, means: &'static str, rule: &'static str) -> Self {
        Self { code, severity: Severity::Warning, means, rule }
    }

    const fn info(code: &'static str, means: &'static str, rule: &'static str) -> Self {
        Self { code, severity: Severity::Info, means, rule }
    }
}

/// Every code of a verification. Errors make a package broken, but for those of its contents, which refuse it.
#[rustfmt::skip]
pub const CODES: &[Code] = &[
    Code::error("trailer.missing", "the file is shorter than a trailer", "§1"),
    Code::error("trailer.start_magic", "no trailer at the end; the message says where one is if bytes were cut off or appended", "§1"),
    Code::error("trailer.end_magic", "the trailer's last four bytes are damaged", "§1"),
    Code::error("index.checksum", "the index block's Adler-32 does not match", "§2"),
    Code::error("index.version", "the format version is not 0x20250001", "§2"),
    Code::error("index.package_size", "the index states another file size", "§2"),
    Code::error("index.field", "an index field is not what the named builder writes for these metadata; `part` names it", "§2"),
    Code::error("launcher.size", "the index states another launcher size than the signed metadata", "§5"),
    Code::error("launcher.digest", "the launcher's SHA-256 is not the signed one", "§5"),
    Code::warning("launcher.digest.missing", "no SHA-256 of the launcher is signed: its bytes are unprotected", "§5"),
    Code::error("metadata.range", "the stored metadata are said to be where they cannot be", "§2"),
    Code::error("metadata.limit", "the stored metadata are longer than the limit", ""),
    Code::error("metadata.gzip", "the stored metadata are not one intact gzip member, or unpack to more than the limit", "§5, RFC 1952"),
    Code::error("metadata.gzip_header", "the gzip header is none that a builder writes", "§5"),
    Code::error("metadata.trailing", "bytes follow the gzip member", "§9"),
    Code::error("metadata.json", "not strict JSON, a value has the wrong type, or readers understand a key differently: not printable ASCII, or another one but for case; the message gives the JSON path", "§5"),
    Code::error("metadata.checksum", "the index states another SHA-256 of the stored metadata", "§2"),
    Code::warning("signature.absent", "the package is not signed; it is never `ok`", "§6"),
    Code::warning("signature.coverage", "the package is only *intact*: the message names what the signature does not wholly cover, so that other bytes there would pass. It is not `ok`", "§5"),
    Code::error("signature.invalid", "the signature does not verify by the strict rule", "§6, RFC 8032"),
    Code::error("key.revoked", "the key that signed is revoked: nothing of the package is to be used", "[policy.md](policy.md)"),
    Code::error("key.fingerprint", "the fingerprint in the index is not that of the public key", "§6"),
    Code::error("table.range", "the slot table is said to be where it cannot be", "§3"),
    Code::error("slots.count", "index and metadata disagree on the number of slots", "§5"),
    Code::error("slots.limit", "more slots than the limit", ""),
    Code::error("slot.range", "a slot's bytes are said to be where they cannot be", "§3"),
    Code::error("slot.number", "`slots[].slot` is not the slot's position", "§5"),
    Code::error("slot.operations", "`slots[].operations` is not an operation chain", "§4"),
    Code::error("slot.descriptor", "a descriptor field is not what follows from the signed metadata; `part` names it", "§3"),
    Code::error("slot.digest.descriptor", "the descriptor's checksum is not the start of the signed digest", "§3"),
    Code::error("slot.digest.signed", "the slot's SHA-256 is not the signed one", "§5"),
    Code::warning("slot.digest.short", "only 64 bits of the slot's digest are signed", "§5"),
    Code::warning("slot.digest.missing", "no digest of the slot is signed", "§5"),
    Code::warning("slot.digest.malformed", "`slots[].checksum` is not a digest", "§5"),
    Code::error("slot.checksum", "the slot does not match the descriptor's checksum, and no digest is signed", "§3"),
    Code::error("slot.original_size", "the descriptor's original size is neither the stored size nor the number of bytes that the slot's gzip data decode to, counted by decoding", "§3"),
    Code::warning("slot.not_tar", "the operations say tar, and the slot holds no archive; published launchers take it as one file", "§4"),
    Code::error("layout.size", "the file is longer or shorter than the builder makes it from sections of these lengths", "§1"),
    Code::error("layout.overlap", "two sections share bytes", "§1"),
    Code::error("padding.nonzero", "bytes between sections are not zero: something is hidden", "§1"),
    Code::error("attestation.digest", "the digest in the index is not that of the attestation slot", "§8"),
    Code::error("policy.hash", "the policy hash in the index is not that of the metadata's policy", "§8"),
    Code::info("profile.unknown", "`build.tool` names no known builder; the closest conventions were compared, and the package is at most *intact*", "§5"),
    Code::error("seal.version", "the seal is of a version that this verifier does not know", "[ARCHITECTURE](../ARCHITECTURE.md)"),
    Code::error("seal.signer", "sealed for another signer than the one who signed", ""),
    Code::error("seal.launcher", "a sealed package without a digest of its launcher", ""),
    Code::error("seal.slot", "a sealed package whose metadata lack size, original size or digest of a slot", ""),
    Code::error("seal.gzip", "the stored metadata are not the canonical encoding of the signed JSON", ""),
    Code::info("findings.limit", "there were more findings of one severity than a report lists; left-out errors count", ""),
    Code::error("verify.incomplete", "verification was ended before all bytes were read", ""),
];

/// Every code of [`placement`](crate::placement).
#[rustfmt::skip]
pub const PLACEMENT_CODES: &[Code] = &[
    Code::error("placement.path", "a target is absolute, has `..` or a NUL, or names no file", "§3"),
    Code::error("placement.too_long", "a name has more than 255 bytes, or a target more than 4,096 bytes or 128 parts", ""),
    Code::error("placement.reserved", "something goes into `.pspf`, in any case: the launcher's own directory", ""),
    Code::error("placement.clash", "a file is where another slot has a directory, or the other way round, or something goes below a link or a file", ""),
    Code::error("placement.link_out", "a symbolic link could lead out of its tree (in a scan: `policy.symlink_out`)", ""),
    Code::error("placement.hard_link", "a hard link names no file of the same slot", ""),
    Code::error("placement.too_many", "more than a million entries, or 256 MiB of paths", ""),
    Code::warning("placement.set_id", "the mode sets the user or the group of who runs it; extraction leaves these bits out (in a scan: `policy.setuid`)", ""),
    Code::warning("placement.world_writable", "everybody may write it (in a scan: `policy.world_writable`)", ""),
    Code::warning("placement.not_portable", "the path is not UTF-8, or has a DOS device name, a control character, one of `<>:\"?*` or a backslash, or a dot or blank at an end (in a scan: `policy.device_name`)", ""),
    Code::warning("placement.replaces", "a file of one slot is put in place of another's (in a scan: `policy.replaced_file`)", ""),
    Code::info("placement.same_name", "two paths are one file where case is folded or Unicode normalised (in a scan: `policy.same_name`)", ""),
];

/// Every code of `flavor verify --deep` that is not one of [`CODES`] or [`PLACEMENT_CODES`]: a package compared with what it says of itself.
#[rustfmt::skip]
pub const DEEP_CODES: &[Code] = &[
    Code::error("slot.decode", "the slot does not decode under the limits of a first start, or its archive is refused", "§4"),
    Code::info("attestation.absent", "there is no attestation slot: nothing to compare", "§8"),
    Code::error("attestation.size", "the attestation is longer than the limit", ""),
    Code::error("attestation.json", "the attestation is not JSON", "§8"),
    Code::info("sbom.absent", "the attestation has no bill of materials", "§8"),
    Code::error("sbom.unnamed", "an installed distribution's `METADATA` has no name or no version", ""),
    Code::error("sbom.unlisted", "a distribution is installed, or a slot there, that the bill does not list", ""),
    Code::error("sbom.version", "the bill lists another version than the one installed, or carried as a wheel (compared by PEP 440)", ""),
    Code::error("sbom.missing", "the bill lists a PyPI package that is neither installed nor carried as a wheel, or a slot that does not exist", ""),
    Code::info("sbom.vendored", "a distribution is inside another one, and the bill does not list it", ""),
    Code::error("sbom.digest", "the launcher, a slot or a wheel has another SHA-256 than the bill says", ""),
    Code::error("wheel.zip", "a wheel is not a zip archive, one that readers understand differently, or one that passes the limits: a name that leads out of it or appears twice, files that overlap, bytes of no file, local headers that say something else, a second name in an extra field, encryption, another method than deflate, a bomb, a wrong CRC-32", ""),
    Code::error("wheel.record", "a wheel's `RECORD` is missing, does not list a file, lists one that is not there, or with another size or SHA-256", "[binary distribution format](https://packaging.python.org/en/latest/specifications/binary-distribution-format/)"),
    Code::error("wheel.name", "a wheel's file name, `.dist-info` folder and `METADATA` are not of one name and version", "the same"),
    Code::info("wheel.unlisted", "a wheel is carried as a file, and the bill does not list it; not said of those that a distribution or the interpreter brought along", ""),
    Code::error("provenance.subject", "the launcher or a slot is not among the subjects of the statement, or a subject is not in the package", ""),
    Code::error("provenance.digest", "a subject, the launcher or a listed archive has another SHA-256 than the provenance says", ""),
    Code::error("provenance.key", "the provenance names another signing key than the one that signed", "§8"),
];

/// What the findings with a code of the verification weigh; `None` for other codes.
#[must_use]
pub fn severity_of(code: &str) -> Option<Severity> {
    CODES.iter().find(|known| known.code == code).map(|known| known.severity)
}

/// The findings so far, at most [`FINDINGS_MAX`] of each severity, and all that failed.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    /// How many of each severity there were, in the order of [`Severity`].
    counts: [usize; 3],
    /// What the errors are about, kept and dropped ones.
    failed: Vec<ByteRange>,
}

impl Findings {
    /// Adds one of the verification; `range` is the bytes it is about, where there are any. It weighs what [`CODES`] says.
    pub(crate) fn add(&mut self, code: &'static str, part: &str, range: Option<ByteRange>, message: String) {
        // A test holds that the table has every code; what it had not would be refused.
        self.push(severity_of(code).unwrap_or(Severity::Error), code, part, range, message);
    }

    /// Adds one of a caller's own, whose codes are not in [`CODES`].
    pub fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        part: &str,
        range: Option<ByteRange>,
        message: String,
    ) {
        self.keep(plain(code, severity, part, range, message));
    }

    /// Adds one about a file in a slot.
    pub fn about_file(&mut self, severity: Severity, code: &'static str, part: &str, path: &str, message: String) {
        self.keep(Finding { path: Some(path.to_owned()), ..plain(code, severity, part, None, message) });
    }

    /// Adds one about bytes whose SHA-256 is not the signed one. It weighs what [`CODES`] says.
    pub(crate) fn other_digest(
        &mut self,
        code: &'static str,
        part: &str,
        range: ByteRange,
        digests: [String; 2],
        message: String,
    ) {
        let [expected, found] = digests.map(Some);
        let severity = severity_of(code).unwrap_or(Severity::Error);
        self.keep(Finding { expected, found, ..plain(code, severity, part, Some(range), message) });
    }

    fn keep(&mut self, finding: Finding) {
        let (severity, range) = (finding.severity, finding.range);
        let [errors, warnings, infos] = &mut self.counts;
        let count = match severity {
            Severity::Error => errors,
            Severity::Warning => warnings,
            Severity::Info => infos,
        };
        *count = count.saturating_add(1);
        if *count <= FINDINGS_MAX {
            self.kept.push(finding);
        }
        if let (Severity::Error, Some(range)) = (severity, range) {
            match self.failed.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => self.failed.push(range),
            }
        }
    }

    /// Adds one of comparing a package with what it says of itself. It weighs what [`DEEP_CODES`] says, others are errors.
    pub fn add_deep(&mut self, code: &'static str, part: &str, message: String) {
        let known = DEEP_CODES.iter().find(|known| known.code == code);
        self.push(known.map_or(Severity::Error, |known| known.severity), code, part, None, message);
    }

    /// Adds an error of a caller's own.
    pub fn error(&mut self, code: &'static str, part: &str, range: Option<ByteRange>, message: String) {
        self.push(Severity::Error, code, part, range, message);
    }

    /// Adds a warning of a caller's own.
    pub fn warning(&mut self, code: &'static str, part: &str, range: Option<ByteRange>, message: String) {
        self.push(Severity::Warning, code, part, range, message);
    }

    /// Whether there is an error, kept or not.
    #[must_use]
    pub fn any_error(&self) -> bool {
        let [errors, ..] = self.counts;
        errors > 0
    }

    /// Whether no error was left out for their number.
    #[must_use]
    pub fn all_kept(&self) -> bool {
        let [errors, ..] = self.counts;
        errors <= FINDINGS_MAX
    }

    /// The stretches of the file that errors are about, in order, without overlap.
    pub(crate) fn failed(&self) -> Vec<ByteRange> {
        let mut ranges: Vec<ByteRange> = in_order(self.failed.iter()).into_iter().map(|(range, _)| range).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.dedup_by(|next, kept| {
            let joined = next.start <= kept.end;
            kept.end = if joined { kept.end.max(next.end) } else { kept.end };
            joined
        });
        ranges
    }

    /// The kept ones, errors first; behind them one that counts those that were left out, which has its place whatever else
    /// there is.
    pub fn sorted(&mut self) -> Vec<Finding> {
        let dropped: usize = self.counts.iter().map(|count| count.saturating_sub(FINDINGS_MAX)).sum();
        let mut findings = errors_first(core::mem::take(&mut self.kept), |finding| finding.severity);
        if dropped > 0 {
            let message =
                alloc::format!("{dropped} more findings were left out, the limit is {FINDINGS_MAX} of one severity");
            findings.push(plain(LEFT_OUT, Severity::Info, "package", None, message));
        }
        findings
    }
}

fn plain(code: &'static str, severity: Severity, part: &str, range: Option<ByteRange>, message: String) -> Finding {
    Finding { code, severity, part: part.to_owned(), range, path: None, expected: None, found: None, message }
}

/// The same things, those that are errors first, then warnings; of one severity in the order in which they came. (A third of
/// the code of a stable sort.)
pub fn errors_first<T>(things: Vec<T>, severity: impl Fn(&T) -> Severity) -> Vec<T> {
    let (mut sorted, mut warnings, mut infos) = (Vec::new(), Vec::new(), Vec::new());
    for thing in things {
        match severity(&thing) {
            Severity::Error => &mut sorted,
            Severity::Warning => &mut warnings,
            Severity::Info => &mut infos,
        }
        .push(thing);
    }
    sorted.append(&mut warnings);
    sorted.append(&mut infos);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn what_was_left_out_is_said_even_where_infos_fill_the_list() {
        let mut findings = Findings::default();
        for number in 0..FINDINGS_MAX + 3 {
            findings.add("profile.unknown", "package", None, number.to_string());
        }
        findings.add("index.field", "package", None, "last".to_owned());
        assert!(findings.any_error() && findings.all_kept());
        let sorted = findings.sorted();
        assert_eq!(sorted.len(), FINDINGS_MAX + 2);
        let codes: Vec<&str> = sorted.iter().map(|finding| finding.code).collect();
        assert_eq!((codes[0], codes[1], codes[FINDINGS_MAX + 1]), ("index.field", "profile.unknown", LEFT_OUT));
        assert!(sorted[FINDINGS_MAX + 1].message.starts_with("3 more"), "{:?}", sorted.last());
    }

    #[test]
    fn errors_that_were_left_out_still_count() {
        let mut findings = Findings::default();
        for _ in 0..=FINDINGS_MAX {
            findings.add("index.field", "package", None, String::new());
        }
        assert!(findings.any_error() && !findings.all_kept());
    }

    #[test]
    fn the_order_of_one_severity_stays() {
        let things = [(Severity::Info, 1), (Severity::Error, 2), (Severity::Warning, 3), (Severity::Error, 4)];
        let sorted = errors_first(things.to_vec(), |thing| thing.0);
        assert_eq!(sorted.iter().map(|thing| thing.1).collect::<Vec<_>>(), [2, 4, 3, 1]);
    }
}

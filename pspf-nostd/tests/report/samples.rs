//! Small packages of every profile: what they are made of, and what has to be said of them.

use super::package::{LAUNCHER, by_builder, encoded, key, plan, write};
use pspf_nostd::{
    codec::gzip_stored,
    digest::sha256,
    profile::{Placement, Profile},
    report::{Integrity, Protection},
    writer::SlotPlan,
};

/// How bytes are protected, and why.
pub(super) type Class = (Protection, &'static str);

pub(super) const DERIVED: Class = (Protection::Authenticated, "recomputed from the signed metadata");
pub(super) const FIXED: Class = (Protection::Authenticated, "fixed by the format");
pub(super) const SIGNER: Class = (Protection::Authenticated, "the signature and its key");
pub(super) const ZERO: Class = (Protection::Authenticated, "must be zero");
pub(super) const DIGEST: Class = (Protection::Authenticated, "SHA-256 in the signed metadata");
pub(super) const CANONICAL: Class = (Protection::Authenticated, "canonical encoding of the signed JSON");
pub(super) const COMPRESSED: Class =
    (Protection::Checked, "decodes to the signed JSON; the compressed form itself is not signed");
pub(super) const UNNAMED: Class =
    (Protection::Checked, "recomputed for the closest builder; the signed metadata name none");
pub(super) const LENGTHS: Class = (Protection::Checked, "recomputed from lengths, some of which are not signed");
pub(super) const OPTIONS: Class =
    (Protection::Checked, "two options of the build are not signed; one says how slots are aligned");
pub(super) const LENGTH: Class = (Protection::Checked, "the length of what the slot's digest is over");
pub(super) const CHECKSUM: Class = (Protection::Checked, "a checksum of unsigned bytes");
pub(super) const GZIP: Class = (Protection::Checked, "the stored size, or what the slot decodes to");
pub(super) const SBOM: Class = (Protection::Checked, "the digest of a slot whose own digest is signed in part only");
pub(super) const PREFIX: Class = (Protection::Checked, "only 64 bits of its digest are signed");
pub(super) const DESCRIPTOR: Class = (Protection::Checked, "only the unsigned descriptor has a checksum of it");
pub(super) const UNKNOWN: Class = (Protection::Unprotected, "only decoding the slot would tell");
pub(super) const ANY_LAUNCHER: Class = (Protection::Unprotected, "no digest of the launcher is signed");
pub(super) const UNSIGNED: Class = (Protection::Checked, "consistent, but nothing here is signed");
pub(super) const FAILED: Class = (Protection::Failed, "verification failed here");
pub(super) const NOT_READ: Class = (Protection::Unprotected, "not read");

/// One slot of a sample: its entry in the metadata without number and digest, how its digest is signed, what is stored, and
/// what has to be said of it.
pub(super) struct Slot {
    pub(super) entry: &'static str,
    pub(super) signed: Signed,
    /// Whether the entry has the stored size.
    pub(super) sized: bool,
    pub(super) stored: Vec<u8>,
    /// Length before encoding.
    pub(super) original: usize,
    /// The columns of its descriptor that do not follow from the signed metadata.
    pub(super) columns: Vec<(&'static str, Class)>,
    pub(super) content: Class,
}

/// How much of a slot's digest the metadata have.
#[derive(Clone, Copy)]
pub(super) enum Signed {
    Full,
    Prefix,
    Nothing,
    Malformed,
}

impl Slot {
    pub(super) fn checksum(&self) -> String {
        let digest = sha256(&self.stored).to_string();
        match self.signed {
            Signed::Full => format!("sha256:{digest}"),
            Signed::Prefix => digest[..16].to_owned(),
            Signed::Nothing => String::new(),
            Signed::Malformed => digest.to_ascii_uppercase(),
        }
    }
}

/// What a sample is, and what has to be said of it as a whole.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) profile: Profile,
    /// `build` and `launcher` of the metadata.
    pub(super) tool: Option<&'static str>,
    /// Whether the metadata have the launcher's digest.
    pub(super) launcher_signed: bool,
    /// Whether they have its size.
    pub(super) launcher_sized: bool,
    pub(super) slots: Vec<Slot>,
    /// Index fields that differ from the table's.
    pub(super) index: &'static [(&'static str, Class)],
    pub(super) state: Integrity,
    pub(super) codes: &'static [&'static str],
}

impl Sample {
    pub(super) fn json(&self) -> String {
        let slots: Vec<String> = (self.slots.iter().enumerate())
            .map(|(number, slot)| {
                // The Python builder writes the size of the source there.
                let size = if self.profile == Profile::Python { slot.original } else { slot.stored.len() };
                let size = if slot.sized { format!(r#""size":{size},"#) } else { String::new() };
                format!(r#"{{"slot":{number},{size}"checksum":"{}",{}}}"#, slot.checksum(), slot.entry)
            })
            .collect();
        let build = self.tool.map(|tool| format!(r#","build":{{"tool":"{tool}"}}"#)).unwrap_or_default();
        let launcher = match (self.launcher_sized, self.launcher_signed) {
            (false, false) => String::new(),
            (true, false) => format!(r#","launcher":{{"size":{}}}"#, LAUNCHER.len()),
            (false, true) => format!(r#","launcher":{{"checksum":"{}"}}"#, sha256(LAUNCHER)),
            (true, true) => format!(r#","launcher":{{"size":{},"checksum":"{}"}}"#, LAUNCHER.len(), sha256(LAUNCHER)),
        };
        format!(r#"{{"format":"PSPF/2025","slots":[{}]{build}{launcher}}}"#, slots.join(","))
    }

    /// The file, and where its sections are.
    pub(super) fn make(&self) -> (Vec<u8>, Placement) {
        let slots: Vec<(&[u8], usize)> =
            self.slots.iter().map(|slot| (slot.stored.as_slice(), slot.original)).collect();
        let (file, assembly) = by_builder(self.profile, &self.json(), LAUNCHER, &slots);
        (file, assembly.placement)
    }
}

/// A slot whose descriptor follows from the metadata but for the location.
pub(super) fn slot(entry: &'static str, stored: &[u8], signed: Signed) -> Slot {
    let (original, stored) = (stored.len(), stored.to_vec());
    let (mut columns, content) = match signed {
        Signed::Full => (vec![], DIGEST),
        Signed::Prefix => (vec![], PREFIX),
        Signed::Nothing | Signed::Malformed => (vec![("checksum", CHECKSUM)], DESCRIPTOR),
    };
    columns.push(("offset", LENGTHS));
    Slot { entry, signed, sized: true, stored, original, columns, content }
}

impl Slot {
    /// The same in a package of the Python builder, which does not sign the stored size.
    pub(super) fn python(mut self, original_size: Class) -> Self {
        self.columns.extend([("size", LENGTH), ("original_size", original_size)]);
        self
    }

    /// The same in a sealed package, where everything follows.
    pub(super) fn sealed(mut self) -> Self {
        self.columns.clear();
        self
    }
}

/// `original` bytes as a gzip member.
pub(super) fn gzip(original: &[u8]) -> Vec<u8> {
    gzip_stored(original)
}

pub(super) fn samples() -> Vec<Sample> {
    let raw = r#""id":"raw","target":"raw","operations":"none","permissions":"0644""#;
    let zipped = r#""id":"zipped","target":"zipped","operations":"gzip""#;
    let squeezed = r#""id":"squeezed","target":"squeezed","operations":"bzip2""#;
    let own = r#""id":"own","target":"own","self_ref":true"#;
    let attested = r#""id":"sbom","target":"sbom","operations":"none","lifecycle":"attestation""#;
    let member = gzip(b"some content");
    let gzipped = |signed| Slot { original: 12, ..slot(zipped, &member, signed) };
    vec![
        Sample {
            name: "Python, all signed",
            profile: Profile::Python,
            tool: Some("flavor-python"),
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![
                slot(raw, b"raw bytes", Signed::Full).python(LENGTH),
                slot(raw, b"", Signed::Full).python(LENGTH),
            ],
            index: &[],
            state: Integrity::Bound,
            codes: &[],
        },
        Sample {
            name: "Python, every kind of slot",
            profile: Profile::Python,
            tool: Some("flavor-python"),
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![
                gzipped(Signed::Full).python(GZIP),
                slot(squeezed, b"not looked at", Signed::Full).python(UNKNOWN),
                slot(raw, b"half a digest", Signed::Prefix).python(LENGTH),
                slot(raw, b"no digest", Signed::Nothing).python(LENGTH),
                slot(raw, b"no digest either", Signed::Malformed).python(LENGTH),
            ],
            index: &[],
            state: Integrity::Intact,
            codes: &["slot.digest.malformed", "slot.digest.short", "slot.digest.missing", "slot.digest.missing"],
        },
        Sample {
            name: "Python, an original size that nobody can know",
            profile: Profile::Python,
            tool: Some("flavor-python"),
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![slot(squeezed, b"not looked at", Signed::Full).python(UNKNOWN)],
            index: &[],
            state: Integrity::Intact,
            codes: &[],
        },
        Sample {
            name: "Python, attested",
            profile: Profile::Python,
            tool: Some("flavor-python"),
            launcher_signed: false,
            launcher_sized: false,
            slots: vec![
                slot(raw, b"raw bytes", Signed::Full).python(LENGTH),
                slot(attested, b"{}", Signed::Prefix).python(LENGTH),
            ],
            index: &[("attestation_sbom_digest", SBOM), ("launcher_size", LENGTHS), ("metadata_offset", LENGTHS)],
            state: Integrity::Intact,
            codes: &["launcher.digest.missing", "slot.digest.short"],
        },
        Sample {
            name: "Rust, all signed",
            profile: Profile::Rust,
            tool: Some("flavor-rs"),
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![
                slot(raw, b"raw bytes", Signed::Full),
                slot(zipped, &member, Signed::Full),
                slot(attested, b"{}", Signed::Full),
                Slot { content: DIGEST, columns: vec![("offset", LENGTHS)], ..slot(own, b"", Signed::Nothing) },
            ],
            index: &[],
            state: Integrity::Bound,
            codes: &[],
        },
        Sample {
            name: "Rust, digests missing",
            profile: Profile::Rust,
            tool: Some("flavor-rs"),
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![slot(raw, b"raw bytes", Signed::Nothing), slot(raw, b"raw bytes", Signed::Prefix)],
            index: &[],
            state: Integrity::Intact,
            codes: &["slot.digest.missing", "slot.digest.short"],
        },
        Sample {
            name: "Rust, sizes missing",
            profile: Profile::Rust,
            tool: Some("flavor-rs"),
            launcher_signed: true,
            launcher_sized: false,
            slots: vec![Slot {
                sized: false,
                columns: vec![("offset", LENGTHS), ("size", LENGTH), ("original_size", LENGTH)],
                ..slot(raw, b"raw bytes", Signed::Full)
            }],
            index: &[("launcher_size", LENGTHS), ("metadata_offset", LENGTHS)],
            state: Integrity::Bound,
            codes: &[],
        },
        Sample {
            name: "Rust, of the launcher only its size",
            profile: Profile::Rust,
            tool: Some("flavor-rs"),
            launcher_signed: false,
            launcher_sized: true,
            slots: vec![],
            index: &[],
            state: Integrity::Intact,
            codes: &["launcher.digest.missing"],
        },
        Sample {
            name: "Go",
            profile: Profile::Go,
            tool: Some("flavor-go"),
            launcher_signed: false,
            launcher_sized: false,
            slots: vec![slot(raw, b"raw bytes", Signed::Full), slot(zipped, &member, Signed::Full)],
            index: &[("launcher_size", LENGTHS), ("metadata_offset", LENGTHS)],
            state: Integrity::Intact,
            codes: &["launcher.digest.missing"],
        },
        Sample {
            name: "no builder named, laid out as by Go",
            profile: Profile::Go,
            tool: None,
            launcher_signed: true,
            launcher_sized: true,
            slots: vec![slot(raw, b"raw bytes", Signed::Full)],
            index: &[],
            // What index and table mean is the unsigned choice of a builder.
            state: Integrity::Intact,
            codes: &["profile.unknown"],
        },
    ]
}

pub(super) fn sealed_sample() -> (Sample, Vec<u8>, Placement) {
    let raw = "";
    let stored: [&[u8]; 3] = [b"raw bytes", b"", b"{}"];
    let sample = Sample {
        name: "sealed",
        profile: Profile::Sealed,
        tool: None,
        launcher_signed: true,
        launcher_sized: true,
        slots: stored.iter().map(|bytes| slot(raw, bytes, Signed::Full).sealed()).collect(),
        index: &[],
        state: Integrity::Sealed,
        codes: &[],
    };
    let mut plan = plan();
    plan.slots = (stored.iter().enumerate())
        .map(|(number, bytes)| SlotPlan { encoded: encoded(bytes, bytes.len()), ..plan.slots[number].clone() })
        .collect();
    plan.slots[2].lifecycle = "attestation".to_owned();
    let assembly = plan.assemble(&key()).unwrap();
    (sample, write(&assembly, LAUNCHER, &stored), assembly.placement)
}

pub(super) fn all() -> Vec<(Sample, Vec<u8>, Placement)> {
    let made = samples().into_iter().map(|sample| {
        let (file, placement) = sample.make();
        (sample, file, placement)
    });
    made.chain([sealed_sample()]).collect()
}

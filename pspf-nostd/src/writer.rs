//! Writing: a package is a pure function of launcher bytes, metadata, encoded slots and key.
//!
//! Nothing here touches the bytes of launcher or slots: [`assemble`] says which segments follow each other, and the caller copies them.

use crate::{
    codec,
    digest::Sha256Digest,
    index::{END_MAGIC, START_MAGIC, TRAILER_SIZE},
    json::Json,
    key::SigningKey,
    limits::{METADATA_JSON_MAX, SLOT_COUNT_MAX},
    metadata::{FORMAT, Metadata, MetadataError, SEAL_KEY},
    offsets::length,
    placement::{self, Fault},
    profile::{IndexFacts, Placement, Profile, StoredSlot},
    tar::PathFault,
};
use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// What is known of a slot's stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedSlot {
    /// Stored length in bytes.
    pub size: u64,
    /// Length before encoding in bytes.
    pub original_size: u64,
    /// SHA-256 of the stored bytes.
    pub sha256: Sha256Digest,
}

/// One slot of a package to be written.
#[derive(Clone, Debug)]
pub struct SlotPlan {
    /// Identifier, unique in the package.
    pub id: String,
    /// What the slot was made of, for people; never a path of the building machine.
    pub source: String,
    /// Where the content goes, relative to the work environment. Ignored by readers for tar slots.
    pub target: String,
    /// Operation string, such as `tar.zst`.
    pub operations: String,
    /// Purpose word.
    pub purpose: String,
    /// Lifecycle word.
    pub lifecycle: String,
    /// Unix mode bits.
    pub permissions: u16,
    /// Further keys of the slot's entry, behind the others.
    pub extra: Vec<(String, Json)>,
    /// The stored bytes.
    pub encoded: EncodedSlot,
}

/// A sealed package to be written.
#[derive(Clone, Debug)]
pub struct PackagePlan {
    /// `package`: `name` and `version` first, then whatever the caller adds.
    pub package: Vec<(String, Json)>,
    /// The slots.
    pub slots: Vec<SlotPlan>,
    /// `execution`.
    pub execution: Json,
    /// `build`, without `tool`.
    pub build: Vec<(String, Json)>,
    /// Name of the launcher's program.
    pub launcher_tool: String,
    /// Version of the launcher's program.
    pub launcher_version: String,
    /// The launcher's bytes.
    pub launcher: EncodedSlot,
    /// Further top-level keys: `cache_validation`, `setup_commands`, `runtime`, `workenv`, `policy`.
    pub extra: Vec<(String, Json)>,
}

/// Why a package cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Something in the plan cannot be in a package.
    Plan {
        /// Where, like `slots[2].id`.
        place: String,
        /// What is wrong and what is expected.
        message: String,
    },
    /// The metadata that would be signed cannot be read back.
    Metadata(MetadataError),
    /// The metadata would be longer than any reader accepts.
    MetadataTooLong {
        /// Length in bytes.
        length: u64,
    },
    /// The file would be longer than a `u64` counts.
    TooLong,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan { place, message } => write!(f, "`{place}`: {message}"),
            Self::Metadata(error) => error.fmt(f),
            Self::MetadataTooLong { length } => {
                write!(f, "the metadata would be {length} bytes long, the limit is {METADATA_JSON_MAX}")
            }
            Self::TooLong => f.write_str("the package would be too long for its index"),
        }
    }
}

impl core::error::Error for WriteError {}

/// The next bytes of a package file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The launcher, verbatim.
    Launcher,
    /// The stored bytes of a slot.
    Slot(usize),
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many zero bytes.
    Zeros(u64),
}

/// A package file as the sequence of its segments.
#[derive(Clone, Debug)]
pub struct Assembly {
    /// The segments in file order.
    pub segments: Vec<Segment>,
    /// Where the sections are.
    pub placement: Placement,
}

impl PackagePlan {
    /// The metadata JSON of the sealed package, as it is signed by `key`.
    ///
    /// # Errors
    /// [`WriteError::Plan`] for what cannot be in a package, [`WriteError::Metadata`] for ill-typed extra keys.
    pub fn metadata(&self, key: &SigningKey) -> Result<Metadata, WriteError> {
        self.check()?;
        let object = |entries: &[(&str, Json)]| {
            Json::Object(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
        };
        let slots = self.slots.iter().zip(0_u64..).map(|(slot, number)| slot.entry(number)).collect();
        let seal = object(&[("required", true.into()), ("algorithm", "ed25519".into())]);
        let mut build = alloc::vec![("tool".to_owned(), Json::from("flavor"))];
        build.extend(self.build.iter().cloned());
        let launcher = object(&[
            ("tool", self.launcher_tool.as_str().into()),
            ("tool_version", self.launcher_version.as_str().into()),
            ("size", self.launcher.size.into()),
            ("checksum", format!("sha256:{}", self.launcher.sha256).into()),
            ("capabilities", Json::Array(alloc::vec!["signed".into()])),
        ]);
        let mut top = alloc::vec![
            ("format".to_owned(), FORMAT.into()),
            ("format_version".to_owned(), "1.0.0".into()),
            ("package".to_owned(), Json::Object(self.package.clone())),
            ("slots".to_owned(), Json::Array(slots)),
            ("execution".to_owned(), self.execution.clone()),
            (
                "verification".to_owned(),
                object(&[("integrity_seal", seal), ("signed", true.into()), ("require_verification", true.into())]),
            ),
            ("build".to_owned(), Json::Object(build)),
            ("launcher".to_owned(), launcher),
            (
                "compatibility".to_owned(),
                object(&[("min_format_version", "1.0.0".into()), ("features", Json::Array(Vec::new()))]),
            ),
        ];
        top.extend(self.extra.iter().cloned());
        let signer = key.public_key().fingerprint().to_string();
        top.push((SEAL_KEY.to_owned(), object(&[("version", 1_u64.into()), ("signer", signer.into())])));
        Metadata::parse(Json::Object(top).to_pretty()).map_err(WriteError::Metadata)
    }

    /// The sealed package.
    ///
    /// # Errors
    /// As [`Self::metadata`] and [`assemble`].
    pub fn assemble(&self, key: &SigningKey) -> Result<Assembly, WriteError> {
        let metadata = self.metadata(key)?;
        let blob = codec::gzip_stored(metadata.raw());
        let slots: Vec<EncodedSlot> = self.slots.iter().map(|slot| slot.encoded).collect();
        assemble(Profile::Sealed, &metadata, blob, self.launcher.size, &slots, key)
    }

    fn check(&self) -> Result<(), WriteError> {
        let plan = |place: String, message: String| Err(WriteError::Plan { place, message });
        if self.slots.len() > crate::offsets::position(u64::from(SLOT_COUNT_MAX)) {
            return plan("slots".to_owned(), format!("{} slots, the limit is {SLOT_COUNT_MAX}", self.slots.len()));
        }
        let mut ids = BTreeSet::new();
        for (number, slot) in self.slots.iter().enumerate() {
            if slot.id.is_empty() || !ids.insert(slot.id.as_str()) {
                return plan(format!("slots[{number}].id"), format!("`{}` is empty or appears twice", slot.id));
            }
            let path = placement::target(&slot.target);
            // An archive goes to the root whatever its target says.
            let inside = matches!(path, Ok(_) | Err(Fault::Path(PathFault::Empty)));
            if !inside || slot.target.contains('\\') {
                let message = format!("`{}` is not a path inside the work environment", slot.target);
                return plan(format!("slots[{number}].target"), message);
            }
            if let Err(error) = crate::operation::OperationChain::parse(&slot.operations) {
                return plan(format!("slots[{number}].operations"), error.to_string());
            }
        }
        Ok(())
    }
}

impl SlotPlan {
    fn entry(&self, number: u64) -> Json {
        let entries: [(&str, Json); 11] = [
            ("slot", number.into()),
            ("id", self.id.as_str().into()),
            ("source", self.source.as_str().into()),
            ("target", self.target.as_str().into()),
            ("size", self.encoded.size.into()),
            ("original_size", self.encoded.original_size.into()),
            ("checksum", format!("sha256:{}", self.encoded.sha256).into()),
            ("operations", self.operations.as_str().into()),
            ("purpose", self.purpose.as_str().into()),
            ("lifecycle", self.lifecycle.as_str().into()),
            ("permissions", format!("{:04o}", self.permissions).into()),
        ];
        let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
        Json::Object(entries.chain(self.extra.iter().cloned()).collect())
    }
}

/// Lays a package out for any builder's profile from metadata that already describe it.
///
/// `blob` is the stored form of the metadata: each builder's own gzip member, which only that builder can make.
///
/// # Errors
/// [`WriteError::Plan`] where the slots are not those of the metadata, [`WriteError::TooLong`], [`WriteError::MetadataTooLong`].
pub fn assemble(
    profile: Profile,
    metadata: &Metadata,
    blob: Vec<u8>,
    launcher_size: u64,
    slots: &[EncodedSlot],
    key: &SigningKey,
) -> Result<Assembly, WriteError> {
    if slots.len() != metadata.slots.len() {
        let message = format!("{} slots are given, the metadata list {}", slots.len(), metadata.slots.len());
        return Err(WriteError::Plan { place: "slots".to_owned(), message });
    }
    if length(metadata.raw()) > METADATA_JSON_MAX {
        return Err(WriteError::MetadataTooLong { length: length(metadata.raw()) });
    }
    let sizes: Vec<(u64, bool)> =
        metadata.slots.iter().zip(slots).map(|(entry, slot)| (slot.size, entry.self_ref)).collect();
    let placement = profile.place(launcher_size, length(&blob), &sizes).ok_or(WriteError::TooLong)?;
    let mut table = Vec::new();
    for (((entry, slot), range), number) in metadata.slots.iter().zip(slots).zip(&placement.slots).zip(0_u64..) {
        let stored = StoredSlot { range: *range, original_size: slot.original_size, checksum: slot.sha256.trunc64() };
        table.extend_from_slice(&profile.descriptor(number, entry, &stored).to_bytes());
    }
    let attestation = metadata.attestation_slot();
    let attestation = attestation.filter(|_| matches!(profile, Profile::Sealed | Profile::Python));
    let facts = IndexFacts {
        public_key: key.public_key(),
        signature: key.sign(metadata.raw()),
        metadata_blob: &blob,
        attestation: attestation.and_then(|slot| slots.get(slot)).map(|slot| slot.sha256),
    };
    let index = profile.index(metadata, &placement, &facts);
    let mut sections =
        alloc::vec![(placement.metadata, Segment::Bytes(blob)), (placement.table, Segment::Bytes(table)),];
    sections.extend(placement.slots.iter().enumerate().map(|(number, range)| (*range, Segment::Slot(number))));
    sections.retain(|(range, _)| !range.is_empty());
    sections.sort_by_key(|(range, _)| *range);
    let (mut segments, mut end) = (alloc::vec![Segment::Launcher], launcher_size);
    for (range, segment) in sections {
        if range.start > end {
            segments.push(Segment::Zeros(range.start.saturating_sub(end)));
        }
        end = range.end;
        segments.push(segment);
    }
    // An empty table or slot at the end has an aligned place too, and the trailer follows it.
    let trailer = placement.package_size.saturating_sub(TRAILER_SIZE);
    if trailer > end {
        segments.push(Segment::Zeros(trailer.saturating_sub(end)));
    }
    segments.push(Segment::Bytes([&START_MAGIC[..], index.as_bytes(), &END_MAGIC].concat()));
    Ok(Assembly { segments, placement })
}

//! What the slots of a verified package decode to: every file with its digest, and what installed distributions say of themselves.

mod dist_info;
mod slot;
mod wheels;

pub use dist_info::{DistInfo, vendored};
pub(crate) use dist_info::{METADATA_MAX, NAME_MAX, RECORD_MAX};
pub use slot::{Content, SlotInventory};
pub use wheels::CarriedWheel;

use crate::problem::Failure;
use flavor_host::extraction::slot_reader::{self, SlotError, SlotFault};
use flavor_manifest::Diagnostic;
use pspf_nostd::{tar::TarError, verify::Checked};
use std::{fmt, fs::File, path::Path};

/// Why a slot cannot be taken apart.
#[derive(Debug)]
pub enum InventoryError {
    /// The slot cannot be read or decoded.
    Slot(SlotError),
    /// It decodes to an archive that is refused.
    Archive {
        /// The slot's identifier.
        slot: String,
        /// What is wrong with it.
        error: Box<TarError>,
    },
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(error) => error.fault.fmt(f),
            Self::Archive { error, .. } => error.fmt(f),
        }
    }
}

impl std::error::Error for InventoryError {}

impl InventoryError {
    /// Whether the machine is to blame, and not the package.
    #[must_use]
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Slot(SlotError { fault: SlotFault::Read(_) | SlotFault::Write(_), .. }))
    }

    /// The failure of a command that needs the slot.
    #[must_use]
    pub fn failure(&self, package: &Path) -> Failure {
        let (Self::Slot(SlotError { slot, .. }) | Self::Archive { slot, .. }) = self;
        let problem = Diagnostic::error("slot.decode", format!("the slot cannot be decoded: {self}"));
        problem.file(package).field(format!("slot `{slot}`")).into()
    }
}

/// How much of a slot is looked at.
pub struct Depth<'a> {
    /// Whether wheels among its files are looked into, and entries kept to be judged. That takes temporary files.
    pub wheels: bool,
    /// Is told how many more stored bytes were read.
    pub read: &'a dyn Fn(u64),
}

impl Depth<'_> {
    /// The list of its files, quietly.
    pub const LIST: Self = Self { wheels: false, read: &|_| () };
}

/// Decodes slot `number` under the limits that hold for a first start, and lists what is in it. Nothing is written.
///
/// # Errors
/// [`InventoryError`]; a slot that calls itself an archive and holds none is not one of them.
pub fn of_slot(
    file: &File,
    package: &Checked,
    number: usize,
    depth: &Depth<'_>,
) -> Result<SlotInventory, InventoryError> {
    let facts = package.slots().get(number);
    let is_tar = facts.is_some_and(|slot| slot.operations().is_tar());
    let target = facts.map(|slot| slot.entry().target.as_str()).unwrap_or_default();
    let mut reading = slot::Reading::new(is_tar, depth.wheels.then_some(target));
    let read = slot_reader::read_decoded_watched(file, package, number, &mut reading, depth.read);
    let (unpacked, content, wheels, placed) =
        reading.finish(read, facts.map(|slot| slot.entry().id.as_str()).unwrap_or_default())?;
    let (id, stored) = facts.map(|slot| (slot.entry().id.clone(), slot.range().len())).unwrap_or_default();
    Ok(SlotInventory { index: number, id, stored, unpacked, content, placed, wheels })
}

/// All slots, in order; one that only stands for the package itself holds nothing.
///
/// # Errors
/// The first slot that cannot be decoded.
pub fn of_package(path: &Path, file: &File, package: &Checked) -> Result<Vec<SlotInventory>, Failure> {
    let numbers = (0..package.slots().len()).filter(|number| has_content(package, *number));
    numbers.map(|number| of_slot(file, package, number, &Depth::LIST).map_err(|error| error.failure(path))).collect()
}

/// Whether the slot holds bytes of its own.
#[must_use]
pub fn has_content(package: &Checked, number: usize) -> bool {
    package.slots().get(number).is_some_and(|slot| !slot.entry().self_ref)
}

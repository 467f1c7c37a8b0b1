//! What the slots of a verified package decode to: every file with its digest, and what installed distributions say of themselves.

mod dist_info;
mod slot;
mod wheels;

pub use dist_info::{DistInfo, vendored};
pub use slot::{Content, SlotInventory};
pub use wheels::CarriedWheel;

use crate::error::{AttestError, InventoryError};
use flavor_host::extraction::slot_reader;
use pspf_nostd::verify::Checked;
use std::{fs::File, path::Path};

/// How much of a slot is looked at.
pub struct Depth<'a> {
    /// Whether wheels among its files are looked into. That takes temporary files.
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
    let (unpacked, content, wheels) =
        reading.finish(read, facts.map(|slot| slot.entry().id.as_str()).unwrap_or_default())?;
    let (id, stored) = facts.map(|slot| (slot.entry().id.clone(), slot.range().len())).unwrap_or_default();
    Ok(SlotInventory { index: number, id, stored, unpacked, content, wheels })
}

/// All slots, in order; one that only stands for the package itself holds nothing.
///
/// # Errors
/// The first slot that cannot be decoded.
pub fn of_package(path: &Path, file: &File, package: &Checked) -> Result<Vec<SlotInventory>, AttestError> {
    let numbers = (0..package.slots().len()).filter(|number| has_content(package, *number));
    numbers.map(|number| of_slot(file, package, number, &Depth::LIST).map_err(|error| error.of_package(path))).collect()
}

/// Whether the slot holds bytes of its own.
#[must_use]
pub fn has_content(package: &Checked, number: usize) -> bool {
    package.slots().get(number).is_some_and(|slot| !slot.entry().self_ref)
}

//! The wheels among the files, each against what it says of itself.

use super::Carried;
use crate::{
    inventory::{CarriedWheel, DistInfo},
    wheel::Rule,
};
use flavor_python::normal_name;
use pspf_nostd::findings::Findings;
use std::collections::BTreeSet;

/// The folder of wheels that CPython installs pip from.
const BUNDLED: &str = "ensurepip/_bundled/";

/// The wheels by name, and what is wrong with them.
pub(super) fn carried(
    wheels: Vec<(usize, CarriedWheel)>,
    dist_infos: &[DistInfo],
    findings: &mut Findings,
) -> Vec<Carried> {
    let recorded: BTreeSet<&str> = dist_infos
        .iter()
        .flat_map(|found| &found.files)
        .map(String::as_str)
        .filter(|path| path.ends_with(".whl"))
        .collect();
    let mut all = Vec::new();
    for (slot, CarriedWheel { path, sha256, wheel }) in wheels {
        let (name, version, files, sha256) = (wheel.name, wheel.version, wheel.files, sha256.to_string());
        let vendored = recorded.contains(path.as_str()) || path.contains(BUNDLED);
        let found = Carried { name, version, slot, path, sha256, files, vendored };
        for fault in wheel.faults {
            let code = match fault.rule {
                Rule::Zip => "wheel.zip",
                Rule::Record => "wheel.record",
                Rule::Name => "wheel.name",
            };
            findings.error(code, &found.part(), None, fault.message);
        }
        all.push(found);
    }
    all.sort_by_cached_key(|found| (normal_name(&found.name), found.path.clone()));
    all
}

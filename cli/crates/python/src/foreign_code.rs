//! What was built here although the tree is for another processor: nobody can run it, so it is refused.
//!
//! Wheels are chosen for the tree's processor, but a source archive is built by this machine's compiler, whatever it is built for.

use super::{
    distribution::Distribution, elf, error::PythonError, file_error::FileContext as _, normalize::record_path,
    processor::Processor, provider::Runtime, tree_files,
};
use std::fs;

/// Refuses the first distribution with code of this machine's processor.
pub(super) fn refuse(runtime: &Runtime, all: &[Distribution], processor: Processor) -> Result<(), PythonError> {
    let site = runtime.site_packages();
    for distribution in all {
        let folder = site.join(&distribution.dist_info);
        let refused = |found: String| PythonError::ForeignCode {
            project: distribution.name.clone(),
            version: distribution.version.clone(),
            found,
            platform: format!("linux_{}", processor.name()),
        };
        let wheel = folder.join("WHEEL");
        let text = fs::read_to_string(&wheel).on("read", &wheel)?;
        if let Some(tag) = unfit_tag(&text, processor) {
            return Err(refused(format!("its wheel is tagged {tag}")));
        }
        // A wheel for all processors may bring programs for each of them.
        if distribution.archive.as_ref().is_some_and(|archive| archive.file.ends_with(".whl")) {
            continue;
        }
        let record = folder.join("RECORD");
        let text = fs::read_to_string(&record).on("read", &record)?;
        for (_, path) in text.lines().map(record_path) {
            let file = site.join(&path);
            let Some(data) = (if file.is_file() { tree_files::read_elf(&file)? } else { None }) else { continue };
            if elf::read(&data).is_some_and(|facts| facts.machine != processor.elf()) {
                return Err(refused(format!("its file {path} is a program or library for another processor")));
            }
        }
    }
    Ok(())
}

/// The tag of a wheel that has none for the processor.
fn unfit_tag(wheel: &str, processor: Processor) -> Option<String> {
    let tags: Vec<&str> = wheel.lines().filter_map(|line| line.strip_prefix("Tag:")).map(str::trim).collect();
    let fits = |tag: &&str| {
        let platform = tag.rsplit('-').next().unwrap_or_default();
        platform == "any" || platform.strip_suffix(processor.gnu_name()).is_some_and(|rest| rest.ends_with('_'))
    };
    if tags.iter().any(fits) { None } else { tags.first().map(|tag| (*tag).to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_another_processor_do_not_fit() {
        let unfit = |tags: &str| unfit_tag(tags, Processor::Arm64);
        assert_eq!(unfit("Wheel-Version: 1.0\nTag: py3-none-any\n"), None);
        assert_eq!(unfit("Tag: cp311-cp311-manylinux_2_17_aarch64\nTag: cp311-cp311-manylinux2014_aarch64\n"), None);
        assert_eq!(unfit("Tag: cp311-cp311-linux_x86_64\n").as_deref(), Some("cp311-cp311-linux_x86_64"));
        assert_eq!(unfit("Tag: py3-none-linux_xaarch64\n").as_deref(), Some("py3-none-linux_xaarch64"));
        assert_eq!(unfit("Root-Is-Purelib: true\n"), None);
    }
}

//! Reads what the dynamic loader wants to know of an ELF file, and sets or deletes its library search path.

use elb::{DynamicTag, Elf, ElfPatcher};
use object::{
    Endianness, FileKind,
    elf::{self, DT_NEEDED, DT_RPATH, DT_RUNPATH},
    read::elf::{Dyn as _, FileHeader, SectionHeader as _},
};
use std::{ffi::CString, fmt, io::Cursor};

/// What the dynamic loader wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ElfFacts {
    /// Machine and class: libraries must agree with what loads them.
    pub(super) machine: (u16, bool),
    /// Names of the libraries that it needs (`DT_NEEDED`).
    pub(super) needed: Vec<String>,
    /// Folders of `DT_RPATH`.
    pub(super) rpath: Vec<String>,
    /// Folders of `DT_RUNPATH`.
    pub(super) runpath: Vec<String>,
    /// The highest `GLIBC_x.y` version that it asks for.
    pub(super) glibc: Option<GlibcVersion>,
    /// File offset and size of its dynamic section, and the indexes of the entries with a search path.
    dynamic: (u64, u64),
    search_path_entries: Vec<u64>,
}

/// A version of glibc's symbols, such as 2.34.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GlibcVersion(u16, u16);

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl GlibcVersion {
    /// From the version of Debian's package, such as `2.36-9+deb12u13`.
    pub(super) fn of_package(version: &str) -> Option<Self> {
        let mut numbers = version.split('-').next()?.split('.').map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }

    /// The 34 of 2.34.
    pub(super) fn minor(self) -> u16 {
        self.1
    }

    /// `GLIBC_2.34` or `GLIBC_2.2.5`; not `GLIBC_PRIVATE`, not `GLIBCXX_3.4`.
    fn parse(version: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(version).ok()?.strip_prefix("GLIBC_")?;
        let mut numbers = text.split('.').map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

/// Whether these first bytes are those of an ELF file.
pub(super) fn is_elf(head: &[u8]) -> bool {
    head.starts_with(&elf::ELFMAG)
}

/// Reads an ELF file. None if it is not one, or is damaged.
pub(super) fn read(data: &[u8]) -> Option<ElfFacts> {
    match FileKind::parse(data).ok()? {
        FileKind::Elf32 => read_class::<elf::FileHeader32<Endianness>>(data, false),
        FileKind::Elf64 => read_class::<elf::FileHeader64<Endianness>>(data, true),
        _ => None,
    }
}

fn read_class<E: FileHeader<Endian = Endianness>>(data: &[u8], is_64: bool) -> Option<ElfFacts> {
    let header = E::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let mut facts = ElfFacts { machine: (header.e_machine(endian).0, is_64), ..ElfFacts::default() };
    for section in sections.iter() {
        let Ok(Some((entries, link))) = section.dynamic(endian, data) else { continue };
        let strings = sections.strings(endian, data, link).ok()?;
        for (entry, index) in entries.iter().zip(0_u64..) {
            let tag @ (DT_NEEDED | DT_RPATH | DT_RUNPATH) = entry.tag(endian) else { continue };
            let value = std::str::from_utf8(entry.string(endian, strings).ok()?).ok()?;
            match tag {
                DT_NEEDED => facts.needed.push(value.to_owned()),
                DT_RPATH => facts.rpath.extend(folders(value)),
                _ => facts.runpath.extend(folders(value)),
            }
            if tag != DT_NEEDED {
                facts.search_path_entries.push(index);
            }
        }
        facts.dynamic = (section.sh_offset(endian).into(), section.sh_size(endian).into());
    }
    let Ok(Some((mut needs, link))) = sections.gnu_verneed(endian, data) else { return Some(facts) };
    let strings = sections.strings(endian, data, link).ok()?;
    while let Ok(Some((_, mut versions))) = needs.next() {
        while let Ok(Some(version)) = versions.next() {
            facts.glibc = facts.glibc.max(version.name(endian, strings).ok().and_then(GlibcVersion::parse));
        }
    }
    Some(facts)
}

fn folders(path: &str) -> impl Iterator<Item = String> {
    path.split(':').filter(|folder| !folder.is_empty()).map(str::to_owned)
}

impl ElfFacts {
    /// Those of a file for the same machine that needs just these libraries.
    pub(super) fn needing(&self, names: &[&str]) -> Self {
        let needed = names.iter().map(|name| (*name).to_owned()).collect();
        Self { machine: self.machine, needed, ..Self::default() }
    }

    /// Turns `DT_RUNPATH` into `DT_RPATH` in place: only then is the search path of what loads this file asked too (ld.so(8)).
    /// Gives whether there was something to turn.
    pub(super) fn runpath_to_rpath(&self, data: &mut [u8]) -> bool {
        // RUNPATH (29) and RPATH (15) differ in the lowest byte of the tag, the entry's first word; its other bytes are zero.
        let (Ok(old), Ok(new)) = (u8::try_from(DT_RUNPATH.0), u8::try_from(DT_RPATH.0)) else { return false };
        let word = self.entry_size() / 2;
        let Some(entries) = self.dynamic_section(data) else { return false };
        let mut turned = false;
        for index in &self.search_path_entries {
            let entry = usize::try_from(*index).ok().and_then(|index| entries.chunks_exact_mut(2 * word).nth(index));
            for byte in entry.and_then(|entry| entry.get_mut(..word)).into_iter().flatten().filter(|byte| **byte == old)
            {
                *byte = new;
                turned = true;
            }
        }
        turned
    }

    /// Deletes `DT_RPATH` and `DT_RUNPATH` in place: the entries behind them move up, and zeros (`DT_NULL`) end the list.
    pub(super) fn delete_search_path(&self, data: &mut [u8]) {
        let size = self.entry_size();
        let Some(entries) = self.dynamic_section(data) else { return };
        let kept: Vec<u8> = entries
            .chunks_exact(size)
            .zip(0_u64..)
            .filter(|(_, index)| !self.search_path_entries.contains(index))
            .flat_map(|(entry, _)| entry.iter().copied())
            .collect();
        entries.fill(0);
        entries.iter_mut().zip(kept).for_each(|(byte, kept)| *byte = kept);
    }

    /// Bytes of an entry of the dynamic section: two words.
    fn entry_size(&self) -> usize {
        if self.machine.1 { 16 } else { 8 }
    }

    fn dynamic_section<'a>(&self, data: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let start = usize::try_from(self.dynamic.0).ok()?;
        let end = start.checked_add(usize::try_from(self.dynamic.1).ok()?)?;
        data.get_mut(start..end)
    }
}

/// Pages of the machines that have the largest ones; segments that are added must begin on a page.
const PAGE: u64 = 4 << 10;
const LARGE_PAGE: u64 = 64 << 10;

/// Gives the file with `DT_RPATH` set to `rpath`, and without `DT_RUNPATH`.
///
/// # Errors
/// A sentence, if the file cannot be rewritten.
pub(super) fn with_rpath(data: &[u8], facts: &ElfFacts, rpath: &str) -> Result<Vec<u8>, String> {
    let page = if facts.machine.0 == elf::EM_X86_64.0 { PAGE } else { LARGE_PAGE };
    let rpath = CString::new(rpath).map_err(|error| error.to_string())?;
    let mut file = Cursor::new(data.to_owned());
    facts.delete_search_path(file.get_mut());
    let parsed = Elf::read(&mut file, page).map_err(|error| error.to_string())?;
    let mut patcher = ElfPatcher::new(parsed, file);
    patcher.set_page_size(page);
    patcher.set_dynamic_tag(DynamicTag::Rpath, rpath.as_c_str()).map_err(|error| error.to_string())?;
    let changed = patcher.finish().map_err(|error| error.to_string())?.into_inner();
    // The reader is another library than the writer: both must see the same.
    match read(&changed) {
        Some(seen) if seen.rpath.join(":").as_bytes() == rpath.as_bytes() && seen.needed == facts.needed => Ok(changed),
        _ => Err("its dynamic section could not be extended".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_glibc_are_ordered_by_number() {
        assert_eq!(GlibcVersion::parse(b"GLIBC_2.2.5"), Some(GlibcVersion(2, 2)));
        assert!(GlibcVersion::parse(b"GLIBC_2.4") < GlibcVersion::parse(b"GLIBC_2.34"));
        assert_eq!(GlibcVersion::parse(b"GLIBC_PRIVATE"), None);
        assert_eq!(GlibcVersion::parse(b"GLIBCXX_3.4"), None);
    }

    /// The test program itself is an ELF file that the loader accepts; rustc links it with lld, which leaves no spare entries.
    #[test]
    fn search_path_is_set_turned_and_deleted() {
        let original = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let facts = read(&original).unwrap();
        assert!(facts.needed.iter().any(|name| name.starts_with("libc.")), "{facts:?}");
        assert!(facts.glibc.is_some());
        let set = with_rpath(&original, &facts, "$ORIGIN/../lib:/opt").unwrap();
        let facts = read(&set).unwrap();
        assert_eq!(facts.rpath, ["$ORIGIN/../lib", "/opt"]);
        assert!(facts.runpath.is_empty());
        assert_runs(&set);

        let again = with_rpath(&set, &facts, "$ORIGIN").unwrap();
        assert_eq!(read(&again).unwrap().rpath, ["$ORIGIN"]);
        assert_runs(&again);

        let mut deleted = set;
        facts.delete_search_path(&mut deleted);
        let seen = read(&deleted).unwrap();
        assert!(seen.rpath.is_empty() && seen.runpath.is_empty());
        assert_eq!(seen.needed, facts.needed);
        assert_runs(&deleted);
    }

    /// The loader takes it and it runs: the list of tests of this program is not empty.
    fn assert_runs(program: &[u8]) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("program");
        std::fs::write(&file, program).unwrap();
        crate::tree_files::set_mode(&file, true).unwrap();
        let output = std::process::Command::new(&file).arg("--list").output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
    }

    #[test]
    fn junk_is_not_elf() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\x7fELF"), None);
        assert_eq!(read(&[b"\x7fELF\x02\x01\x01".as_slice(), &[0xff; 200]].concat()), None);
    }
}

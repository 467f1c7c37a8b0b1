//! The licences of what is inside the programs that we give away, as their authors ask.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId, TargetKind};

use crate::workspace::Workspace;

/// What licence files are called, in capitals.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// What the files are called, beside what they belong to.
pub(crate) const FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// Writes the licences of all crates that are compiled into `package` for `target`, else for any, and of musl where it is linked, too.
pub(crate) fn write(workspace: &Workspace, package: &str, target: Option<&str>, file: &Path) -> Result<()> {
    let mut command = MetadataCommand::new();
    command.current_dir(&workspace.root);
    let platform = target.iter().flat_map(|target| ["--filter-platform", target]);
    command.other_options(["--locked"].into_iter().chain(platform).map(str::to_owned).collect::<Vec<_>>());
    let metadata = command.exec().context("`cargo metadata` failed")?;
    let mut texts = Texts::default();
    let mut list = String::new();
    for package in inside(&metadata, package)? {
        let name = format!("{} {}", package.name, package.version);
        writeln!(list, "* {name}: {}", package.license.as_deref().unwrap_or("see below"))?;
        let Some(folder) = package.manifest_path.parent() else { bail!("{} has no folder", package.manifest_path) };
        let mut found = files(folder.as_std_path(), 2)?;
        found.extend(package.license_file.as_ref().map(|named| folder.join(named).into_std_path_buf()));
        for file in found {
            texts.add(&String::from_utf8_lossy(&fs::read(&file)?), &name);
        }
    }
    if target.is_some_and(|target| target.ends_with("-musl")) {
        writeln!(list, "* musl: MIT")?;
        let text =
            fs::read_to_string(workspace.zig()?.join("lib/libc/musl/COPYRIGHT")).context("no licence of musl")?;
        texts.add(&text, "musl");
    }
    let mut document = format!(
        "Parts of other projects that are compiled in, beside Rust's standard library (MIT OR Apache-2.0).\n\n{list}"
    );
    for (text, names) in texts.0.values() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        write!(document, "\n{}\n{}\n\n{text}\n", "-".repeat(80), names.join(", "))?;
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, document).with_context(|| format!("could not write {}", file.display()))
}

/// Texts with those whose licence they are, by their words: many differ in line ends and indentation alone, and are printed once.
#[derive(Default)]
struct Texts(BTreeMap<String, (String, BTreeSet<String>)>);

impl Texts {
    fn add(&mut self, text: &str, owner: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = || (text.replace("\r\n", "\n").trim().to_owned(), BTreeSet::new());
        self.0.entry(words.join(" ")).or_insert_with(text).1.insert(owner.to_owned());
    }
}

/// What is compiled into a package of ours: neither build scripts' nor macros' crates.
fn inside<'a>(metadata: &'a Metadata, name: &str) -> Result<Vec<&'a Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolved nothing")?;
    let edges: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, &node.deps)).collect();
    let packages: BTreeMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let root = metadata.packages.iter().find(|package| package.name == name);
    let mut pending = vec![&root.with_context(|| format!("there is no package {name}"))?.id];
    let mut seen = BTreeSet::new();
    let mut inside = Vec::new();
    while let Some(id) = pending.pop() {
        let Some(package) = packages.get(id) else { bail!("cargo does not describe {id}") };
        let is_macro = package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro));
        if is_macro || !seen.insert(id) {
            continue;
        }
        if package.source.is_some() {
            inside.push(*package);
        }
        let normal = edges
            .get(id)
            .into_iter()
            .flat_map(|deps| deps.iter())
            .filter(|dependency| dependency.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal));
        pending.extend(normal.map(|dependency| &dependency.pkg));
    }
    inside.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(inside)
}

/// The licence files of a folder, and of those in it: C sources that a crate brings along have theirs beside them.
fn files(folder: &Path, depth: usize) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 1 {
            found.extend(files(&entry.path(), depth - 1)?);
        } else if kind.is_file() && NAMES.iter().any(|known| name.starts_with(known)) {
            found.insert(entry.path());
        }
    }
    Ok(found)
}

//! The case files: one self-contained JSON file for each case.

use crate::{
    base::{Base, LAUNCHER},
    catalogue::{Case, cases},
    sample::gzip,
};
use base64ct::{Base64, Encoding};
use pspf_nostd::{codec::gunzip_one, digest::sha256};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Largest package of a case, in bytes.
const PACKAGE_MAX: u64 = 16 << 20;

/// One case as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Name, also of the file.
    pub name: String,
    /// What was done, in one sentence.
    pub description: String,
    /// The package that it started from.
    pub base: Base,
    /// What a verifier has to say.
    pub expect: Expected,
    /// What the published verifiers answer, where it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// SHA-256 of the package, lower-case hex.
    pub sha256: String,
    /// The package: gzip, then base64.
    pub package: String,
}

/// What a verifier has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Exit code of `verify FILE --json`: 0, 1, or 4 for a package that is only intact.
    pub exit: i32,
    /// `ok` of the report.
    pub ok: bool,
    /// `state` of the report.
    pub state: String,
    /// Codes that must be among the findings.
    pub codes: Vec<String>,
    /// The start of the `part` of at least one of these findings; empty where it does not matter.
    pub part: String,
}

/// What the published verifiers (0.5.4) answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Exit code of `flavor verify`.
    pub python: i32,
    /// The Rust launcher.
    pub rust: LauncherAnswer,
    /// The Go launcher.
    pub go: LauncherAnswer,
}

/// What a launcher answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LauncherAnswer {
    /// Exit code of its `verify`.
    pub verify: i32,
    /// Exit code of a run; 7 is the program's own.
    pub run: i32,
    /// Whether a program ran, the package's own or an attacker's.
    pub ran: bool,
}

impl CaseFile {
    /// The file of a case.
    #[must_use]
    pub fn of(case: &Case, rows: &BTreeMap<String, Published>) -> Self {
        let package = case.package(LAUNCHER);
        Self {
            name: case.name.to_owned(),
            description: case.description.to_owned(),
            base: case.base,
            expect: Expected {
                exit: case.expect.exit(),
                ok: case.expect.ok,
                state: case.expect.state.to_owned(),
                codes: case.expect.codes.iter().map(|&code| code.to_owned()).collect(),
                part: case.expect.part.to_owned(),
            },
            published: case.row.and_then(|row| rows.get(row).cloned()),
            sha256: sha256(&package).to_string(),
            package: Base64::encode_string(&gzip(&package)),
        }
    }

    /// The bytes of the package.
    ///
    /// # Errors
    /// Where they are not what [`Self::sha256`] says, or not encoded as they should be.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        let member = Base64::decode_vec(&self.package).map_err(|error| format!("{}: {error}", self.name))?;
        let package = gunzip_one(&member, PACKAGE_MAX).map_err(|error| format!("{}: {error}", self.name))?.data;
        let digest = sha256(&package).to_string();
        (digest == self.sha256).then_some(package).ok_or_else(|| format!("{}: SHA-256 is {digest}", self.name))
    }

    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }
}

/// The repository's test vectors.
#[must_use]
pub fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// All case files as they should be, by file name.
///
/// # Errors
/// Those of reading the corruption table.
pub fn files() -> io::Result<BTreeMap<String, String>> {
    let rows = rows(&vectors().join("format/corruptions.json"))?;
    Ok(cases().iter().map(|case| (format!("{}.json", case.name), CaseFile::of(case, &rows).to_json())).collect())
}

/// The case files in a folder, by file name.
///
/// # Errors
/// Those of reading, and files that are not case files.
pub fn read(folder: &Path) -> io::Result<BTreeMap<String, CaseFile>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let case = serde_json::from_slice(&fs::read(entry.path())?)
            .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
        found.insert(name, case);
    }
    Ok(found)
}

/// The rows of the corruption table.
///
/// # Errors
/// Those of reading it, and a table of another shape.
pub fn rows(file: &Path) -> io::Result<BTreeMap<String, Published>> {
    #[derive(Deserialize)]
    struct Table {
        rows: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        corruption: String,
        flavor_verify_exit: i32,
        rs_launcher: Answer,
        go_launcher: Answer,
    }
    #[derive(Deserialize)]
    struct Answer {
        verify_exit: i32,
        run_exit: i32,
        payload_ran: bool,
    }
    let answer =
        |answer: Answer| LauncherAnswer { verify: answer.verify_exit, run: answer.run_exit, ran: answer.payload_ran };
    let table: Table = serde_json::from_slice(&fs::read(file)?).map_err(io::Error::other)?;
    let row = |row: Row| {
        let published =
            Published { python: row.flavor_verify_exit, rust: answer(row.rs_launcher), go: answer(row.go_launcher) };
        (row.corruption, published)
    };
    Ok(table.rows.into_iter().map(row).collect())
}

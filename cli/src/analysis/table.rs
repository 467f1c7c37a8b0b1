//! The analysis as text for people.

use super::{Analysis, Part, Repeated, Share};
use crate::terminal::{printable, size, table};

/// Most rows of a table; what is left is one row.
const ROWS_MAX: usize = 40;

/// Two tables: the parts of the file, and what is in the slots.
#[must_use]
pub fn text(analysis: &Analysis) -> String {
    let mut parts = vec![row(["", "share", "in the file", "unpacked"])];
    for Part { part, id, size: stored, unpacked } in &analysis.parts {
        let name = id.as_ref().map_or_else(|| part.clone(), |id| format!("{part} ({})", printable(id)));
        let unpacked = unpacked.map(size).unwrap_or_default();
        parts.push(row([name.as_str(), &share(*stored, analysis.size), &size(*stored), &unpacked]));
    }
    parts.push(row(["sum", "", &size(analysis.size), &size(analysis.unpacked)]));
    let mut contents = vec![row(["", "share", "unpacked", "files", "bytecode", "shared libraries"])];
    let (shown, rest) = analysis.contents.split_at(analysis.contents.len().min(ROWS_MAX));
    for found in shown {
        contents.push(content(&printable(&found.name), &[found], analysis.unpacked));
    }
    if !rest.is_empty() {
        let all: Vec<&Share> = rest.iter().collect();
        contents.push(content(&format!("{} more", rest.len()), &all, analysis.unpacked));
    }
    contents.push(content("sum", &analysis.contents.iter().collect::<Vec<_>>(), analysis.unpacked));
    let tables = format!("{}\n\n{}", table(&parts, &[1, 2, 3], "  "), table(&contents, &[1, 2, 3, 4, 5], "  "));
    match &analysis.repeated {
        Repeated { files: 0, .. } => tables,
        Repeated { files, size: bytes } => {
            format!("{tables}\n\nfiles that an earlier slot has, too: {files}, {}", size(*bytes))
        }
    }
}

fn content(name: &str, shares: &[&Share], all: u64) -> Vec<String> {
    let sum = |field: fn(&Share) -> u64| shares.iter().map(|share| field(share)).fold(0, u64::saturating_add);
    let or_blank = |bytes: u64| if bytes == 0 { String::new() } else { size(bytes) };
    let bytes = sum(|share| share.size);
    let (bytecode, libraries) = (sum(|share| share.bytecode), sum(|share| share.shared_libraries));
    let files = match sum(|share| share.files) {
        0 => String::new(),
        files => files.to_string(),
    };
    row([name, &share(bytes, all), &size(bytes), &files, &or_blank(bytecode), &or_blank(libraries)])
}

/// Tenths of a percent, rounded down.
fn share(part: u64, all: u64) -> String {
    let permille = u128::from(part) * 1000 / u128::from(all.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

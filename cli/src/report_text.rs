//! Parts of verification reports as text for people.

use crate::terminal::{Console, Style, printable, size, table};
use pspf_nostd::report::{Finding, Protection, Report, Severity, SlotReport};

/// One finding on one line.
#[must_use]
pub fn finding(console: &Console, finding: &Finding) -> String {
    let (label, style) = match finding.severity {
        Severity::Error => ("error:", Style::Red),
        Severity::Warning => ("warning:", Style::Yellow),
        Severity::Info => ("note:", Style::Dim),
    };
    let place = finding.range.map(|range| format!(", bytes {range}")).unwrap_or_default();
    let (label, part) = (console.styled(style, label), printable(&finding.part));
    format!("  {label} {part}{place}: {} [{}]", printable(&finding.message), finding.code)
}

/// The slots as a table.
#[must_use]
pub fn slot_table(slots: &[SlotReport]) -> String {
    let heading = ["slot", "id", "stored", "original", "operations", "purpose", "lifecycle", "mode", "target"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for slot in slots {
        let raw = slot.operations.is_empty();
        rows.push(vec![
            slot.index.to_string(),
            printable(&slot.id),
            size(slot.range.len()),
            size(slot.original_size_hint),
            if raw { "raw".to_owned() } else { printable(&slot.operations) },
            printable(&slot.purpose),
            printable(&slot.lifecycle),
            slot.permissions.clone(),
            printable(&slot.target),
        ]);
    }
    table(&rows, &[0, 2, 3], "  ")
}

/// The whole coverage map as a table.
#[must_use]
pub fn coverage_table(report: &Report) -> String {
    let mut rows = vec![["bytes", "length", "part", "protection", "reason"].map(str::to_owned).to_vec()];
    for part in &report.coverage {
        let class = match part.class {
            Protection::Authenticated => "authenticated",
            Protection::Checked => "checked",
            Protection::Unprotected => "unprotected",
            Protection::Failed => "does not match",
        };
        rows.push(vec![
            part.range.to_string(),
            part.range.len().to_string(),
            printable(&part.part),
            class.to_owned(),
            part.reason.to_string(),
        ]);
    }
    table(&rows, &[1], "  ")
}

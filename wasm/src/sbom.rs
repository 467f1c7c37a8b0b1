//! A CycloneDX bill of materials against the policy's deny lists.

use crate::{
    policy::{Policy, matches},
    scan_findings::ScanFindings,
};
use pspf_nostd::{json::Json, quoted::quoted, report::Severity};

/// Judges the components, those inside of components included.
pub fn judge(sbom: &Json, slot: usize, policy: &Policy, findings: &mut ScanFindings) {
    let part = format!("slot {slot}");
    let Json::Object(_) = sbom else {
        if policy.sbom.required {
            let message = "the attestation has no bill of materials".to_owned();
            findings.push(policy, Severity::Error, "policy.sbom_missing", &part, message);
        }
        return;
    };
    // Not recursive by calls: the reader allows 128 levels, and a stack is small in a browser.
    let mut open: Vec<&Json> = vec![sbom];
    while let Some(parent) = open.pop() {
        for component in parent.get("components").map(Json::items).unwrap_or_default() {
            open.push(component);
            component_against(component, &part, policy, findings);
        }
    }
}

fn component_against(component: &Json, part: &str, policy: &Policy, findings: &mut ScanFindings) {
    let text = |key| component.get(key).and_then(Json::as_str).unwrap_or_default();
    let name = format!("{} {}", text("name"), text("version"));
    let purl = text("purl");
    if let Some(pattern) = policy.sbom.deny_purls.iter().find(|pattern| !purl.is_empty() && matches(pattern, purl)) {
        let message = refusal(&name, "", purl, pattern);
        findings.push(policy, Severity::Error, "policy.purl", part, message);
    }
    for licence in component.get("licenses").map(Json::items).unwrap_or_default() {
        for stated in stated_licences(licence) {
            if let Some(pattern) = denied(&policy.sbom.deny_licences, stated) {
                let message = refusal(&name, "under ", stated, pattern);
                findings.push(policy, Severity::Error, "policy.licence", part, message);
            }
        }
    }
}

fn refusal(name: &str, relation: &str, what: &str, pattern: &str) -> String {
    let (name, what, pattern) = (quoted(name), quoted(what), quoted(pattern));
    ["component ", &name, " is ", relation, &what, ", which the policy denies (", &pattern, ")"].concat()
}

/// The texts by which CycloneDX names a licence.
fn stated_licences(licence: &Json) -> impl Iterator<Item = &str> {
    let inner = licence.get("license");
    let of = |key| inner.and_then(|inner| inner.get(key)).and_then(Json::as_str);
    [licence.get("expression").and_then(Json::as_str), of("id"), of("name")].into_iter().flatten()
}

/// The pattern that a licence text, or any identifier in an SPDX expression, matches. `A OR B` counts as both: the deny list is
/// for those who want neither.
fn denied<'a>(patterns: &'a [String], stated: &str) -> Option<&'a String> {
    let words = stated.split(|character: char| character.is_whitespace() || character == '(' || character == ')');
    let found = |text: &str| patterns.iter().find(|pattern| matches(pattern, text));
    found(stated).or_else(|| {
        for word in words {
            if !word.is_empty()
                && let Some(pattern) = found(word)
            {
                return Some(pattern);
            }
        }
        None
    })
}

//! The conformance cases: what each package is, and what a verifier has to say of it.

mod contents;
mod envelope;
mod layout;
mod limits;
mod metadata;
mod seals;
mod signatures;
mod signed;
mod slots;
mod variants;

use crate::{base::Base, sample::Sample};

/// One case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Name, also of the file.
    pub name: &'static str,
    /// What was done, in one sentence.
    pub description: &'static str,
    /// The package that it started from.
    pub base: Base,
    /// The row of `format/corruptions.json` that says what the published verifiers answer.
    pub row: Option<&'static str>,
    /// How the package is made.
    pub make: Make,
    /// What a verifier has to say.
    pub expect: Expect,
}

/// How a case's package is made.
#[derive(Clone, Copy, Debug)]
pub enum Make {
    /// By an edit of the base.
    Damage(fn(&mut Sample)),
    /// From the launcher's bytes.
    Build(fn(&[u8]) -> Sample),
}

/// What a verifier has to say of a package.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// `ok` of the report.
    pub ok: bool,
    /// `state` of the report.
    pub state: &'static str,
    /// Codes that must be among the findings.
    pub codes: &'static [&'static str],
    /// The start of the `part` of at least one finding with one of these codes; empty where it does not matter.
    pub part: &'static str,
}

impl Expect {
    /// Exit code of `verify FILE`: 0, 4 for a package that is validly signed and only intact, or 1.
    #[must_use]
    pub fn exit(&self) -> i32 {
        match (self.ok, self.state) {
            (true, _) => 0,
            (false, "intact") if self.codes.contains(&"signature.coverage") => 4,
            (false, _) => 1,
        }
    }
}

impl Case {
    /// The case's package around this launcher.
    #[must_use]
    pub fn package(&self, launcher: &[u8]) -> Vec<u8> {
        match self.make {
            Make::Build(build) => build(launcher).bytes,
            Make::Damage(damage) => {
                let mut sample = self.base.package(launcher);
                damage(&mut sample);
                sample.bytes
            }
        }
    }

    /// Names the row of `format/corruptions.json` that this case is.
    #[must_use]
    const fn row(mut self, row: &'static str) -> Self {
        self.row = Some(row);
        self
    }
}

/// All cases, by name.
#[must_use]
pub fn cases() -> Vec<Case> {
    let groups = [
        contents::CASES,
        envelope::CASES,
        signed::CASES,
        slots::CASES,
        layout::CASES,
        variants::CASES,
        metadata::CASES,
        signatures::CASES,
        seals::CASES,
        limits::CASES,
    ];
    let mut cases = groups.concat();
    cases.sort_by_key(|case| case.name);
    cases
}

const fn case(
    name: &'static str,
    base: Base,
    expect: Expect,
    description: &'static str,
    damage: fn(&mut Sample),
) -> Case {
    Case { name, description, base, row: None, make: Make::Damage(damage), expect }
}

const fn built(
    name: &'static str,
    base: Base,
    expect: Expect,
    description: &'static str,
    build: fn(&[u8]) -> Sample,
) -> Case {
    Case { name, description, base, row: None, make: Make::Build(build), expect }
}

/// Refused, with these findings.
const fn broken(codes: &'static [&'static str], part: &'static str) -> Expect {
    Expect { ok: false, state: "broken", codes, part }
}

/// Accepted in this state; the codes are of warnings.
const fn sound(state: &'static str, codes: &'static [&'static str]) -> Expect {
    Expect { ok: true, state, codes, part: "" }
}

/// Nothing wrong, but anybody could have replaced what the signature does not cover: not `ok`, and an exit code of its own.
const fn intact(codes: &'static [&'static str]) -> Expect {
    Expect { ok: false, state: "intact", codes, part: "" }
}

/// What a package of the Python builder is, which signs 64 bits of the attestation's digest only.
const PYTHON: Expect = intact(&["slot.digest.short", "signature.coverage"]);

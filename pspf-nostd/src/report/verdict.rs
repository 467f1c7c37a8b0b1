//! The verdict on a package: one word, who vouches, what is proved and what is not. Command, npm package, SARIF and page say the same,
//! because none of them finds it: it is in the report.

use super::{Finding, Integrity, Looked, Report, Trust};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use serde::Serialize;

/// Digits of a fingerprint that sentences name.
const NAMED_DIGITS: usize = 16;

/// Codes of errors that say that no package ends where the file ends.
const NO_PACKAGE: [&str; 2] = ["trailer.missing", "trailer.start_magic"];

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No package ends where the file ends.
    NotPackage,
    /// It names a signer, and is not what that signer made.
    Changed,
    /// It names no signer, and contradicts itself.
    Damaged,
    /// Signed by a revoked key.
    Revoked,
    /// The bytes are as they were signed, and a start would refuse what they hold.
    Unsafe,
    /// Nothing is wrong with what was read, which was not all.
    Unfinished,
    /// Nobody signed it.
    Unsigned,
    /// The signature does not cover launcher and content: other bytes there would pass.
    InPart,
    /// Signed by a key that the caller does not know.
    Unknown,
    /// Signed by a key that the caller trusts: the only good news.
    Trusted,
}

/// How far one of the four stages came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Done, and nothing is wrong.
    Done,
    /// Done, and something is wrong.
    Failed,
    /// There is nothing to check: no signature, so no signer.
    Missing,
    /// The signature is good, and the caller does not know its key.
    Unknown,
    /// An earlier stage failed, or was not done.
    NotReached,
    /// The caller did not ask for it.
    NotAsked,
    /// There is more than the caller wanted looked at.
    OverLimit,
    /// It was ended before its end.
    Unfinished,
}

/// The four stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// The signature over the metadata.
    pub signature: Stage,
    /// Every byte of the file.
    pub bytes: Stage,
    /// What the slots would put where: names, modes, targets of links.
    pub contents: Stage,
    /// Whether the caller trusts who signed.
    pub signer: Stage,
}

/// Something that is proved, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Stable.
    pub key: &'static str,
    /// In words.
    pub text: String,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// In one word.
    pub word: Word,
    /// The key of the sentence that says why; stable.
    pub sentence: &'static str,
    /// That sentence.
    pub text: String,
    /// Fingerprint of the key that vouches for what is proved; absent where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Whether all stages came to their end, or an earlier one decides. A good word that is not finished is no success.
    pub finished: bool,
    /// How far each stage came.
    pub stages: Stages,
    /// What is proved.
    pub proved: Vec<Statement>,
    /// What is not.
    pub open: Vec<Statement>,
}

impl Verdict {
    /// Before anything is known.
    pub(crate) const NONE: Self = Self {
        word: Word::Unfinished,
        sentence: "unfinished",
        text: String::new(),
        who: None,
        finished: false,
        stages: Stages {
            signature: Stage::NotReached,
            bytes: Stage::NotReached,
            contents: Stage::NotReached,
            signer: Stage::NotReached,
        },
        proved: Vec::new(),
        open: Vec::new(),
    };

    /// The verdict that follows from a report's other fields.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let stages = stages(report);
        let word = word(report, stages);
        let (sentence, text) = sentence(report, word);
        let vouches = matches!(word, Word::Trusted | Word::Unknown | Word::InPart | Word::Unsafe | Word::Unfinished);
        let signer = report.signer.as_ref().filter(|signer| vouches && signer.signature_valid);
        let ended = |stage| matches!(stage, Stage::Done | Stage::Failed);
        let decided = matches!(word, Word::NotPackage | Word::Changed | Word::Damaged | Word::Revoked | Word::Unsafe);
        Self {
            word,
            sentence,
            text,
            who: signer.map(|signer| signer.fingerprint.clone()),
            finished: decided || (ended(stages.bytes) && ended(stages.contents)),
            stages,
            proved: proved(report, word, stages),
            open: open(report, word, stages),
        }
    }
}

fn stages(report: &Report) -> Stages {
    let valid = report.signer.as_ref().is_some_and(|signer| signer.signature_valid);
    let named = report.signer.is_some();
    let broken = report.state == Integrity::Broken;
    let signature = match (valid, named && broken) {
        (true, _) => Stage::Done,
        (false, true) => Stage::Failed,
        (false, false) if broken => Stage::NotReached,
        (false, false) => Stage::Missing,
    };
    let bytes = match report.state {
        // A failed signature says nothing of the bytes; all else that is wrong is wrong with them.
        Integrity::Broken if signature == Stage::Failed => Stage::NotReached,
        Integrity::Broken => Stage::Failed,
        Integrity::Partial => Stage::NotAsked,
        Integrity::Intact | Integrity::Bound | Integrity::Sealed => Stage::Done,
    };
    let contents = match report.contents.looked {
        Looked::NotAsked if bytes != Stage::Done => Stage::NotReached,
        Looked::NotAsked => Stage::NotAsked,
        Looked::Unfinished => Stage::Unfinished,
        Looked::OverLimit => Stage::OverLimit,
        Looked::Accepted => Stage::Done,
        Looked::Refused => Stage::Failed,
    };
    let signer = match report.trust {
        Trust::Revoked => Stage::Failed,
        _ if broken => Stage::NotReached,
        Trust::Unsigned => Stage::Missing,
        Trust::UnknownKey => Stage::Unknown,
        Trust::Pinned | Trust::InStore => Stage::Done,
    };
    Stages { signature, bytes, contents, signer }
}

fn is_no_package(report: &Report) -> bool {
    report.errors().any(|finding| NO_PACKAGE.contains(&finding.code))
}

fn word(report: &Report, stages: Stages) -> Word {
    match (report.state, report.trust) {
        (Integrity::Broken, _) if is_no_package(report) => Word::NotPackage,
        (Integrity::Broken, _) if report.signer.is_some() => Word::Changed,
        (Integrity::Broken, _) => Word::Damaged,
        (_, Trust::Revoked) => Word::Revoked,
        (Integrity::Partial, _) => Word::Unfinished,
        _ if stages.contents == Stage::Failed => Word::Unsafe,
        (_, Trust::Unsigned) => Word::Unsigned,
        (Integrity::Intact, _) => Word::InPart,
        (_, Trust::UnknownKey) => Word::Unknown,
        (_, Trust::Pinned | Trust::InStore) => Word::Trusted,
    }
}

fn sentence(report: &Report, word: Word) -> (&'static str, String) {
    let state = report.state.words();
    let signer = report.signer.as_ref().map(|signer| signer.fingerprint.as_str()).unwrap_or_default();
    let signer = signer.get(..NAMED_DIGITS).unwrap_or_default();
    let errors = report.errors().count();
    let errors = if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") };
    let by = || match report.trust {
        Trust::Pinned => format!("{state}, signed by the expected key {signer}…"),
        Trust::InStore => format!("{state}, signed by trusted key {signer}…"),
        _ => format!("{state}, signed by unknown key {signer}…"),
    };
    let invalid = report.signer.as_ref().is_some_and(|signer| !signer.signature_valid);
    match word {
        Word::NotPackage => ("not_package", format!("{state}, {errors}")),
        Word::Changed if invalid => ("changed.signature", format!("{state}, {errors}")),
        Word::Changed => ("changed.bytes", format!("{state}, {errors}")),
        Word::Damaged => ("damaged", format!("{state}, {errors}")),
        Word::Unfinished => ("unfinished", format!("{state}, {errors}")),
        Word::Revoked => ("revoked_key", format!("{state}, but signed by revoked key {signer}…")),
        Word::Unsafe => ("unsafe", format!("{state}, but its contents are refused, {errors}")),
        Word::Unsigned => ("unsigned", format!("{state}, but not signed: anyone could have made it")),
        Word::InPart => ("in_part", by()),
        Word::Unknown => ("unknown_key", by()),
        Word::Trusted => ("trusted_key", by()),
    }
}

fn statement(key: &'static str, text: impl Into<String>) -> Statement {
    Statement { key, text: text.into() }
}

fn proved(report: &Report, word: Word, stages: Stages) -> Vec<Statement> {
    let mut proved = Vec::new();
    if matches!(word, Word::NotPackage | Word::Changed | Word::Damaged | Word::Revoked) {
        return proved;
    }
    match (stages.signature, stages.signer) {
        (Stage::Done, Stage::Done) => {
            proved.push(statement("signature", "The signature is valid, and by a key that you trust."));
        }
        (Stage::Done, _) => proved.push(statement("signature", "The signature is valid.")),
        _ => {}
    }
    match (report.state, report.trust) {
        (Integrity::Sealed, _) => {
            proved.push(statement("bytes.sealed", "Every byte of the file is determined by what was signed."));
        }
        (Integrity::Bound, _) => proved.push(statement(
            "bytes.bound",
            "Launcher and every slot match a full SHA-256 in the signed metadata, and every field of index and table follows from them.",
        )),
        (Integrity::Intact, Trust::Unsigned) => {
            proved.push(statement("bytes.undamaged", "The file was not damaged by accident."));
        }
        (Integrity::Intact, _) => {
            proved.push(statement("bytes.intact", "All checksums match, and whatever digests were signed match."));
        }
        (Integrity::Partial, _) => proved.push(statement("head", "The metadata are as the key signed them.")),
        (Integrity::Broken, _) => {}
    }
    if stages.contents == Stage::Done {
        let entries = report.contents.entries;
        let held = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        proved.push(statement(
            "contents",
            format!("Its slots unpack ({held} in archives): nothing leads out of its folder, takes another's place, or is a device."),
        ));
    }
    proved
}

fn open(report: &Report, word: Word, stages: Stages) -> Vec<Statement> {
    let mut open = Vec::new();
    match word {
        Word::NotPackage => return Vec::from([statement("anything", "Anything about this file.")]),
        Word::Changed | Word::Damaged => {
            return Vec::from([statement(
                "anything",
                "Nothing is proved of a broken package: whatever it says of itself may be made up.",
            )]);
        }
        Word::Revoked => {
            return Vec::from([statement("anything", "Anything about this file: a revoked key vouches for nothing.")]);
        }
        _ => {}
    }
    let said = |code: &str| report.findings.iter().find(|finding: &&Finding| finding.code == code);
    if stages.bytes != Stage::Done {
        open.push(statement("bytes", "Anything about launcher and slots: not every byte was read."));
    }
    match stages.signer {
        Stage::Missing => {
            open.push(statement("signer.missing", "Who made it."));
            open.push(statement("changes", "That nobody changed it."));
        }
        Stage::Unknown => open.push(statement("signer.unknown", "Who made it: the key is not one that you trust.")),
        _ => {}
    }
    match report.state {
        Integrity::Bound => open.push(statement(
            "bytes.encoding",
            "The stored form of the metadata and a few locations can be re-encoded without changing what they say.",
        )),
        Integrity::Intact if word == Word::InPart => {
            let text = said("signature.coverage")
                .map_or("Some bytes are named by nothing that is signed.", |found| &found.message);
            open.push(statement(
                "bytes.uncovered",
                format!("That launcher and content are what the signer made: {text}."),
            ));
        }
        _ => {}
    }
    match stages.contents {
        Stage::Failed => {
            open.push(statement("contents.refused", "That it can be unpacked: a start refuses what is in it."));
        }
        Stage::NotAsked => open
            .push(statement("contents.not_asked", "What is in the slots: names, modes and links were not looked at.")),
        Stage::OverLimit => open
            .push(statement("contents.over_limit", "What is in the slots: they hold more than was to be looked at.")),
        Stage::Unfinished => {
            open.push(statement("contents.unfinished", "What is in the slots: looking through them was ended early."));
        }
        _ => {}
    }
    open.push(statement("harmless", "Whether the program is harmless, or the newest version: no signature says that."));
    open
}

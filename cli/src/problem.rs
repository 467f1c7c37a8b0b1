//! How commands end: exit codes, and everything that was wrong.

use flavor_attest::AttestError;
use flavor_host::verification::ONLY_INTACT;
use flavor_manifest::{Diagnostic, Facts, ManifestError};
use flavor_pack::PackError;
use serde::Serialize;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and the answer is yes.
    Done,
    /// 1: the operation failed, or the answer is no.
    Failed,
    /// 2: the command line asks for something that cannot be asked for.
    Usage,
    /// 4: nothing is wrong with the package, but its signature covers launcher and content only in part.
    OnlyIntact,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::OnlyIntact => ONLY_INTACT,
        }
    }
}

/// A problem in the four words that a program needs first; everything else of it is in the list of all problems.
#[derive(Debug, Serialize)]
pub struct Brief<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> From<&'a Diagnostic> for Brief<'a> {
    fn from(problem: &'a Diagnostic) -> Self {
        let Facts { code, message, file, hint, .. } = &**problem;
        Self { code, message, path: file.as_deref(), hint: hint.as_deref() }
    }
}

/// Why a command ends without having done what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Everything that is wrong; warnings may be among the errors.
    pub problems: Vec<Diagnostic>,
}

impl Failure {
    /// The command line asks for something that cannot be asked for.
    pub fn usage(problem: Diagnostic) -> Self {
        Self { exit: Exit::Usage, problems: vec![problem] }
    }
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Self {
        Self { exit: Exit::Failed, problems: vec![problem] }
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Failed };
        Self { exit, problems: error.into_diagnostics() }
    }
}

impl From<AttestError> for Failure {
    fn from(error: AttestError) -> Self {
        error.diagnostic().into()
    }
}

impl From<ManifestError> for Failure {
    fn from(error: ManifestError) -> Self {
        error.into_diagnostics().into()
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Failed, problems }
    }
}

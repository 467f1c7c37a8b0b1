//! Why a package cannot be made.

use flavor_attest::AttestError;
use flavor_manifest::{Diagnostic, ManifestError};

/// What keeps a package from being made, with everything that is wrong; warnings may be among the errors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The caller asks for something that cannot be asked for, such as a file that is not there.
    #[error("{}", lines(.0))]
    Usage(Vec<Diagnostic>),
    /// What was asked for cannot be done.
    #[error("{}", lines(.0))]
    Refused(Vec<Diagnostic>),
}

fn lines(all: &[Diagnostic]) -> String {
    all.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n")
}

impl PackError {
    /// One thing that cannot be asked for.
    #[must_use]
    pub fn usage(diagnostic: Diagnostic) -> Self {
        Self::Usage(vec![diagnostic])
    }

    /// All of several.
    pub(crate) fn all(errors: Vec<Self>, usage: bool) -> Self {
        let all = errors.into_iter().flat_map(Self::into_diagnostics).collect();
        if usage { Self::Usage(all) } else { Self::Refused(all) }
    }

    /// Whether the caller is to blame, and nothing else.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_))
    }

    /// Stable dotted code of the first thing that is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.diagnostics().first().map_or("pack.unready", |first| first.code)
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        let (Self::Usage(all) | Self::Refused(all)) = self;
        all
    }

    /// The same, taken out.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        let (Self::Usage(all) | Self::Refused(all)) = self;
        all
    }

    /// The same with a hint at everything that is wrong.
    #[must_use]
    pub(crate) fn hint(mut self, hint: &str) -> Self {
        let (Self::Usage(all) | Self::Refused(all)) = &mut self;
        all.iter_mut().for_each(|diagnostic| diagnostic.hint = Some(hint.to_owned()));
        self
    }
}

impl From<Diagnostic> for PackError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Refused(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for PackError {
    fn from(all: Vec<Diagnostic>) -> Self {
        Self::Refused(all)
    }
}

impl From<ManifestError> for PackError {
    fn from(error: ManifestError) -> Self {
        Self::Refused(error.into_diagnostics())
    }
}

impl From<AttestError> for PackError {
    fn from(error: AttestError) -> Self {
        error.diagnostic().into()
    }
}

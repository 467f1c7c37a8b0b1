//! Manifests: `pyproject.toml` of a Python project, and the builder manifest in JSON (docs/format.md §10).
//!
//! Both are read into one tree of values with their places, so that every problem is reported with line and column, all of
//! them at once. [`schema`] has the keys of a project's manifest, [`layers`] what outweighs its text, [`pyproject`] reads it.
#![forbid(unsafe_code)]

mod build_settings;
pub mod builder;
pub mod commands;
pub mod cursor;
mod diagnostic;
pub mod document;
mod execution_settings;
mod file_patterns;
pub mod layers;
pub mod package;
pub mod poetry;
mod project_slot;
pub mod pyproject;
mod requirement;
pub mod schema;
pub mod sections;
pub mod security_settings;
mod slots;
mod variable_text;
pub mod variables;
pub mod words;

pub use build_settings::IndexSettings;
pub use diagnostic::{Diagnostic, Facts, Weight, io_text, without_number};
pub use document::{Document, ManifestError};
pub use execution_settings::SearchPath;
pub use file_patterns::FilePatterns;
pub use package::{PackageSpec, SlotSpec, SourceBase};

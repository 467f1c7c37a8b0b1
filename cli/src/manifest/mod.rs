//! Manifests: `pyproject.toml` of a Python project, and the builder manifest in JSON (format.md §10).
//!
//! Both are read into one tree of values with their places, so that every problem is reported with line and column, all of
//! them at once.

pub mod builder;
pub mod cursor;
pub mod document;
pub mod not_implemented;
pub mod package;
pub mod pyproject;
pub mod requirement;
pub mod sections;
pub mod slots;
pub mod words;

pub use document::Document;
pub use package::{PackageSpec, SlotSpec};

//! Patterns of files, as manifests use them.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::Path;

/// Patterns; none match nothing.
#[derive(Clone, Debug, Default)]
pub struct FilePatterns {
    globs: Vec<Glob>,
    set: GlobSet,
}

impl FilePatterns {
    /// Adds a pattern in which `*` stands for any characters, also `/`. Without `/` in it, it is looked for in every folder.
    ///
    /// # Errors
    /// Why it is not a pattern.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let path = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        let pattern = if path.contains('/') { path.to_owned() } else { format!("**/{path}") };
        self.push(&pattern, false)
    }

    /// Adds a pattern in which only `**` stands for `/` too.
    ///
    /// # Errors
    /// Why it is not a pattern.
    pub fn add_exact(&mut self, text: &str) -> Result<(), String> {
        self.push(text, true)
    }

    fn push(&mut self, pattern: &str, literal_separator: bool) -> Result<(), String> {
        let glob = GlobBuilder::new(pattern).literal_separator(literal_separator).build();
        self.globs.push(glob.map_err(|error| error.kind().to_string())?);
        let mut builder = GlobSetBuilder::new();
        for glob in &self.globs {
            builder.add(glob.clone());
        }
        self.set = builder.build().map_err(|error| error.kind().to_string())?;
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    /// Whether a relative path, or a folder that it is in, matches one of them.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        path.ancestors().any(|path| !path.as_os_str().is_empty() && self.set.is_match(path))
    }

    /// Whether a relative path itself matches one of them.
    #[must_use]
    pub fn matches_itself(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_people_write() {
        for (pattern, path, expected) in [
            ("**/__pycache__", "a/b/__pycache__/x.pyc", true),
            ("**/*.pyc", "x.pyc", true),
            ("**/test_*.py", "a/test_b.py", true),
            ("docs/", "docs/a/b.md", true),
            ("docs/", "docset", false),
            ("*/tests/*", "numpy/linalg/tests/test_a.py", true),
            ("*/tests/*", "tests.py", false),
            ("src/**/*.py", "src/a.py", true),
            ("src/**/*.py", "other/src/a.py", false),
            ("*.md", "a/README.md", true),
            ("./data/*.json", "data/x.json", true),
            ("secret.txt", "a/secret.txt", true),
            ("{a,b}/x", "b/x", true),
        ] {
            let mut patterns = FilePatterns::default();
            patterns.add(pattern).unwrap();
            assert_eq!(patterns.matches(Path::new(path)), expected, "{pattern} {path}");
        }
        assert!(FilePatterns::default().add("a[").is_err());
        assert!(!FilePatterns::default().matches(Path::new("a")));
        let mut patterns = FilePatterns::default();
        patterns.add_exact("*.json").unwrap();
        assert!(patterns.matches(Path::new("a.json")) && !patterns.matches(Path::new("b/a.json")));
    }
}

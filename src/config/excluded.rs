//! The files that nobody wants mutated: `--exclude`.
//!
//! Invariant: a pattern that fits a folder fits all that lies in it.

use globset::{Glob, GlobMatcher};

use crate::model::RepoPath;

/// Patterns of paths.
#[derive(Debug, Clone, Default)]
pub struct Excluded(Vec<GlobMatcher>);

impl Excluded {
    /// Of these patterns.
    pub fn new(patterns: &[Glob]) -> Self {
        Self(patterns.iter().map(Glob::compile_matcher).collect())
    }

    /// The first pattern that fits a path or a folder that it lies in, as it was written.
    pub fn by(&self, path: &RepoPath) -> Option<&str> {
        let text = path.as_str();
        let fits = |pattern: &&GlobMatcher| {
            let mut folders = text.match_indices('/').map(|(end, _)| &text[..end]);
            pattern.is_match(text) || folders.any(|folder| pattern.is_match(folder))
        };
        self.0.iter().find(fits).map(|pattern| pattern.glob().glob())
    }
}

/// A pattern of [`Excluded`]; a slash at its end is that of a folder.
///
/// # Errors
///
/// What is wrong with it.
pub fn exclude_pattern(text: &str) -> Result<Glob, String> {
    if text.trim().is_empty() {
        return Err("it fits nothing".into());
    }
    let text = text.strip_prefix("./").unwrap_or(text);
    Glob::new(text.trim_end_matches('/')).map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_files_and_folders_with_all_in_them() {
        let by = |pattern: &str, path: &str| {
            let excluded = Excluded::new(&[exclude_pattern(pattern).unwrap()]);
            excluded.by(&RepoPath::new(path)).is_some()
        };
        assert!(by("src/gen", "src/gen/a/b.py") && by("src/gen/", "src/gen/b.py"));
        assert!(by("*_pb2.py", "src/api/x_pb2.py") && by("./a.py", "a.py"));
        assert!(
            by("**/migrations", "app/migrations/0001.py")
                && by("*/migrations/*", "app/migrations/1.py")
        );
        assert!(!by("src/gen", "src/general.py") && !by("gen", "src/gen/a.py"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(exclude_pattern("a[").is_err() && exclude_pattern(" ").is_err());
    }
}

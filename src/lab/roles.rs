//! What a file of a project is for, told by its name and its folders.
//!
//! Invariant: the answer hangs on names and settings alone: on the conventions of pytest, unittest and
//! packaging, on what pytest's settings call files of tests, and on what is excluded.

use std::path::Path;

use crate::config::{Excluded, NamePattern};
use crate::model::RepoPath;

/// Folders at the root of what is shown or measured, and not shipped, unless they are packages.
const ASIDE: [&str; 9] =
    ["bench", "benches", "benchmark", "benchmarks", "doc", "docs", "example", "examples", "misc"];

/// What tells the files of one project apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Roles {
    /// What the project calls its files of tests, beside the conventions.
    tests: Vec<NamePattern>,
    excluded: Excluded,
}

impl Roles {
    /// With what the project calls its files of tests, and with what is not to be mutated.
    pub(super) fn new(tests: Vec<NamePattern>, excluded: Excluded) -> Self {
        Self { tests, excluded }
    }

    /// Whether a file holds tests or what only tests use.
    pub(super) fn is_test_file(&self, path: &RepoPath) -> bool {
        let name = path.file_name();
        name == "conftest.py"
            || name == "tests.py"
            || self.is_named_as_tests(path)
            || is_in_test_folder(path)
    }

    /// Whether a file is called as the runner wants those that hold tests.
    pub(super) fn is_named_as_tests(&self, path: &RepoPath) -> bool {
        let name = path.file_name();
        name.starts_with("test_")
            || name.ends_with("_test.py")
            || self.tests.iter().any(|pattern| pattern.fits(name))
    }

    /// Whether a file is one of tests by its name, and lies in no folder of tests.
    pub(super) fn is_test_by_name_alone(&self, path: &RepoPath) -> bool {
        self.is_named_as_tests(path) && !is_in_test_folder(path)
    }

    /// Whether a file is part of what is built and shipped; `has` tells which files there are.
    pub(super) fn is_code(&self, path: &RepoPath, has: impl Fn(&RepoPath) -> bool) -> bool {
        let in_folder = Path::new(path.as_str()).components().count() > 1;
        let builds =
            matches!(path.file_name(), "setup.py" | "noxfile.py" | "tasks.py") && !in_folder;
        let documents = path.file_name() == "conf.py"
            && path.directories().any(|part| matches!(part, "doc" | "docs"));
        !self.is_test_file(path) && !builds && !documents && !is_aside(path, has)
    }

    /// The pattern for which a file is not mutated.
    pub(super) fn excluded(&self, path: &RepoPath) -> Option<&str> {
        self.excluded.by(path)
    }
}

fn is_in_test_folder(path: &RepoPath) -> bool {
    path.directories().any(|part| matches!(part, "test" | "tests"))
}

/// Whether a file lies in a folder of [`ASIDE`] that is no package; `has` tells which files there are.
fn is_aside(path: &RepoPath, has: impl Fn(&RepoPath) -> bool) -> bool {
    path.directories().next().is_some_and(|first| {
        ASIDE.contains(&first) && !has(&RepoPath::new(format!("{first}/__init__.py")))
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::config::test_names;

    #[test]
    fn test_files_are_told_by_name_and_folder() {
        let roles = Roles::default();
        for path in ["tests/helper.py", "pkg/test/a.py", "test_a.py", "a_test.py", "conftest.py"] {
            assert!(roles.is_test_file(&RepoPath::new(path)), "{path}");
        }
        for path in ["pkg/testing.py", "latest.py", "contest.py", "check_a.py"] {
            assert!(!roles.is_test_file(&RepoPath::new(path)), "{path}");
        }
        let said = |file: &str| {
            let text = "[pytest]\npython_files = check_*.py\n".to_owned();
            Ok::<_, Infallible>((file == "pytest.ini").then_some(text))
        };
        let roles = Roles::new(test_names(said).unwrap(), Excluded::default());
        assert!(roles.is_test_file(&RepoPath::new("a/check_b.py")));
        assert!(roles.is_test_file(&RepoPath::new("test_a.py")));
    }

    #[test]
    fn build_scripts_are_not_mutated() {
        let is_code = |path: &str, is_package: bool| {
            Roles::default().is_code(&RepoPath::new(path), |_| is_package)
        };
        assert!(!is_code("setup.py", false) && !is_code("docs/conf.py", true));
        assert!(!is_code("benchmarks/a/b.py", false));
        assert!(is_code("docs/views.py", true) && is_code("docs.py", false));
        assert!(is_code("pkg/examples/a.py", false));
        assert!(is_code("pkg/setup.py", false));
    }
}

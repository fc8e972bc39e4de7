//! What a file of a project is for, told by its name and its folders.
//!
//! Invariant: the answer hangs on names alone, by the conventions of pytest, unittest and packaging.

use std::path::Path;

use crate::model::RepoPath;

/// Folders at the root of what is shown or measured, and not shipped, unless they are packages.
const ASIDE: [&str; 9] =
    ["bench", "benches", "benchmark", "benchmarks", "doc", "docs", "example", "examples", "misc"];

/// Whether a file holds tests or what only tests use, by the conventions of pytest and unittest.
pub(super) fn is_test_file(path: &RepoPath) -> bool {
    let name = path.file_name();
    name == "conftest.py"
        || name == "tests.py"
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || path.directories().any(|part| matches!(part, "test" | "tests"))
}

/// Whether a file lies in a folder of [`ASIDE`] that is no package; `has` tells which files there are.
pub(super) fn is_aside(path: &RepoPath, has: impl Fn(&RepoPath) -> bool) -> bool {
    path.directories().next().is_some_and(|first| {
        ASIDE.contains(&first) && !has(&RepoPath::new(format!("{first}/__init__.py")))
    })
}

/// Whether a file is part of what is built and shipped, by its name; see `Subject::is_code`.
pub(super) fn is_code(path: &RepoPath) -> bool {
    let in_folder = Path::new(path.as_str()).components().count() > 1;
    let builds = matches!(path.file_name(), "setup.py" | "noxfile.py" | "tasks.py") && !in_folder;
    let documents = path.file_name() == "conf.py"
        && path.directories().any(|part| matches!(part, "doc" | "docs"));
    !is_test_file(path) && !builds && !documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_told_by_name_and_folder() {
        for path in ["tests/helper.py", "pkg/test/a.py", "test_a.py", "a_test.py", "conftest.py"] {
            assert!(is_test_file(&RepoPath::new(path)), "{path}");
        }
        for path in ["pkg/testing.py", "latest.py", "contest.py"] {
            assert!(!is_test_file(&RepoPath::new(path)), "{path}");
        }
    }

    #[test]
    fn build_scripts_are_not_mutated() {
        assert!(!is_code(&RepoPath::new("setup.py")));
        assert!(!is_code(&RepoPath::new("docs/conf.py")));
        let is_code = |path: &str, is_package: bool| {
            let path = RepoPath::new(path);
            is_code(&path) && !is_aside(&path, |_| is_package)
        };
        assert!(!is_code("benchmarks/a/b.py", false));
        assert!(is_code("docs/views.py", true) && is_code("docs.py", false));
        assert!(is_code("pkg/examples/a.py", false));
        assert!(is_code("pkg/setup.py", false));
    }
}

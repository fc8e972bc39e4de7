//! The bundled project: `fixtures/demo` as a table of texts.
//!
//! Invariant: the table holds every file of the two folders (a test compares them).

use crate::git::NewCommit;

/// The branch that the change is measured against.
pub(super) const BASE: &str = "main";

/// What of the demo's survivors is worth explaining: this edit in this function.
pub(super) struct Lesson {
    /// Qualified name of the function.
    pub(super) function: &'static str,
    /// What the mutant replaces.
    pub(super) original: &'static str,
    /// What stands in its place.
    pub(super) replacement: &'static str,
    /// Why no test notices, and which one would.
    pub(super) text: &'static str,
}

/// The survivor that the demo ends with.
pub(super) const LESSON: Lesson = Lesson {
    function: "rate",
    original: ">=",
    replacement: ">",
    text: "\
The tests order 5, 50, 99 and 100 pieces. None orders exactly 10, so none would notice if the
new discount began at 11. This test would:

    def test_the_discount_begins_at_ten(self):
        self.assertEqual(rate(10), 0.05)
",
};

macro_rules! files {
    ($state:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../fixtures/demo/", $state, "/", $path)))),+]
    };
}

/// The base and, on top of it, the change.
pub(super) const COMMITS: [NewCommit<'static>; 2] = [
    NewCommit {
        branch: BASE,
        message: "A shop with a discount from a hundred pieces on",
        files: files!("base":
            "shop/__init__.py",
            "shop/cart.py",
            "shop/discounts.py",
            "tests/__init__.py",
            "tests/test_cart.py",
            "tests/test_discounts.py",
        ),
    },
    NewCommit {
        branch: "volume-discount",
        message: "A smaller discount from ten pieces on",
        files: files!("change": "shop/discounts.py", "tests/test_discounts.py"),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn files_below(dir: &Path) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files_below(&path));
            } else if path.extension().is_some_and(|ending| ending != "pyc") {
                found.insert(path);
            }
        }
        found
    }

    #[test]
    fn the_table_holds_every_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
        for (state, commit) in ["base", "change"].iter().zip(COMMITS) {
            let dir = root.join(state);
            let table: BTreeSet<_> = commit.files.iter().map(|(path, _)| dir.join(path)).collect();
            assert_eq!(table, files_below(&dir));
        }
    }

    #[test]
    fn the_lesson_is_an_expected_survivor() {
        let page = include_str!("../../../fixtures/demo/expected.json");
        let expected: serde_json::Value = serde_json::from_str(page).unwrap();
        let function = expected[format!("shop/discounts.py::{}", LESSON.function)].as_object();
        let edit = format!("{} -> {} @ ", LESSON.original, LESSON.replacement);
        let survives = |(key, verdict): (&String, &serde_json::Value)| {
            key.starts_with(&edit) && verdict == "survived"
        };
        assert!(function.unwrap().iter().any(survives));
    }
}

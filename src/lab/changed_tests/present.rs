//! The tests that there are now, to tell whether one of the base is still among them.
//!
//! Invariant: a test whose file moved, and one of whose cases alone have other names, is there.

use std::collections::BTreeSet;

use crate::lab::base_tests::BaseTest;
use crate::lab::scoping::Known;
use crate::model::{RepoPath, TestId};

/// The tests that there are, by what stays of their ids when files move and cases change.
pub(super) struct Present<'k> {
    functions: BTreeSet<&'k str>,
    in_files: BTreeSet<(&'k RepoPath, &'k str)>,
}

impl<'k> Present<'k> {
    /// Those of the present trace.
    pub(super) fn of(known: &'k Known) -> Self {
        let tests = known.trace.tests().iter().map(|test| &test.summary);
        Self {
            functions: tests.clone().map(|test| without_case(test.id.as_str())).collect(),
            in_files: tests
                .filter_map(|test| Some((test.path.as_ref()?, in_its_file(test.id.as_str()))))
                .collect(),
        }
    }

    /// Whether a test of the base is still there: a single case that is not may have another name
    /// in each run.
    pub(super) fn has(&self, id: &TestId, test: &BaseTest) -> bool {
        let id = id.as_str();
        self.functions.contains(without_case(id))
            || test.path.as_ref().is_some_and(|p| self.in_files.contains(&(p, in_its_file(id))))
    }
}

/// An id up to what tells the cases of one function apart.
fn without_case(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}

/// What an id says behind the file; of `unittest`, that is class and method.
fn in_its_file(id: &str) -> &str {
    match without_case(id).split_once("::") {
        Some((_, name)) => name,
        None => id.rmatch_indices('.').nth(1).map_or(id, |(dot, _)| &id[dot + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_to_what_stays() {
        for (id, name) in [
            ("tests/test_a.py::T::test_x[1::2]", "T::test_x"),
            ("tests.test_a.T.test_x", "T.test_x"),
            ("T.test_x", "T.test_x"),
        ] {
            assert_eq!(in_its_file(id), name);
        }
        assert_eq!(without_case("a.py::test_x[a[b]]"), "a.py::test_x");
    }
}

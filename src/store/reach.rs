//! Which tests reach a line or enter a function.
//!
//! Invariant: answers are positions in the order of collection, ascending and unique. An index is
//! built when it is first needed, that of lines only for the files that are asked about.

use std::sync::OnceLock;

use super::stored_trace::{StoredTest, StoredTrace};
use crate::model::{FunctionKey, LineNo, LineRange, Lists, QuickMap, RepoPath};

/// From lines to tests.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Tests by line set.
    tests: QuickMap<u32, Vec<u32>>,
    files: QuickMap<RepoPath, FileReach>,
}

/// The line sets of one file.
#[derive(Debug, Default)]
struct FileReach {
    sets: Vec<u32>,
    by_line: OnceLock<QuickMap<LineNo, Vec<u32>>>,
}

impl StoredTrace {
    /// Positions of the tests that reach one of `lines`.
    pub fn tests_reaching(&self, path: &RepoPath, lines: LineRange) -> Vec<usize> {
        let reach = self.reach.get_or_init(|| self.index_sets());
        let Some(file) = reach.files.get(path) else { return Vec::new() };
        let by_line = file.by_line.get_or_init(|| self.index_lines(&file.sets));
        let mut sets: Vec<u32> = (lines.first.get()..=lines.last.get())
            .filter_map(LineNo::new)
            .filter_map(|line| by_line.get(&line))
            .flatten()
            .copied()
            .collect();
        sets.sort_unstable();
        sets.dedup();
        let tests = sets.iter().filter_map(|set| reach.tests.get(set)).flatten();
        let mut found: Vec<usize> = tests.map(|&position| position as usize).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Positions of the tests that enter a function.
    pub fn tests_entering(&self, function: &FunctionKey) -> Vec<usize> {
        let Some(number) = self.functions.number(function) else { return Vec::new() };
        let index = self.enter.get_or_init(|| self.index_functions());
        index.get(number).iter().map(|&position| position as usize).collect()
    }

    /// Tests by the number of the set that `of` names.
    fn tests_by(&self, of: impl Fn(&StoredTest) -> u32) -> QuickMap<u32, Vec<u32>> {
        let mut tests: QuickMap<u32, Vec<u32>> = QuickMap::default();
        for (position, test) in (0_u32..).zip(&self.tests) {
            tests.entry(of(test)).or_default().push(position);
        }
        tests
    }

    fn index_sets(&self) -> Reach {
        let mut reach = Reach::default();
        for (coverage, tests) in self.tests_by(|test| test.coverage) {
            for &set in self.coverages.get(coverage).into_iter().flatten() {
                reach.tests.entry(set).or_default().extend(&tests);
            }
        }
        for &set in reach.tests.keys() {
            let Some((path, _)) = self.line_sets.get(set) else { continue };
            match reach.files.get_mut(path) {
                Some(file) => file.sets.push(set),
                None => reach.files.entry(path.clone()).or_default().sets.push(set),
            }
        }
        reach
    }

    fn index_lines(&self, sets: &[u32]) -> QuickMap<LineNo, Vec<u32>> {
        let mut by_line: QuickMap<LineNo, Vec<u32>> = QuickMap::default();
        for &set in sets {
            for &line in self.line_sets.get(set).into_iter().flat_map(|(_, lines)| lines) {
                by_line.entry(line).or_default().push(set);
            }
        }
        by_line
    }

    fn index_functions(&self) -> Lists {
        let entered = (0_u32..).zip(&self.tests).flat_map(|(position, test)| {
            let functions = self.function_sets.get(test.entered).into_iter().flatten();
            functions.map(move |&function| (function, position))
        });
        Lists::of(self.functions.len(), entered)
    }
}

//! Changed functions, and the changed lines of each.
//!
//! Invariant: a line counts for every function whose fingerprint it can change: for each `def`
//! around it, and for the class body or module that it runs with.

use std::collections::{BTreeMap, BTreeSet};

use super::ScopeInput;
use crate::model::{Function, FunctionKey, FunctionKind, LineNo, LineRange};

/// The lines among `ranges` that belong to each function of one file, as sorted ranges; functions
/// without any are left out. A `def`'s lines are all that it spans. Those of a class body or
/// module leave out what stands below the `def` lines of the functions inside.
pub fn touched(
    functions: &[Function],
    ranges: &[LineRange],
) -> BTreeMap<FunctionKey, Vec<LineRange>> {
    let mut touched = BTreeMap::new();
    for function in functions {
        let mut lines = BTreeSet::new();
        for range in ranges.iter().filter(|range| range.overlaps(function.lines)) {
            let first = range.first.max(function.lines.first).get();
            let last = range.last.min(function.lines.last).get();
            lines.extend(first..=last);
        }
        if lines.is_empty() {
            continue;
        }
        if matches!(function.kind, FunctionKind::Module | FunctionKind::Class) {
            for inner in functions.iter().filter(|inner| is_inside(inner, function)) {
                // The header of a class belongs to what is around it, as that of a `def` does.
                let (first, last) = (inner.def_line.get() + 1, inner.lines.last.get());
                lines.retain(|line| *line < first || *line > last);
            }
        }
        let ranges = joined(lines);
        if !ranges.is_empty() {
            touched.insert(function.key.clone(), ranges);
        }
    }
    touched
}

fn is_inside(inner: &Function, outer: &Function) -> bool {
    inner.key != outer.key
        && inner.kind != FunctionKind::Module
        && (outer.kind == FunctionKind::Module || outer.bytes.contains(inner.bytes))
}

fn joined(lines: BTreeSet<u32>) -> Vec<LineRange> {
    let mut ranges: Vec<LineRange> = Vec::new();
    for line in lines.into_iter().filter_map(LineNo::new) {
        match ranges.last_mut() {
            Some(range) if range.last.get() + 1 == line.get() => range.last = line,
            _ => ranges.push(LineRange { first: line, last: line }),
        }
    }
    ranges
}

/// The changed functions outside test files, those that are gone included.
pub(super) fn roots(input: &ScopeInput<'_>) -> BTreeSet<FunctionKey> {
    let in_project = |key: &&FunctionKey| !input.test_files.contains(&key.path);
    input.changed.keys().filter(in_project).cloned().collect()
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::{ByteSpan, Fingerprint, QualName, RepoPath};

    fn function(name: &str, kind: FunctionKind, lines: (u32, u32), def_line: u32) -> Function {
        let line = |number| LineNo::new(number).unwrap();
        Function {
            key: FunctionKey::new(RepoPath::new("m.py"), QualName::new(name)),
            kind,
            lines: LineRange { first: line(lines.0), last: line(lines.1) },
            def_line: line(def_line),
            bytes: ByteSpan { start: lines.0 as usize * 10, end: lines.1 as usize * 10 + 9 },
            fingerprint: Fingerprint::new([0; 32]),
            doctest: None,
            header: None,
            parent: None,
        }
    }

    /// ```python
    ///  1  import x
    ///  2  @decorator
    ///  3  def f():
    ///  4      def inner():
    ///  5          pass
    ///  6  class C:
    ///  7      a = 1
    ///  8      def m(self):
    ///  9          pass
    /// 10      b = 2
    /// 11  y = 1
    /// ```
    fn file() -> Vec<Function> {
        vec![
            function("<module>", FunctionKind::Module, (1, 11), 1),
            function("f", FunctionKind::Def, (2, 5), 3),
            function("f.<locals>.inner", FunctionKind::Def, (4, 5), 4),
            function("C.<class>", FunctionKind::Class, (6, 10), 6),
            function("C.m", FunctionKind::Def, (8, 9), 8),
        ]
    }

    fn shown(ranges: &[(u32, u32)]) -> Vec<String> {
        let line = |number| LineNo::new(number).unwrap();
        let ranges: Vec<_> = ranges
            .iter()
            .map(|&(first, last)| LineRange { first: line(first), last: line(last) })
            .collect();
        let mut shown = Vec::new();
        for (key, ranges) in touched(&file(), &ranges) {
            let ranges: Vec<_> =
                ranges.iter().map(|range| format!("{}-{}", range.first, range.last)).collect();
            shown.push(format!("{} {}", key.name, ranges.join(" ")));
        }
        shown
    }

    #[test]
    fn a_line_of_a_nested_function_counts_for_the_outer_one() {
        assert_eq!(shown(&[(5, 5)]), ["f 5-5", "f.<locals>.inner 5-5"]);
    }

    #[test]
    fn a_method_body_is_no_line_of_its_class() {
        assert_eq!(shown(&[(9, 9)]), ["C.m 9-9"]);
        assert_eq!(shown(&[(7, 10)]), ["C.<class> 7-8 10-10", "C.m 8-9"]);
    }

    #[test]
    fn headers_count_for_what_they_run_with() {
        assert_eq!(shown(&[(2, 3)]), ["<module> 2-3", "f 2-3"]);
        assert_eq!(shown(&[(6, 6)]), ["<module> 6-6", "C.<class> 6-6"]);
    }

    #[test]
    fn lines_outside_the_file_count_for_none() {
        assert_eq!(shown(&[(12, 40)]), Vec::<String>::new());
        assert_eq!(shown(&[(11, 40), (1, 1)]), ["<module> 1-1 11-11"]);
    }
}

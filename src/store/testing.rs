//! Records for the tests of this folder.
//!
//! Invariant: every function is one of `m.py`, so that a name is enough to tell it.

use tempfile::TempDir;

use super::{ReachDigest, Store, TestRecord, TestSummary};
use crate::model::{
    CodePoint, EdgeSeen, FunctionKey, ImportTrace, LineNo, QualName, RepoPath, TestId, TestOutcome,
};

pub(super) fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

pub(super) fn function(name: &str) -> FunctionKey {
    FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
}

pub(super) fn lines(numbers: &[u32]) -> Vec<LineNo> {
    numbers.iter().copied().filter_map(LineNo::new).collect()
}

/// A test that passed.
pub(super) fn record(
    id: &str,
    position: u32,
    reached: &[(&str, &[u32])],
    entered: &[&str],
    edges: &[(&str, &str)],
) -> TestRecord {
    TestRecord {
        summary: TestSummary {
            id: TestId::new(id),
            path: Some(RepoPath::new("tests/t.py")),
            function: Some(function("t")),
            position,
            outcome: TestOutcome::Passed,
            microseconds: 1_000,
            fork: position,
            alone_ok: true,
            beyond: Vec::new(),
            digest: ReachDigest([0; 32]),
            code: ReachDigest([0; 32]),
        },
        lines: reached.iter().map(|(path, set)| (RepoPath::new(*path), lines(set))).collect(),
        entered: entered.iter().copied().map(function).collect(),
        edges: edges.iter().map(|(a, b)| (function(a), function(b))).collect(),
    }
}

pub(super) fn import_trace() -> ImportTrace {
    let path = |file: &str| RepoPath::new(file);
    let point = |file: &str, line, name: &str| CodePoint {
        path: path(file),
        first_line: LineNo::new(line).unwrap(),
        name: name.to_owned(),
    };
    ImportTrace {
        lines: [(path("a.py"), lines(&[1, 2, 9])), (path("b.py"), Vec::new())].into(),
        edges: vec![EdgeSeen {
            caller: point("a.py", 1, "<module>"),
            callee: point("b.py", 4, "deco"),
        }],
        imports: vec![(path("a.py"), path("b.py")), (path("é.py"), path("a.py"))],
    }
}

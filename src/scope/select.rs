//! Selecting the scope from what changed.
//!
//! Invariant: `Lines` ⊆ `Functions` ⊆ `Callers` ⊆ `All`, and a function's reasons do not depend
//! on which of them was asked for, but for `Asked`.

use std::collections::{BTreeMap, BTreeSet};

use super::callers::Reaches;
use super::reasons::{Found, nearness};
use super::{ChangedTest, Kin, Users, callers, changed, tests};
use crate::model::{
    CallGraph, Function, FunctionKey, LineRange, Reason, RepoPath, ScopeKind, ScopedFunction,
    TestId,
};

/// All that the scope depends on.
#[derive(Debug, Clone, Copy)]
pub struct ScopeInput<'a> {
    /// How far to look.
    pub kind: ScopeKind,
    /// The largest distance of a caller; `None` is unlimited.
    pub depth: Option<u32>,
    /// The functions whose fingerprint differs, or that are new or gone, each with its changed
    /// lines on the new side (none where lines were only deleted; see [`super::touched`]).
    pub changed: &'a BTreeMap<FunctionKey, Vec<LineRange>>,
    /// All functions that exist now, in any order.
    pub functions: &'a [&'a Function],
    /// The files that hold tests, fixtures and their helpers.
    pub test_files: &'a BTreeSet<RepoPath>,
    /// Caller → callee edges, those to functions that are gone included.
    pub graph: &'a CallGraph,
    /// The functions that use what changed in module and class bodies.
    pub users: &'a Users,
    /// What the changed methods override.
    pub kin: &'a Kin,
    /// Functions that no test enters, each with a changed one that its text mentions.
    pub mentions: &'a BTreeMap<FunctionKey, FunctionKey>,
    /// Files that the configuration ties to changed files, each with one of these.
    pub tied: &'a BTreeMap<RepoPath, RepoPath>,
    /// The changed tests.
    pub changed_tests: &'a BTreeMap<TestId, ChangedTest>,
}

/// The functions whose mutants a run decides, nearest to the change first: those with changed
/// lines, other changed ones, callers by distance, users of changed module code, functions that a
/// changed test enters, the rest; by path and place among equals.
pub fn select(input: &ScopeInput<'_>) -> Vec<ScopedFunction> {
    let changed = changed::roots(input);
    let far = matches!(input.kind, ScopeKind::Callers | ScopeKind::All);
    let found = if far {
        Found {
            callers: callers(input, &changed),
            mentions: Some(input.mentions),
            users: Some(input.users),
            covered: tests::covered(input),
            tied: Some(input.tied),
            changed,
        }
    } else {
        Found {
            changed,
            callers: BTreeMap::new(),
            mentions: None,
            users: None,
            covered: BTreeMap::new(),
            tied: None,
        }
    };
    let mut selected = Vec::new();
    for function in input.functions {
        let key = &function.key;
        if input.test_files.contains(&key.path) {
            continue;
        }
        let mut reasons = found.reasons(key);
        if reasons.is_empty() && input.kind == ScopeKind::All {
            reasons.push(Reason::Asked);
        }
        let is_changed = reasons.first() == Some(&Reason::Changed);
        let changed_lines =
            input.changed.get(key).filter(|_| is_changed).cloned().unwrap_or_default();
        let wanted = input.kind != ScopeKind::Lines || !changed_lines.is_empty();
        if wanted && !reasons.is_empty() {
            let near = nearness(reasons.first(), !changed_lines.is_empty());
            let scoped = ScopedFunction { function: key.clone(), reasons, changed_lines };
            selected.push((near, &key.path, function.bytes.start, scoped));
        }
    }
    selected.sort_by(|a, b| {
        (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then_with(|| a.3.function.cmp(&b.3.function))
    });
    selected.into_iter().map(|(.., scoped)| scoped).collect()
}

/// The callers of the changed functions, and those of the functions that use changed names: what
/// these do may be another thing now, too. Each with the nearest of them.
fn callers(
    input: &ScopeInput<'_>,
    changed: &BTreeSet<FunctionKey>,
) -> BTreeMap<FunctionKey, Reaches> {
    let mut found = callers::of(input.graph, changed, Some(input.kin), input.depth);
    let users: BTreeSet<FunctionKey> = input.users.named().cloned().collect();
    for (caller, reaches) in callers::of(input.graph, &users, None, input.depth) {
        let nearer = found.get(&caller).is_none_or(|known| reaches.distance < known.distance);
        if nearer && !changed.contains(&caller) {
            found.insert(caller, reaches);
        }
    }
    found
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::{ByteSpan, Fingerprint, FunctionKind, LineNo, QualName, TestChange};
    use crate::scope::ChangedNames;

    fn key(text: &str) -> FunctionKey {
        let (path, name) = text.split_once("::").unwrap();
        FunctionKey::new(RepoPath::new(path), QualName::new(name))
    }

    fn range(first: u32, last: u32) -> LineRange {
        LineRange { first: LineNo::new(first).unwrap(), last: LineNo::new(last).unwrap() }
    }

    struct Project {
        kind: ScopeKind,
        depth: Option<u32>,
        changed: BTreeMap<FunctionKey, Vec<LineRange>>,
        functions: Vec<Function>,
        graph: CallGraph,
        imports: Vec<(RepoPath, RepoPath)>,
        changed_names: BTreeMap<RepoPath, ChangedNames>,
        changed_tests: BTreeMap<TestId, ChangedTest>,
        mentions: BTreeMap<FunctionKey, FunctionKey>,
    }

    impl Project {
        /// Functions in source order; those of `t.py` are tests.
        fn new(functions: &[&str]) -> Self {
            let function = |(at, text): (usize, &&str)| Function {
                key: key(text),
                kind: FunctionKind::Def,
                lines: range(1, 1),
                def_line: LineNo::FIRST,
                bytes: ByteSpan { start: at, end: at },
                fingerprint: Fingerprint::new([0; 32]),
                doctest: None,
                header: None,
                parent: None,
            };
            Self {
                kind: ScopeKind::Callers,
                depth: None,
                changed: BTreeMap::new(),
                functions: functions.iter().enumerate().map(function).collect(),
                graph: CallGraph::default(),
                imports: Vec::new(),
                changed_names: BTreeMap::new(),
                changed_tests: BTreeMap::new(),
                mentions: BTreeMap::new(),
            }
        }

        fn changed(mut self, text: &str, lines: &[LineRange]) -> Self {
            self.changed.insert(key(text), lines.to_vec());
            self
        }

        fn edge(mut self, caller: &str, callee: &str) -> Self {
            self.graph.add(key(caller), key(callee));
            self
        }

        fn import(mut self, importer: &str, imported: &str) -> Self {
            self.imports.push((RepoPath::new(importer), RepoPath::new(imported)));
            self
        }

        fn changed_test(mut self, test: &str, entered: &[&str]) -> Self {
            let entered = entered.iter().map(|text| key(text)).collect();
            let how = if test.contains("new") { TestChange::New } else { TestChange::Changed };
            self.changed_tests.insert(TestId::new(test), ChangedTest { how, entered });
            self
        }

        fn mention(mut self, caller: &str, mentioned: &str) -> Self {
            self.mentions.insert(key(caller), key(mentioned));
            self
        }

        fn of(mut self, kind: ScopeKind) -> Self {
            self.kind = kind;
            self
        }

        /// All of a changed file counts as changed.
        fn everything(mut self, path: &str) -> Self {
            let everything = ChangedNames { everything: true, ..ChangedNames::default() };
            self.changed_names.insert(RepoPath::new(path), everything);
            self
        }

        fn selected(&self) -> Vec<ScopedFunction> {
            let test_files = BTreeSet::from([RepoPath::new("t.py")]);
            let read = &mut |path: &RepoPath| -> Result<_, RepoPath> { Err(path.clone()) };
            let users = Users::find(&self.changed_names, &self.imports, &test_files, read).unwrap();
            select(&ScopeInput {
                kind: self.kind,
                depth: self.depth,
                changed: &self.changed,
                functions: &self.functions.iter().rev().collect::<Vec<_>>(),
                test_files: &test_files,
                graph: &self.graph,
                users: &users,
                kin: &Kin::default(),
                mentions: &self.mentions,
                tied: &BTreeMap::new(),
                changed_tests: &self.changed_tests,
            })
        }

        fn shown(&self) -> String {
            let show = |scoped: &ScopedFunction| {
                let reasons: Vec<_> = scoped.reasons.iter().map(ToString::to_string).collect();
                format!("{}: {}", scoped.function, reasons.join(", "))
            };
            self.selected().iter().map(show).collect::<Vec<_>>().join("\n")
        }
    }

    #[test]
    fn nearest_comes_first() {
        let project = Project::new(&["a.py::f", "a.py::g", "b.py::h", "b.py::i", "b.py::j"])
            .changed("b.py::j", &[range(5, 6)])
            .changed("a.py::g", &[])
            .edge("b.py::h", "b.py::i")
            .edge("b.py::i", "b.py::j")
            .edge("a.py::f", "b.py::j");
        insta::assert_snapshot!(project.shown(), @r"
        b.py::j: changed
        a.py::g: changed
        a.py::f: caller of j (distance 1)
        b.py::i: caller of j (distance 1)
        b.py::h: caller of j (distance 2)
        ");
        assert_eq!(project.selected()[0].changed_lines, [range(5, 6)]);
    }

    #[test]
    fn test_functions_are_passed_through_and_not_selected() {
        let project = Project::new(&["a.py::f", "a.py::g", "t.py::helper", "t.py::test"])
            .changed("a.py::f", &[range(1, 1)])
            .changed("t.py::test", &[range(1, 1)])
            .edge("t.py::helper", "a.py::f")
            .edge("a.py::g", "t.py::helper")
            .edge("t.py::test", "a.py::g");
        insta::assert_snapshot!(project.shown(), @r"
        a.py::f: changed
        a.py::g: caller of f (distance 2)
        ");
    }

    #[test]
    fn callers_of_a_function_that_is_gone_are_selected() {
        let project =
            Project::new(&["a.py::f"]).changed("a.py::gone", &[]).edge("a.py::f", "a.py::gone");
        insta::assert_snapshot!(project.shown(), @"a.py::f: caller of gone (distance 1)");
    }

    #[test]
    fn a_change_of_everything_reaches_its_file_and_direct_importers() {
        let project = Project::new(&[
            "a.py::<module>",
            "a.py::f",
            "b.py::g",
            "c.py::h",
            "d.py::C.<class>",
            "d.py::C.m",
        ])
        .changed("a.py::<module>", &[range(1, 1)])
        .everything("a.py")
        .import("b.py", "a.py")
        .import("c.py", "b.py")
        .import("t.py", "a.py");
        insta::assert_snapshot!(project.shown(), @r"
        a.py::<module>: changed, imports changed module code (a.py)
        a.py::f: imports changed module code (a.py)
        b.py::g: imports changed module code (a.py)
        ");
        let project = Project::new(&["d.py::C.<class>", "d.py::C.m", "b.py::g"])
            .changed("d.py::C.<class>", &[])
            .everything("d.py")
            .import("b.py", "d.py");
        assert_eq!(project.selected().len(), 3);
    }

    #[test]
    fn functions_that_a_changed_test_enters_come_after_callers() {
        let project = Project::new(&["a.py::e", "a.py::f", "a.py::g"])
            .changed("a.py::g", &[])
            .edge("a.py::f", "a.py::g")
            .changed_test("t.py::two", &["a.py::e", "a.py::f", "t.py::helper", "a.py::gone"])
            .changed_test("t.py::one", &["a.py::f"])
            .changed_test("t.py::a_new_one", &["a.py::f", "a.py::e"]);
        insta::assert_snapshot!(project.shown(), @r"
        a.py::g: changed
        a.py::f: caller of g (distance 1), covered by changed test t.py::one
        a.py::e: covered by changed test t.py::two
        ");
    }

    #[test]
    fn mentions_in_what_no_test_reaches_come_last() {
        let project = Project::new(&["a.py::e", "a.py::f", "a.py::g"])
            .changed("a.py::g", &[])
            .mention("a.py::e", "a.py::g")
            .changed_test("t.py::one", &["a.py::f"]);
        insta::assert_snapshot!(project.shown(), @r"
        a.py::g: changed
        a.py::f: covered by changed test t.py::one
        a.py::e: mentions g; no test reaches it
        ");
    }

    #[test]
    fn each_kind_of_scope_holds_the_one_before() {
        let project = |kind| {
            Project::new(&["a.py::f", "a.py::g", "a.py::h", "b.py::i", "t.py::test"])
                .changed("a.py::f", &[range(1, 1)])
                .changed("a.py::g", &[])
                .edge("a.py::h", "a.py::g")
                .of(kind)
        };
        assert_eq!(project(ScopeKind::Lines).shown(), "a.py::f: changed");
        assert_eq!(project(ScopeKind::Functions).shown(), "a.py::f: changed\na.py::g: changed");
        insta::assert_snapshot!(project(ScopeKind::All).shown(), @r"
        a.py::f: changed
        a.py::g: changed
        a.py::h: caller of g (distance 1)
        b.py::i: asked for
        ");
    }

    #[test]
    fn nothing_changed_selects_nothing() {
        let project = Project::new(&["a.py::f"]).edge("a.py::f", "a.py::f");
        assert_eq!(project.selected(), []);
    }
}

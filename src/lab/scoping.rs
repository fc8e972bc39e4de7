//! The scope of a run, from the change and what is known of the tests.
//!
//! Invariant: edges are those of the base and of the present together; what no test was seen to do
//! is told from the text, and said so.

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::base_tests::{BaseTests, renamed};
use super::basis::{Closures, Digests};
use super::change::Change;
use super::changed_tests::{ChangedTests, listed};
use super::roles::Roles;
use super::subject::Subject;
use crate::config::Options;
use crate::model::{
    CallGraph, Function, FunctionKey, ImportTrace, Notice, QualName, RepoPath, ReportedCall,
    ScopeKind, ScopedFunction, TestId,
};
use crate::scope::{ChangedNames, Kin, ScopeInput, Users, select};
use crate::store::{PastTest, StoredTrace};
use crate::syntax::FileNames;

/// What earlier and present traces know.
#[derive(Debug)]
pub(super) struct Known {
    /// The tests.
    pub trace: StoredTrace,
    /// Their calls.
    pub graph: CallGraph,
    /// What ran before them.
    pub imports: ImportTrace,
    /// What the tests did in other states of the code.
    pub past: Vec<PastTest>,
    /// What selects tests beside the code.
    pub under: String,
    /// A digest of the files that git ignores and tests load.
    pub unlisted: [u8; 32],
    /// Whether a run on the base's own tree is recorded.
    pub is_base_recorded: bool,
    /// Those that may not run at the same time, by position.
    pub writers: BTreeSet<usize>,
}

impl Known {
    /// Which files need which, by the imports that were seen.
    pub(super) fn closures(&self, subject: &Subject) -> Closures {
        Closures::new(&self.imports.imports, subject.files.keys(), &subject.roles())
    }

    /// What digests of tests and verdicts are made from, behind [`Subject::load_leads`].
    pub(super) fn digests(&self, subject: &Subject) -> Digests {
        let calls = self.trace.import_edges();
        Digests::new(subject, self.closures(subject), calls, self.unlisted)
    }

    /// The tests of files that are not called as files of tests.
    fn tests_elsewhere(&self, change: &Change, roles: &Roles) -> TestsElsewhere {
        let mut found = TestsElsewhere::default();
        let present = self.trace.tests().iter().filter_map(|test| test.summary.function.as_ref());
        let past = self.past.iter().filter_map(|test| test.function.as_ref());
        for function in present.chain(past).filter(|key| !roles.is_test_file(&key.path)) {
            let key = renamed(change, function);
            found.0.entry(key.path.clone()).or_default().insert(key);
        }
        found
    }

    /// Tests that start Python processes which cannot be joined.
    pub(super) fn tests_beyond(&self) -> Vec<TestId> {
        let tests = self.trace.tests().iter().map(|test| &test.summary);
        tests.filter(|test| !test.beyond.is_empty()).map(|test| test.id.clone()).collect()
    }
}

/// The test functions, now or in another state of the code, of files that are not called as files of tests;
/// by file, under the names that files have now.
#[derive(Debug, Default)]
pub(super) struct TestsElsewhere(BTreeMap<RepoPath, BTreeSet<FunctionKey>>);

impl TestsElsewhere {
    /// Whether a function is one of these tests.
    pub(super) fn has(&self, key: &FunctionKey) -> bool {
        self.0.get(&key.path).is_some_and(|functions| functions.contains(key))
    }

    /// The files that hold them.
    pub(super) fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.0.keys()
    }

    /// Whether a file holds one.
    pub(super) fn holds(&self, path: &RepoPath) -> bool {
        self.0.contains_key(path)
    }
}

/// The scope of a run.
#[derive(Debug, Default)]
pub(super) struct Scoped {
    /// The functions, nearest to the change first.
    pub functions: Vec<ScopedFunction>,
    /// The calls between them.
    pub calls: Vec<ReportedCall>,
    /// What the reader should know of how they were found.
    pub notices: Vec<Notice>,
}

/// The functions in scope.
pub(super) fn scope(
    options: &Options,
    subject: &mut Subject,
    change: &Change,
    known: &Known,
) -> Result<Scoped, LabError> {
    let mut test_files = subject.test_files();
    test_files.extend(
        change
            .functions
            .keys()
            .map(|key| &key.path)
            .filter(|path| subject.is_test_file(path))
            .cloned(),
    );
    let base = BaseTests::find(subject, change, known);
    let graph = base.graph(change, &known.graph);
    let near = matches!(options.scope, ScopeKind::Lines | ScopeKind::Functions);
    let imports = imports(subject, known);
    let elsewhere = known.tests_elsewhere(change, &subject.roles());
    let (users, kin, mentions, tests) = if near {
        Default::default()
    } else {
        let users =
            Users::find(&change.names, &imports, &test_files, &mut |path| names(subject, path))?;
        let kin = kin(subject, change, &imports, &test_files)?;
        let mentions = mentions(subject, change, known, &imports, &test_files)?;
        let tests = ChangedTests::find(subject, change, known, &imports, &base, &elsewhere)?;
        (users, kin, mentions, tests)
    };
    let mut functions: Vec<&Function> = subject
        .all_functions()
        .filter(|function| subject.is_mutated(&function.key.path) && !elsewhere.has(&function.key))
        .collect();
    functions.sort_by(|a, b| (&a.key.path, a.bytes.start).cmp(&(&b.key.path, b.bytes.start)));
    let chosen = select(&ScopeInput {
        kind: options.scope,
        depth: options.depth,
        changed: &change.functions,
        functions: &functions,
        test_files: &test_files,
        graph: &graph,
        users: &users,
        kin: &kin,
        mentions: &mentions,
        tied: &subject.tied_to(&change.other_files),
        changed_tests: &tests.tests,
    });
    Ok(Scoped {
        calls: calls(&chosen, &graph, &mentions),
        functions: chosen,
        notices: [tests.notice(&subject.base.name), taken_for_tests(subject, change, known)]
            .into_iter()
            .flatten()
            .collect(),
    })
}

/// Names changed files that are called as files of tests, and in which no test is known.
fn taken_for_tests(subject: &Subject, change: &Change, known: &Known) -> Option<Notice> {
    if known.trace.tests().is_empty() {
        return None;
    }
    let holds: BTreeSet<&RepoPath> =
        known.trace.tests().iter().filter_map(|test| test.summary.path.as_ref()).collect();
    let roles = subject.roles();
    let is_one = |path: &&RepoPath| {
        // What was not imported yet may hold tests that nobody has seen.
        known.imports.imports.iter().any(|(_, imported)| imported == *path)
            && subject.files.contains_key(*path)
            && roles.is_test_by_name_alone(path)
            && !holds.contains(*path)
    };
    let files: Vec<&str> = change.lines.keys().filter(is_one).map(RepoPath::as_str).collect();
    (!files.is_empty()).then(|| Notice {
        code: "taken_for_tests".into(),
        message: format!(
            "not mutated, since they are called as files of tests, though no test that ran is in them: {}",
            listed(&files)
        ),
    })
}

/// The calls between functions in scope; one that is known from the text only, where no other is.
fn calls(
    chosen: &[ScopedFunction],
    graph: &CallGraph,
    mentions: &BTreeMap<FunctionKey, FunctionKey>,
) -> Vec<ReportedCall> {
    let inside: BTreeSet<&FunctionKey> = chosen.iter().map(|scoped| &scoped.function).collect();
    let call = |caller: &FunctionKey, callee: &FunctionKey, seen| {
        let is_one = caller != callee && inside.contains(callee);
        is_one.then(|| ReportedCall { caller: caller.clone(), callee: callee.clone(), seen })
    };
    let mut found = Vec::new();
    for &caller in &inside {
        found.extend(graph.callees(caller).filter_map(|callee| call(caller, callee, true)));
        found.extend(mentions.get(caller).and_then(|callee| call(caller, callee, false)));
    }
    found
}

/// Who imports whom: before the first test, and in functions that tests called.
fn imports(subject: &Subject, known: &Known) -> Vec<(RepoPath, RepoPath)> {
    let mut imports: BTreeSet<(RepoPath, RepoPath)> =
        known.imports.imports.iter().cloned().collect();
    for path in subject.files.keys() {
        let module = FunctionKey::new(path.clone(), QualName::module());
        let callers = known.graph.callers(&module).filter(|caller| caller.path != *path);
        imports.extend(callers.map(|caller| (caller.path.clone(), path.clone())));
    }
    imports.into_iter().collect()
}

fn names(subject: &mut Subject, path: &RepoPath) -> Result<Option<FileNames>, LabError> {
    Ok(subject.module(path)?.as_ref().map(FileNames::of))
}

/// What the changed methods override.
fn kin(
    subject: &mut Subject,
    change: &Change,
    imports: &[(RepoPath, RepoPath)],
    test_files: &BTreeSet<RepoPath>,
) -> Result<Kin, LabError> {
    let methods: Vec<&FunctionKey> = change
        .functions
        .keys()
        .filter(|key| key.name.as_str().contains('.') && !test_files.contains(&key.path))
        .collect();
    if methods.is_empty() {
        return Ok(Kin::default());
    }
    let mut classes: BTreeMap<String, BTreeSet<(RepoPath, QualName)>> = BTreeMap::new();
    for function in subject.all_functions() {
        let key = &function.key;
        if let Some(class) = key.name.as_str().strip_suffix(".<class>") {
            let class = QualName::new(class);
            let named = classes.entry(class.simple().to_owned()).or_default();
            named.insert((key.path.clone(), class));
        }
    }
    Kin::find(methods.into_iter(), &classes, imports, &mut |path| names(subject, path))
}

/// The functions that no test was seen to enter and that mention a changed function by its name,
/// each with that: nothing else tells that they call it.
fn mentions(
    subject: &mut Subject,
    change: &Change,
    known: &Known,
    imports: &[(RepoPath, RepoPath)],
    test_files: &BTreeSet<RepoPath>,
) -> Result<BTreeMap<FunctionKey, FunctionKey>, LabError> {
    // A method's name alone says too little; a changed constructor is known by its class.
    let name = |key: &FunctionKey| -> Option<String> {
        let name = key.name.as_str();
        let named = name.strip_suffix(".__init__").unwrap_or(name);
        let plain = named.split('#').next()?;
        (!plain.contains('.') && plain != QualName::MODULE).then(|| plain.to_owned())
    };
    let mut changed: BTreeMap<RepoPath, ChangedNames> = BTreeMap::new();
    let mut by_name: BTreeMap<(&RepoPath, String), &FunctionKey> = BTreeMap::new();
    for key in change.functions.keys().filter(|key| !test_files.contains(&key.path)) {
        if let Some(name) = name(key) {
            changed.entry(key.path.clone()).or_default().names.insert(name.clone());
            by_name.insert((&key.path, name), key);
        }
    }
    if changed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let at_import: BTreeSet<&FunctionKey> =
        known.trace.import_edges().map(|(_, callee)| callee).collect();
    let never_ran =
        |key: &FunctionKey| !at_import.contains(key) && known.trace.tests_entering(key).is_empty();
    let words: BTreeSet<&str> = by_name.keys().map(|(_, name)| name.as_str()).collect();
    let users = Users::find(&changed, imports, test_files, &mut |path| {
        let quiet = subject.functions(path).iter().all(|function| !never_ran(&function.key));
        let Some(module) = (if quiet { None } else { subject.module(path)? }) else {
            return Ok::<_, LabError>(Some(FileNames::default()));
        };
        let text = module.source().text();
        let speaks = words.iter().any(|word| text.contains(word));
        Ok(Some(if speaks { FileNames::of(&module) } else { FileNames::default() }))
    })?;
    let mut found = BTreeMap::new();
    for key in users.named().filter(|key| never_ran(key)) {
        let mut named = users
            .names_in(key)
            .filter_map(|(path, name)| by_name.get(&(path, name.to_owned())).copied());
        // Its own name stands in its text: another definition of it is no callee.
        let own = |mentioned: &FunctionKey| {
            mentioned.path == key.path && mentioned.name.simple() == key.name.simple()
        };
        if let Some(mentioned) = named.find(|mentioned| !own(mentioned)) {
            found.insert(key.clone(), mentioned.clone());
        }
    }
    Ok(found)
}

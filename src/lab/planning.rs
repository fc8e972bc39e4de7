//! The plan: the mutants of the scope, and the tests that decide each.
//!
//! Invariant: mutants are in the order of nearness to the change, on changed lines those that are
//! swapped in before those that are imported; a mutant whose lines ran before
//! the first test is decided cold.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::LabError;
use super::basis::{Digests, basis, part};
use super::choosing::Chosen;
use super::environment::Environment;
use super::leading::Leading;
use super::scoping::Known;
use super::subject::Subject;
use crate::config::Options;
use crate::model::{
    ContentHash, FunctionKey, FunctionKind, LineNo, LineRange, LineSet, Mutant, NotRunReason,
    Notice, Reason, Reasons, RepoPath, ScopeKind, ScopedFunction, ScopedFunctionReport, TestId,
    Verdict,
};
use crate::mutate::{self, PragmaFault};
use crate::schedule::{Deciding, Selection};
use crate::store::Basis;
use crate::syntax::Module;
use crate::worker::{MutantMessage, UnitMessage};

/// A mutant of the plan.
#[derive(Debug)]
pub(super) struct Planned {
    /// The mutant.
    pub mutant: Mutant,
    /// As Python places it.
    pub message: MutantMessage,
    /// Why it is in scope.
    pub reasons: Reasons,
    /// As `git apply` takes it.
    pub diff: String,
    /// Whether it is on lines that the change touches.
    pub on_changed_line: bool,
    /// How it is decided.
    pub route: Route,
    /// The tests of the route that were seen to reach it, sorted.
    pub reaching: Vec<usize>,
    /// Whether a process that cannot be joined may run its file.
    pub beyond: bool,
    /// What every verdict on it rests on beside tests; `None` for one that is not decided.
    ground: Option<[u8; 32]>,
}

impl Planned {
    /// The verdict of one that nobody wants tested.
    pub(super) fn suppressed(&self) -> Option<Verdict> {
        self.mutant.suppressed.clone().map(|rule| Verdict::Suppressed { rule })
    }

    /// The verdict when no test reaches it in a process that can be joined.
    pub(super) fn unreached(&self) -> Verdict {
        if let Some(verdict) = self.suppressed() {
            return verdict;
        }
        if self.beyond {
            Verdict::NotRun { reason: NotRunReason::OutOfReach }
        } else {
            Verdict::NoTests
        }
    }
}

/// How a mutant is decided. Tests are positions in the stored trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// By code swap, in forks of the warm process.
    Hot(Vec<usize>),
    /// By a fresh import.
    Cold(Vec<usize>),
    /// No test reaches it.
    Nobody,
}

impl Route {
    /// The tests that decide it.
    pub(super) fn tests(&self) -> &[usize] {
        match self {
            Self::Hot(tests) | Self::Cold(tests) => tests,
            Self::Nobody => &[],
        }
    }
}

/// What verdicts rest on for each test that decides any.
#[derive(Debug, Default)]
pub(super) struct Foundations {
    parts: HashMap<usize, [u8; 32]>,
    positions: HashMap<TestId, usize>,
}

impl Foundations {
    /// What a verdict on a mutant rests on. A kill is proved by its test alone, so it stands while
    /// that does; any other verdict needs all tests of the mutant.
    pub(super) fn basis(&self, planned: &Planned, verdict: &Verdict) -> Option<Basis> {
        let ground = planned.ground?;
        let tests = planned.route.tests();
        match verdict {
            Verdict::Killed { by } => {
                let killer = self.positions.get(by).filter(|test| tests.contains(test))?;
                Some(basis(ground, self.parts.get(killer).copied().into_iter()))
            }
            _ => Some(basis(ground, tests.iter().map(|test| self.parts[test]))),
        }
    }
}

/// The plan.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The functions in scope, nearest first.
    pub functions: Vec<ScopedFunctionReport>,
    /// Their mutants, nearest first.
    pub mutants: Vec<Planned>,
    /// What their verdicts rest on.
    pub foundations: Foundations,
    /// Comments in their files that do nothing.
    pub notices: Vec<Notice>,
}

/// Generates the mutants of the scope, or those of them that were `chosen`, and finds the tests of
/// each. Without an environment nothing is to be decided or looked up, and nobody asks what verdicts
/// rest on.
pub(super) fn plan(
    options: &Options,
    subject: &mut Subject,
    environment: Option<&Environment>,
    scoped: &[ScopedFunction],
    known: &Known,
    chosen: Option<&Chosen>,
) -> Result<Plan, LabError> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&ScopedFunction>> = BTreeMap::new();
    for function in scoped {
        by_file.entry(&function.function.path).or_default().push(function);
    }
    let mut router = Router::new(subject, known, environment);
    // With other limits, a runaway may come to another end.
    let limits = format!("{:?} {}", options.deadline, options.memory_limit);
    let file_numbers: HashMap<RepoPath, usize> =
        subject.files.keys().cloned().enumerate().map(|(number, path)| (path, number)).collect();
    let mut found: HashMap<FunctionKey, Vec<Planned>> = HashMap::new();
    let mut faults: Vec<(PragmaFault, String)> = Vec::new();
    for (path, functions) in by_file {
        let Some(module) = subject.module(path)? else { continue };
        let wanted: BTreeMap<&FunctionKey, &ScopedFunction> =
            functions.iter().map(|function| (&function.function, *function)).collect();
        let digest = ContentHash::of(module.source().bytes()).to_string();
        let of_file = mutate::pragma_faults(&module, &subject.selection).into_iter();
        faults.extend(of_file.map(|(line, fault)| (fault, format!("{path}:{line}"))));
        let in_scope = |key: &FunctionKey| wanted.contains_key(key);
        let beyond = known.trace.tests().iter().any(|test| test.summary.beyond.contains(path));
        for mutant in mutate::mutants(&module, &in_scope, &subject.selection) {
            let scoped = wanted[&mutant.function];
            if chosen.is_some_and(|chosen| !chosen.has(&mutant.id)) {
                continue;
            }
            let unasked = chosen.is_none();
            if unasked
                && options.scope == ScopeKind::Lines
                && !on_lines(&mutant, &scoped.changed_lines)
            {
                continue;
            }
            let body = subject.function(&mutant.function).is_some_and(|function| {
                matches!(function.kind, FunctionKind::Module | FunctionKind::Class)
            });
            let all = options.scope == ScopeKind::All;
            if unasked && body && !all && !concerns_statement(&module, &mutant, scoped) {
                continue;
            }
            let (route, reaching, ground) = match &mutant.suppressed {
                Some(_) => (Route::Nobody, Vec::new(), None),
                None => router.route(&mutant, &limits),
            };
            let file = file_numbers[path];
            found.entry(mutant.function.clone()).or_default().push(Planned {
                message: message(&module, &mutant, file, &digest),
                reasons: scoped.reasons.clone(),
                diff: mutate::unified_diff(&module, &mutant),
                on_changed_line: on_lines(&mutant, &scoped.changed_lines),
                mutant,
                route,
                reaching,
                beyond,
                ground,
            });
        }
    }
    let notices = pragma_notices(&faults);
    let mut plan = Plan { notices, foundations: router.foundations, ..Plan::default() };
    let mut later = Vec::new();
    // Where there is nothing to mutate, the changed functions are what is said of it.
    let is_bare = found.is_empty();
    for function in scoped {
        let is_told = is_bare && is_changed(&function.reasons) && !function.function.name.is_body();
        let mutants = found.remove(&function.function).unwrap_or_default();
        let lines = subject.function(&function.function).map(|function| function.lines);
        if let Some(lines) = lines
            && (is_told || !mutants.is_empty())
        {
            plan.functions.push(ScopedFunctionReport {
                function: function.function.clone(),
                lines,
                reasons: function.reasons.clone(),
                mutants: mutants.len(),
            });
        }
        for planned in mutants {
            if planned.on_changed_line {
                plan.mutants.push(planned);
            } else {
                later.push(planned);
            }
        }
    }
    // An import costs tens of times what a swap does, and a table of data has an import for each of
    // its entries: whoever ends early has seen more this way round.
    plan.mutants.sort_by_key(|planned| matches!(planned.route, Route::Cold(_)));
    plan.mutants.append(&mut later);
    Ok(plan)
}

/// What the reader should know of comments that do nothing.
fn pragma_notices(faults: &[(PragmaFault, String)]) -> Vec<Notice> {
    let of = |wanted: PragmaFault, code: &str, says: &str| {
        let places: Vec<&str> = faults
            .iter()
            .filter(|(fault, _)| *fault == wanted)
            .map(|(_, place)| place.as_str())
            .collect();
        (!places.is_empty()).then(|| Notice {
            code: code.into(),
            message: format!("{says}: {}", places.join(", ")),
        })
    };
    let unused = "comments that suppress no mutant (misspelt, a `skip-start` without its `skip-end`, or no \
                  longer needed)";
    let mute = "comments that suppress nothing, since they must say why";
    [
        of(PragmaFault::Unused, "unused_pragmas", unused),
        of(PragmaFault::NoReason, "pragmas_without_reason", mute),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the reasons for which a module or class body is in scope reach the statement of a
/// mutant. The statements of such a body do not depend on one another as those of a function do:
/// a changed constant puts no other constant in question.
fn concerns_statement(module: &Module, mutant: &Mutant, scoped: &ScopedFunction) -> bool {
    let (first, last) = mutant.statement_lines;
    let lines = LineRange { first, last };
    scoped.reasons.iter().any(|reason| match reason {
        Reason::Changed => scoped.changed_lines.iter().any(|range| range.overlaps(lines)),
        // A direct call names what it calls: the function, or the class that it makes.
        Reason::CallerOf { function, distance: 1, .. } => {
            let names: Vec<&str> = function.name.as_str().split(['.', '#']).collect();
            (first.get()..=last.get()).filter_map(LineNo::new).any(|line| {
                let text = module.source().line_text(line);
                text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| names.contains(&w))
            })
        }
        Reason::CallerOf { .. } | Reason::Asked => true,
        Reason::ImportsChangedModule { .. }
        | Reason::TiedToChangedFile { .. }
        | Reason::CoveredByChangedTest { .. } => false,
    })
}

fn on_lines(mutant: &Mutant, lines: &[LineRange]) -> bool {
    lines.iter().any(|range| range.overlaps(mutant.span.lines()))
}

fn message(module: &Module, mutant: &Mutant, file: usize, digest: &str) -> MutantMessage {
    let text = module.source().text();
    MutantMessage {
        file,
        start: mutant.text.start,
        end: mutant.text.end,
        text: mutant.replacement.clone(),
        digest: digest.to_owned(),
        unit: mutant.unit.as_ref().map(|unit| UnitMessage {
            text: format!(
                "{}{}{}",
                &text[unit.bytes.start..mutant.text.start],
                mutant.replacement,
                &text[mutant.text.end..unit.bytes.end]
            ),
            offset: mutant.text.start - unit.bytes.start,
            indent: unit.indent.clone(),
            name: unit.name.clone(),
            first_line: unit.first_line.get(),
            def_line: unit.def_line.get(),
            classes: unit.classes.clone(),
        }),
    }
}

/// The message of an original placed as if it were a mutant: what the self-check runs.
pub(super) fn unmutated(planned: &Planned) -> MutantMessage {
    let mut message = planned.message.clone();
    let original = &planned.mutant.original;
    if let Some(unit) = &mut message.unit {
        let end = unit.offset + message.text.len();
        unit.text.replace_range(unit.offset..end, original);
    }
    message.text.clone_from(original);
    message
}

struct Router<'k> {
    known: &'k Known,
    selection: Selection<'k>,
    digests: Digests,
    import_lines: &'k LineSet,
    /// Functions that were called before the first test.
    called_at_import: BTreeSet<&'k FunctionKey>,
    tests_by_file: BTreeMap<RepoPath, Vec<usize>>,
    homeless: Vec<usize>,
    importers: HashMap<RepoPath, Vec<usize>>,
    /// What verdicts rest on beside the tests' own records, where that is asked for.
    grounds: Option<(&'k Environment, Leading)>,
    foundations: Foundations,
}

impl<'k> Router<'k> {
    fn new(subject: &Subject, known: &'k Known, environment: Option<&'k Environment>) -> Self {
        let mut tests_by_file: BTreeMap<RepoPath, Vec<usize>> = BTreeMap::new();
        let mut homeless = Vec::new();
        for (number, test) in known.trace.tests().iter().enumerate() {
            match &test.summary.path {
                Some(path) => tests_by_file.entry(path.clone()).or_default().push(number),
                None => homeless.push(number),
            }
        }
        Self {
            known,
            selection: Selection::new(&known.trace, &known.graph),
            digests: match environment {
                Some(_) => known.digests(subject),
                None => Digests::of_imports(known.closures(subject)),
            },
            import_lines: &known.imports.lines,
            called_at_import: known.trace.import_edges().map(|(_, callee)| callee).collect(),
            tests_by_file,
            homeless,
            importers: HashMap::new(),
            grounds: environment.map(|environment| (environment, Leading::new(subject))),
            foundations: Foundations::default(),
        }
    }

    /// How a mutant is decided and what the verdict will rest on.
    fn route(&mut self, mutant: &Mutant, limits: &str) -> (Route, Vec<usize>, Option<[u8; 32]>) {
        let path = &mutant.function.path;
        let (first, last) = mutant.statement_lines;
        let lines = LineRange { first, last };
        let Deciding { reaching, hidden } = self.selection.tests_for(path, lines, &mutant.function);
        let mut tests = reaching.clone();
        tests.extend(hidden);
        tests.sort_unstable();
        let at_import = self
            .import_lines
            .get(path)
            .is_some_and(|reached| reached.iter().any(|line| lines.contains(*line)));
        // The statement that holds a lambda runs at import, the lambda itself maybe later.
        let at_import = at_import
            && (!is_lambda_body(mutant) || self.called_at_import.contains(&mutant.function));
        if at_import {
            tests.extend(self.tests_that_import(path));
            tests.sort_unstable();
            tests.dedup();
        }
        tests.retain(|&test| !self.known.trace.tests()[test].summary.outcome.is_failure());
        let route = if tests.is_empty() {
            Route::Nobody
        } else if at_import || mutant.unit.is_none() {
            Route::Cold(tests)
        } else {
            Route::Hot(tests)
        };
        let (tests, cold) = (route.tests(), matches!(route, Route::Cold(_)));
        let ground = self.grounds.as_mut().map(|(environment, leading)| {
            let foundations = &mut self.foundations;
            for &test in tests {
                if foundations.parts.contains_key(&test) {
                    continue;
                }
                let stored = &self.known.trace.tests()[test];
                let summary = &stored.summary;
                let roots = self.known.trace.entered(stored).chain(&summary.function);
                let may_run = leading.digest(roots, &summary.beyond, &mut self.digests);
                foundations.parts.insert(test, part(&summary.id, summary.digest, may_run));
                foundations.positions.insert(summary.id.clone(), test);
            }
            self.digests.ground(mutant, &environment.key, limits, cold)
        });
        (route, reaching, ground)
    }

    /// Tests whose files import a file, directly or not; all tests when no file is known to.
    fn tests_that_import(&mut self, path: &RepoPath) -> Vec<usize> {
        if let Some(known) = self.importers.get(path) {
            return known.clone();
        }
        let files = self.digests.importers_of(path, self.tests_by_file.keys());
        let mut tests: Vec<usize> =
            files.iter().flat_map(|file| &self.tests_by_file[file]).copied().collect();
        if tests.is_empty() {
            tests = (0..self.known.trace.tests().len()).collect();
        }
        tests.extend(&self.homeless);
        tests.sort_unstable();
        tests.dedup();
        self.importers.insert(path.clone(), tests.clone());
        tests
    }
}

fn is_lambda_body(mutant: &Mutant) -> bool {
    mutant.unit.as_ref().is_some_and(|unit| unit.name == "<lambda>")
}

/// Whether a function's own code is part of the change.
pub(super) fn is_changed(reasons: &Reasons) -> bool {
    reasons.iter().any(|reason| matches!(reason, Reason::Changed))
}

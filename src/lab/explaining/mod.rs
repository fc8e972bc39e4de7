//! `mutdiff explain`: why a function is in scope or not, and what its mutants' verdicts rest on.
//!
//! Invariant: asks what a run would ask, and starts no Python; nothing of the project is run, and
//! no run is waited for.

mod calls;
mod holding;
mod limits;
mod target;

use std::collections::BTreeSet;

use super::change::Change;
use super::environment::Environment;
use super::planning::{Foundations, Plan, Planned, Route, plan};
use super::running::known;
use super::scoping::{Known, Scoped, scope};
use super::showing;
use super::subject::Subject;
use super::{Events, LabError};
use crate::config::Options;
use crate::model::{
    ExplainedMutant, Explanation, FunctionKey, LatestVerdict, LineNo, LineRange, MutantId, Notice,
    Phase, Placing, Reason, Reasons, RestsOn, ScopeKind, ScopedFunction,
};
use holding::Holding;
use target::Target;

/// Explains what `name` means: see [`super::TargetError`] for what may be wrong with it.
///
/// # Errors
/// When the repository, its base or the store cannot be read, or nothing is called so.
pub fn explain(
    options: &Options,
    name: &str,
    events: &dyn Events,
) -> Result<Explanation, LabError> {
    events.phase(Phase::Plan, None);
    let (mut subject, mut store) = Subject::open_aside(options)?;
    let change = Change::find(options, &subject)?;
    let before = store.all_files()?;
    subject.load_functions(&mut store)?;
    subject.load_leads(&mut store)?;
    let last = store.last_report()?.and_then(|last| showing::read(&last.json).ok());
    let target = target::find(&mut subject, last.as_ref(), name)?;
    let environment = Environment::remembered(options, &subject, &store)?;
    let known = known(&subject, &store)?;
    let Scoped { functions: scoped, mut notices, .. } =
        scope(options, &mut subject, &change, &known)?;
    let mut explanation = empty(&subject, &target);
    if known.trace.tests().is_empty() {
        notices.push(Notice {
            code: "no_trace".into(),
            message:
                "no tests were traced here yet, so neither callers nor tests are known: a run \
                or mutdiff record finds them"
                    .into(),
        });
    }
    explanation.notices.extend(notices);
    let own = scoped.iter().find(|scoped| scoped.function == target.function);
    explanation.reasons = own.map_or(Vec::new(), |own| own.reasons.clone());
    if let Some(Reason::CallerOf { function, seen, .. }) =
        explanation.reasons.iter().find(|reason| matches!(reason, Reason::CallerOf { .. }))
    {
        explanation.calls =
            calls::path(&subject, &change, &known, &target.function, function, *seen);
        if !change.functions.contains_key(function) {
            let end = scoped.iter().find(|scoped| scoped.function == *function);
            explanation.end_reasons = end.map_or(Vec::new(), |end| end.reasons.clone());
        }
    }
    if own.is_none() {
        explanation.outside = outside(options, &subject, &change, &known, &target.function);
    }
    reach(&mut explanation, &known);
    if subject.is_code(&target.function.path) {
        let mut ids = BTreeSet::new();
        if let Some(own) = own {
            let own = std::slice::from_ref(own);
            let real = plan(options, &mut subject, None, own, &known, None)?;
            ids.extend(real.mutants.into_iter().map(|planned| planned.mutant.id));
        }
        let all = Options { scope: ScopeKind::All, ..options.clone() };
        let every = ScopedFunction {
            function: target.function.clone(),
            reasons: vec![Reason::Asked],
            changed_lines: Vec::new(),
        };
        let Plan { mutants: mut planned, foundations, .. } = plan(
            &all,
            &mut subject,
            environment.as_ref(),
            std::slice::from_ref(&every),
            &known,
            None,
        )?;
        planned.retain(|planned| is_asked_for(planned, &target));
        planned.sort_by_key(|planned| (planned.mutant.span.bytes.start, planned.mutant.id.clone()));
        let mut holding =
            Holding::new(&subject, &change, &known, &store, environment.as_ref(), &before)?;
        for planned in &planned {
            explanation.mutants.push(mutant(planned, &foundations, &ids, &known, &mut holding)?);
        }
        holding.name_limits(&all, &mut subject, &every, &mut explanation.mutants)?;
    }
    Ok(explanation)
}

fn empty(subject: &Subject, target: &Target) -> Explanation {
    let first = LineRange { first: LineNo::FIRST, last: LineNo::FIRST };
    let lines = subject.function(&target.function).map_or(first, |function| function.lines);
    Explanation {
        function: target.function.clone(),
        lines,
        line: target.line,
        base: subject.base.name.clone(),
        reasons: Reasons::new(),
        outside: Vec::new(),
        calls: Vec::new(),
        end_reasons: Reasons::new(),
        at_import: false,
        tests: Vec::new(),
        reach: Vec::new(),
        mutants: Vec::new(),
        notices: subject.notices(),
    }
}

fn is_asked_for(planned: &Planned, target: &Target) -> bool {
    let mutant = &planned.mutant;
    target.mutant.as_ref().is_none_or(|id| mutant.id == *id)
        && target.line.is_none_or(|line| mutant.span.lines().contains(line))
}

/// Why a function is not in scope.
fn outside(
    options: &Options,
    subject: &Subject,
    change: &Change,
    known: &Known,
    function: &FunctionKey,
) -> Vec<String> {
    if subject.is_test_file(&function.path) {
        return vec![format!("{} holds tests or what they use, and is not mutated", function.path)];
    }
    if !subject.is_code(&function.path) {
        return vec![format!("{} is no shipped code, and is not mutated", function.path)];
    }
    if let Some(pattern) = subject.roles().excluded(&function.path) {
        return vec![format!("{} is not mutated: `{pattern}` excludes it", function.path)];
    }
    let base = &subject.base.name;
    if change.is_empty(subject) {
        return vec![format!("no function and no test changed since {base}")];
    }
    let mut reasons = vec![format!("its own code is that of {base}")];
    match options.scope {
        ScopeKind::Lines | ScopeKind::Functions => {
            reasons.push(format!("--scope {} looks at changed code only", options.scope));
        }
        ScopeKind::Callers | ScopeKind::All => {
            let far = options.depth.map_or(String::new(), |n| format!(" in {n} calls or fewer"));
            let calls = if known.trace.tests().is_empty() {
                "no calls are known yet".to_owned()
            } else {
                format!("no test was seen to reach a changed function from it{far}")
            };
            reasons.push(calls);
            reasons.push("it uses no name of changed module or class code".to_owned());
            reasons.push("no changed, new, skipped or removed test enters it".to_owned());
        }
    }
    reasons
}

/// Who reaches the function, its lines, or the one line.
fn reach(explanation: &mut Explanation, known: &Known) {
    let function = &explanation.function;
    let path = &function.path;
    let only = |line| LineRange { first: line, last: line };
    let tests = match explanation.line {
        Some(line) => known.trace.tests_reaching(path, only(line)),
        None => known.trace.tests_entering(function),
    };
    let stored = known.trace.tests();
    explanation.tests = tests.iter().map(|&test| stored[test].summary.id.clone()).collect();
    let ran = known.imports.lines.get(path);
    explanation.at_import = match explanation.line {
        Some(line) => ran.is_some_and(|lines| lines.contains(&line)),
        None => {
            let is_body = function.name.as_str().ends_with('>');
            let called = known.trace.import_edges().any(|(_, callee)| callee == function);
            called || (is_body && ran.is_some())
        }
    };
    if explanation.line.is_some() {
        return;
    }
    let (first, last) = (explanation.lines.first.get(), explanation.lines.last.get());
    for line in (first..=last).filter_map(LineNo::new) {
        let count = known.trace.tests_reaching(path, only(line)).len();
        match explanation.reach.last_mut() {
            Some((range, known)) if *known == count => range.last = line,
            _ => explanation.reach.push((only(line), count)),
        }
    }
}

fn mutant(
    planned: &Planned,
    foundations: &Foundations,
    in_scope: &BTreeSet<MutantId>,
    known: &Known,
    holding: &mut Holding<'_>,
) -> Result<ExplainedMutant, LabError> {
    let route = match planned.route {
        Route::Hot(_) => Some(Placing::Hot),
        Route::Cold(_) => Some(Placing::Cold),
        Route::Nobody => None,
    };
    let tests = planned.route.tests();
    let entered: BTreeSet<&FunctionKey> =
        tests.iter().flat_map(|&test| known.trace.entered(&known.trace.tests()[test])).collect();
    let latest = holding.latest(&planned.mutant.id)?;
    let reuse = holding.reuse(planned, foundations, tests, latest.as_ref())?;
    let mutant = &planned.mutant;
    Ok(ExplainedMutant {
        id: mutant.id.clone(),
        operator: mutant.operator.clone(),
        lines: mutant.span.lines(),
        original: mutant.original.clone(),
        replacement: mutant.replacement.clone(),
        in_scope: in_scope.contains(&mutant.id),
        suppressed: mutant.suppressed.clone(),
        route,
        rests_on: RestsOn { tests: tests.len(), functions: entered.len() },
        latest: latest.map(|latest| LatestVerdict {
            verdict: latest.verdict,
            tests: latest.tests.len(),
            recorded_at: latest.recorded_at,
        }),
        reuse,
    })
}

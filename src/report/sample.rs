//! A hand-made report for tests, with every verdict and every kind of reason.
//!
//! Invariant: it changes with the model only; tests that need a variation change their own copy.

use crate::model::{
    ByteSpan, ChangeOfVerdict, Conclusion, Counts, DecidedMutant, DuplicateMutant, FailedTest,
    FunctionKey, Gate, LineNo, LineRange, MutantId, NotRunReason, Notice, OperatorId, Phase,
    PhaseTime, Position, QualName, REPORT_VERSION, Reason, Reasons, RepoPath, Report, ReportedCall,
    Revision, ScopeKind, ScopedFunctionReport, SkippedFile, SourceText, Span, TestChange, TestId,
    TestOutcome, Timings, Verdict,
};

/// A function of `shop/<file>.py`.
pub(crate) fn key(file: &str, name: &str) -> FunctionKey {
    FunctionKey::new(RepoPath::new(format!("shop/{file}.py")), QualName::new(name))
}

/// A 1-based line.
pub(crate) fn line(number: u32) -> LineNo {
    LineNo::new(number).expect("tests name lines from 1")
}

/// The lines `first` to `last`.
pub(crate) fn lines(first: u32, last: u32) -> LineRange {
    LineRange { first: line(first), last: line(last) }
}

/// A mutant that turns `original` into `replacement` on `number`, survived, by three tests.
pub(crate) fn mutant(function: &FunctionKey, number: u32, edit: (&str, &str)) -> DecidedMutant {
    let operator = OperatorId::new("comparison/boundary");
    let (original, replacement) = edit;
    let path = &function.path;
    let columns = u32::try_from(original.chars().count()).expect("short");
    DecidedMutant {
        id: MutantId::derive(function, &operator, number),
        function: function.clone(),
        operator,
        span: Span {
            bytes: ByteSpan { start: 100, end: 100 + original.len() },
            start: Position { line: line(number), column: 8 },
            end: Position { line: line(number), column: 8 + columns },
        },
        head_lines: Some(LineRange { first: line(number), last: line(number) }),
        original: original.to_owned(),
        replacement: replacement.to_owned(),
        diff: format!(
            "--- a/{path}\n+++ b/{path}\n@@ -{number},2 +{number},2 @@\n-    if n {original} 1:\n+    if n {replacement} 1:\n         return n\n"
        ),
        on_changed_line: true,
        minor: None,
        reasons: vec![Reason::Changed],
        verdict: Verdict::Survived,
        change: Some(ChangeOfVerdict::New),
        tests: ["test_small", "test_large", "test_none", "test_odd"].map(test).to_vec(),
        milliseconds: 12.5,
        reused: false,
    }
}

/// A test of the sample's suite.
pub(crate) fn test(name: &str) -> TestId {
    TestId::new(format!("tests/test_cart.py::{name}"))
}

fn function(key: FunctionKey, range: LineRange, reasons: Reasons) -> ScopedFunctionReport {
    ScopedFunctionReport { function: key, lines: range, reasons, mutants: 0 }
}

fn with(mut mutant: DecidedMutant, verdict: Verdict) -> DecidedMutant {
    mutant.change = None;
    mutant.verdict = verdict;
    mutant
}

fn mutants() -> Vec<DecidedMutant> {
    let (total, checkout, body) =
        (key("cart", "Cart.total"), key("till", "checkout"), key("cart", "<module>"));
    let no_tests = |number| DecidedMutant {
        tests: vec![],
        change: Some(ChangeOfVerdict::New),
        ..with(mutant(&total, number, ("True", "False")), Verdict::NoTests)
    };
    let mut all = vec![
        mutant(&total, 12, (">=", ">")),
        with(mutant(&total, 13, ("+", "-")), Verdict::Killed { by: test("test_small") }),
        no_tests(17),
        no_tests(18),
        no_tests(21),
        with(mutant(&total, 14, ("-= 1", "+= 1")), Verdict::Timeout { test: test("test_large") }),
        DecidedMutant {
            change: Some(ChangeOfVerdict::Known),
            reused: true,
            ..mutant(&checkout, 5, ("<", "<="))
        },
        with(mutant(&checkout, 6, ("0", "1")), Verdict::Equivalent),
        with(
            mutant(&checkout, 7, ("\"paid\"", "\"XXpaidXX\"")),
            Verdict::Suppressed { rule: "logging".into() },
        ),
        with(
            mutant(&body, 1, ("1", "2")),
            Verdict::Error { message: "the worker's pipe closed".into() },
        ),
        with(
            mutant(&body, 2, ("1", "2")),
            Verdict::Invalid { message: "'return' outside function".into() },
        ),
        with(mutant(&body, 3, ("1", "2")), Verdict::NotRun { reason: NotRunReason::Budget }),
    ];
    for mutant in &mut all {
        if mutant.function == checkout {
            mutant.reasons =
                vec![Reason::CallerOf { function: total.clone(), distance: 1, seen: true }];
        }
    }
    all
}

/// A failed run over three functions.
pub(crate) fn report() -> Report {
    let total = key("cart", "Cart.total");
    let caller = Reason::CallerOf { function: total.clone(), distance: 1, seen: true };
    let calls = vec![
        ReportedCall { caller: key("till", "checkout"), callee: total.clone(), seen: true },
        ReportedCall { caller: key("cart", "<module>"), callee: total.clone(), seen: false },
    ];
    let mut functions = vec![
        function(total, lines(10, 24), vec![Reason::Changed]),
        function(key("till", "checkout"), lines(3, 9), vec![caller]),
        function(
            key("cart", "<module>"),
            lines(1, 30),
            vec![
                Reason::ImportsChangedModule {
                    path: RepoPath::new("shop/rates.py"),
                    names: vec!["RATES".to_owned()],
                },
                Reason::CoveredByChangedTest { test: test("test_small"), how: TestChange::Changed },
                Reason::Asked,
            ],
        ),
    ];
    let mutants = mutants();
    for function in &mut functions {
        function.mutants = mutants.iter().filter(|m| m.function == function.function).count();
    }
    let duplicates = vec![DuplicateMutant {
        id: MutantId::from_text("00112233445566ff"),
        function: mutants[0].function.clone(),
        operator: OperatorId::new("every/comparison"),
        span: mutants[0].span,
        original: mutants[0].original.clone(),
        replacement: format!("({})", mutants[0].replacement),
        diff: mutants[0].diff.clone(),
        duplicate_of: mutants[0].id.clone(),
    }];
    let counts = Counts { duplicates: duplicates.len(), ..Counts::of(&mutants) };
    Report {
        version: REPORT_VERSION,
        mutdiff: "0.1.0".into(),
        base: Revision { name: "main".into(), commit: Some("1a2b3c4d5e6f".into()) },
        head: Revision { name: "working tree".into(), commit: None },
        pull_request_head: None,
        python: "3.13.0".into(),
        runner: "pytest".into(),
        part: None,
        scope: ScopeKind::Callers,
        gate: Gate::default(),
        conclusion: Conclusion::Failed,
        counts,
        score: counts.score(),
        functions,
        calls,
        mutants,
        duplicates,
        skipped_files: vec![SkippedFile {
            path: RepoPath::new("shop/old.py"),
            reason: "line 3 does not parse".into(),
            holds_change: false,
        }],
        failing_tests: vec![FailedTest {
            test: test("test_flaky"),
            outcome: TestOutcome::Failed,
            output: "def test_flaky():\n>   assert now() == 3\nE   assert 4 == 3\n".into(),
        }],
        notices: vec![Notice {
            code: "untied_files".into(),
            message: "poetry.lock changed, and no function can be tied to it; \
                      test it with --scope all"
                .into(),
        }],
        timings: timings(),
        sources: sources(),
    }
}

/// Files of thirty lines whose mutated places hold what the mutants replace.
fn sources() -> Vec<SourceText> {
    let mutants = mutants();
    let file = |name: &str| {
        let path = RepoPath::new(format!("shop/{name}.py"));
        let line = |number: u32| {
            let here = mutants.iter().find(|mutant| {
                mutant.function.path == path && mutant.span.start.line.get() == number
            });
            here.map_or_else(|| "pass\n".to_owned(), |m| format!("return {} x\n", m.original))
        };
        SourceText { text: (1..=30).map(line).collect(), path }
    };
    vec![file("cart"), file("till")]
}

fn timings() -> Timings {
    let phases = [
        (Phase::Plan, 12.0),
        (Phase::StartUp, 88.0),
        (Phase::Collection, 240.0),
        (Phase::Trace, 1100.0),
        (Phase::Mutants, 2500.0),
        (Phase::Fork, 400.0),
        (Phase::Swap, 100.0),
        (Phase::Tests, 3900.0),
        (Phase::Reap, 200.0),
        (Phase::Idle, 400.0),
        (Phase::Finish, 40.0),
    ];
    Timings {
        wall_milliseconds: 4000.0,
        phases: phases.map(|(phase, milliseconds)| PhaseTime { phase, milliseconds }).to_vec(),
        jobs: 2,
        collection: Some("2 of 9 files".into()),
    }
}

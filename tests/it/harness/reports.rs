//! Reports made from a few words, for tests that are not about how a run comes to them.
//!
//! Invariant: a mutant's id depends on its name in the description alone, so it is the same wherever
//! its line goes.

use std::collections::BTreeMap;

use mutdiff::model::{
    ByteSpan, ChangeOfVerdict, Conclusion, Counts, DecidedMutant, FunctionKey, LineNo, LineRange,
    MutantId, OperatorId, Position, QualName, Reason, RepoPath, Report, Revision, ScopeKind,
    ScopedFunctionReport, Span, TestId, Timings, Verdict,
};
use mutdiff::report::json;
use serde::Deserialize;
use serde_json::Value;

/// A mutant without its line and its verdict.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    pub(crate) path: String,
    pub(crate) function: String,
    /// Its line in the source, and the line in its place. `{line}` is the number.
    pub(crate) code: [String; 2],
    /// The changed function that it calls, if it is not in a changed one.
    #[serde(default)]
    pub(crate) calls: Option<String>,
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    /// So many of them, on lines that follow each other.
    #[serde(default)]
    pub(crate) times: Option<u32>,
}

/// A report with these verdicts: `{"survived": {"name": line}}`.
pub(crate) fn of(
    described: &BTreeMap<String, Described>,
    verdicts: &BTreeMap<String, BTreeMap<String, u32>>,
    conclusion: Option<&str>,
) -> Report {
    let mut mutants = Vec::new();
    for (word, lines) in verdicts {
        for (name, line) in lines {
            let mutant = described.get(name).unwrap_or_else(|| panic!("{name} is not described"));
            for number in 0..mutant.times.unwrap_or(1) {
                mutants.push(decided(name, mutant, word, line + number));
            }
        }
    }
    mutants.sort_by_key(|mutant| {
        (mutant.reasons != [Reason::Changed], mutant.function.clone(), mutant.span.start.line)
    });
    let counts = Counts::of(&mutants);
    let conclusion = match conclusion {
        Some(word) => serde_json::from_value(Value::from(word)).expect("a conclusion"),
        None if counts.survived + counts.no_tests > 0 => Conclusion::Failed,
        None => Conclusion::Passed,
    };
    Report {
        base: Revision { name: "main".into(), commit: Some("b".repeat(40)) },
        head: Revision { name: "working tree".into(), commit: None },
        scope: ScopeKind::Callers,
        conclusion,
        counts,
        score: counts.score(),
        functions: functions(&mutants),
        mutants,
        timings: Timings::default(),
        ..empty()
    }
}

/// What a run of nothing writes.
fn empty() -> Report {
    let text = serde_json::json!({
        "version": 1, "mutdiff": "0.1.0", "base": {"name": "", "commit": null},
        "head": {"name": "", "commit": null}, "python": "3.13.0", "runner": "pytest",
        "scope": "callers", "conclusion": "passed", "counts": Counts::default(), "score": null,
        "functions": [], "mutants": [], "skipped_files": [], "failing_tests": [], "notices": [],
        "timings": Timings::default(), "sources": [],
    });
    json::read(&text.to_string()).expect("the report has all of its keys")
}

fn functions(mutants: &[DecidedMutant]) -> Vec<ScopedFunctionReport> {
    let mut found: Vec<ScopedFunctionReport> = Vec::new();
    for mutant in mutants {
        let line = mutant.span.start.line;
        match found.iter_mut().find(|function| function.function == mutant.function) {
            Some(function) => {
                function.mutants += 1;
                function.lines.last = function.lines.last.max(line);
            }
            None => found.push(ScopedFunctionReport {
                function: mutant.function.clone(),
                lines: LineRange { first: line, last: line },
                reasons: mutant.reasons.clone(),
                mutants: 1,
            }),
        }
    }
    found
}

fn decided(name: &str, mutant: &Described, word: &str, number: u32) -> DecidedMutant {
    let function = FunctionKey::new(RepoPath::new(&mutant.path), QualName::new(&mutant.function));
    let line = LineNo::new(number).expect("lines count from 1");
    let ordinal = if mutant.times.is_some() { number } else { 0 };
    // A function takes few remarks of one operator.
    let operator = match &mutant.code[1] {
        _ if ordinal % 3 == 1 => "number/increment",
        new if ordinal % 3 == 2 || new.contains("None") => "return/none",
        new if ordinal > 0 || new.contains("+=") => "augmented/swap",
        _ => "comparison/boundary",
    };
    let operator = OperatorId::new(operator);
    let [old, new] = mutant.code.each_ref().map(|code| code.replace("{line}", &number.to_string()));
    let calls = |callee: &String| Reason::CallerOf {
        function: FunctionKey::new(RepoPath::new("shop/cart.py"), QualName::new(callee)),
        distance: 1,
        seen: true,
    };
    let change = match (word, &mutant.calls) {
        ("survived" | "no_tests", None) => Some(ChangeOfVerdict::New),
        ("survived" | "no_tests", Some(_)) => Some(ChangeOfVerdict::Regressed),
        _ => None,
    };
    let test = TestId::new("tests/test_cart.py::test_new");
    let tests: Vec<TestId> = mutant.tests.iter().map(TestId::new).collect();
    let path = &mutant.path;
    DecidedMutant {
        id: MutantId::derive(&function, &OperatorId::new(name), ordinal),
        operator,
        span: Span {
            bytes: ByteSpan { start: 0, end: old.len() },
            start: Position { line, column: 1 },
            end: Position { line, column: u32::try_from(old.chars().count()).expect("short") + 1 },
        },
        head_lines: Some(LineRange { first: line, last: line }),
        diff: format!("--- a/{path}\n+++ b/{path}\n@@ -{line},1 +{line},1 @@\n-{old}\n+{new}\n"),
        on_changed_line: true,
        minor: None,
        original: old.trim().to_owned(),
        replacement: new.trim().to_owned(),
        reasons: vec![mutant.calls.as_ref().map_or(Reason::Changed, calls)],
        verdict: match word {
            "survived" => Verdict::Survived,
            "no_tests" => Verdict::NoTests,
            "killed" => Verdict::Killed { by: test },
            "timeout" => Verdict::Timeout { test },
            other => panic!("no verdict {other}"),
        },
        change,
        tests,
        milliseconds: 1.0,
        reused: false,
        function,
    }
}

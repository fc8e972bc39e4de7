//! The public shape of the JSON report, apart from the model so that either may change alone.
//!
//! Invariant: every key is always written (`null` where there is nothing to say), in this order.

use serde::{Deserialize, Serialize};

use crate::model::{
    ChangeOfVerdict, Conclusion, Counts, DecidedMutant, DuplicateMutant, FailedTest, FunctionKey,
    Gate, LineRange, MutantId, NotRunReason, Notice, OperatorId, Part, PhaseTime, QualName, Reason,
    RepoPath, Report, ReportedCall, Revision, ScopeKind, ScopedFunctionReport, SkippedFile,
    SourceText, Span, TestId, Timings, Verdict,
};

/// The whole report.
#[derive(Serialize, Deserialize)]
pub(super) struct ReportView {
    version: u32,
    mutdiff: String,
    base: Revision,
    head: Revision,
    pull_request_head: Option<String>,
    python: String,
    runner: String,
    #[serde(default)]
    part: Option<Part>,
    scope: ScopeKind,
    #[serde(default)]
    gate: Gate,
    conclusion: Conclusion,
    counts: Counts,
    score: Option<f64>,
    functions: Vec<FunctionView>,
    #[serde(default)]
    calls: Vec<ReportedCall>,
    mutants: Vec<MutantView>,
    #[serde(default)]
    duplicates: Vec<DuplicateView>,
    skipped_files: Vec<SkippedFile>,
    failing_tests: Vec<FailedTest>,
    notices: Vec<Notice>,
    timings: Timings,
    #[serde(default)]
    sources: Vec<SourceText>,
}

#[derive(Serialize, Deserialize)]
struct FunctionView {
    path: RepoPath,
    function: QualName,
    lines: LineRange,
    reasons: Vec<ReasonView>,
    mutants: usize,
}

#[derive(Serialize, Deserialize)]
struct MutantView {
    id: MutantId,
    path: RepoPath,
    function: QualName,
    operator: OperatorId,
    span: Span,
    head_lines: Option<LineRange>,
    original: String,
    replacement: String,
    diff: String,
    #[serde(default)]
    on_changed_line: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minor: Option<String>,
    reasons: Vec<ReasonView>,
    verdict: VerdictWord,
    detail: Option<String>,
    change: Option<ChangeOfVerdict>,
    killed_by: Option<TestId>,
    tests: Vec<TestId>,
    milliseconds: f64,
    reused: bool,
}

/// A duplicate; its verdict is that of the mutant that was decided, which it is read back from.
#[derive(Serialize, Deserialize)]
struct DuplicateView {
    id: MutantId,
    path: RepoPath,
    function: QualName,
    operator: OperatorId,
    span: Span,
    original: String,
    replacement: String,
    diff: String,
    duplicate_of: MutantId,
    verdict: Option<VerdictWord>,
    killed_by: Option<TestId>,
}

impl DuplicateView {
    fn of(duplicate: &DuplicateMutant, report: &Report) -> Self {
        let decided = report.mutants.iter().find(|mutant| mutant.id == duplicate.duplicate_of);
        let verdict = decided.map(|mutant| split(&mutant.verdict));
        Self {
            id: duplicate.id.clone(),
            path: duplicate.function.path.clone(),
            function: duplicate.function.name.clone(),
            operator: duplicate.operator.clone(),
            span: duplicate.span,
            original: duplicate.original.clone(),
            replacement: duplicate.replacement.clone(),
            diff: duplicate.diff.clone(),
            duplicate_of: duplicate.duplicate_of.clone(),
            verdict: verdict.as_ref().map(|(word, _, _)| *word),
            killed_by: verdict.and_then(|(_, killer, _)| killer),
        }
    }
}

impl From<DuplicateView> for DuplicateMutant {
    fn from(view: DuplicateView) -> Self {
        Self {
            id: view.id,
            function: FunctionKey::new(view.path, view.function),
            operator: view.operator,
            span: view.span,
            original: view.original,
            replacement: view.replacement,
            diff: view.diff,
            duplicate_of: view.duplicate_of,
        }
    }
}

/// A reason as data, and as the words that other formats use.
#[derive(Serialize, Deserialize)]
pub(in crate::report) struct ReasonView {
    #[serde(flatten)]
    reason: Reason,
    text: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum VerdictWord {
    Killed,
    Survived,
    Timeout,
    NoTests,
    Equivalent,
    Suppressed,
    Invalid,
    NotRun,
    Error,
}

/// Reasons with their words.
pub(in crate::report) fn reasons(reasons: &[Reason]) -> Vec<ReasonView> {
    reasons.iter().map(|r| ReasonView { reason: r.clone(), text: r.to_string() }).collect()
}

fn bare(reasons: Vec<ReasonView>) -> Vec<Reason> {
    reasons.into_iter().map(|view| view.reason).collect()
}

/// Rounds to microseconds: finer digits are noise, and make two reports differ in vain.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1000.0).round() / 1000.0
}

fn rounded_timings(timings: &Timings) -> Timings {
    let phase = |time: &PhaseTime| PhaseTime {
        phase: time.phase,
        milliseconds: rounded(time.milliseconds),
    };
    Timings {
        wall_milliseconds: rounded(timings.wall_milliseconds),
        phases: timings.phases.iter().map(phase).collect(),
        jobs: timings.jobs,
        collection: timings.collection.clone(),
    }
}

/// A verdict as its word, its killer and its detail.
pub(in crate::report) fn split(verdict: &Verdict) -> (VerdictWord, Option<TestId>, Option<String>) {
    match verdict {
        Verdict::Killed { by } => (VerdictWord::Killed, Some(by.clone()), None),
        Verdict::Survived => (VerdictWord::Survived, None, None),
        Verdict::Timeout { test } => (VerdictWord::Timeout, None, Some(test.to_string())),
        Verdict::NoTests => (VerdictWord::NoTests, None, None),
        Verdict::Equivalent => (VerdictWord::Equivalent, None, None),
        Verdict::Suppressed { rule } => (VerdictWord::Suppressed, None, Some(rule.clone())),
        Verdict::Invalid { message } => (VerdictWord::Invalid, None, Some(message.clone())),
        Verdict::NotRun { reason } => (VerdictWord::NotRun, None, Some(reason.to_string())),
        Verdict::Error { message } => (VerdictWord::Error, None, Some(message.clone())),
    }
}

/// The other way round. A detail that is missing reads as an empty one.
fn joined(word: VerdictWord, killed_by: Option<TestId>, detail: Option<String>) -> Verdict {
    let detail = detail.unwrap_or_default();
    match word {
        VerdictWord::Killed => Verdict::Killed { by: killed_by.unwrap_or_else(|| TestId::new("")) },
        VerdictWord::Survived => Verdict::Survived,
        VerdictWord::Timeout => Verdict::Timeout { test: TestId::new(detail) },
        VerdictWord::NoTests => Verdict::NoTests,
        VerdictWord::Equivalent => Verdict::Equivalent,
        VerdictWord::Suppressed => Verdict::Suppressed { rule: detail },
        VerdictWord::Invalid => Verdict::Invalid { message: detail },
        VerdictWord::NotRun => Verdict::NotRun {
            reason: if detail == NotRunReason::Budget.to_string() {
                NotRunReason::Budget
            } else if detail == NotRunReason::OutOfReach.to_string() {
                NotRunReason::OutOfReach
            } else if detail == NotRunReason::NotAsked.to_string() {
                NotRunReason::NotAsked
            } else {
                NotRunReason::Interrupted
            },
        },
        VerdictWord::Error => Verdict::Error { message: detail },
    }
}

impl From<&Report> for ReportView {
    fn from(report: &Report) -> Self {
        Self {
            version: report.version,
            mutdiff: report.mutdiff.clone(),
            base: report.base.clone(),
            head: report.head.clone(),
            pull_request_head: report.pull_request_head.clone(),
            python: report.python.clone(),
            runner: report.runner.clone(),
            part: report.part.clone(),
            scope: report.scope,
            gate: report.gate,
            conclusion: report.conclusion,
            counts: report.counts,
            score: report.score,
            functions: report.functions.iter().map(FunctionView::from).collect(),
            calls: report.calls.clone(),
            mutants: report.mutants.iter().map(MutantView::from).collect(),
            duplicates: report.duplicates.iter().map(|d| DuplicateView::of(d, report)).collect(),
            skipped_files: report.skipped_files.clone(),
            failing_tests: report.failing_tests.clone(),
            notices: report.notices.clone(),
            timings: rounded_timings(&report.timings),
            sources: report.sources.clone(),
        }
    }
}

impl From<ReportView> for Report {
    fn from(view: ReportView) -> Self {
        Self {
            version: view.version,
            mutdiff: view.mutdiff,
            base: view.base,
            head: view.head,
            pull_request_head: view.pull_request_head,
            python: view.python,
            runner: view.runner,
            part: view.part,
            scope: view.scope,
            gate: view.gate,
            conclusion: view.conclusion,
            counts: view.counts,
            score: view.score,
            functions: view.functions.into_iter().map(ScopedFunctionReport::from).collect(),
            calls: view.calls,
            mutants: view.mutants.into_iter().map(DecidedMutant::from).collect(),
            duplicates: view.duplicates.into_iter().map(DuplicateMutant::from).collect(),
            skipped_files: view.skipped_files,
            failing_tests: view.failing_tests,
            notices: view.notices,
            timings: view.timings,
            sources: view.sources,
        }
    }
}

impl From<&ScopedFunctionReport> for FunctionView {
    fn from(function: &ScopedFunctionReport) -> Self {
        Self {
            path: function.function.path.clone(),
            function: function.function.name.clone(),
            lines: function.lines,
            reasons: reasons(&function.reasons),
            mutants: function.mutants,
        }
    }
}

impl From<FunctionView> for ScopedFunctionReport {
    fn from(view: FunctionView) -> Self {
        Self {
            function: FunctionKey::new(view.path, view.function),
            lines: view.lines,
            reasons: bare(view.reasons),
            mutants: view.mutants,
        }
    }
}

impl From<&DecidedMutant> for MutantView {
    fn from(mutant: &DecidedMutant) -> Self {
        let (verdict, killed_by, detail) = split(&mutant.verdict);
        Self {
            id: mutant.id.clone(),
            path: mutant.function.path.clone(),
            function: mutant.function.name.clone(),
            operator: mutant.operator.clone(),
            span: mutant.span,
            head_lines: mutant.head_lines,
            original: mutant.original.clone(),
            replacement: mutant.replacement.clone(),
            diff: mutant.diff.clone(),
            on_changed_line: mutant.on_changed_line,
            minor: mutant.minor.clone(),
            reasons: reasons(&mutant.reasons),
            verdict,
            detail,
            change: mutant.change,
            killed_by,
            tests: mutant.tests.clone(),
            milliseconds: rounded(mutant.milliseconds),
            reused: mutant.reused,
        }
    }
}

impl From<MutantView> for DecidedMutant {
    fn from(view: MutantView) -> Self {
        Self {
            id: view.id,
            function: FunctionKey::new(view.path, view.function),
            operator: view.operator,
            span: view.span,
            head_lines: view.head_lines,
            original: view.original,
            replacement: view.replacement,
            diff: view.diff,
            on_changed_line: view.on_changed_line,
            minor: view.minor,
            reasons: bare(view.reasons),
            verdict: joined(view.verdict, view.killed_by, view.detail),
            change: view.change,
            tests: view.tests,
            milliseconds: view.milliseconds,
            reused: view.reused,
        }
    }
}

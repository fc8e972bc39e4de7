//! The report: one value, built once at the end of a run; every format is a pure function of it.
//!
//! Invariant: it holds all that any format shows, so that a saved report renders as a live one.

use serde::{Deserialize, Serialize};

use super::{
    ChangeOfVerdict, FailedTest, FunctionKey, Gate, GateKind, LineRange, MutantId, OperatorId,
    Part, Reasons, RepoPath, ScopeKind, Span, TestId, Verdict,
};

/// Version of the JSON report. Changelog: 1 = first; `calls` and `part` came later, and read as none
/// where they are missing.
pub const REPORT_VERSION: u32 = 1;

/// All that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`] of the writer.
    pub version: u32,
    /// mutdiff's own version.
    pub mutdiff: String,
    /// What the change is measured against.
    pub base: Revision,
    /// What is tested.
    pub head: Revision,
    /// The commit of the pull request's own head, where what is tested is its merge with the base.
    pub pull_request_head: Option<String>,
    /// The interpreter (`3.13.0`), empty when none was started and none is known.
    pub python: String,
    /// `pytest` or `unittest`.
    pub runner: String,
    /// What part of a run it is of; `None` for a whole one.
    #[serde(default)]
    pub part: Option<Part>,
    /// How far the run looked.
    pub scope: ScopeKind,
    /// What makes it fail.
    #[serde(default)]
    pub gate: Gate,
    /// How the run ended.
    pub conclusion: Conclusion,
    /// Verdicts counted.
    pub counts: Counts,
    /// `killed / (killed + survived + no tests)`, `None` when that is 0 / 0.
    pub score: Option<f64>,
    /// The functions in scope, nearest to the change first.
    pub functions: Vec<ScopedFunctionReport>,
    /// The calls between functions in scope, those without mutants too.
    #[serde(default)]
    pub calls: Vec<ReportedCall>,
    /// Every mutant of the scope, nearest to the change first.
    pub mutants: Vec<DecidedMutant>,
    /// Mutants that compile to the same code as one of those, and count with it.
    #[serde(default)]
    pub duplicates: Vec<DuplicateMutant>,
    /// Files that were left out, with why.
    pub skipped_files: Vec<SkippedFile>,
    /// Tests that fail without a mutant.
    pub failing_tests: Vec<FailedTest>,
    /// Things that the reader should know.
    pub notices: Vec<Notice>,
    /// Where the time went.
    pub timings: Timings,
    /// The files that hold mutants, as they were tested; empty unless a format asked for them.
    #[serde(default)]
    pub sources: Vec<SourceText>,
}

/// A file that holds mutants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// The file.
    pub path: RepoPath,
    /// Its text, each line ending with `\n`.
    pub text: String,
}

/// One side of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// As asked for (`main`, `working tree`, …).
    pub name: String,
    /// The commit; `None` for the working tree.
    pub commit: Option<String>,
}

/// How a run ended. Each has its own message and, in `cli`, its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The gate passed: every mutant that counts was noticed.
    Passed,
    /// The change holds nothing to mutate.
    NothingToTest,
    /// The gate failed: mutants that count survived, or are reached by no test.
    Failed,
    /// Tests fail without a mutant.
    TestsFail,
    /// There were mutants and none could be decided.
    NothingDecided,
    /// The run was interrupted; verdicts so far are kept.
    Interrupted,
    /// The plan only (`--list`).
    Listed,
}

impl Conclusion {
    /// The conclusion that verdicts lead to, and changes that there can be no verdict on.
    pub fn of(
        gate: Gate,
        counts: &Counts,
        mutants: &[DecidedMutant],
        skipped: &[SkippedFile],
    ) -> Self {
        let undecided = counts.error + counts.not_run;
        let unread = skipped.iter().any(|file| file.holds_change);
        if counts.mutants == 0 && unread {
            Self::NothingDecided
        } else if counts.mutants == 0 {
            Self::NothingToTest
        } else if counts.mutants == undecided {
            Self::NothingDecided
        } else if gate.fails(counts, mutants) || (unread && gate.kind != GateKind::None) {
            Self::Failed
        } else {
            Self::Passed
        }
    }
}

/// Verdicts counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All mutants of the scope.
    pub mutants: usize,
    /// Noticed by a test.
    pub killed: usize,
    /// Noticed by none.
    pub survived: usize,
    /// A test did not end.
    pub timeout: usize,
    /// Reached by none.
    pub no_tests: usize,
    /// The same code as the original.
    pub equivalent: usize,
    /// Suppressed by a rule.
    pub suppressed: usize,
    /// No valid Python.
    pub invalid: usize,
    /// Not run.
    pub not_run: usize,
    /// mutdiff's own faults.
    pub error: usize,
    /// How many of them all were decided by an earlier run and still hold.
    pub reused: usize,
    /// Mutants beside these that compile to the same code as one of them.
    #[serde(default)]
    pub duplicates: usize,
}

impl Counts {
    /// Counts the verdicts of `mutants`.
    pub fn of<'a>(mutants: impl IntoIterator<Item = &'a DecidedMutant>) -> Self {
        let mut counts = Self::default();
        for mutant in mutants {
            counts.mutants += 1;
            counts.reused += usize::from(mutant.reused);
            *match &mutant.verdict {
                Verdict::Killed { .. } => &mut counts.killed,
                Verdict::Survived => &mut counts.survived,
                Verdict::Timeout { .. } => &mut counts.timeout,
                Verdict::NoTests => &mut counts.no_tests,
                Verdict::Equivalent => &mut counts.equivalent,
                Verdict::Suppressed { .. } => &mut counts.suppressed,
                Verdict::Invalid { .. } => &mut counts.invalid,
                Verdict::NotRun { .. } => &mut counts.not_run,
                Verdict::Error { .. } => &mut counts.error,
            } += 1;
        }
        counts
    }

    /// The share of the mutants that count which a test noticed; `None` when none counts.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn score(&self) -> Option<f64> {
        let counted = self.killed + self.survived + self.no_tests;
        (counted > 0).then(|| self.killed as f64 / counted as f64)
    }
}

/// A function in scope, as reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopedFunctionReport {
    /// The function.
    #[serde(flatten)]
    pub function: FunctionKey,
    /// Its lines.
    pub lines: LineRange,
    /// Why it is in scope, nearest first.
    pub reasons: Reasons,
    /// How many mutants it has.
    pub mutants: usize,
}

/// A call between two functions in scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportedCall {
    /// Who calls.
    pub caller: FunctionKey,
    /// Who is called.
    pub callee: FunctionKey,
    /// Whether a test was seen to make it; otherwise the caller's text mentions the callee, and no
    /// test reaches the caller.
    pub seen: bool,
}

/// A mutant and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedMutant {
    /// Its id.
    pub id: MutantId,
    /// The function that it changes.
    pub function: FunctionKey,
    /// The operator that yields it.
    pub operator: OperatorId,
    /// What is replaced.
    pub span: Span,
    /// The lines of the span in the pull request's own head; `None` where none is known, and where
    /// the lines are others there.
    pub head_lines: Option<LineRange>,
    /// The text of the span.
    pub original: String,
    /// The text in its place.
    pub replacement: String,
    /// A unified diff of the function, as `git apply` takes it.
    pub diff: String,
    /// Whether it is on lines that the change touches.
    #[serde(default)]
    pub on_changed_line: bool,
    /// The rule by which reviews do not tell of it.
    #[serde(default)]
    pub minor: Option<String>,
    /// Why it is in scope, nearest first.
    pub reasons: Reasons,
    /// What became of it.
    pub verdict: Verdict,
    /// Against the base; `None` where nothing is to be said.
    pub change: Option<ChangeOfVerdict>,
    /// The tests that ran with it, in that order.
    pub tests: Vec<TestId>,
    /// Wall time of its runs.
    pub milliseconds: f64,
    /// Whether the verdict comes from an earlier run.
    pub reused: bool,
}

/// A mutant that compiles to the same code as another of its function, and has that one's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateMutant {
    /// Its id.
    pub id: MutantId,
    /// The function that it changes.
    pub function: FunctionKey,
    /// The operator that yields it.
    pub operator: OperatorId,
    /// What is replaced.
    pub span: Span,
    /// The text of the span.
    pub original: String,
    /// The text in its place.
    pub replacement: String,
    /// A unified diff of the function, as `git apply` takes it.
    pub diff: String,
    /// The mutant that was decided.
    pub duplicate_of: MutantId,
}

impl Report {
    /// The mutant that a duplicate is one of, with the duplicate's own text and place.
    pub fn as_mutant(&self, duplicate: &DuplicateMutant) -> Option<DecidedMutant> {
        let decided = self.mutants.iter().find(|mutant| mutant.id == duplicate.duplicate_of)?;
        Some(DecidedMutant {
            id: duplicate.id.clone(),
            function: duplicate.function.clone(),
            operator: duplicate.operator.clone(),
            span: duplicate.span,
            head_lines: None,
            original: duplicate.original.clone(),
            replacement: duplicate.replacement.clone(),
            diff: duplicate.diff.clone(),
            ..decided.clone()
        })
    }

    /// Every mutant, the duplicates behind the others.
    pub fn all_mutants(&self) -> Vec<DecidedMutant> {
        let duplicates = self.duplicates.iter().filter_map(|duplicate| self.as_mutant(duplicate));
        self.mutants.iter().cloned().chain(duplicates).collect()
    }
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// The file.
    pub path: RepoPath,
    /// Why.
    pub reason: String,
    /// Whether it holds changed code that Python can run: no gate can say anything of that.
    #[serde(default)]
    pub holds_change: bool,
}

/// Something that the reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A stable word for it (`no_merge_base`, `untied_files`, …).
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// Where the wall time of a run went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// From the start of the program to the report, in milliseconds.
    pub wall_milliseconds: f64,
    /// Phases, in the order in which they ran. Phases inside [`Phase::Mutants`] are summed over
    /// the jobs, so together they make `jobs` times its wall time.
    pub phases: Vec<PhaseTime>,
    /// Jobs that ran side by side.
    pub jobs: usize,
    /// What was collected to bring the trace up to date, as in `2 of 9 files`, or why all of it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
}

/// The time of one phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// Which.
    pub phase: Phase,
    /// How long.
    pub milliseconds: f64,
}

/// A phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Diff, parsing, store: all before Python starts.
    Plan,
    /// Interpreter and runner start.
    StartUp,
    /// Imports and collection.
    Collection,
    /// Tracing the tests.
    Trace,
    /// Deciding mutants, as wall time.
    Mutants,
    /// Of the mutants' time: forking.
    Fork,
    /// Of the mutants' time: compiling and swapping code.
    Swap,
    /// Of the mutants' time: running tests.
    Tests,
    /// Of the mutants' time: exits and reaping.
    Reap,
    /// Of the mutants' time: jobs without work, and messages.
    Idle,
    /// Writing the store and the report.
    Finish,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_is_not_counted_as_killed() {
        let counts = Counts { mutants: 3, killed: 1, timeout: 1, survived: 1, ..Counts::default() };
        assert_eq!(counts.score(), Some(0.5));
    }

    #[test]
    fn nothing_that_counts_has_no_score() {
        assert_eq!(Counts { mutants: 2, timeout: 2, ..Counts::default() }.score(), None);
    }
}

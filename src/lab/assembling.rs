//! The report, from what was planned and decided.
//!
//! Invariant: every planned mutant is in the report with a verdict; the conclusion follows from
//! the verdicts alone.

use std::collections::BTreeMap;

use super::against::AgainstBase;
use super::change::Change;
use super::clock::Clock;
use super::deciding::Decision;
use super::planning::Planned;
use super::subject::Subject;
use crate::config::Options;
use crate::git::{Head, LineMap};
use crate::model::{
    Conclusion, Counts, DecidedMutant, DuplicateMutant, FailedTest, Gate, GateKind, NotRunReason,
    Notice, Part, REPORT_VERSION, RepoPath, Report, ReportedCall, Revision, ScopedFunctionReport,
    TestId, Verdict,
};

/// A mutant with what became of it.
pub(super) fn decided(
    planned: &Planned,
    decision: &Decision,
    reused: bool,
    against: &AgainstBase,
) -> DecidedMutant {
    let mutant = &planned.mutant;
    DecidedMutant {
        id: mutant.id.clone(),
        function: mutant.function.clone(),
        operator: mutant.operator.clone(),
        span: mutant.span,
        head_lines: None,
        original: mutant.original.clone(),
        replacement: mutant.replacement.clone(),
        diff: planned.diff.clone(),
        on_changed_line: planned.on_changed_line,
        minor: mutant.minor.clone(),
        reasons: planned.reasons.clone(),
        verdict: decision.verdict.clone(),
        change: against.compare(planned, &decision.verdict),
        tests: decision.tests.clone(),
        milliseconds: decision.milliseconds,
        reused,
    }
}

/// What stands for a mutant that had no turn.
pub(super) fn not_run(reason: NotRunReason) -> Decision {
    Decision {
        verdict: Verdict::NotRun { reason },
        tests: Vec::new(),
        milliseconds: 0.0,
        flaky: Vec::new(),
        code: None,
    }
}

/// What a report is made of, beside what the subject knows.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The interpreter's version.
    pub python: String,
    /// The runner's name.
    pub runner: String,
    /// Functions in scope.
    pub functions: Vec<ScopedFunctionReport>,
    /// Calls between them.
    pub calls: Vec<ReportedCall>,
    /// Mutants.
    pub mutants: Vec<DecidedMutant>,
    /// Mutants that are reported under one of those.
    pub duplicates: Vec<DuplicateMutant>,
    /// Tests that fail without a mutant.
    pub failing: Vec<FailedTest>,
    /// Tests that failed with a mutant and without it alike.
    pub flaky: Vec<TestId>,
    /// Tests that start Python processes which cannot be joined.
    pub beyond: Vec<TestId>,
    /// Changed files that mutdiff cannot read and Python can.
    pub unread: Vec<RepoPath>,
    /// Further notices.
    pub notices: Vec<Notice>,
    /// What part of the run was done.
    pub part: Option<Part>,
    /// A conclusion that does not follow from verdicts.
    pub conclusion: Option<Conclusion>,
}

/// Builds the report.
pub(super) fn report(
    options: &Options,
    subject: &Subject,
    change: &Change,
    mut parts: Parts,
    clock: &mut Clock,
) -> Report {
    place_in_head(subject, &mut parts.mutants);
    let counts = Counts { duplicates: parts.duplicates.len(), ..Counts::of(&parts.mutants) };
    let mut skipped_files = change.skipped.clone();
    for skipped in &subject.skipped {
        if skipped_files.iter().all(|known| known.path != skipped.path) {
            skipped_files.push(skipped.clone());
        }
    }
    for skipped in &mut skipped_files {
        skipped.holds_change = parts.unread.contains(&skipped.path);
    }
    let mut notices = subject.notices();
    notices.extend(change.notices(subject));
    notices.extend(out_of_reach(&parts));
    notices.extend(parts.notices);
    if !parts.flaky.is_empty() {
        let names: Vec<&str> = parts.flaky.iter().map(TestId::as_str).collect();
        notices.push(Notice {
            code: "flaky_tests".into(),
            message: format!(
                "these tests also fail without a mutant when run alone, now and then or always, \
                 and killed nothing: {}",
                names.join(", ")
            ),
        });
    }
    // A score is one of all mutants: what a shard has of them tells nothing.
    let gate = match (&parts.part, options.gate.kind) {
        (Some(Part::Shard(_)), GateKind::Score(_)) => {
            notices.push(Notice {
                code: "gate_of_a_shard".into(),
                message: "a score is that of all shards: mutdiff merge judges it".into(),
            });
            Gate { kind: GateKind::Score(0.0), ..options.gate }
        }
        _ => options.gate,
    };
    let conclusion = parts
        .conclusion
        .unwrap_or_else(|| Conclusion::of(gate, &counts, &parts.mutants, &skipped_files));
    Report {
        version: REPORT_VERSION,
        mutdiff: env!("CARGO_PKG_VERSION").to_owned(),
        base: Revision {
            name: subject.base.name.clone(),
            commit: Some(subject.base.merge_base.clone()),
        },
        head: match &subject.head {
            Head::WorkingTree => Revision { name: "working tree".into(), commit: None },
            Head::Commit(commit) => Revision {
                name: options.head.clone().unwrap_or_else(|| commit.clone()),
                commit: Some(commit.clone()),
            },
        },
        pull_request_head: subject.base.pull_request_head.clone(),
        python: parts.python,
        runner: parts.runner,
        part: parts.part,
        scope: options.scope,
        gate: options.gate,
        conclusion,
        counts,
        score: counts.score(),
        functions: parts.functions,
        calls: parts.calls,
        mutants: parts.mutants,
        duplicates: parts.duplicates,
        skipped_files,
        failing_tests: parts.failing,
        notices,
        timings: clock.timings(options.jobs.get()),
        sources: Vec::new(),
    }
    .sealed()
}

/// Finds the mutants' lines in the pull request's own head, where its merge is tested.
fn place_in_head(subject: &Subject, mutants: &mut [DecidedMutant]) {
    let Some(commit) = &subject.base.pull_request_head else { return };
    let mut maps: BTreeMap<RepoPath, Option<LineMap>> = BTreeMap::new();
    for mutant in mutants {
        let path = &mutant.function.path;
        let map = maps.entry(path.clone()).or_insert_with(|| {
            // A file that cannot be read has no lines to be placed; its mutants say so already.
            let tested = subject.repository.read(&subject.head, path).ok()??;
            subject.repository.lines_at(commit, path, &tested).ok()?
        });
        mutant.head_lines = map.as_ref().and_then(|map| map.range(mutant.span.lines()));
    }
}

/// Why mutants were not run that no test reaches where mutdiff can see it.
fn out_of_reach(parts: &Parts) -> Option<Notice> {
    let reason = NotRunReason::OutOfReach;
    let verdict = Verdict::NotRun { reason };
    let is_there = parts.mutants.iter().any(|mutant| mutant.verdict == verdict);
    let names: Vec<&str> = parts.beyond.iter().map(TestId::as_str).collect();
    is_there.then(|| Notice {
        code: "out_of_reach".into(),
        message: format!(
            "mutants are not run that only python processes started with -I, -S or -E may reach; \
             such a process takes no mutant along. They are started by {}",
            names.join(", ")
        ),
    })
}

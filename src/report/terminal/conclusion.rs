//! The last lines: counts, score, time, and how the run ended.
//!
//! Invariant: each [`Conclusion`] has its own message; none can be taken for another.

use crate::model::{
    ChangeOfVerdict, Conclusion, Counts, GateKind, NotRunReason, Notice, Part, Report, Verdict,
};

use super::page::{Page, Role};
use crate::report::prose::{NO_BREAK, count, duration, listed, percent, percent_below};

/// `20 killed, 2 survived, 1 no tests`: what is there, most wanted first. For prose: a number and
/// its word stay on one line.
pub(super) fn breakdown(counts: &Counts) -> String {
    let parts = [
        (counts.killed, "killed"),
        (counts.survived, "survived"),
        (counts.no_tests, "no tests"),
        (counts.timeout, "timeout"),
        (counts.equivalent, "equivalent"),
        (counts.suppressed, "suppressed"),
        (counts.invalid, "invalid"),
        (counts.error, "error"),
        (counts.not_run, "not run"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n}{NO_BREAK}{}", word.replace(' ', &NO_BREAK.to_string())))
        .collect();
    words.join(", ")
}

/// Counts, score and time on a line; then how it ended.
pub(super) fn summary(page: &mut Page<'_>, report: &Report) {
    let counts = &report.counts;
    if counts.mutants > 0 {
        let mut text = format!(
            "{} in {}",
            count(counts.mutants, "mutant"),
            count(report.functions.len(), "function")
        );
        if report.conclusion != Conclusion::Listed {
            text = format!("{text}: {}", breakdown(counts));
            if let Some(score) = report.score {
                let score = percent(score).replace(' ', &NO_BREAK.to_string());
                text = format!("{text} · score{NO_BREAK}{score}");
            }
            match counts.reused {
                0 => {}
                all if all + counts.suppressed == counts.mutants => {
                    text.push_str(" · all kept from an earlier run, nothing decided anew");
                }
                some => text = format!("{text} · {some}{NO_BREAK}kept from an earlier run"),
            }
            if counts.duplicates > 0 {
                let duplicates = count(counts.duplicates, "duplicate").replace(' ', "\u{a0}");
                text = format!("{text} · {duplicates} folded");
            }
        }
        text = format!("{text} · {}", duration(report.timings.wall_milliseconds));
        page.prose(0, Role::Plain, &text);
    }
    let (role, word, sentence) = ending(report);
    let text = format!("{word}: {sentence}");
    page.prose(0, role, &text);
}

/// How the run ended, as a word and a sentence.
pub(in crate::report) fn headline(report: &Report) -> (&'static str, String) {
    let (_, word, sentence) = ending(report);
    (word, sentence.replace(NO_BREAK, " "))
}

/// The verdicts counted, in words.
pub(in crate::report) fn counted(counts: &Counts) -> String {
    breakdown(counts).replace(NO_BREAK, " ")
}

/// The role, the word and the sentence of a conclusion.
fn ending(report: &Report) -> (Role, &'static str, String) {
    let counts = &report.counts;
    match report.conclusion {
        Conclusion::Passed => (Role::Good, "passed", passed(report)),
        Conclusion::NothingToTest => (Role::Good, "nothing to test", nothing_to_test(report)),
        Conclusion::Failed => (Role::Bad, "failed", failed(report)),
        Conclusion::TestsFail => {
            let n = report.failing_tests.len();
            let fails = if n == 1 { "fails" } else { "fail" };
            let text = format!(
                "{} {fails} without a mutant, so no verdict would mean anything; \
                 mend the tests, or leave these out with --allow-failing",
                count(n, "test")
            );
            (Role::Bad, "tests fail", text)
        }
        Conclusion::NothingDecided => (Role::Bad, "nothing decided", nothing_decided(report)),
        Conclusion::Interrupted => {
            let decided = counts.mutants - counts.not_run;
            let text = format!(
                "{decided} of {} decided; these verdicts are kept, and the next run goes on \
                 from there",
                count(counts.mutants, "mutant")
            );
            (Role::Warning, "interrupted", text)
        }
        Conclusion::Listed => {
            (Role::Plain, "listed", "the plan only; nothing of the project was run".to_owned())
        }
    }
}

fn passed(report: &Report) -> String {
    let counts = &report.counts;
    let budget = Verdict::NotRun { reason: NotRunReason::Budget };
    if report.mutants.iter().any(|mutant| mutant.verdict == budget) {
        return format!("as the gate `{}` allows; {}", report.gate, left_out(report));
    }
    let counted = counts.killed + counts.survived + counts.no_tests;
    if counted == 0 {
        format!("no mutant counts ({})", breakdown(counts))
    } else if counts.killed == counted {
        format!(
            "all noticed: {} that count{}, each killed by a test",
            count(counted, "mutant"),
            if counted == 1 { "s" } else { "" }
        )
    } else {
        let unnoticed = count(counts.survived + counts.no_tests, "mutant");
        format!(
            "no mutant survives that the gate `{}` counts ({unnoticed} that no test notices do not)",
            report.gate
        )
    }
}

fn nothing_to_test(report: &Report) -> String {
    if let Some(Part::Shard(part)) = &report.part
        && part.mutants > 0
    {
        return format!(
            "none of the {} of the run falls to this shard",
            count(part.mutants, "mutant")
        );
    }
    let base = &report.base.name;
    if report.functions.is_empty() {
        let left_out =
            |notice: &Notice| matches!(notice.code.as_str(), "excluded_files" | "taken_for_tests");
        if report.notices.iter().any(left_out) {
            format!("the change since {base} touches code, and none that is mutated")
        } else {
            format!("the change since {base} touches no function of the project")
        }
    } else {
        format!(
            "the change since {base} touches {}, and the operators that are on find nothing in {} to \
             mutate",
            count(report.functions.len(), "function"),
            if report.functions.len() == 1 { "it" } else { "them" }
        )
    }
}

fn failed(report: &Report) -> String {
    let (gate, counts) = (report.gate, &report.counts);
    let mut against = Counts::default();
    let mut regressed = 0;
    for mutant in report.mutants.iter().filter(|mutant| gate.counts(mutant)) {
        regressed += usize::from(mutant.change == Some(ChangeOfVerdict::Regressed));
        match mutant.verdict {
            Verdict::Survived => against.survived += 1,
            Verdict::NoTests => against.no_tests += 1,
            _ => {}
        }
    }
    let mut parts = Vec::new();
    match against.survived {
        0 => {}
        1 => parts.push("1 mutant survived: a breakage that its tests do not notice".to_owned()),
        n => parts.push(format!("{n} mutants survived: breakages that their tests do not notice")),
    }
    match against.no_tests {
        0 => {}
        1 => parts.push("1 mutant is reached by no test".to_owned()),
        n => parts.push(format!("{n} mutants are reached by no test")),
    }
    if regressed > 0 {
        parts.push(format!("of these, the base's tests noticed {regressed}"));
    }
    if let GateKind::Score(least) = gate.kind
        && let Some(score) = report.score
        && gate.misses(counts)
    {
        let score = percent_below(score, least);
        parts.push(format!("the score is {score}, and at least {least} % is asked for"));
    }
    if gate.is_cut_short(&report.mutants) {
        parts.push(left_out(report));
    }
    parts.extend(unread(report));
    if parts.is_empty() {
        return format!("the gate does not hold ({})", breakdown(counts));
    }
    let text = parts.join("; ");
    let unnoticed = counts.survived + counts.no_tests;
    let rest = unnoticed.saturating_sub(against.survived + against.no_tests);
    match gate.kind {
        GateKind::New if rest > 0 => {
            let are = if rest == 1 { "is" } else { "are" };
            format!("{text} ({rest} more in code that did not change {are} not counted)")
        }
        _ => text,
    }
}

/// What the budget left for another run.
fn left_out(report: &Report) -> String {
    let budget = Verdict::NotRun { reason: NotRunReason::Budget };
    let n = report.mutants.iter().filter(|mutant| mutant.verdict == budget).count();
    let have = if n == 1 { "has" } else { "have" };
    format!(
        "the budget was spent: {} {have} not run, the next run goes on there",
        count(n, "mutant")
    )
}

/// Changes that there can be no verdict on.
fn unread(report: &Report) -> Option<String> {
    let n = report.skipped_files.iter().filter(|file| file.holds_change).count();
    (n > 0).then(|| format!("mutdiff cannot read {}, which Python can", count(n, "changed file")))
}

fn nothing_decided(report: &Report) -> String {
    let counts = &report.counts;
    if let (0, Some(unread)) = (counts.mutants, unread(report)) {
        return unread;
    }
    let mut why = Vec::new();
    if counts.error > 0 {
        why.push(format!("{} with errors (see above)", counts.error));
    }
    if counts.timeout > 0 {
        why.push(format!("{} by timeout", counts.timeout));
    }
    if counts.not_run > 0 {
        why.push(format!("{} not run", counts.not_run));
    }
    let of = count(counts.mutants, "mutant");
    if why.is_empty() {
        format!("there were {of}, and none could be decided")
    } else {
        format!("there were {of}, and none could be decided: {}", listed(&why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::terminal::{Style, Verbosity};

    fn last_line(conclusion: Conclusion, counts: Counts) -> String {
        let mut report = Report { conclusion, counts, ..sample::report() };
        if conclusion == Conclusion::Passed {
            report.mutants.clear();
        }
        let style = Style { width: 1000, verbosity: Verbosity::Quiet, ..Style::default() };
        let mut page = Page::new(&style);
        summary(&mut page, &report);
        let text = page.finish();
        text.lines().last().unwrap().to_owned()
    }

    #[test]
    fn every_conclusion_has_its_own_message() {
        let counts = sample::report().counts;
        let all = [
            last_line(Conclusion::Passed, Counts { mutants: 3, killed: 3, ..Counts::default() }),
            last_line(
                Conclusion::Passed,
                Counts { mutants: 1, equivalent: 1, ..Counts::default() },
            ),
            last_line(Conclusion::NothingToTest, Counts::default()),
            last_line(Conclusion::Failed, counts),
            last_line(Conclusion::TestsFail, Counts::default()),
            last_line(
                Conclusion::NothingDecided,
                Counts { mutants: 3, error: 2, timeout: 1, ..Counts::default() },
            ),
            last_line(Conclusion::Interrupted, counts),
            last_line(Conclusion::Listed, counts),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        passed: all noticed: 3 mutants that count, each killed by a test
        passed: no mutant counts (1 equivalent)
        nothing to test: the change since main touches 3 functions, and the operators that are on find nothing in them to mutate
        failed: 1 mutant survived: a breakage that its tests do not notice; 3 mutants are reached by no test; the budget was spent: 1 mutant has not run, the next run goes on there (1 more in code that did not change is not counted)
        tests fail: 1 test fails without a mutant, so no verdict would mean anything; mend the tests, or leave these out with --allow-failing
        nothing decided: there were 3 mutants, and none could be decided: 2 with errors (see above) and 1 by timeout
        interrupted: 11 of 12 mutants decided; these verdicts are kept, and the next run goes on from there
        listed: the plan only; nothing of the project was run
        ");
    }

    #[test]
    fn a_run_without_changes_says_that_nothing_was_decided() {
        let counts = Counts { mutants: 2, killed: 2, reused: 2, ..Counts::default() };
        let report = Report { conclusion: Conclusion::Passed, counts, ..sample::report() };
        let style = Style { width: 1000, ..Style::default() };
        let mut page = Page::new(&style);
        summary(&mut page, &report);
        assert!(page.finish().contains("all kept from an earlier run, nothing decided anew"));
    }

    #[test]
    fn a_breakdown_leaves_out_what_is_not_there() {
        let counts = Counts { killed: 2, no_tests: 1, ..Counts::default() };
        assert_eq!(breakdown(&counts).replace(NO_BREAK, " "), "2 killed, 1 no tests");
    }
}

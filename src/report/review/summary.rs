//! The summary: one comment of the conversation, edited in place.
//!
//! Invariant: it is a pure function of the report and of what is told elsewhere, so an unchanged
//! run leaves it alone.

use std::fmt::Write as _;

use super::markdown::{BODY, cell, joined, short_commit, span};
use super::reason::why_cell;
use super::remark::NAME;
use super::{marker, table};
use crate::model::{Conclusion, DecidedMutant, MutantId, Report, Verdict};

/// Functions that are listed.
const FUNCTIONS: usize = 40;
const FUNCTION_HEAD: &str =
    "| function | why | noticed | unnoticed | not reached |\n|---|---|---|---|---|\n";
/// Mutants that are listed.
const MUTANTS: usize = 50;

/// The text: what was found, by function, and the findings that stand nowhere else.
pub(super) fn body(
    report: &Report,
    commit: &str,
    said: &[MutantId],
    rest: &[&DecidedMutant],
) -> String {
    let tail = format!(
        "\n<sub>At {}, against {}, by mutdiff {}.</sub>\n",
        span(short_commit(commit), NAME),
        span(&report.base.name, NAME),
        span(&report.mutdiff, 20)
    );
    let text = marker::summary(said) + &text(report);
    if rest.is_empty() {
        return text + &tail;
    }
    let n = rest.len();
    let open = format!(
        "{text}\n<details><summary>{n} more that no remark is about</summary>\n\n{}",
        table::head()
    );
    let rows: Vec<String> =
        rest.iter().take(MUTANTS).map(|mutant| format!("| {} |\n", table::cells(mutant))).collect();
    let unlisted = if n > MUTANTS { format!("\n{} more.\n", n - MUTANTS) } else { String::new() };
    joined(&open, &rows, &format!("{unlisted}\n</details>\n{tail}"), BODY).0
}

/// What was found, in numbers and by function.
pub(super) fn text(report: &Report) -> String {
    let mut head = format!("### mutdiff: {}\n\n", headline(report));
    if let Some(sentence) = counted(report) {
        writeln!(head, "{sentence}\n").expect("a String takes all");
    }
    let functions = functions(report);
    if !functions.is_empty() {
        head.push_str(FUNCTION_HEAD);
    }
    joined(&head, &functions, "", BODY / 2).0.trim_end().to_owned() + "\n"
}

fn headline(report: &Report) -> String {
    let counts = &report.counts;
    let open = counts.survived + counts.no_tests;
    let all = counts.killed + open;
    match report.conclusion {
        Conclusion::NothingToTest => "nothing in this change to test".to_owned(),
        Conclusion::TestsFail => "the tests fail, so nothing was decided".to_owned(),
        Conclusion::NothingDecided => "nothing could be decided".to_owned(),
        Conclusion::Listed => "a plan only; nothing was run".to_owned(),
        Conclusion::Interrupted => {
            format!("interrupted; {open} of {all} small changes so far go unnoticed")
        }
        Conclusion::Passed | Conclusion::Failed if open == 0 => match all {
            0 => "no test was missed".to_owned(),
            _ => "the tests notice every small change".to_owned(),
        },
        Conclusion::Passed | Conclusion::Failed => {
            format!("{open} of {all} small changes go unnoticed")
        }
    }
}

fn counted(report: &Report) -> Option<String> {
    let counts = &report.counts;
    let parts: Vec<String> = [
        (counts.killed, "noticed by a test"),
        (counts.survived, "unnoticed"),
        (counts.no_tests, "reached by no test"),
        (counts.timeout, "without an end"),
        (counts.not_run, "not run"),
        (counts.error, "lost by mutdiff's own fault"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, words)| format!("{n} {words}"))
    .collect();
    (!parts.is_empty()).then(|| format!("What was tried: {}.", parts.join(", ")))
}

fn functions(report: &Report) -> Vec<String> {
    let row = |function: &crate::model::ScopedFunctionReport| {
        let of = report.mutants.iter().filter(|mutant| mutant.function == function.function);
        let (mut noticed, mut unnoticed, mut unreached) = (0, 0, 0);
        for mutant in of {
            match mutant.verdict {
                Verdict::Killed { .. } => noticed += 1,
                Verdict::Survived => unnoticed += 1,
                Verdict::NoTests => unreached += 1,
                _ => {}
            }
        }
        let key = &function.function;
        let why = why_cell(&function.reasons);
        format!(
            "| {} in {} | {why} | {noticed} | {unnoticed} | {unreached} |\n",
            cell(key.name.as_str(), NAME),
            cell(key.path.as_str(), NAME)
        )
    };
    let with_mutants = report.functions.iter().filter(|function| function.mutants > 0);
    let rows: Vec<String> = with_mutants.map(row).collect();
    let mut shown: Vec<String> = rows.iter().take(FUNCTIONS).cloned().collect();
    if rows.len() > shown.len() {
        shown.push(format!("\n{} more functions.\n", rows.len() - shown.len()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_summary_counts_by_function_and_lists_the_rest() {
        let report = sample::report();
        let said = [report.mutants[0].id.clone()];
        let text = body(&report, "0123456789abcdef0123", &said, &[&report.mutants[6]]);
        insta::assert_snapshot!(text, @r#"
        <!-- mutdiff:summary cb0156c49b145771 -->
        ### mutdiff: 5 of 6 small changes go unnoticed

        What was tried: 1 noticed by a test, 2 unnoticed, 3 reached by no test, 1 without an end, 1 not run, 1 lost by mutdiff's own fault.

        | function | why | noticed | unnoticed | not reached |
        |---|---|---|---|---|
        | `Cart.total` in `shop/cart.py` | changed here | 1 | 1 | 3 |
        | `checkout` in `shop/till.py` | calls `Cart.total`, which changed | 0 | 1 | 0 |
        | `<module>` in `shop/cart.py` | uses `shop/rates.py`, which changed | 0 | 0 | 0 |

        <details><summary>1 more that no remark is about</summary>

        | where | function | what | why it matters | now |
        |---|---|---|---|---|
        | `shop/till.py:5` | `checkout` | `<` → `<=` | calls `Cart.total`, which changed | unnoticed |

        </details>

        <sub>At `0123456789`, against `main`, by mutdiff `0.1.0`.</sub>
        "#);
    }

    #[test]
    fn every_end_of_a_run_has_its_headline() {
        let mut report = sample::report();
        let mut said = Vec::new();
        for conclusion in [
            Conclusion::Passed,
            Conclusion::NothingToTest,
            Conclusion::Failed,
            Conclusion::TestsFail,
            Conclusion::NothingDecided,
            Conclusion::Interrupted,
            Conclusion::Listed,
        ] {
            report.conclusion = conclusion;
            said.push(headline(&report));
        }
        said.sort();
        said.dedup();
        assert_eq!(said.len(), 6, "passed and failed say the same: the numbers");
        report.counts = crate::model::Counts { killed: 3, ..Default::default() };
        report.conclusion = Conclusion::Passed;
        assert_eq!(headline(&report), "the tests notice every small change");
    }

    #[test]
    fn a_summary_is_within_the_limit() {
        let mut report = sample::report();
        for function in &mut report.functions {
            let name = crate::model::QualName::new("\u{e0041}".repeat(500));
            function.function.name = name;
            function.mutants = 1;
        }
        report.functions = report.functions.iter().cycle().take(500).cloned().collect();
        let mut mutant = report.mutants[6].clone();
        mutant.original = "\u{e0041}".repeat(500);
        let rest = vec![&mutant; 500];
        let said = vec![mutant.id.clone(); 5000];
        let text = body(&report, "abc", &said, &rest);
        assert!(text.chars().count() <= BODY, "{}", text.chars().count());
        assert!(text.contains("</details>") && text.ends_with("</sub>\n"));
    }
}

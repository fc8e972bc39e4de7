//! The text of a remark on a line: what goes unnoticed, and later that it is settled.
//!
//! Invariant: the first line is the mark; what is the project's stands in code or is escaped; the
//! text depends on the mutants of the remark alone, so it is the same from run to run.

use super::markdown::{BODY, diff_block, span};
use super::marker::RemarkMark;
use super::reason::why;
use super::settled::Settled;
use crate::model::{ChangeOfVerdict, DecidedMutant, Verdict};
use crate::report::advice::what_would_notice;
use crate::report::escape::markdown_text;
use crate::report::surfaced::Remark;

/// Longest name, path or test id in a sentence, in characters.
pub(super) const NAME: usize = 120;
/// Tests that are named.
const TESTS: usize = 3;
/// What a remark says while its mutant goes unnoticed.
pub(super) fn body(shown: &DecidedMutant, remark: &Remark<'_>) -> String {
    let mark = RemarkMark { mutant: shown.id.clone(), settled: false }.line();
    let id = &shown.id;
    format!(
        "{mark}{}\n\n{}\n{}\n\n<sub>mutdiff · {} · {} · {}</sub>\n",
        headline(shown),
        diff_block(change(&shown.diff)),
        sentences(shown, remark),
        span(shown.operator.as_str(), NAME),
        why(&shown.reasons),
        span(&format!("mutdiff show {id}"), NAME),
    )
}

/// The same remark when its mutant is dead or gone. What it said stays to be read below.
pub(super) fn settled(mark: &RemarkMark, body: &str, how: &Settled) -> String {
    let first = RemarkMark { mutant: mark.mutant.clone(), settled: true }.line();
    let said = body.split_once('\n').map_or("", |(_, said)| said);
    let kept: String = said.chars().take(BODY / 2).collect();
    // A text that somebody else made longer than any of ours is not repeated.
    let said = if kept.len() == said.len() { kept.trim_end() } else { "(too long to repeat)" };
    format!(
        "{first}**Settled.** {how}\n\n<details><summary>What it was about</summary>\n\n{said}\n\n</details>\n"
    )
}

fn headline(mutant: &DecidedMutant) -> String {
    let function = span(mutant.function.name.as_str(), NAME);
    match mutant.verdict {
        Verdict::NoTests => format!("**No test reaches this line** of {function}:"),
        _ => format!("**No test would notice this** in {function}:"),
    }
}

fn sentences(shown: &DecidedMutant, remark: &Remark<'_>) -> String {
    let mut parts = Vec::new();
    let others = remark.survivors_beside();
    if shown.verdict == Verdict::NoTests {
        parts.push("Whatever it does, the tests pass.".to_owned());
        let whole = if remark.is_of_file() { "file" } else { "function" };
        match remark.beside.len() {
            0 => {}
            others => parts.push(format!("So it is with {} of the {whole}.", places(others))),
        }
        return parts.join(" ");
    }
    parts.push(match shown.tests.len() {
        0 => "The tests pass all the same.".to_owned(),
        1 => format!("The test that runs it passes all the same: {}.", tests(shown)),
        n => format!("The {n} tests that run it pass all the same: {}.", tests(shown)),
    });
    if shown.change == Some(ChangeOfVerdict::Regressed) {
        parts.push("On the base a test noticed it.".to_owned());
    }
    match others {
        0 => {}
        1 => parts.push("Another change of this line goes unnoticed too.".to_owned()),
        n => parts.push(format!("{n} other changes of this line go unnoticed too.")),
    }
    if remark.is_above_unreached() {
        parts.push("No test reaches what stands below it.".to_owned());
    }
    if let Some(advice) = what_would_notice(shown) {
        let advice = markdown_text(&advice);
        return format!("{}\n\nWhat would notice it: {advice}.", parts.join(" "));
    }
    parts.join(" ")
}

fn places(n: usize) -> String {
    if n == 1 { "another place".to_owned() } else { format!("{n} other places") }
}

fn tests(mutant: &DecidedMutant) -> String {
    let named: Vec<String> =
        mutant.tests.iter().take(TESTS).map(|test| span(test.as_str(), NAME)).collect();
    let more = mutant.tests.len() - named.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &tail
}

/// The hunks of a diff without their headers.
fn change(diff: &str) -> &str {
    let at = diff.find("\n@@ ").and_then(|at| diff[at + 1..].find('\n').map(|end| at + end + 2));
    at.map_or(diff, |at| &diff[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::surfaced::remarks;

    #[test]
    fn a_survivor_is_shown_with_the_tests_that_passed() {
        let report = sample::report();
        let remark = &remarks(&report)[0];
        insta::assert_snapshot!(body(remark.mutant, remark), @r#"
        <!-- mutdiff:mutant:cb0156c49b145771 -->
        **No test would notice this** in `Cart.total`:

        ```diff
        -    if n >= 1:
        +    if n > 1:
                 return n
        ```

        The 4 tests that run it pass all the same: `tests/test_cart.py::test_small`, `tests/test_cart.py::test_large`, `tests/test_cart.py::test_none` and 1 more.

        What would notice it: a test exactly at the boundary, where both sides are equal: there \>= and \> differ.

        <sub>mutdiff · `comparison/boundary` · changed here · `mutdiff show cb0156c49b145771`</sub>
        "#);
    }

    #[test]
    fn an_unreached_function_is_one_remark() {
        let report = sample::report();
        let remark = &remarks(&report)[1];
        insta::assert_snapshot!(body(remark.mutant, remark), @r#"
        <!-- mutdiff:mutant:a6e2a312d94c3e53 -->
        **No test reaches this line** of `Cart.total`:

        ```diff
        -    if n True 1:
        +    if n False 1:
                 return n
        ```

        Whatever it does, the tests pass. So it is with 2 other places of the function.

        <sub>mutdiff · `comparison/boundary` · changed here · `mutdiff show a6e2a312d94c3e53`</sub>
        "#);
    }

    #[test]
    fn a_settled_remark_keeps_what_it_said() {
        let report = sample::report();
        let remark = &remarks(&report)[0];
        let old = body(remark.mutant, remark);
        let mark = RemarkMark::of(&old).unwrap();
        let how = Settled::Noticed("tests/test_cart.py::test_ten".into());
        insta::assert_snapshot!(settled(&mark, &old, &how), @r#"
        <!-- mutdiff:mutant:cb0156c49b145771:settled -->
        **Settled.** `tests/test_cart.py::test_ten` notices it now.

        <details><summary>What it was about</summary>

        **No test would notice this** in `Cart.total`:

        ```diff
        -    if n >= 1:
        +    if n > 1:
                 return n
        ```

        The 4 tests that run it pass all the same: `tests/test_cart.py::test_small`, `tests/test_cart.py::test_large`, `tests/test_cart.py::test_none` and 1 more.

        What would notice it: a test exactly at the boundary, where both sides are equal: there \>= and \> differ.

        <sub>mutdiff · `comparison/boundary` · changed here · `mutdiff show cb0156c49b145771`</sub>

        </details>
        "#);
    }

    #[test]
    fn a_body_is_within_the_limit_whatever_is_in_it() {
        let mut report = sample::report();
        let evil = "\u{e0041}".repeat(100_000);
        let mutant = &mut report.mutants[0];
        mutant.diff = format!("--- a\n+++ b\n@@ -1 +1 @@\n{}", format!("-{evil}\n").repeat(90));
        mutant.tests = vec![crate::model::TestId::new(evil.clone()); 9];
        let remark = &remarks(&report)[0];
        assert!(body(remark.mutant, remark).chars().count() <= BODY);
        let mark = RemarkMark::of(&body(remark.mutant, remark)).unwrap();
        let how = Settled::Noticed(evil);
        assert!(settled(&mark, &"x\n".repeat(60_000), &how).chars().count() <= BODY);
    }
}

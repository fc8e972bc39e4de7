//! One mutant (`mutdiff show`): as a page for a person, or as a patch for `git apply`.
//!
//! Invariant: [`patch`] ends with the diff byte for byte, and no line before it can be taken for
//! the start of a patch.

use std::fmt::Write as _;

use crate::model::{DecidedMutant, Reason};
use crate::report::escape::visible;

use super::Style;
use super::page::{Page, Role};
use crate::report::prose::{count, line_list};

/// What there is to say, a line each, beside the diff.
fn facts(mutant: &DecidedMutant) -> Vec<(&'static str, String)> {
    let reasons: Vec<String> = mutant.reasons.iter().map(Reason::to_string).collect();
    let place = format!("{}, {}", mutant.function, line_list(&[mutant.span.lines()]));
    vec![
        ("mutant", mutant.id.to_string()),
        ("operator", mutant.operator.to_string()),
        ("function", place),
        ("in scope", reasons.join("; ")),
        ("verdict", mutant.verdict.to_string()),
        ("tests", format!("{} ran with it", count(mutant.tests.len(), "test"))),
    ]
}

/// The mutant for a person: facts, tests, the diff with its colours. Control characters of the
/// project's text are spelled out, so this is no patch.
pub fn mutant(mutant: &DecidedMutant, style: &Style) -> String {
    let mut page = Page::new(style);
    for (name, value) in facts(mutant) {
        let line = format!(
            "{}  {}",
            page.paint(Role::Aside, &format!("{name:<8}")),
            page.paint(Role::Plain, &value)
        );
        page.line(0, &line);
    }
    for test in &mutant.tests {
        page.block(10, Role::Aside, test.as_str());
    }
    page.gap();
    page.diff(&mutant.diff);
    page.finish()
}

/// The mutant as a patch: the facts as comment lines that `git apply` passes over, then the diff
/// exactly as it is.
pub fn patch(mutant: &DecidedMutant) -> String {
    let mut text = String::new();
    let mut comment = |name: &str, value: &str| {
        writeln!(text, "# {name:<8}  {}", visible(value)).expect("a String takes all");
    };
    for (name, value) in facts(mutant) {
        comment(name, &value);
    }
    for test in &mutant.tests {
        comment("", test.as_str());
    }
    text + &mutant.diff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TestId;
    use crate::report::sample;

    #[test]
    fn a_patch_is_facts_as_comments_and_then_the_diff() {
        let report = sample::report();
        insta::assert_snapshot!(patch(&report.mutants[6]), @r"
        # mutant    af5adae25709bb3f
        # operator  comparison/boundary
        # function  shop/till.py::checkout, line 5
        # in scope  caller of Cart.total (distance 1)
        # verdict   survived
        # tests     4 tests ran with it
        #           tests/test_cart.py::test_small
        #           tests/test_cart.py::test_large
        #           tests/test_cart.py::test_none
        #           tests/test_cart.py::test_odd
        --- a/shop/till.py
        +++ b/shop/till.py
        @@ -5,2 +5,2 @@
        -    if n < 1:
        +    if n <= 1:
                 return n
        ");
    }

    #[test]
    fn a_diff_keeps_its_control_characters_in_a_patch_and_loses_them_on_a_terminal() {
        let mut shown = sample::report().mutants[0].clone();
        shown.diff.push_str(" \x1b[2J\r\n");
        assert!(patch(&shown).ends_with(" \x1b[2J\r\n"));
        let page = mutant(&shown, &Style::default());
        assert!(page.ends_with(" \\x1b[2J\n"), "{page}");
    }

    #[test]
    fn git_apply_takes_a_patch() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shop/till.py");
        std::fs::create_dir(dir.path().join("shop")).unwrap();
        std::fs::write(&file, "1\n2\n3\n4\n    if n < 1:\n        return n\n").unwrap();
        let mut shown = sample::report().mutants[6].clone();
        shown.tests.push(TestId::new("t[\n--- a/evil\n+++ b/evil\n@@ -1 +1 @@]"));
        std::fs::write(dir.path().join("p"), patch(&shown)).unwrap();
        let applied = std::process::Command::new("git")
            .args(["apply", "p"])
            .current_dir(dir.path())
            .env("GIT_CEILING_DIRECTORIES", dir.path().parent().unwrap())
            .output()
            .unwrap();
        assert!(applied.status.success(), "{applied:?}");
        assert!(std::fs::read_to_string(&file).unwrap().contains("    if n <= 1:\n"));
    }
}

//! JUnit XML: a suite a file, a case a mutant, for CI servers that show tests.
//!
//! Invariant: the XML is well-formed and of the schema that Jenkins uses, whatever the names,
//! sources and messages hold.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use crate::model::{DecidedMutant, Report, Verdict};

use super::escape::{cut, cut_lines, visible, visible_lines};
use super::format::NoTestsCase;
use super::mutants::{edit, id, reasons, sentence, shown_hunks, verdict};

/// Lines of a diff that a case shows.
const LINES: usize = 200;
/// Characters of a line that a case shows.
const COLUMNS: usize = 500;
/// Characters of a name or a path.
const NAME: usize = 1_000;
/// Tests that a case names.
const TESTS: usize = 50;

/// The report as JUnit XML. Survivors fail; mutants that no test reaches do as `no_tests` says;
/// killed mutants and timeouts pass.
pub fn write(report: &Report, no_tests: NoTestsCase) -> String {
    let mut suites: Vec<(&str, TestSuite, f64)> = Vec::new();
    for mutant in &report.mutants {
        let path = mutant.function.path.as_str();
        let at = suites.iter().position(|(known, ..)| *known == path).unwrap_or_else(|| {
            suites.push((path, TestSuite::new(name(path)), 0.0));
            suites.len() - 1
        });
        let (_, suite, time) = &mut suites[at];
        *time += mutant.milliseconds;
        suite.add_test_case(case(mutant, no_tests));
    }
    let mut xml = quick_junit::Report::new("mutdiff");
    xml.set_time(duration(report.timings.wall_milliseconds));
    for (path, mut suite, time) in suites {
        suite.set_time(duration(time));
        suite.extra.insert("file".into(), name(path).into());
        suite.add_property(Property::new("mutdiff", name(&report.mutdiff)));
        suite.add_property(Property::new("base", name(&report.base.name)));
        suite.add_property(Property::new("head", name(&report.head.name)));
        xml.add_test_suite(suite);
    }
    let mut text = xml.to_string().expect("a String takes all, and dates are not written");
    // The schema has `skipped` for a suite and not for all of them.
    let root = text.find("<testsuites").expect("it was just written");
    let end = root + text[root..].find('>').expect("quotes hold no bare `>`");
    if let Some(at) = text[root..end].find(" skipped=\"") {
        let at = root + at;
        let length = " skipped=\"".len();
        let close = at + length + text[at + length..].find('"').expect("a value is closed") + 1;
        text.replace_range(at..close, "");
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A name or a path, its invisible characters spelled out.
fn name(text: &str) -> String {
    visible(&cut(text, NAME)).into_owned()
}

/// A time that is no number or below zero counts as none.
fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}

fn case(mutant: &DecidedMutant, no_tests: NoTestsCase) -> TestCase {
    let status = match &mutant.verdict {
        Verdict::Killed { .. } | Verdict::Timeout { .. } => TestCaseStatus::success(),
        Verdict::Survived => told(mutant, NonSuccessKind::Failure),
        Verdict::NoTests if no_tests == NoTestsCase::Fails => told(mutant, NonSuccessKind::Failure),
        Verdict::Error { .. } => told(mutant, NonSuccessKind::Error),
        Verdict::NoTests
        | Verdict::Equivalent
        | Verdict::Suppressed { .. }
        | Verdict::Invalid { .. }
        | Verdict::NotRun { .. } => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(mutant.verdict.word()).set_message(verdict(&mutant.verdict));
            status
        }
    };
    let start = mutant.span.start;
    let title = format!(
        "{}:{} {} [{}] {}",
        start.line,
        start.column,
        edit(mutant),
        name(mutant.operator.as_str()),
        id(mutant)
    );
    let mut case = TestCase::new(title, status);
    case.set_classname(classname(mutant)).set_time(duration(mutant.milliseconds));
    case.extra.insert("file".into(), name(mutant.function.path.as_str()).into());
    case.extra.insert("line".into(), start.line.to_string().into());
    if matches!(mutant.verdict, Verdict::Killed { .. } | Verdict::Timeout { .. }) {
        case.set_system_out(verdict(&mutant.verdict));
    }
    case
}

/// `shop.cart.Cart.total` for `Cart.total` of `shop/cart.py`: servers group by the dots.
fn classname(mutant: &DecidedMutant) -> String {
    let path = mutant.function.path.as_str();
    let module = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    name(&format!("{module}.{}", mutant.function.name))
}

/// A case that did not pass, with what a reader needs: the diff, the reason, the tests.
fn told(mutant: &DecidedMutant, kind: NonSuccessKind) -> TestCaseStatus {
    let mut text = format!("{}:{}\n", name(mutant.function.path.as_str()), mutant.span.start.line);
    text.push_str(&shown_hunks(mutant, LINES, COLUMNS));
    text.push_str("\nin scope: ");
    text.push_str(&reasons(mutant));
    text.push('\n');
    if mutant.tests.is_empty() {
        text.push_str("no test ran\n");
    } else {
        text.push_str("tests that ran and noticed nothing:\n");
        let names: Vec<_> = mutant.tests.iter().map(|test| visible(test.as_str())).collect();
        text.push_str(&cut_lines(&names.join("\n"), TESTS, COLUMNS));
    }
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(mutant.verdict.word())
        .set_message(sentence(mutant))
        .set_description(visible_lines(&text).as_ref());
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn tags(no_tests: NoTestsCase) -> (usize, usize, usize, usize) {
        let text = write(&sample::report(), no_tests);
        let count = |tag: &str| text.matches(tag).count();
        (count("<testcase "), count("<failure "), count("<error "), count("<skipped "))
    }

    #[test]
    fn each_verdict_has_its_place() {
        assert_eq!(tags(NoTestsCase::Fails), (12, 5, 1, 4));
        assert_eq!(tags(NoTestsCase::Skipped), (12, 2, 1, 7));
    }

    #[test]
    fn a_survivor_fails_with_its_diff() {
        let mut report = sample::report();
        report.mutants.truncate(2);
        let text = write(&report, NoTestsCase::Fails);
        let failure = "message=\"Cart.total: replace &gt;= by &gt;, and a test should fail; \
                       none of the 4 tests that reach it does\" type=\"survived\">";
        assert!(text.contains(failure), "{text}");
        assert!(text.contains("-    if n &gt;= 1:\n+    if n &gt; 1:\n"), "{text}");
        assert!(text.contains("tests/test_cart.py::test_odd\n"), "{text}");
    }

    #[test]
    fn what_xml_cannot_hold_is_spelled_out() {
        let mut report = sample::report();
        report.mutants[0].diff = "@@ -1 +1 @@\n-]]>\0\x1b[31m\u{fffe}\u{ffff}\n+<&\"'>\n".into();
        let text = write(&report, NoTestsCase::Fails);
        let illegal = |c: char| {
            (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')
        };
        assert!(!text.contains(illegal));
        assert!(text.contains("-]]&gt;\\x00\\x1b[31m\\u{fffe}\\u{ffff}\n+&lt;&amp;"), "{text}");
    }

    #[test]
    fn a_report_without_mutants_is_a_file_without_suites() {
        let mut report = sample::report();
        report.mutants.clear();
        let text = write(&report, NoTestsCase::Fails);
        assert!(text.contains("<testsuites name=\"mutdiff\" tests=\"0\""), "{text}");
    }
}

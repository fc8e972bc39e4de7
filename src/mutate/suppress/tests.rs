//! Rules and comments on small files.
//!
//! Invariant: what is said to be suppressed is what the mutants say.

use super::*;
use crate::config::Wanted;
use crate::mutate::generate::tests::module;
use crate::mutate::mutants;

fn only(rule: &str) -> Selection {
    Selection::default().with_rules(&Wanted::default(), &[rule.to_owned()]).unwrap()
}

/// The lines of a text with what suppresses their mutants; a line without mutants is left out.
fn lines(text: &str, selection: &Selection) -> Vec<String> {
    let mut found: Vec<(u32, String)> = Vec::new();
    for mutant in mutants(&module(text), &|_| true, selection) {
        let by = mutant.suppressed.unwrap_or_else(|| "-".to_owned());
        found.push((mutant.span.start.line.get(), by));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, by)| format!("{line} {by}")).collect()
}

#[test]
fn every_rule_covers_what_its_example_says_and_has_a_name_of_its_own() {
    let mut ids = std::collections::HashSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id));
        let (text, expected) = rule.example;
        let module = module(text);
        let found = Suppressed::find(&module, &only(rule.id));
        let parts: Vec<&str> =
            found.covered.iter().map(|(part, _)| &text[part.start..part.end]).collect();
        assert_eq!(parts, expected, "{}", rule.id);
    }
}

#[test]
fn a_logger_is_known_by_where_it_comes_from() {
    let text = "\
from logging import getLogger as g
import loguru
from app.log import logger
log = g(__name__)
other = make(1)
log.info('a')
other.info('b')
self._log.debug('c')
logger.warning('d')
g('e').error('f')
log.handlers('g')
";
    assert_eq!(
        lines(text, &only("logging")),
        ["4 logging", "5 -", "6 logging", "7 -", "8 logging", "9 logging", "10 logging", "11 -"]
    );
}

#[test]
fn a_print_of_the_files_own_is_no_print() {
    assert_eq!(lines("def print(a): pass\nprint(1)\n", &only("print")), ["2 -"]);
}

#[test]
fn a_statement_all_of_whose_statements_are_suppressed_is_suppressed() {
    let text = "\
if a > 1:
    print('b')
elif c:
    pass
else:
    for d in range(2): print(d)
if a > 3:
    print('e')
    f(4)
";
    assert_eq!(
        lines(text, &only("print")),
        ["1 print", "2 print", "3 print", "6 print", "7 -", "8 print", "9 -"]
    );
}

#[test]
fn a_comment_that_is_not_understood_covers_nothing_and_is_named() {
    for comment in [
        "# mutdiff: skip-start",
        "# mutdiff: skip-stop",
        "# mutdiff: skip-end",
        "# mutdiff: skpi",
        "# mutdiff: skip[]: why",
        "# mutdiff: skip[number",
    ] {
        let text = format!("{comment}\na = 1\nb = 2\n");
        assert_eq!(lines(&text, &only("full")), ["2 -", "3 -"], "{comment}");
        let faults = pragma_faults(&module(&text), &only("full"));
        assert_eq!(faults.len(), 1, "{comment}");
    }
    let text = "# see mutdiff: it breaks code\na = 1\n";
    assert_eq!(pragma_faults(&module(text), &only("full")), []);
}

#[test]
fn comments_cover_their_statement_or_what_lies_between_them() {
    let text = "\
a = 1  # mutdiff: skip
b = 2  # mutdiff: skip[string]
c = 3  # mutdiff: skip[number, */none]: a constant of nature
# mutdiff: skip
d = f(
    4)
def g():  # pragma: no cover
    return 5
if h:
    i = 6  # pragma: no mutate
    j = 7
# mutdiff: skip-start generated
k = 8
l = 9
# mutdiff: skip-end
m = 10  # mutdiff: skipped? no
";
    let none = only("full");
    assert_eq!(
        lines(text, &none),
        [
            "1 mutdiff: skip",
            "2 -",
            "3 mutdiff: skip (a constant of nature)",
            "5 mutdiff: skip",
            "6 mutdiff: skip",
            "8 pragma: no cover",
            "9 -",
            "10 pragma: no mutate",
            "11 -",
            "13 mutdiff: skip-start (generated)",
            "14 mutdiff: skip-start (generated)",
            "16 -",
        ]
    );
}

#[test]
fn comments_that_do_nothing_are_named() {
    let text = "\
a = 1  # mutdiff: skip
b = c  # mutdiff: skip[number]
import d  # mutdiff: skip: a reason
e = 5  # mutdiff: skip: a reason
def f(): ...  # pragma: no cover
";
    let faults = |selection: &Selection| -> Vec<(u32, PragmaFault)> {
        let found = pragma_faults(&module(text), selection).into_iter();
        found.map(|(line, fault)| (line.get(), fault)).collect()
    };
    let lenient = only("full");
    assert_eq!(faults(&lenient), [(2, PragmaFault::Unused), (3, PragmaFault::Unused)]);
    let strict = lenient.requiring_reasons(true);
    assert_eq!(
        faults(&strict),
        [(1, PragmaFault::NoReason), (2, PragmaFault::NoReason), (3, PragmaFault::Unused)]
    );
    assert_eq!(lines(text, &strict)[0], "1 -");
    assert_eq!(lines(text, &strict)[2], "4 mutdiff: skip (a reason)");
}

#[test]
fn what_is_suppressed_keeps_its_id() {
    let text = "print(1)\nx = 2\n";
    let ids = |selection: &Selection| -> Vec<_> {
        mutants(&module(text), &|_| true, selection).into_iter().map(|mutant| mutant.id).collect()
    };
    assert_eq!(ids(&only("print")), ids(&only("-full")));
}

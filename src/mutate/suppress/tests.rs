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
        let by = mutant.suppressed.or(mutant.minor).unwrap_or_else(|| "-".to_owned());
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
        let found = if rule.minor { found.minor } else { found.rules };
        let whole = found.covered.iter().map(|(part, _)| (part.start, part.end));
        let mut parts: Vec<_> = whole.chain(found.single.keys().copied()).collect();
        parts.sort_unstable();
        let parts: Vec<&str> = parts.into_iter().map(|(start, end)| &text[start..end]).collect();
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
fn a_table_may_be_one_of_small_tables() {
    let rows = "(1, 2), ".repeat(16);
    let text = format!("A = {{\n'a': ({rows}),\n'b': ({rows})}}\nB = {{'a': ({rows})}}\n");
    assert_eq!(lines(&text, &only("table")), ["1 table", "2 table", "3 table", "4 -"]);
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

/// The mutants of a text, each with its rule.
fn ruled(text: &str, rule: &str) -> Vec<String> {
    mutants(&module(text), &|_| true, &only(rule))
        .into_iter()
        .filter(|mutant| mutant.suppressed.is_some() || mutant.minor.is_some())
        .map(|mutant| format!("{} {}", mutant.operator, mutant.original))
        .collect()
}

#[test]
fn what_comes_out_the_same_is_suppressed_and_its_neighbours_are_not() {
    for (text, expected) in [
        (
            "x = a is not None and isinstance(a, B)\n",
            "side/right a is not None and isinstance(a, B)",
        ),
        ("if a < b:\n  a = b\n", "comparison/boundary <"),
        ("x = a if a >= b else b\n", "comparison/boundary >="),
        ("if 'a' in b:\n  b = b.replace('a', c)\n", "forced/true 'a' in b"),
        ("if a in b:\n  b.discard(a)\n", "forced/true a in b"),
        ("if a in b: b.pop(a, None)\n", "forced/true a in b"),
        ("if len(a) > n:\n  a = a[:n]\n", "forced/true len(a) > n"),
        ("if not isinstance(a, str):\n  a = str(a)\n", "forced/true not isinstance(a, str)"),
        (
            "x = a if isinstance(a, str) else str(a)\n",
            "ternary/second a if isinstance(a, str) else str(a)",
        ),
    ] {
        assert_eq!(ruled(text, "same"), [expected], "{text}");
    }
    let returns = "def f(a):\n  if a:\n    return b\n  return b\n";
    assert_eq!(ruled(returns, "same"), ["forced/true a", "forced/false a"]);
}

#[test]
fn guards_that_only_none_would_need_are_minor_and_run() {
    for (text, expected) in [
        ("if a:\n  for b in a: c(b)\n", "forced/true a"),
        ("if a:\n  for b in enumerate(a): c(b)\n", "forced/true a"),
        ("x = a and any(b for b in a)\n", "side/right a and any(b for b in a)"),
        ("x = a and not all([b for b in a])\n", "side/right a and not all([b for b in a])"),
        ("x = not a or all(b for b in a)\n", "side/right not a or all(b for b in a)"),
        ("x = any(b for b in a) and a\n", "side/left any(b for b in a) and a"),
    ] {
        assert_eq!(ruled(text, "empty"), [expected], "{text}");
        let all = mutants(&module(text), &|_| true, &only("empty"));
        assert!(all.iter().all(|mutant| mutant.suppressed.is_none()), "{text}");
    }
}

#[test]
fn what_only_looks_the_same_is_not_suppressed() {
    for text in [
        "if a:\n  for b in a: c(b)\nelse: d()\n",
        "if a:\n  for b in c: d(b)\n",
        "x = a and any(b for b in c)\n",
        "x = a or any(b for b in a)\n",
        "x = a is not None and isinstance(b, B)\n",
        "if a < b:\n  a = c\n",
        "if a < b:\n  a = b\n  c()\n",
        "if 'a' in b:\n  b = b.replace('c', d)\n",
        "if a in b: b.pop(a)\n",
        "if len(a) > n:\n  a = a[:m]\n",
        "if not isinstance(a, str):\n  a = list(a)\n",
        "def f(a):\n  if a:\n    return b\n  return c\n",
    ] {
        assert_eq!(ruled(text, "same"), [""; 0], "{text}");
        assert_eq!(ruled(text, "empty"), [""; 0], "{text}");
    }
}

#[test]
fn a_guard_that_saves_work_is_known_by_what_comes_behind_it() {
    let setter = "def __set__(self, o, value):\n  cur = get(o)\n  if cur == value:\n    return\n  put(o, value)\n";
    assert_eq!(ruled(setter, "shortcut"), ["assignment/none get(o)", "forced/false cur == value"]);
    assert_eq!(ruled(&setter.replace("__set__", "go"), "shortcut"), [""; 0]);
    let looping = "def f(a):\n  if not a:\n    return\n  for b in a:\n    c(b)\n";
    assert_eq!(ruled(looping, "shortcut"), ["forced/false not a"]);
    assert_eq!(ruled(&format!("{looping}  d()\n"), "shortcut"), [""; 0]);
}

#[test]
fn an_argument_that_is_handed_back_was_not_bound_on_the_way() {
    let method = "class C:\n  def f(self, a):\n    g(a)\n    return a\n";
    assert_eq!(ruled(method, "handed-back"), ["return/none a"]);
    for (from, to) in [("g(a)", "a = g(a)"), ("g(a)", "if b: return c"), ("self, a", "self, b")] {
        assert_eq!(ruled(&method.replace(from, to), "handed-back"), [""; 0], "{to}");
    }
}

#[test]
fn a_literal_that_only_suppressed_code_reads_is_suppressed() {
    let text = "def f(a):\n  own = False\n  if b:\n    own = True\n  if own:\n    a.close()\n";
    assert_eq!(
        ruled(text, "release"),
        ["boolean/flip False", "boolean/flip True", "forced/true own", "forced/false own"]
            .map(str::to_owned)
            .into_iter()
            .chain(["statement/call-removed a.close()".to_owned()])
            .collect::<Vec<_>>()
    );
    assert!(ruled(&format!("{text}  return own\n"), "release").len() < 5);
}

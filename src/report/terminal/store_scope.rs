//! What `mutdiff store scope` says.
//!
//! Invariant: every caller and every test is named, since who asks for them wants them all.

use crate::model::StoredScope;

use super::Style;
use super::page::{Page, Role};

/// The page.
pub fn store_scope(scope: &StoredScope, style: &Style) -> String {
    let mut page = Page::new(style);
    for function in &scope.functions {
        let name = page.paint(Role::Name, &function.to_string());
        page.line(0, &name);
    }
    let several = scope.functions.len() > 1;
    page.gap();
    match scope.callers.as_slice() {
        [] if scope.tests.is_empty() => page.prose(0, Role::Plain, "no callers were seen"),
        [] => page.prose(0, Role::Plain, "no callers were seen but tests"),
        callers => {
            let text = format!("callers, the nearest first ({}):", callers.len());
            page.prose(0, Role::Plain, &text);
        }
    }
    let width = scope.callers.iter().map(|caller| caller.distance).max().unwrap_or(0);
    let width = width.to_string().len();
    for caller in &scope.callers {
        let distance = page.paint(Role::Aside, &format!("{:>width$}", caller.distance));
        let mut line =
            format!("{distance}  {}", page.paint(Role::Plain, &caller.function.to_string()));
        if several {
            line.push_str(&page.paint(Role::Aside, &format!(" → {}", caller.reaches)));
        }
        page.line(2, &line);
    }
    page.gap();
    let it = if several { "one of them" } else { "it" };
    if scope.tests.is_empty() {
        page.prose(0, Role::Warning, &format!("no test was seen to enter {it} or a caller"));
    } else {
        let text = format!("tests that enter {it} or a caller ({}):", scope.tests.len());
        page.prose(0, Role::Plain, &text);
    }
    for test in &scope.tests {
        let test = page.paint(Role::Plain, test.as_str());
        page.line(2, &test);
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FunctionKey, QualName, RepoPath, StoredCaller, TestId};

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    #[test]
    fn callers_stand_with_their_distance() {
        let caller = |name: &str, distance, reaches: &str| StoredCaller {
            function: key(name),
            distance,
            reaches: key(reaches),
        };
        let mut scope = StoredScope {
            functions: vec![key("total")],
            callers: vec![caller("Cart.total", 1, "total"), caller("main", 12, "total")],
            tests: vec![TestId::new("tests/t.py::test_total[a\u{1b}]")],
        };
        insta::assert_snapshot!(store_scope(&scope, &Style::default()), @r"
        m.py::total

        callers, the nearest first (2):
           1  m.py::Cart.total
          12  m.py::main

        tests that enter it or a caller (1):
          tests/t.py::test_total[a\x1b]
        ");
        scope.functions.push(key("tax"));
        scope.tests.clear();
        scope.callers.truncate(1);
        insta::assert_snapshot!(store_scope(&scope, &Style::default()), @r"
        m.py::total
        m.py::tax

        callers, the nearest first (1):
          1  m.py::Cart.total → m.py::total

        no test was seen to enter one of them or a caller
        ");
        scope.callers.clear();
        let text = store_scope(&scope, &Style::default());
        assert!(text.contains("no callers were seen\n"));
    }
}

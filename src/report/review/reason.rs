//! Why a function is in scope, in a few words of Markdown.
//!
//! Invariant: names and paths stand in code spans; the nearest reason alone is told.

use super::markdown::span;
use super::remark::NAME;
use crate::model::Reason;

/// The nearest of the reasons, for a sentence or a line.
pub(super) fn why(reasons: &[Reason]) -> String {
    let name = |text: &str| span(text, NAME);
    match reasons.first() {
        Some(Reason::Changed) => "changed here".to_owned(),
        Some(Reason::CallerOf { function, seen: false, .. }) => {
            format!("mentions {}, which changed", name(function.name.as_str()))
        }
        Some(Reason::CallerOf { function, distance: 0 | 1, .. }) => {
            format!("calls {}, which changed", name(function.name.as_str()))
        }
        Some(Reason::CallerOf { function, distance, .. }) => {
            format!("{distance} calls from {}, which changed", name(function.name.as_str()))
        }
        Some(Reason::ImportsChangedModule { path, .. }) => {
            format!("uses {}, which changed", name(path.as_str()))
        }
        Some(Reason::CoveredByChangedTest { test, how }) => {
            format!("tested by {}, which is {how}", name(test.as_str()))
        }
        Some(Reason::TiedToChangedFile { path }) => {
            format!("tied to {}, which changed", name(path.as_str()))
        }
        Some(Reason::Asked) | None => "asked for".to_owned(),
    }
}

/// The same for a cell of a table.
pub(super) fn why_cell(reasons: &[Reason]) -> String {
    why(reasons).replace("\\|", "\\│").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RepoPath, TestChange};
    use crate::report::sample::{key, test};

    #[test]
    fn every_reason_has_its_words() {
        let caller =
            |distance, seen| Reason::CallerOf { function: key("a", "f|g"), distance, seen };
        let path = RepoPath::new("data.json");
        let said = [
            Reason::Changed,
            caller(1, true),
            caller(3, true),
            caller(1, false),
            Reason::ImportsChangedModule { path: path.clone(), names: vec![] },
            Reason::CoveredByChangedTest { test: test("t"), how: TestChange::Removed },
            Reason::TiedToChangedFile { path },
            Reason::Asked,
        ]
        .map(|reason| why_cell(&[reason]));
        insta::assert_snapshot!(said.join("\n"), @r#"
        changed here
        calls `f\|g`, which changed
        3 calls from `f\|g`, which changed
        mentions `f\|g`, which changed
        uses `data.json`, which changed
        tested by `tests/test_cart.py::t`, which is removed
        tied to `data.json`, which changed
        asked for
        "#);
    }
}

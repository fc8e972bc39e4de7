//! `statement`: statements that are there for their effect.
//!
//! Invariant: a call that is `super().…` or `await`ed is a call like any other.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const CALL_REMOVED: Operator = Operator {
    id: "statement/call-removed",
    summary: "A statement that is only a call becomes `pass` (`None` where it has several lines).",
    why: "A call for its effect whose effect no test sees.",
    skipped: "",
    default: true,
    telling: 5,
    examples: &[
        Example { before: "a.clear()", after: "pass" },
        Example { before: "await f(a)", after: "pass" },
    ],
    kinds: &["expression_statement"],
    apply: |node, edits| {
        let mut children = node.children();
        let (Some(value), None) = (children.next(), children.next()) else { return };
        let called = match value.kind() {
            "await" => value.named_children().next(),
            _ => Some(value),
        };
        if called.is_some_and(|called| called.kind() == "call") {
            let is_one_line = !value.text().contains(['\n', '\r']);
            edits.push(Edit::expression(value, if is_one_line { "pass" } else { "None" }));
        }
    },
};

//! `ternary`: conditional expressions.
//!
//! Invariant: each arm gives one mutant. A negated condition is not among them: whatever notices
//! both of these notices it.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const FIRST: Operator = Operator {
    id: "ternary/first",
    summary: "A conditional expression becomes its first arm.",
    why: "One of the arms is never needed, or never tested.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = a if b else c", after: "x = a" }],
    kinds: &["conditional_expression"],
    apply: |node, edits| become_arm(node, 0, edits),
};

pub(super) const SECOND: Operator = Operator {
    id: "ternary/second",
    summary: "A conditional expression becomes its second arm.",
    why: "One of the arms is never needed, or never tested.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = a if b else c", after: "x = c" }],
    kinds: &["conditional_expression"],
    apply: |node, edits| become_arm(node, 2, edits),
};

fn become_arm(node: Node<'_>, position: usize, edits: &mut Vec<Edit>) {
    if let Some(arm) = node.named_children().nth(position) {
        edits.push(Edit::expression(node, arm.text()));
    }
}

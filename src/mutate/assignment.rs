//! `assignment`: assigned values, of statements and of `:=`.
//!
//! Invariant: an annotation without a value stays without one.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const NONE: Operator = Operator {
    id: "assignment/none",
    summary: "An assigned value becomes `None`.",
    why: "What is assigned is never looked at, if this goes unnoticed.",
    skipped: "An annotation without a value; `True` and `False` where `boolean/flip` is on.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = f()", after: "x = None" },
        Example { before: "x: int = f()", after: "x: int = None" },
        Example { before: "g(x := f())", after: "g(x := None)" },
    ],
    kinds: &["assignment", "named_expression"],
    apply: |node, edits| {
        if let Some(value) = assigned_value(node)
            && value.kind() != "none"
        {
            edits.push(Edit::expression(value, "None"));
        }
    },
};

/// The value of an assignment; none for all but the last of `a = b = value`.
pub(super) fn assigned_value(assignment: Node<'_>) -> Option<Node<'_>> {
    let field = if assignment.kind() == "named_expression" { "value" } else { "right" };
    let value = assignment.field(field)?;
    (value.kind() != "assignment" && value.kind() != "augmented_assignment").then_some(value)
}

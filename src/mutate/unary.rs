//! `unary`: the operators `not`, `~`, `-` and `+`.
//!
//! Invariant: the operand stays. An expression may stand wherever it stood with its operator,
//! since a unary operator binds more weakly than what it stands before.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const REMOVE_NOT: Operator = Operator {
    id: "unary/remove-not",
    summary: "`not` is removed.",
    why: "The condition the wrong way round.",
    skipped: "",
    default: true,
    telling: 5,
    examples: &[Example { before: "x = not a", after: "x = a" }],
    kinds: &["not_operator"],
    apply: |node, edits| remove(node, edits),
};

pub(super) const REMOVE_INVERT: Operator = Operator {
    id: "unary/remove-invert",
    summary: "`~` is removed.",
    why: "The mask the wrong way round.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = ~a", after: "x = a" }],
    kinds: &["unary_operator"],
    apply: |node, edits| {
        if is(node, "~") {
            remove(node, edits);
        }
    },
};

pub(super) const REMOVE_MINUS: Operator = Operator {
    id: "unary/remove-minus",
    summary: "A minus sign is removed.",
    why: "The wrong sign.",
    skipped: "`-0`.",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = -a", after: "x = a" }],
    kinds: &["unary_operator"],
    apply: |node, edits| {
        let is_zero = node.field("argument").is_some_and(|argument| argument.text() == "0");
        if is(node, "-") && !is_zero {
            remove(node, edits);
        }
    },
};

pub(super) const PLUS_TO_MINUS: Operator = Operator {
    id: "unary/plus-to-minus",
    summary: "A plus sign becomes a minus sign.",
    why: "The wrong sign.",
    skipped: "",
    default: true,
    telling: 3,
    examples: &[Example { before: "x = +a", after: "x = -a" }],
    kinds: &["unary_operator"],
    apply: |node, edits| {
        if let Some(operator) = node.field("operator")
            && operator.token() == "+"
        {
            edits.push(Edit::token(operator, "-"));
        }
    },
};

fn is(node: Node<'_>, token: &str) -> bool {
    node.field("operator").is_some_and(|operator| operator.token() == token)
}

fn remove(node: Node<'_>, edits: &mut Vec<Edit>) {
    if let Some(argument) = node.field("argument") {
        edits.push(Edit::expression(node, argument.text()));
    }
}

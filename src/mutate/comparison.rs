//! `comparison`: comparison operators, each of a chain on its own.
//!
//! Invariant: one operator gives one mutant: the swap that a test at the boundary notices, which
//! the tests that notice it make the other swaps of the same operator needless.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const BOUNDARY: Operator = Operator {
    id: "comparison/boundary",
    summary: "An order comparison takes in or leaves out equality.",
    why: "Off by one: the value at the limit itself is what tests forget.",
    skipped: "Operators other than the four of order.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a < b", after: "x = a <= b" },
        Example { before: "x = a >= b", after: "x = a > b" },
    ],
    kinds: &["comparison_operator"],
    apply: |node, edits| {
        swap(node, &[("<", "<="), ("<=", "<"), (">", ">="), (">=", ">")], edits);
    },
};

pub(super) const EQUALITY: Operator = Operator {
    id: "comparison/equality",
    summary: "`==` and `!=` become each other.",
    why: "The condition the wrong way round.",
    skipped: "",
    default: true,
    telling: 5,
    examples: &[Example { before: "x = a == b", after: "x = a != b" }],
    kinds: &["comparison_operator"],
    apply: |node, edits| swap(node, &[("==", "!="), ("!=", "==")], edits),
};

pub(super) const IDENTITY: Operator = Operator {
    id: "comparison/identity",
    summary: "`is` and `is not` become each other.",
    why: "The condition the wrong way round: `None` handled as a value, and values as `None`.",
    skipped: "",
    default: true,
    telling: 5,
    examples: &[Example { before: "x = a is None", after: "x = a is not None" }],
    kinds: &["comparison_operator"],
    apply: |node, edits| swap(node, &[("is", "is not"), ("is not", "is")], edits),
};

pub(super) const MEMBERSHIP: Operator = Operator {
    id: "comparison/membership",
    summary: "`in` and `not in` become each other.",
    why: "The condition the wrong way round.",
    skipped: "",
    default: true,
    telling: 5,
    examples: &[Example { before: "x = a not in b", after: "x = a in b" }],
    kinds: &["comparison_operator"],
    apply: |node, edits| swap(node, &[("in", "not in"), ("not in", "in")], edits),
};

fn swap(node: Node<'_>, table: &[(&str, &str)], edits: &mut Vec<Edit>) {
    for operator in node.children().filter(|child| child.field_name() == "operators") {
        let has_newline = operator.text().contains(['\n', '\r']);
        if let Some((_, new)) = table.iter().find(|(old, _)| *old == operator.token())
            && !has_newline
        {
            edits.push(Edit::token(operator, *new));
        }
    }
}

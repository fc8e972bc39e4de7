//! `every`: every other operator in the place of an operator.
//!
//! Invariant: what the operators of the default set put there is not put there again. These are for
//! counts that compare with other tools, or for code where every operator matters: what notices the
//! default ones notices most of these.

use super::edit::Edit;
use super::precedence;
use super::registry::{Example, Operator};
use crate::syntax::Node;

const ARITHMETIC_SET: [&str; 6] = ["+", "-", "*", "/", "//", "%"];
const BITWISE_SET: [&str; 3] = ["&", "|", "^"];
const COMPARISON_SET: [&str; 6] = ["<", "<=", "==", "!=", ">=", ">"];

pub(super) const ARITHMETIC: Operator = Operator {
    id: "every/arithmetic",
    summary: "An arithmetic operator becomes every other one.",
    why: "Each result that no test can tell from the right one is a formula that no test pins down.",
    skipped: "`+` and `%` beside strings.",
    default: false,
    telling: 2,
    examples: &[
        Example { before: "x = a + b", after: "x = a * b" },
        Example { before: "x = a // b", after: "x = a % b" },
    ],
    kinds: &["binary_operator"],
    apply: |node, edits| {
        let is_text = |side: &str| {
            node.field(side)
                .is_some_and(|side| matches!(side.kind(), "string" | "concatenated_string"))
        };
        if !is_text("left") && !is_text("right") {
            swap_binary(node, &ARITHMETIC_SET, edits);
        }
    },
};

pub(super) const BITWISE: Operator = Operator {
    id: "every/bitwise",
    summary: "A bitwise operator becomes every other one.",
    why: "Each result that no test can tell from the right one is a mask that no test pins down.",
    skipped: "Shifts.",
    default: false,
    telling: 2,
    examples: &[Example { before: "x = a & b", after: "x = a ^ b" }],
    kinds: &["binary_operator"],
    apply: |node, edits| swap_binary(node, &BITWISE_SET, edits),
};

pub(super) const COMPARISON: Operator = Operator {
    id: "every/comparison",
    summary: "A comparison becomes every other one.",
    why: "Each comparison that no test can tell from the right one is a limit that no test pins down.",
    skipped: "`is` and `in`.",
    default: false,
    telling: 2,
    examples: &[
        Example { before: "x = a < b", after: "x = a >= b" },
        Example { before: "x = a == b", after: "x = a <= b" },
    ],
    kinds: &["comparison_operator"],
    apply: |node, edits| {
        for operator in node.children().filter(|child| child.field_name() == "operators") {
            if COMPARISON_SET.contains(&operator.token()) {
                for new in COMPARISON_SET.iter().filter(|new| **new != operator.token()) {
                    edits.push(Edit::token(operator, *new));
                }
            }
        }
    },
};

pub(super) const IDENTITY: Operator = Operator {
    id: "every/identity",
    summary: "`is` becomes `==`, and `is not` becomes `!=`.",
    why: "Equal is less than the same: objects with an equality of their own, `True` and `1`.",
    skipped: "Comparisons with `None`, where only odd classes tell the two apart.",
    default: false,
    telling: 2,
    examples: &[Example { before: "x = a is b", after: "x = a == b" }],
    kinds: &["comparison_operator"],
    apply: |node, edits| {
        if node.named_children().any(|side| side.unparenthesized().kind() == "none") {
            return;
        }
        for operator in node.children().filter(|child| child.field_name() == "operators") {
            let is_split = operator.text().contains(['\n', '\r']);
            match operator.token() {
                "is" => edits.push(Edit::token(operator, "==")),
                "is not" if !is_split => edits.push(Edit::token(operator, "!=")),
                _ => {}
            }
        }
    },
};

fn swap_binary(node: Node<'_>, set: &[&'static str], edits: &mut Vec<Edit>) {
    let Some(operator) = node.field("operator").map(Node::token) else { return };
    if set.contains(&operator) {
        for new in set.iter().filter(|new| **new != operator) {
            precedence::swap(node, &[(operator, new)], edits);
        }
    }
}

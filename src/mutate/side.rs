//! `side`: one operand in the place of an operation, and operands in each other's place.
//!
//! Invariant: what stays is one of the operands as it was written, or both.

use super::edit::Edit;
use super::precedence::precedence;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const LEFT: Operator = Operator {
    id: "side/left",
    summary: "`a and b` and `a or b` become `a`.",
    why: "No test needs the second condition.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a and b", after: "x = a" },
        Example { before: "if a or b: c()", after: "if a: c()" },
    ],
    kinds: &["boolean_operator"],
    apply: |node, edits| become_side(node, "left", edits),
};

pub(super) const RIGHT: Operator = Operator {
    id: "side/right",
    summary: "`a and b` and `a or b` become `b`.",
    why: "No test needs the first condition.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a and b", after: "x = b" },
        Example { before: "if not a or b: c()", after: "if b: c()" },
    ],
    kinds: &["boolean_operator"],
    apply: |node, edits| become_side(node, "right", edits),
};

pub(super) const SWAPPED: Operator = Operator {
    id: "side/swapped",
    summary: "The operands of `-`, `/`, `//`, `%`, `**`, `<<` and `>>` change places.",
    why: "Tests with equal operands, or with results that are only compared with 0, cannot tell.",
    skipped: "Operators whose operands may change places; operands with the same text; `%` behind a string.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "x = a - b", after: "x = b - a" },
        Example { before: "x = a * b - c * d", after: "x = c * d - a * b" },
    ],
    kinds: &["binary_operator"],
    apply: |node, edits| {
        let (Some(left), Some(operator), Some(right)) =
            (node.field("left"), node.field("operator"), node.field("right"))
        else {
            return;
        };
        let is_ordered = matches!(operator.token(), "-" | "/" | "//" | "%" | "**" | "<<" | ">>");
        let is_format = matches!(left.kind(), "string" | "concatenated_string");
        if !is_ordered || is_format || left.text() == right.text() {
            return;
        }
        let (own, text) = (precedence(node), node.whole_text());
        let wrapped = |side: Node<'_>| {
            // Whichever side groups of itself: parentheses are never wrong.
            if precedence(side) > own {
                side.text().to_owned()
            } else {
                format!("({})", side.text())
            }
        };
        let swapped = format!(
            "{}{}{}{}{}",
            wrapped(right),
            &text[left.end()..operator.start()],
            operator.text(),
            &text[operator.end()..right.start()],
            wrapped(left)
        );
        edits.push(Edit::expression(node, swapped));
    },
};

fn become_side(node: Node<'_>, side: &str, edits: &mut Vec<Edit>) {
    if let Some(side) = node.field(side) {
        edits.push(Edit::expression(node, side.text()));
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn every_part_of_a_chain_may_stand_alone() {
        assert_eq!(
            mutated_bodies("x = a and b and c", "side/left"),
            ["x = a and c", "x = a and b"]
        );
        assert_eq!(
            mutated_bodies("x = a and (b or c)", "side/right"),
            ["x = (b or c)", "x = a and (c)"]
        );
    }

    #[test]
    fn groups_stay_groups() {
        assert_eq!(
            mutated_bodies("x = a - (b - c)", "side/swapped"),
            ["x = (b - c) - a", "x = a - (c - b)"]
        );
        assert_eq!(
            mutated_bodies("x = a - b - c", "side/swapped"),
            ["x = b - a - c", "x = c - (a - b)"]
        );
        assert_eq!(mutated_bodies("x = -a ** b", "side/swapped"), ["x = -b ** a"]);
        assert_eq!(mutated_bodies("x = '%s' % a", "side/swapped"), [""; 0]);
    }
}

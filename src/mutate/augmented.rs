//! `augmented`: augmented assignments.
//!
//! Invariant: target and value stay.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const PLAIN: Operator = Operator {
    id: "augmented/plain",
    summary: "An augmented assignment becomes a plain one.",
    why: "Only what was there before tells a sum from its last part.",
    skipped: "",
    default: true,
    telling: 3,
    examples: &[Example { before: "x += 1", after: "x = 1" }],
    kinds: &["augmented_assignment"],
    apply: |node, edits| {
        if let Some(operator) = node.field("operator") {
            edits.push(Edit::token(operator, "="));
        }
    },
};

pub(super) const SWAP: Operator = Operator {
    id: "augmented/swap",
    summary: "The operator of an augmented assignment becomes another.",
    why: "The wrong direction: a counter that falls, a mask that is set instead of cleared.",
    skipped: "",
    default: false,
    telling: 4,
    examples: &[
        Example { before: "x += 1", after: "x -= 1" },
        Example { before: "x |= y", after: "x &= y" },
    ],
    kinds: &["augmented_assignment"],
    apply: |node, edits| {
        let Some(operator) = node.field("operator") else { return };
        if let Some((_, new)) = SWAPS.iter().find(|(old, _)| *old == operator.token()) {
            edits.push(Edit::token(operator, *new));
        }
    },
};

const SWAPS: [(&str, &str); 13] = [
    ("+=", "-="),
    ("-=", "+="),
    ("*=", "/="),
    ("/=", "*="),
    ("//=", "/="),
    ("%=", "/="),
    ("**=", "*="),
    ("@=", "*="),
    ("<<=", ">>="),
    (">>=", "<<="),
    ("&=", "|="),
    ("|=", "&="),
    ("^=", "&="),
];

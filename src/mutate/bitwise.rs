//! `bitwise`: `& | ^ << >>`.
//!
//! Invariant: operands stay grouped as they were.

use super::precedence;
use super::registry::{Example, Operator};

pub(super) const SWAP: Operator = Operator {
    id: "bitwise/swap",
    summary: "A bitwise operator becomes another.",
    why: "A mask that is set instead of tested, or the other way round.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a & b", after: "x = a | b" },
        Example { before: "x = a ^ b", after: "x = a & b" },
    ],
    kinds: &["binary_operator"],
    apply: |node, edits| precedence::swap(node, &[("&", "|"), ("|", "&"), ("^", "&")], edits),
};

pub(super) const SHIFT: Operator = Operator {
    id: "bitwise/shift",
    summary: "A shift goes the other way.",
    why: "The wrong direction.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = a << b", after: "x = a >> b" }],
    kinds: &["binary_operator"],
    apply: |node, edits| precedence::swap(node, &[("<<", ">>"), (">>", "<<")], edits),
};

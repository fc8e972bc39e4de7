//! `logical`: `and` and `or`.
//!
//! Invariant: operands stay grouped as they were.

use super::precedence;
use super::registry::{Example, Operator};

pub(super) const SWAP: Operator = Operator {
    id: "logical/swap",
    summary: "`and` and `or` become each other.",
    why: "Whether both or either must hold shows only where one of them does.",
    skipped: "",
    default: false,
    telling: 4,
    examples: &[
        Example { before: "x = a and b", after: "x = a or b" },
        Example { before: "x = a or b or c", after: "x = (a or b) and c" },
    ],
    kinds: &["boolean_operator"],
    apply: |node, edits| precedence::swap(node, &[("and", "or"), ("or", "and")], edits),
};

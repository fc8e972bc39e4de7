//! `arithmetic`: `+ - * / // % ** @`.
//!
//! Invariant: operands stay grouped as they were.

use super::precedence;
use super::registry::{Example, Operator};

pub(super) const SWAP: Operator = Operator {
    id: "arithmetic/swap",
    summary: "An arithmetic operator becomes another.",
    why: "The wrong operator gives the right result for 0, 1 and equal operands: tests need others.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a + b", after: "x = a - b" },
        Example { before: "x = a // b", after: "x = a / b" },
        Example { before: "x = -a ** b", after: "x = -(a * b)" },
    ],
    kinds: &["binary_operator"],
    apply: |node, edits| precedence::swap(node, &SWAPS, edits),
};

const SWAPS: [(&str, &str); 8] = [
    ("+", "-"),
    ("-", "+"),
    ("*", "/"),
    ("/", "*"),
    ("//", "/"),
    ("%", "/"),
    ("**", "*"),
    ("@", "*"),
];

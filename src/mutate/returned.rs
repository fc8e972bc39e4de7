//! `return`: returned values.
//!
//! Invariant: a bare `return` and `return None` stay.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const NONE: Operator = Operator {
    id: "return/none",
    summary: "A returned value becomes `None`.",
    why: "The least that a test of a function does is to look at what it returns.",
    skipped: "A bare `return` and `return None`; `return True` and `return False` where `boolean/flip` is on.",
    default: true,
    telling: 5,
    examples: &[Example { before: "return f(a), b", after: "return None" }],
    kinds: &["return_statement"],
    apply: |node, edits| {
        if let Some(value) = node.named_children().next()
            && value.unparenthesized().kind() != "none"
        {
            edits.push(Edit::expression(value, "None"));
        }
    },
};

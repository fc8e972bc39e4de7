//! `none`: `None` where it is assigned.
//!
//! Invariant: only a whole assigned value is replaced.

use super::assignment::assigned_value;
use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const TO_STRING: Operator = Operator {
    id: "none/to-string",
    summary: "An assigned `None` becomes an empty string.",
    why: "Code that tells `None` from other empty values relies on it.",
    skipped: "`None` that is passed, returned or compared.",
    default: true,
    telling: 2,
    examples: &[Example { before: "x = None", after: "x = \"\"" }],
    kinds: &["assignment", "named_expression"],
    apply: |node, edits| {
        if let Some(value) = assigned_value(node)
            && value.kind() == "none"
        {
            edits.push(Edit::expression(value, "\"\""));
        }
    },
};

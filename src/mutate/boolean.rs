//! `boolean`: the constants `True` and `False`.
//!
//! Invariant: one constant gives one mutant.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const FLIP: Operator = Operator {
    id: "boolean/flip",
    summary: "`True` becomes `False`, and `False` becomes `True`.",
    why: "A flag that may have either value is a flag whose effect no test sees.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = True", after: "x = False" },
        Example { before: "x = False", after: "x = True" },
    ],
    kinds: &["true", "false"],
    apply: |node, edits| {
        edits.push(Edit::token(node, if node.kind() == "true" { "False" } else { "True" }));
    },
};

//! `lambda`: the values of lambdas.
//!
//! Invariant: parameters and their defaults stay.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const BODY: Operator = Operator {
    id: "lambda/body",
    summary: "The value of a lambda becomes `None`, and `None` becomes `0`.",
    why: "A key or callback whose value nobody looks at.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "f(lambda a: a.b)", after: "f(lambda a: None)" },
        Example { before: "f(lambda: None)", after: "f(lambda: 0)" },
    ],
    kinds: &["lambda"],
    apply: |node, edits| {
        let Some(body) = node.field("body") else { return };
        let is_none = body.unparenthesized().kind() == "none";
        edits.push(Edit::expression(body, if is_none { "0" } else { "None" }));
    },
};

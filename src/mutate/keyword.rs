//! `keyword`: the names of keyword arguments that become data.
//!
//! Invariant: no name is given twice in a call.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const NAME: Operator = Operator {
    id: "keyword/name",
    summary: "A key of `dict(…)` gets another name.",
    why: "A key that nobody reads.",
    skipped: "Calls of anything but `dict`.",
    default: true,
    telling: 2,
    examples: &[Example { before: "x = dict(a=1)", after: "x = dict(aXX=1)" }],
    kinds: &["call"],
    apply: |node, edits| {
        let (Some(function), Some(arguments)) = (node.field("function"), node.field("arguments"))
        else {
            return;
        };
        if function.text() != "dict" {
            return;
        }
        let names: Vec<_> =
            arguments.named_children().filter_map(|argument| argument.field("name")).collect();
        for name in &names {
            let new = format!("{}XX", name.text());
            if names.iter().all(|other| other.text() != new) {
                edits.push(Edit::token(*name, new));
            }
        }
    },
};

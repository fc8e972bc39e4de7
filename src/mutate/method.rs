//! `method`: methods that have an opposite.
//!
//! Invariant: the arguments stay and suit the other method as well.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const SWAP: Operator = Operator {
    id: "method/swap",
    summary: "A method of strings becomes its opposite.",
    why: "The other end, or the other case.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = a.lower()", after: "x = a.upper()" },
        Example { before: "x = a.startswith(b)", after: "x = a.endswith(b)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(name) = method(node) else { return };
        let new = PAIRS.iter().find_map(|(one, other)| match name.text() {
            text if text == *one => Some(*other),
            text if text == *other => Some(*one),
            _ => None,
        });
        if let Some(new) = new {
            edits.push(Edit::token(name, new));
        }
    },
};

const PAIRS: [(&str, &str); 9] = [
    ("lower", "upper"),
    ("lstrip", "rstrip"),
    ("find", "rfind"),
    ("ljust", "rjust"),
    ("index", "rindex"),
    ("removeprefix", "removesuffix"),
    ("partition", "rpartition"),
    ("startswith", "endswith"),
    ("islower", "isupper"),
];

pub(super) const SPLIT: Operator = Operator {
    id: "method/split",
    summary: "`split` and `rsplit` with a limit become each other.",
    why: "Which end is split off matters only where the separator is there twice.",
    skipped: "Calls without a limit, where both are alike.",
    default: true,
    telling: 3,
    examples: &[
        Example { before: "x = a.split(b, 1)", after: "x = a.rsplit(b, 1)" },
        Example { before: "x = a.rsplit(maxsplit=1)", after: "x = a.split(maxsplit=1)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let (Some(name), Some(arguments)) = (method(node), node.field("arguments")) else { return };
        // Without a limit both split alike.
        let is_limited = arguments.named_children().count() == 2
            || arguments
                .named_children()
                .filter_map(|argument| argument.field("name"))
                .any(|name| name.text() == "maxsplit");
        let new = match name.text() {
            "split" => "rsplit",
            "rsplit" => "split",
            _ => return,
        };
        if is_limited {
            edits.push(Edit::token(name, new));
        }
    },
};

pub(super) const DEEPCOPY: Operator = Operator {
    id: "method/deepcopy",
    summary: "A deep copy becomes a shallow one.",
    why: "Whether what is inside is shared shows only when it is changed.",
    skipped: "",
    default: true,
    telling: 3,
    examples: &[
        Example { before: "x = copy.deepcopy(a)", after: "x = copy.copy(a)" },
        Example { before: "x = deepcopy(a)", after: "x = __import__(\"copy\").copy(a)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(function) = node.field("function") else { return };
        match (function.kind(), method(node)) {
            ("identifier", _) if function.text() == "deepcopy" => {
                edits.push(Edit::token(function, "__import__(\"copy\").copy"));
            }
            (_, Some(name)) if name.text() == "deepcopy" => {
                edits.push(Edit::token(name, "copy"));
            }
            _ => {}
        }
    },
};

/// The name of the method that a call calls.
fn method(call: Node<'_>) -> Option<Node<'_>> {
    call.field("function")?.field("attribute")
}

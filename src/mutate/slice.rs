//! `slice`: slices and indices.
//!
//! Invariant: what is looked into stays.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const LOWER: Operator = Operator {
    id: "slice/lower",
    summary: "A slice loses its lower bound.",
    why: "What should be cut off at the beginning is still there, and no test has any of it.",
    skipped: "",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = a[1:n]", after: "x = a[:n]" }],
    kinds: &["slice"],
    apply: |node, edits| drop_part(node, 0, edits),
};

pub(super) const UPPER: Operator = Operator {
    id: "slice/upper",
    summary: "A slice loses its upper bound.",
    why: "What should be cut off at the end is still there, and no test has any of it.",
    skipped: "",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = a[:n]", after: "x = a[:]" }],
    kinds: &["slice"],
    apply: |node, edits| drop_part(node, 1, edits),
};

pub(super) const STEP: Operator = Operator {
    id: "slice/step",
    summary: "A slice loses its step.",
    why: "Every element is taken, or in the other order, and no test can tell.",
    skipped: "",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = a[::2]", after: "x = a[::]" }],
    kinds: &["slice"],
    apply: |node, edits| drop_part(node, 2, edits),
};

pub(super) const OTHER_END: Operator = Operator {
    id: "slice/other-end",
    summary: "Index 0 becomes -1, and -1 becomes 0.",
    why: "With one element, the first is the last.",
    skipped: "Indices of assignments and of `del`.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "x = a[0]", after: "x = a[-1]" },
        Example { before: "x = a[-1]", after: "x = a[0]" },
    ],
    kinds: &["subscript"],
    apply: |node, edits| {
        let is_target = node.field_name() == "left"
            || node.parent().is_some_and(|parent| parent.kind() == "delete_statement");
        let indices: Vec<Node<'_>> =
            node.children().filter(|child| child.field_name() == "subscript").collect();
        let ([index], false) = (indices.as_slice(), is_target) else { return };
        match index.text() {
            "0" => edits.push(Edit::expression(*index, "-1")),
            "-1" => edits.push(Edit::expression(*index, "0")),
            _ => {}
        }
    },
};

/// Takes out the part of a slice that stands before the first colon, the second, or the end.
fn drop_part(slice: Node<'_>, place: usize, edits: &mut Vec<Edit>) {
    let mut colons = 0;
    for child in slice.children() {
        if child.token() == ":" {
            colons += 1;
        } else if colons == place && !child.kind().is_empty() {
            edits.push(Edit::cut(child.bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn each_part_goes_alone() {
        let after = |operator: &str| mutated_bodies("x = a[b + 1:c:-1, ::d]", operator);
        assert_eq!(after("slice/lower"), ["x = a[:c:-1, ::d]"]);
        assert_eq!(after("slice/upper"), ["x = a[b + 1::-1, ::d]"]);
        assert_eq!(after("slice/step"), ["x = a[b + 1:c:, ::d]", "x = a[b + 1:c:-1, ::]"]);
    }

    #[test]
    fn places_that_are_written_to_stay() {
        assert_eq!(mutated_bodies("a[0] = b", "slice/other-end"), [""; 0]);
        assert_eq!(mutated_bodies("del a[0]", "slice/other-end"), [""; 0]);
        assert_eq!(mutated_bodies("a[0].b = c[0, 1]", "slice/other-end"), ["a[-1].b = c[0, 1]"]);
    }
}

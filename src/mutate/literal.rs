//! `literal`: other values in the place of literals.
//!
//! Invariant: the new value is of the same type.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const DECREMENT: Operator = Operator {
    id: "literal/decrement",
    summary: "A whole number becomes itself less one.",
    why: "Off by one to the other side: whatever notices one more need not notice one less.",
    skipped: "0, and numbers that are not decimal.",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = 10", after: "x = 9" }],
    kinds: &["integer"],
    apply: |node, edits| {
        if let Some(value) = small(node) {
            edits.push(Edit::token(node, (value - 1).to_string()));
        }
    },
};

pub(super) const ZERO: Operator = Operator {
    id: "literal/zero",
    summary: "A whole number greater than 1 becomes 0.",
    why: "Zero is what other code takes for false, for nothing and for the first place.",
    skipped: "0 and 1, and numbers that are not decimal.",
    default: false,
    telling: 2,
    examples: &[Example { before: "x = 10", after: "x = 0" }],
    kinds: &["integer"],
    apply: |node, edits| {
        if small(node).is_some_and(|value| value > 1) {
            edits.push(Edit::token(node, "0"));
        }
    },
};

pub(super) const NEGATED: Operator = Operator {
    id: "literal/negated",
    summary: "A number gets a minus sign.",
    why: "The wrong sign.",
    skipped: "0; numbers in subscripts, where other operators take the other end; `x ** 2`, and numbers behind a sign.",
    default: false,
    telling: 2,
    examples: &[Example { before: "x = f(10)", after: "x = f(-10)" }],
    kinds: &["integer", "float"],
    apply: |node, edits| {
        let Some(parent) = node.parent() else { return };
        let is_zero = node.text().bytes().all(|byte| matches!(byte, b'0' | b'.' | b'_'));
        let may_be_signed = matches!(
            parent.kind(),
            "argument_list"
                | "assignment"
                | "augmented_assignment"
                | "keyword_argument"
                | "return_statement"
                | "default_parameter"
                | "comparison_operator"
                | "pair"
                | "list"
                | "tuple"
        );
        if !is_zero && may_be_signed {
            edits.push(Edit::token(node, format!("-{}", node.text())));
        }
    },
};

pub(super) const EMPTY_STRING: Operator = Operator {
    id: "literal/empty-string",
    summary: "A string becomes empty.",
    why: "Empty is what other code takes for false; a separator or prefix that may be empty is none.",
    skipped: "Strings that are empty already; pieces of an implicit concatenation; docstrings.",
    default: false,
    telling: 2,
    examples: &[
        Example { before: "x = 'text'", after: "x = ''" },
        Example { before: "x = b'text'", after: "x = b''" },
        Example { before: "x = f'{a}'", after: "x = ''" },
    ],
    kinds: &["string"],
    apply: |node, edits| {
        let start = node.named_children().find(|child| child.kind() == "string_start");
        let end = node.named_children().find(|child| child.kind() == "string_end");
        let (Some(start), Some(end)) = (start, end) else { return };
        let is_piece = node.parent().is_some_and(|parent| parent.kind() == "concatenated_string");
        if is_piece || start.end() == end.start() {
            return;
        }
        let prefix: String = start.text().chars().filter(|c| matches!(c, 'b' | 'B')).collect();
        let quote = &end.text()[..1];
        edits.push(Edit::expression(node, format!("{prefix}{quote}{quote}")));
    },
};

pub(super) const INTERPOLATION: Operator = Operator {
    id: "literal/interpolation",
    summary: "A replaced field of an f-string is left out.",
    why: "A text with a hole in it, and nobody looks at the text.",
    skipped: "",
    default: false,
    telling: 2,
    examples: &[Example { before: "x = f'{a}-{b}'", after: "x = f'-{b}'" }],
    kinds: &["interpolation"],
    apply: |node, edits| {
        let Some(string) = node.parent().filter(|parent| parent.kind() == "string") else { return };
        let start = string.named_children().find(|child| child.kind() == "string_start");
        let before = &node.whole_text()[start.map_or(node.start(), Node::end)..node.start()];
        // What stands before it may not meet the end of the string.
        let meets_end = before.ends_with(['\\', '\'', '"']);
        let is_nested = node
            .ancestors()
            .any(|around| matches!(around.kind(), "interpolation" | "format_specifier"));
        if !is_nested && !meets_end && !node.text().contains(['\n', '\r']) {
            edits.push(Edit::text(node.bytes(), ""));
        }
    },
};

pub(super) const EMPTIED: Operator = Operator {
    id: "literal/emptied",
    summary: "A list, dictionary, set or tuple becomes empty.",
    why: "Nothing of what it holds is ever looked at.",
    skipped: "Those that are empty already, targets of assignments, and what stands in a subscript, a `for` or an `except`.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "x = [a, b]", after: "x = []" },
        Example { before: "x = {a: b}", after: "x = {}" },
        Example { before: "x = {a, b}", after: "x = set()" },
        Example { before: "x = (a, b)", after: "x = ()" },
    ],
    kinds: &["list", "dictionary", "set", "tuple"],
    apply: |node, edits| {
        if node.named_children().next().is_none() || is_target(node) || !is_value(node) {
            return;
        }
        let empty = match node.kind() {
            "list" => "[]",
            "dictionary" => "{}",
            "set" => "set()",
            _ => "()",
        };
        edits.push(Edit::expression(node, empty));
    },
};

/// A decimal number of a few digits that stands for its value.
fn small(node: Node<'_>) -> Option<u64> {
    let in_while = node.parent().is_some_and(|parent| parent.kind() == "while_statement");
    let text = node.text().replace('_', "");
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| is_decimal && !in_while)?;
    (value > 0).then_some(value)
}

/// Whether something is assigned to it or to a part of it, or deleted.
fn is_target(node: Node<'_>) -> bool {
    std::iter::once(node).chain(node.ancestors().take_while(|around| !around.is_statement())).any(
        |node| {
            let is_left = node.field_name() == "left"
                && node.parent().is_some_and(|parent| {
                    matches!(
                        parent.kind(),
                        "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause"
                    )
                });
            let parent = node.parent().map_or("", Node::kind);
            is_left || matches!(parent, "as_pattern_target" | "delete_statement")
        },
    )
}

/// Whether it stands where any value may.
fn is_value(node: Node<'_>) -> bool {
    let parent = node.parent().map_or("", Node::kind);
    let in_pattern = node
        .ancestors()
        .take_while(|around| !around.is_statement())
        .any(|around| around.kind() == "case_pattern");
    !in_pattern
        && !matches!(
            parent,
            "subscript"
                | "for_statement"
                | "for_in_clause"
                | "except_clause"
                | "expression_statement"
                | "type"
                | "with_item"
                | "with_clause"
        )
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn targets_are_no_values() {
        for text in [
            "[a, b] = c",
            "(a, b) = c",
            "for (a, b) in c: d",
            "del (a, b)",
            "with f() as (a, b): c",
            "x = []",
            "d[a, (b)] = 1",
            "(a, [b, c]) = d",
        ] {
            assert_eq!(mutated_bodies(text, "literal/emptied"), [""; 0], "{text}");
        }
        assert_eq!(
            mutated_bodies("f((a, b), k=[c])", "literal/emptied"),
            ["f((), k=[c])", "f((a, b), k=[])"]
        );
    }

    #[test]
    fn numbers_keep_their_type_and_strings_their_prefix() {
        assert_eq!(mutated_bodies("x = 0x10, 0, 1.5", "literal/decrement"), [""; 0]);
        assert_eq!(mutated_bodies("x = f(1_000)", "literal/decrement"), ["x = f(999)"]);
        assert_eq!(mutated_bodies("x = Rb'a'", "literal/empty-string"), ["x = b''"]);
        assert_eq!(mutated_bodies("x = 'a' 'b'", "literal/empty-string"), [""; 0]);
        assert_eq!(mutated_bodies("x = a ** 2, b - 3, c[4]", "literal/negated"), [""; 0]);
    }
}

//! `forced`: conditions that always hold, or never.
//!
//! Invariant: a `while` is never forced to hold: it would not end. What is a constant already, and
//! `TYPE_CHECKING` and `__name__`, stay.

use super::edit::Edit;
use super::registry::{Example, Operator};
use super::skip::is_type_checking;
use crate::syntax::Node;

const KINDS: &[&str] = &[
    "if_statement",
    "elif_clause",
    "while_statement",
    "if_clause",
    "conditional_expression",
    "assert_statement",
];

pub(super) const TRUE: Operator = Operator {
    id: "forced/true",
    summary: "The condition of an `if`, `elif`, `assert`, guard or comprehension always holds.",
    why: "No test has a case in which it does not hold, or none looks at what happens then. An assertion that always holds is none.",
    skipped: "`while`; constants, `TYPE_CHECKING`, `__name__ == '__main__'`; conditional expressions, which `ternary` makes one arm of.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "if a > b: c()", after: "if True: c()" },
        Example { before: "x = [a for a in b if a.c]", after: "x = [a for a in b if True]" },
        Example { before: "assert a, b", after: "assert True, b" },
    ],
    kinds: KINDS,
    apply: |node, edits| {
        if !matches!(node.kind(), "while_statement" | "conditional_expression") {
            force(node, "True", edits);
        }
    },
};

pub(super) const FALSE: Operator = Operator {
    id: "forced/false",
    summary: "The condition of an `if`, `elif`, `while`, guard or comprehension never holds.",
    why: "No test has a case in which it holds, or none looks at what happens then: the block may as well not be there.",
    skipped: "`assert`; constants, `TYPE_CHECKING`, `__name__ == '__main__'`; conditional expressions, which `ternary` makes one arm of.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "if a > b: c()", after: "if False: c()" },
        Example { before: "while a: b()", after: "while False: b()" },
    ],
    kinds: KINDS,
    apply: |node, edits| {
        if !matches!(node.kind(), "assert_statement" | "conditional_expression") {
            force(node, "False", edits);
        }
    },
};

fn force(node: Node<'_>, value: &str, edits: &mut Vec<Edit>) {
    let condition = match node.kind() {
        "if_clause" | "assert_statement" => node.named_children().next(),
        _ => node.field("condition"),
    };
    let Some(condition) = condition else { return };
    let plain = condition.unparenthesized();
    let is_constant = matches!(plain.kind(), "true" | "false" | "none" | "integer" | "string");
    if is_constant || is_type_checking(condition) || plain.text().contains("__name__") {
        return;
    }
    edits.push(Edit::expression(condition, value));
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn loops_are_not_made_endless_and_constants_stay() {
        assert_eq!(mutated_bodies("while a: b()", "forced/true"), [""; 0]);
        assert_eq!(mutated_bodies("while True: b()", "forced/false"), [""; 0]);
        assert_eq!(mutated_bodies("if TYPE_CHECKING: b()", "forced/true"), [""; 0]);
        assert_eq!(
            mutated_bodies("if a:\n  b()\nelif (c):\n  d()", "forced/false"),
            ["if False:\n  b()\nelif (c):\n  d()", "if a:\n  b()\nelif False:\n  d()"]
        );
    }

    #[test]
    fn guards_of_cases_are_conditions() {
        let guard = "match a:\n  case b if c > 1: d()";
        assert_eq!(mutated_bodies(guard, "forced/true"), ["match a:\n  case b if True: d()"]);
    }
}

//! `exception`: what is caught, what is done then, and what is raised.
//!
//! Invariant: every `try` keeps its handlers; `except*` keeps what may not stand in it out.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const HANDLER_RAISE: Operator = Operator {
    id: "exception/handler-raise",
    summary: "A handler raises the exception again instead of handling it.",
    why: "No test makes the exception happen.",
    skipped: "Handlers that begin with a bare `raise`.",
    default: true,
    telling: 4,
    examples: &[Example {
        before: "try:\n  a()\nexcept E:\n  b()\n  c()",
        after: "try:\n  a()\nexcept E:\n  raise\n",
    }],
    kinds: &["except_clause"],
    apply: |node, edits| replace_body(node, "raise", edits),
};

pub(super) const HANDLER_PASS: Operator = Operator {
    id: "exception/handler-pass",
    summary: "A handler does nothing.",
    why: "No test makes the exception happen, or none looks at what is done about it.",
    skipped: "Handlers that do nothing already.",
    default: false,
    telling: 4,
    examples: &[Example {
        before: "try:\n  a()\nexcept E:\n  b()",
        after: "try:\n  a()\nexcept E:\n  pass",
    }],
    kinds: &["except_clause"],
    apply: |node, edits| replace_body(node, "pass", edits),
};

pub(super) const WIDENED: Operator = Operator {
    id: "exception/widened",
    summary: "A handler catches every `Exception`.",
    why: "An error of another kind would be taken for the expected one, and no test raises one.",
    skipped: "`Exception` and `BaseException`; handlers with another one behind them.",
    default: false,
    telling: 2,
    examples: &[Example {
        before: "try:\n  a()\nexcept E as e:\n  b()",
        after: "try:\n  a()\nexcept Exception as e:\n  b()",
    }],
    kinds: &["except_clause"],
    apply: |node, edits| {
        let Some(caught) = caught(node) else { return };
        let is_last = node.parent().is_some_and(|statement| {
            statement.children().filter(|child| child.kind() == "except_clause").last()
                == Some(node)
        });
        if is_last && !caught.text().ends_with("Exception") {
            edits.push(Edit::expression(caught, "Exception"));
        }
    },
};

pub(super) const NARROWED: Operator = Operator {
    id: "exception/narrowed",
    summary: "One of several exceptions is no longer caught.",
    why: "No test raises it.",
    skipped: "Handlers of one exception, which `exception/handler-raise` is for.",
    default: true,
    telling: 3,
    examples: &[Example {
        before: "try:\n  a()\nexcept (E, F):\n  b()",
        after: "try:\n  a()\nexcept (F, ):\n  b()",
    }],
    kinds: &["except_clause"],
    apply: |node, edits| {
        let Some(caught) = caught(node).filter(|caught| caught.kind() == "tuple") else { return };
        let all: Vec<Node<'_>> = caught.named_children().collect();
        if all.len() < 2 || caught.text().contains(['\n', '\r', '*']) {
            return;
        }
        for left_out in &all {
            let kept: Vec<&str> =
                all.iter().filter(|one| *one != left_out).map(|one| one.text()).collect();
            let end = if kept.len() == 1 { ", " } else { "" };
            edits.push(Edit::token(caught, format!("({}{end})", kept.join(", "))));
        }
    },
};

pub(super) const RAISED: Operator = Operator {
    id: "exception/raised",
    summary: "Another exception is raised: `Exception` in the place of a narrower one.",
    why: "Callers that catch the narrow one would not; the test asks for any error.",
    skipped: "`Exception` itself; exceptions that are not called.",
    default: false,
    telling: 3,
    examples: &[Example { before: "raise E(a)", after: "raise Exception(a)" }],
    kinds: &["raise_statement"],
    apply: |node, edits| {
        let Some(value) = node.named_children().next() else { return };
        let Some(called) = value.field("function").filter(|_| value.kind() == "call") else {
            return;
        };
        let keywords = value.field("arguments").is_some_and(|arguments| {
            arguments.named_children().any(|argument| argument.kind() == "keyword_argument")
        });
        // A class by its name: a function that makes an exception is no class.
        let name = called.text().rsplit('.').next().unwrap_or_default();
        let is_class = name.starts_with(|c: char| c.is_uppercase() || c == '_');
        if is_class && !keywords && !matches!(name, "Exception" | "BaseException") {
            edits.push(Edit::token(called, "Exception"));
        }
    },
};

pub(super) const FROM: Operator = Operator {
    id: "exception/from",
    summary: "The `from` of a `raise` is left out.",
    why: "The cause is lost (or, behind `from None`, shown), and no test looks at it.",
    skipped: "",
    default: false,
    telling: 1,
    examples: &[Example { before: "raise E(a) from b", after: "raise E(a)" }],
    kinds: &["raise_statement"],
    apply: |node, edits| {
        let (Some(value), Some(cause)) = (node.named_children().next(), node.field("cause")) else {
            return;
        };
        edits.push(Edit::cut(ByteSpan { start: value.end(), end: cause.end() }));
    },
};

/// What a handler catches, without the name that it gets.
fn caught(clause: Node<'_>) -> Option<Node<'_>> {
    let first = clause.named_children().next().filter(|child| child.kind() != "block")?;
    let is_alias = first.kind() == "as_pattern";
    let value = if is_alias { first.named_children().next() } else { Some(first) };
    // `except A, B` of Python 3.14 is left to others.
    let is_bare_list = clause.token_child(",").is_some();
    value.filter(|_| !is_bare_list)
}

fn replace_body(clause: Node<'_>, word: &str, edits: &mut Vec<Edit>) {
    let Some(block) = clause.children().find(|child| child.kind() == "block") else { return };
    let Some(first) = block.named_children().next() else { return };
    let is_same = match word {
        "raise" => first.text() == "raise",
        _ => block.named_children().all(|statement| statement.kind() == "pass_statement"),
    };
    let function = clause.ancestors().filter(|node| node.kind() == "function_definition").last();
    let declares = function.is_some_and(|function| {
        function
            .preorder()
            .any(|node| matches!(node.kind(), "nonlocal_statement" | "global_statement"))
    });
    if !is_same && !declares {
        edits.push(Edit::token(block, word));
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn handlers_are_widened_where_nothing_follows() {
        let body = "try:\n  a()\nexcept E:\n  b()\nexcept (F, m.G) as g:\n  c()";
        assert_eq!(
            mutated_bodies(body, "exception/widened"),
            ["try:\n  a()\nexcept E:\n  b()\nexcept Exception as g:\n  c()"]
        );
        assert_eq!(
            mutated_bodies(body, "exception/narrowed"),
            [
                "try:\n  a()\nexcept E:\n  b()\nexcept (m.G, ) as g:\n  c()",
                "try:\n  a()\nexcept E:\n  b()\nexcept (F, ) as g:\n  c()"
            ]
        );
        assert_eq!(mutated_bodies("try:\n  a()\nexcept:\n  b()", "exception/widened"), [""; 0]);
    }

    #[test]
    fn what_a_function_makes_is_no_class() {
        assert_eq!(mutated_bodies("raise error(a)", "exception/raised"), [""; 0]);
        assert_eq!(
            mutated_bodies("raise m.E(a) from b", "exception/raised"),
            ["raise Exception(a) from b"]
        );
        assert_eq!(mutated_bodies("raise E(a, key=b)", "exception/raised"), [""; 0]);
        assert_eq!(mutated_bodies("raise E from None", "exception/from"), ["raise E"]);
    }
}

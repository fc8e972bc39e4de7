//! `loop`: how often a `for` loop runs, and in which order.
//!
//! Invariant: no mutant loops for longer than the original; `async for` stays.

use super::edit::Edit;
use super::precedence::precedence;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const ZERO: Operator = Operator {
    id: "loop/zero",
    summary: "A `for` loop runs over nothing.",
    why: "Whatever the loop does, no test looks at it, or none has anything to loop over.",
    skipped: "`async for`, and loops over an empty literal.",
    default: false,
    telling: 4,
    examples: &[Example { before: "for a in b: c(a)", after: "for a in (): c(a)" }],
    kinds: &["for_statement"],
    apply: |node, edits| {
        if let Some(over) = iterated(node)
            && !matches!(over.text(), "()" | "[]")
        {
            edits.push(Edit::expression(over, "()"));
        }
    },
};

pub(super) const ONCE: Operator = Operator {
    id: "loop/once",
    summary: "A `for` loop ends after its first round.",
    why: "No test has two elements, or none looks at what becomes of the second.",
    skipped: "`async for`; loops whose body ends with a compound statement, `break`, `return` or `raise`.",
    default: true,
    telling: 4,
    examples: &[Example { before: "for a in b:\n  c(a)", after: "for a in b:\n  c(a); break" }],
    kinds: &["for_statement"],
    apply: |node, edits| {
        let (Some(_), Some(body)) = (iterated(node), node.field("body")) else { return };
        let Some(last) = body.named_children().last() else { return };
        let is_simple =
            matches!(last.kind(), "expression_statement" | "assert_statement" | "delete_statement");
        if is_simple && last.preorder().all(|inner| inner.kind() != "ERROR") {
            edits.push(Edit::token(last, format!("{}; break", last.text())));
        }
    },
};

pub(super) const REVERSED: Operator = Operator {
    id: "loop/reversed",
    summary: "A `for` loop runs from the last element to the first.",
    why: "The order makes no difference to any test.",
    skipped: "`async for`; loops over calls (what they give may have no end), sets and dictionaries.",
    default: false,
    telling: 2,
    examples: &[
        Example { before: "for a in b: c(a)", after: "for a in [*b][::-1]: c(a)" },
        Example { before: "for a in range(b): c(a)", after: "for a in range(b)[::-1]: c(a)" },
    ],
    kinds: &["for_statement"],
    apply: |node, edits| {
        let Some(over) = iterated(node) else { return };
        let text = over.text();
        let is_range = over.field("function").is_some_and(|function| function.text() == "range");
        let reversed = match over.kind() {
            _ if is_range => format!("{text}[::-1]"),
            "identifier" | "attribute" | "list" | "tuple" if precedence(over) > 0 => {
                format!("[*{text}][::-1]")
            }
            _ => return,
        };
        if over.named_children().next().is_some() || !matches!(over.kind(), "list" | "tuple") {
            edits.push(Edit::expression(over, reversed));
        }
    },
};

pub(super) const BREAK_TO_CONTINUE: Operator = Operator {
    id: "loop/break-to-continue",
    summary: "The `break` of a `for` loop becomes `continue`.",
    why: "Nothing behind the element that ends the loop makes a difference to any test.",
    skipped: "`while` loops, which might not end; `async for`.",
    default: false,
    telling: 3,
    examples: &[Example {
        before: "for a in b:\n  if a: break",
        after: "for a in b:\n  if a: continue",
    }],
    kinds: &["break_statement"],
    apply: |node, edits| {
        let around = node
            .ancestors()
            .find(|around| matches!(around.kind(), "for_statement" | "while_statement"));
        if around.is_some_and(|around| iterated(around).is_some()) {
            edits.push(Edit::token(node, "continue"));
        }
    },
};

/// What a `for` loop runs over.
fn iterated(statement: Node<'_>) -> Option<Node<'_>> {
    let is_async = statement.token_child("async").is_some();
    (statement.kind() == "for_statement" && !is_async).then(|| statement.field("right")).flatten()
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn loops_without_an_end_are_not_collected() {
        assert_eq!(mutated_bodies("for a in count(): b()", "loop/reversed"), [""; 0]);
        assert_eq!(mutated_bodies("while a: break", "loop/break-to-continue"), [""; 0]);
        assert_eq!(mutated_bodies("async for a in b: c()", "loop/zero"), [""; 0]);
        assert_eq!(mutated_bodies("for a in b, c: d()", "loop/zero"), ["for a in (): d()"]);
    }

    #[test]
    fn only_a_simple_statement_takes_a_break_behind_it() {
        assert_eq!(mutated_bodies("for a in b:\n  if a: c()", "loop/once"), [""; 0]);
        assert_eq!(
            mutated_bodies("for a in b: c(); d()", "loop/once"),
            ["for a in b: c(); d(); break"]
        );
        assert_eq!(mutated_bodies("for a in b:\n  return a", "loop/once"), [""; 0]);
    }
}

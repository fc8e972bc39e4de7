//! `removed`: statements and clauses that are not there.
//!
//! Invariant: what stays compiles and binds the same names in every scope; no line moves.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const ASSIGNMENT: Operator = Operator {
    id: "removed/assignment",
    summary: "An assignment to an attribute or an element, or to a name that has a value already, is removed.",
    why: "The state stays as it was, and no test looks at it afterwards.",
    skipped: "First assignments of a name, without which the code would only fail; assignments with `:=` in them.",
    default: false,
    telling: 4,
    examples: &[
        Example { before: "self.x = a", after: "pass" },
        Example { before: "a[b] = c", after: "pass" },
        Example { before: "x = a\nx = b", after: "x = a\npass" },
        Example { before: "a.b += 1", after: "pass" },
    ],
    kinds: &["expression_statement"],
    apply: |node, edits| {
        let Some(value) = node.named_children().next() else { return };
        let is_augmented = value.kind() == "augmented_assignment";
        if !(value.kind() == "assignment" || is_augmented) || value.text().contains(":=") {
            return;
        }
        let Some(target) = value.field("left") else { return };
        let has_value = match target.kind() {
            "attribute" | "subscript" => true,
            "identifier" => is_augmented || has_value_before(node, target.text()),
            _ => false,
        };
        // An annotation without a value assigns nothing.
        if has_value && value.field("right").is_some() && !declares_outer_names(node) {
            edits.push(Edit::expression(value, passing(value)));
        }
    },
};

pub(super) const RAISE: Operator = Operator {
    id: "removed/raise",
    summary: "A `raise` is removed.",
    why: "The check is there and does nothing: no test asks for the error.",
    skipped: "`raise` without a value, which `exception` looks after.",
    default: true,
    telling: 5,
    examples: &[Example { before: "if a:\n  raise E(b)", after: "if a:\n  pass" }],
    kinds: &["raise_statement"],
    apply: |node, edits| {
        if node.named_children().next().is_some() {
            edits.push(Edit::token(node, "pass"));
        }
    },
};

pub(super) const DELETION: Operator = Operator {
    id: "removed/del",
    summary: "A `del` of an attribute or an element is removed.",
    why: "What should be gone is still there, and no test looks.",
    skipped: "`del` of names.",
    default: false,
    telling: 4,
    examples: &[Example { before: "del a[b]", after: "pass" }],
    kinds: &["delete_statement"],
    apply: |node, edits| {
        let mut targets = node.named_children();
        let (Some(target), None) = (targets.next(), targets.next()) else { return };
        if matches!(target.kind(), "attribute" | "subscript") {
            edits.push(Edit::token(node, "pass"));
        }
    },
};

pub(super) const ELSE: Operator = Operator {
    id: "removed/else",
    summary: "An `else` block does nothing.",
    why: "No test has the case that it is for, or none looks at what it does.",
    skipped: "Functions with `nonlocal` or `global`.",
    default: false,
    telling: 4,
    examples: &[Example {
        before: "if a:\n  b()\nelse:\n  c()\n  d()",
        after: "if a:\n  b()\nelse:\n  pass\n",
    }],
    kinds: &["else_clause"],
    apply: |node, edits| empty_block(node, edits),
};

pub(super) const FINALLY: Operator = Operator {
    id: "removed/finally",
    summary: "A `finally` block does nothing.",
    why: "What should be cleaned up is not, and no test looks.",
    skipped: "Functions with `nonlocal` or `global`.",
    default: false,
    telling: 3,
    examples: &[Example {
        before: "try:\n  a()\nfinally:\n  b()\n  c()",
        after: "try:\n  a()\nfinally:\n  pass\n",
    }],
    kinds: &["finally_clause"],
    apply: |node, edits| empty_block(node, edits),
};

pub(super) const LOOP_BODY: Operator = Operator {
    id: "removed/loop-body",
    summary: "The body of a `for` loop does nothing.",
    why: "The loop runs, and nothing of what it does is looked at.",
    skipped: "`while` loops, which might not end; bodies that yield or bind names that are read behind the loop; functions with `nonlocal` or `global`.",
    default: false,
    telling: 4,
    examples: &[Example { before: "for a in b:\n  c(a)\n  d(a)", after: "for a in b:\n  pass\n" }],
    kinds: &["for_statement"],
    apply: |node, edits| {
        let yields = node.preorder().any(|inner| matches!(inner.kind(), "yield" | "await"));
        if !yields {
            empty_block(node, edits);
        }
    },
};

/// `pass`, or `None` in the place of several lines, which may stand in parentheses.
fn passing(value: Node<'_>) -> &'static str {
    if value.text().contains(['\n', '\r']) { "None" } else { "pass" }
}

/// Puts `pass` in the place of a clause's block.
fn empty_block(clause: Node<'_>, edits: &mut Vec<Edit>) {
    let Some(block) = clause.children().find(|child| child.kind() == "block") else { return };
    let does_nothing = block.named_children().all(|statement| statement.kind() == "pass_statement");
    if !does_nothing && !declares_outer_names(clause) {
        edits.push(Edit::token(block, "pass"));
    }
}

/// Whether a `nonlocal` or `global` statement around or inside may need the names that a statement
/// binds.
fn declares_outer_names(statement: Node<'_>) -> bool {
    let function = statement.ancestors().filter(|node| node.kind() == "function_definition").last();
    function.is_some_and(|function| {
        function
            .preorder()
            .any(|node| matches!(node.kind(), "nonlocal_statement" | "global_statement"))
    })
}

/// Whether a name has a value before a statement of its function: a parameter, or another
/// assignment.
fn has_value_before(statement: Node<'_>, name: &str) -> bool {
    let Some(scope) = statement
        .ancestors()
        .find(|node| matches!(node.kind(), "function_definition" | "class_definition" | "module"))
    else {
        return false;
    };
    let before = ByteSpan { start: scope.start(), end: statement.start() };
    let is_bound = |node: Node<'_>| {
        node.kind() == "identifier"
            && node.end() <= before.end
            && node.text() == name
            && is_binding(node)
            && own_scope(node) == Some(scope)
    };
    scope.preorder().take_while(|node| node.start() < before.end).any(is_bound)
}

/// Whether an identifier is a parameter, or what is assigned to as a whole.
fn is_binding(identifier: Node<'_>) -> bool {
    identifier.parent().is_some_and(|parent| match parent.kind() {
        "assignment" => identifier.field_name() == "left" && parent.field("right").is_some(),
        "parameters" => true,
        "default_parameter" | "typed_default_parameter" => identifier.field_name() == "name",
        "typed_parameter" => parent.named_children().next() == Some(identifier),
        _ => false,
    })
}

/// The function, class or module whose name an identifier is.
fn own_scope(identifier: Node<'_>) -> Option<Node<'_>> {
    identifier.ancestors().find(|node| {
        matches!(node.kind(), "function_definition" | "class_definition" | "module" | "lambda")
    })
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn a_name_needs_a_value_before_its_assignment_may_go() {
        let gone = |body: &str| mutated_bodies(body, "removed/assignment").len();
        assert_eq!(gone("x = a"), 0);
        assert_eq!(gone("if b:\n  x = a\nx = c"), 1);
        assert_eq!(gone("x: int\nx = a"), 0);
        assert_eq!(gone("def g():\n  x = a\nx = b"), 0);
        assert_eq!(gone("def g(x, y=1, *, z: int = 2):\n  x = y = z\n  y = 3\n  z = 4"), 3);
        assert_eq!(gone("self.a = (x := 1)"), 0);
        assert_eq!(gone("self.a: int"), 0);
        assert_eq!(mutated_bodies("a.b = f(\n  c)", "removed/assignment"), ["(None\n)"]);
    }

    #[test]
    fn blocks_do_nothing_and_lines_stay() {
        assert_eq!(
            mutated_bodies("for a in b:\n  c()\nelse:\n  d()\n  f()\ne()", "removed/else"),
            ["for a in b:\n  c()\nelse:\n  pass\n\ne()"]
        );
        assert_eq!(mutated_bodies("try:\n  a()\nfinally:\n  pass", "removed/finally"), [""; 0]);
        let outer = "def g():\n  nonlocal z\nif a:\n  b()\nelse:\n  z = 1";
        assert_eq!(mutated_bodies(outer, "removed/else"), [""; 0]);
    }
}

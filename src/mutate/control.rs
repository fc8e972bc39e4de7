//! `control`: `break` and `continue`.
//!
//! Invariant: no mutant loops where the original left the loop.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const BREAK_TO_RETURN: Operator = Operator {
    id: "control/break-to-return",
    summary: "`break` becomes `return`, in a function.",
    why: "Whatever follows the loop is skipped.",
    skipped: "Loops outside of functions, and in `except*` blocks.",
    default: true,
    telling: 3,
    examples: &[Example { before: "for a in b: break", after: "for a in b: return" }],
    kinds: &["break_statement"],
    apply: |node, edits| {
        if may_return(node) {
            edits.push(Edit::token(node, "return"));
        }
    },
};

pub(super) const CONTINUE_TO_BREAK: Operator = Operator {
    id: "control/continue-to-break",
    summary: "`continue` becomes `break`.",
    why: "The rest of the elements is not looked at.",
    skipped: "",
    default: true,
    telling: 4,
    examples: &[Example { before: "for a in b: continue", after: "for a in b: break" }],
    kinds: &["continue_statement"],
    apply: |node, edits| edits.push(Edit::token(node, "break")),
};

/// Whether a `return` may stand here: in a function, and in no `except*` block of it.
fn may_return(node: Node<'_>) -> bool {
    for around in node.ancestors() {
        match around.kind() {
            "function_definition" => return true,
            "class_definition" => return false,
            "except_clause" if around.children().any(|child| child.text() == "*") => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutants_of;

    #[test]
    fn return_is_put_only_where_it_may_stand() {
        let returns = |text: &str| {
            mutants_of(text).iter().filter(|mutant| mutant.replacement == "return").count()
        };
        assert_eq!(returns("for a in b: break\n"), 0);
        assert_eq!(returns("def f():\n  class C:\n    for a in b: break\n"), 0);
        let group = |star: &str| {
            format!("def f():\n  try: pass\n  except{star} E:\n    for a in b: break\n")
        };
        assert_eq!(returns(&group("*")), 0);
        assert_eq!(returns(&group("")), 1);
    }
}

//! `match`: the cases of `match` statements.
//!
//! Invariant: at least one case stays.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const DROPPED: Operator = Operator {
    id: "match/case-dropped",
    summary: "One of several cases is dropped.",
    why: "A case that no test reaches, or that another one covers.",
    skipped: "`match` statements with one case; cases in functions with `nonlocal`.",
    default: true,
    telling: 4,
    examples: &[Example {
        before: "match x:\n  case 1: a()\n  case 2: b()",
        after: "match x:\n  \n  case 2: b()",
    }],
    kinds: &["case_clause"],
    apply: |node, edits| {
        let Some(block) = node.parent() else { return };
        let cases = block.named_children().filter(|child| child.kind() == "case_clause").count();
        if cases > 1 && !declares_nonlocal(node) {
            edits.push(Edit::cut(node.bytes()));
        }
    },
};

/// Whether the names that a case binds may be those that a `nonlocal` around needs.
fn declares_nonlocal(case: Node<'_>) -> bool {
    let function = case.ancestors().filter(|node| node.kind() == "function_definition").last();
    function
        .is_some_and(|function| function.preorder().any(|node| node.kind() == "nonlocal_statement"))
}

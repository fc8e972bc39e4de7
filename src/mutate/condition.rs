//! `condition`: conditions that no other operator changes.
//!
//! Invariant: comparisons, `and`, `or`, `not` and constants are left to their own operators.

use super::edit::Edit;
use super::precedence::precedence;
use super::registry::{Example, Operator};
use super::skip::is_type_checking;

pub(super) const NEGATE: Operator = Operator {
    id: "condition/negate",
    summary: "The condition of an `if`, `elif`, `while`, guard or comprehension is negated, where it is a plain value.",
    why: "The condition the wrong way round.",
    skipped: "Comparisons, `and`, `or`, `not` and constants, which have operators of their own; `TYPE_CHECKING`.",
    default: false,
    telling: 5,
    examples: &[
        Example { before: "if a: b()", after: "if not a: b()" },
        Example { before: "x = [a for a in b if f(a)]", after: "x = [a for a in b if not f(a)]" },
    ],
    kinds: &["if_statement", "elif_clause", "while_statement", "if_clause"],
    apply: |node, edits| {
        let condition = match node.kind() {
            "if_clause" => node.named_children().next(),
            _ => node.field("condition"),
        };
        let Some(condition) = condition else { return };
        let value = condition.unparenthesized();
        let has_its_own = matches!(
            value.kind(),
            "comparison_operator"
                | "boolean_operator"
                | "not_operator"
                | "true"
                | "false"
                | "none"
                | "integer"
        );
        if has_its_own || is_type_checking(condition) {
            return;
        }
        let text = condition.text();
        let is_weak = precedence(condition) == 0;
        let negated = if is_weak { format!("not ({text})") } else { format!("not {text}") };
        edits.push(Edit::expression(condition, negated));
    },
};

//! Precedence of Python's operators, and the swap of one operator for another.
//!
//! Invariant: after a swap the operands and the parent of the expression are those of before, by
//! parentheses where the new operator binds otherwise than the old one.

use super::edit::Edit;
use crate::syntax::Node;

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const UNARY: u8 = 11;
const POWER: u8 = 12;
const PRIMARY: u8 = 20;

/// How strongly an expression's outermost operator binds; more is stronger.
pub(super) fn precedence(node: Node<'_>) -> u8 {
    match node.kind() {
        "lambda" | "conditional_expression" | "named_expression" | "yield" | "expression_list" => 0,
        "boolean_operator" | "binary_operator" => {
            node.field("operator").map_or(0, |operator| of_operator(operator.token()))
        }
        "not_operator" => NOT,
        "comparison_operator" => COMPARISON,
        "unary_operator" => UNARY,
        _ => PRIMARY,
    }
}

fn of_operator(token: &str) -> u8 {
    match token {
        "or" => 1,
        "and" => 2,
        "|" => 5,
        "^" => 6,
        "&" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "@" | "/" | "//" | "%" => 10,
        "**" => POWER,
        _ => PRIMARY,
    }
}

/// Swaps the operator of a `boolean_operator` or `binary_operator` by a table of pairs.
pub(super) fn swap(node: Node<'_>, table: &[(&str, &str)], edits: &mut Vec<Edit>) {
    let (Some(left), Some(operator), Some(right)) =
        (node.field("left"), node.field("operator"), node.field("right"))
    else {
        return;
    };
    let Some((_, new)) = table.iter().find(|(old, _)| *old == operator.token()) else { return };
    let binds = of_operator(new);
    if is_misgrouped(node) {
        edits.push(Edit::token(operator, *new));
        return;
    }
    let wrap_left = precedence(left) < binds;
    let wrap_right = precedence(right) <= binds;
    let wrap_all = binds < of_operator(operator.token()) && needs_parentheses(node, binds);
    if !(wrap_left || wrap_right || wrap_all) {
        edits.push(Edit::token(operator, *new));
        return;
    }
    let text = node.whole_text();
    let wrapped = |wrap: bool, text: &str| if wrap { format!("({text})") } else { text.to_owned() };
    let swapped = format!(
        "{}{}{new}{}{}",
        wrapped(wrap_left, left.text()),
        &text[left.end()..operator.start()],
        &text[operator.end()..right.start()],
        wrapped(wrap_right, right.text()),
    );
    edits.push(Edit::expression(node, wrapped(wrap_all, &swapped)));
}

/// Whether the tree groups the expression otherwise than Python: to tree-sitter-python `^` binds
/// more strongly than `&`.
fn is_misgrouped(node: Node<'_>) -> bool {
    let is = |node: Option<Node<'_>>, token: &str| {
        node.and_then(|node| node.field("operator")).is_some_and(|found| found.token() == token)
    };
    (is(Some(node), "^") && is(node.parent(), "&"))
        || (is(Some(node), "&") && (is(node.field("left"), "^") || is(node.field("right"), "^")))
}

/// Whether an expression that binds this weakly cannot stand in the place of `node` as it is.
fn needs_parentheses(node: Node<'_>, binds: u8) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "boolean_operator" | "binary_operator" => {
            let around = precedence(parent);
            let on_the_right = parent.field("right") == Some(node);
            binds < around || (binds == around && on_the_right)
        }
        "comparison_operator" => binds <= COMPARISON,
        "not_operator" => binds < NOT,
        "unary_operator" => binds < UNARY,
        // `await x ** 2` is parsed as `await (x ** 2)`; to Python the power is outside.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn operands_stay_what_they_were() {
        let of = mutated_bodies;
        assert_eq!(of("a or b or c", "logical/swap"), ["(a or b) and c", "a and b or c"]);
        assert_eq!(of("a and b and c", "logical/swap"), ["(a or b) and c", "a and b or c"]);
        assert_eq!(of("not a and b", "logical/swap"), ["not a or b"]);
        assert_eq!(of("a | b + c", "bitwise/swap"), ["a & b + c"]);
        assert_eq!(of("a ^ b & c", "bitwise/swap"), ["a & b & c", "a ^ b | c"]);
        assert_eq!(of("-a ** b ** c", "arithmetic/swap"), ["-(a * b ** c)", "-a ** (b * c)"]);
        assert_eq!(of("await x ** 2", "arithmetic/swap"), ["await x * 2"]);
        assert_eq!(of("a % b + c", "arithmetic/swap"), ["a / b + c", "a % b - c"]);
    }
}

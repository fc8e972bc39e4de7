//! The rules by which nobody wants a mutant tested.
//!
//! Invariant: a rule covers a node with all that is in it, or mutants of a node alone; it looks at the code,
//! never at who asks.

use std::sync::LazyLock;

use super::names::Names;
use super::{declared, outside, said, same};
use crate::syntax::Node;

/// A named rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// What it covers, and why nobody wants it tested.
    pub summary: &'static str,
    /// Code, and how much of it is covered: the parts that are, in their order.
    pub example: (&'static str, &'static [&'static str]),
    /// Whether it holds where nothing is said.
    pub default: bool,
    /// Whether what it covers is tested and counted all the same, and only not told in reviews: it may
    /// well matter, and seldom does.
    pub minor: bool,
    /// Whether it covers a node with all that is in it.
    pub(super) covers: fn(Node<'_>, &Names) -> bool,
    /// The operators whose mutants of exactly this node it covers.
    pub(super) mutants: fn(Node<'_>) -> &'static [&'static str],
}

/// A rule that covers nothing, for what a rule does not say.
pub(super) const RULE: Rule = Rule {
    id: "",
    summary: "",
    example: ("", &[]),
    default: true,
    minor: false,
    covers: |_, _| false,
    mutants: |_| &[],
};

/// Every rule, in the order of the documentation.
pub fn rules() -> &'static [&'static Rule] {
    static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
        [said::RULES, outside::RULES, declared::RULES, same::RULES].into_iter().flatten().collect()
    });
    &ALL
}

/// The call that a statement is, awaited or not.
pub(super) fn statement_call(statement: Node<'_>) -> Option<Node<'_>> {
    let mut children = statement.named_children();
    let (value, None) = (children.next()?, children.next()) else { return None };
    let called = match value.kind() {
        "await" => value.named_children().next()?,
        _ => value,
    };
    (called.kind() == "call").then_some(called)
}

pub(super) fn is_statement_of(node: Node<'_>, names: &Names, functions: &[&str]) -> bool {
    node.kind() == "expression_statement"
        && statement_call(node)
            .and_then(|call| names.called(call))
            .is_some_and(|path| functions.contains(&path.as_str()))
}

/// Whether a node is an argument of a call that `fits`: what is called, at which place, by which
/// name.
pub(super) fn is_argument(
    node: Node<'_>,
    names: &Names,
    fits: impl Fn(&str, usize, &str) -> bool,
) -> bool {
    let Some(arguments) = node.parent().filter(|around| around.kind() == "argument_list") else {
        return false;
    };
    let Some(call) = arguments.parent() else { return false };
    let path = names.called(call).unwrap_or_default();
    let place = arguments.named_children().position(|argument| argument == node).unwrap_or(0);
    let name = node.field("name").filter(|_| node.kind() == "keyword_argument");
    fits(&path, place, name.map_or("", Node::text))
}

/// Whether an expression is a text: a literal, or one with something put into it.
pub(super) fn is_text(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "concatenated_string" => true,
        "parenthesized_expression" => is_text(node.unparenthesized()),
        "binary_operator" => {
            let side = |name: &str| node.field(name).is_some_and(is_text);
            let operator = node.field("operator").map_or("", Node::token);
            (operator == "%" && side("left"))
                || (operator == "+" && (side("left") || side("right")))
        }
        "call" => node.field("function").is_some_and(|function| {
            function.field("attribute").is_some_and(|name| matches!(name.text(), "format" | "join"))
                && function.field("object").is_some_and(is_text)
        }),
        _ => false,
    }
}

pub(super) fn is_literal(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "integer" | "float" | "none" | "concatenated_string" => true,
        "tuple" | "list" => node.named_children().all(is_literal),
        _ => false,
    }
}

/// Whether an expression is made of literals, however deep.
pub(super) fn is_data(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "concatenated_string" => {
            node.preorder().all(|inner| inner.kind() != "interpolation")
        }
        "integer" | "float" | "none" | "true" | "false" | "ellipsis" | "comment" => true,
        "unary_operator" | "pair" | "list" | "tuple" | "set" | "dictionary" => {
            node.named_children().all(is_data)
        }
        _ => false,
    }
}

/// What decorates a definition, calls and all.
pub(super) fn decorators(decorated: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    decorated
        .named_children()
        .filter(|child| child.kind() == "decorator")
        .filter_map(|decorator| decorator.named_children().next())
}

/// Whether a node is a keyword argument of a name that `fits`.
pub(super) fn is_keyword(node: Node<'_>, fits: impl Fn(&str) -> bool) -> bool {
    node.kind() == "keyword_argument" && node.field("name").is_some_and(|name| fits(name.text()))
}

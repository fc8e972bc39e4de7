//! Names that nothing reads but what is suppressed: a flag that says whether to close a file.
//!
//! Invariant: only literals that a function gives a name of its own are covered; a name that is read
//! anywhere else in the function, or may be read elsewhere, is left alone.

use std::collections::BTreeMap;

use crate::model::ByteSpan;
use crate::syntax::Node;

/// What is known of a name in a function.
#[derive(Default)]
struct Uses {
    /// Statements that give it a literal.
    literals: Vec<ByteSpan>,
    /// The rule that covers what reads it.
    read_by: Option<&'static str>,
    /// Whether something else reads it, or binds it otherwise.
    is_needed: bool,
}

/// Adds what such names are given to the parts that are covered, which stay in source order.
pub(super) fn cover(root: Node<'_>, covered: &mut Vec<(ByteSpan, &'static str)>) {
    if covered.is_empty() {
        return;
    }
    let mut more = Vec::new();
    let mut until = 0;
    for function in root.preorder().filter(|node| node.kind() == "function_definition") {
        if function.index() < until {
            continue;
        }
        until = function.until();
        let known = |bytes: ByteSpan| rule_at(covered, bytes);
        if rules_in(covered, function.bytes()) {
            more.extend(unread(function, &known));
        }
    }
    covered.extend(more);
    covered.sort_by_key(|(part, _)| part.start);
}

fn unread(
    function: Node<'_>,
    rule_at: &dyn Fn(ByteSpan) -> Option<&'static str>,
) -> Vec<(ByteSpan, &'static str)> {
    let mut names: BTreeMap<&str, Uses> = BTreeMap::new();
    for name in function.preorder().filter(|node| node.kind() == "identifier") {
        let uses = names.entry(name.text()).or_default();
        if let Some(statement) = literal_statement(name) {
            if rule_at(statement).is_none() {
                uses.literals.push(statement);
            }
        } else {
            match rule_at(name.bytes()) {
                Some(rule) => uses.read_by = Some(rule),
                None => uses.is_needed = true,
            }
        }
    }
    let unread = names.into_values().filter(|uses| !uses.is_needed);
    unread
        .filter_map(|uses| Some((uses.read_by?, uses.literals)))
        .flat_map(|(rule, literals)| literals.into_iter().map(move |part| (part, rule)))
        .collect()
}

/// The statement that gives a name a literal, where the name is its target.
fn literal_statement(name: Node<'_>) -> Option<ByteSpan> {
    let assignment = name.parent().filter(|around| around.kind() == "assignment")?;
    let value = assignment.field("right")?;
    let statement = assignment.parent().filter(|around| around.kind() == "expression_statement")?;
    let is_literal = matches!(value.kind(), "true" | "false" | "none" | "integer" | "string");
    (name.field_name() == "left" && is_literal).then(|| statement.bytes())
}

fn rule_at(covered: &[(ByteSpan, &'static str)], bytes: ByteSpan) -> Option<&'static str> {
    let behind = covered.partition_point(|(part, _)| part.start <= bytes.start);
    let (part, rule) = covered.get(behind.checked_sub(1)?)?;
    part.contains(bytes).then_some(*rule)
}

/// Whether anything in these bytes is covered.
fn rules_in(covered: &[(ByteSpan, &'static str)], bytes: ByteSpan) -> bool {
    let first = covered.partition_point(|(part, _)| part.start < bytes.start);
    covered.get(first).is_some_and(|(part, _)| part.end <= bytes.end)
}

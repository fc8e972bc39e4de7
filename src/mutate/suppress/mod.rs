//! Mutants that nobody wants tested: named rules, and comments that say so.
//!
//! Invariant: what is suppressed keeps its id and says by what; a compound statement all of whose
//! statements are suppressed is suppressed with its condition.

mod declared;
mod names;
mod outside;
mod pragma;
mod rules;
mod said;
mod same;
mod unread;

use std::collections::HashMap;

pub use rules::{Rule, rules};

use names::Names;
use pragma::Pragma;

use super::exception::HANDLER_RAISE;
use super::selection::Selection;
use crate::model::{ByteSpan, LineNo};
use crate::syntax::{Module, Node};

/// What is suppressed in a file.
#[derive(Debug, Default)]
pub(super) struct Suppressed {
    rules: Coverage,
    /// What the rules of minor things cover.
    minor: Coverage,
    pragmas: Vec<Pragma>,
}

impl Suppressed {
    /// Finds it.
    pub(super) fn find(module: &Module, selection: &Selection) -> Self {
        let mut pragmas = pragma::pragmas(module);
        pragmas.retain(|pragma| !lacks_reason(pragma, selection));
        if !selection.has_rules() {
            return Self { pragmas, ..Self::default() };
        }
        let names = Names::of(module.root());
        let on = rules().iter().enumerate().filter(|(position, _)| selection.has_rule(*position));
        let (minor, others): (Vec<&Rule>, Vec<&Rule>) =
            on.map(|(_, rule)| *rule).partition(|rule| rule.minor);
        let mut rules = Coverage::of(module, &others, &names);
        unread::cover(module.root(), &mut rules.covered);
        let mut minor = Coverage::of(module, &minor, &names);
        unread::cover(module.root(), &mut minor.covered);
        Self { rules, minor, pragmas }
    }

    /// By what a change of these bytes by an operator is suppressed.
    pub(super) fn by(&self, bytes: ByteSpan, operator: &str) -> Option<String> {
        let pragma = self
            .pragmas
            .iter()
            .find(|pragma| pragma.bytes.contains(bytes) && pragma.covers(operator));
        match pragma {
            Some(pragma) => Some(pragma.rule.clone()),
            None => self.rules.by(bytes, operator).map(str::to_owned),
        }
    }

    /// The rule by which a change of these bytes by an operator is minor.
    pub(super) fn minor(&self, bytes: ByteSpan, operator: &str) -> Option<String> {
        self.minor.by(bytes, operator).map(str::to_owned)
    }
}

/// What some rules cover in a file.
#[derive(Debug, Default)]
struct Coverage {
    /// Parts that a rule covers, outermost first, in source order, none in another.
    covered: Vec<(ByteSpan, &'static str)>,
    /// Operators whose mutants of exactly these bytes a rule covers.
    single: HashMap<(usize, usize), Vec<(&'static str, &'static str)>>,
}

impl Coverage {
    fn of(module: &Module, rules: &[&'static Rule], names: &Names) -> Self {
        let mut found = Self::default();
        if rules.is_empty() {
            return found;
        }
        let mut until = 0;
        for node in module.root().preorder() {
            if node.index() < until {
                continue;
            }
            for rule in rules {
                let operators = (rule.mutants)(node);
                if !operators.is_empty() {
                    let known = found.single.entry((node.start(), node.end())).or_default();
                    known.extend(operators.iter().map(|operator| (*operator, rule.id)));
                }
            }
            if node.kind().is_empty() {
                continue;
            }
            if let Some(rule) = rule_of(node, rules, names) {
                found.covered.push((node.bytes(), rule));
                until = node.until();
            }
        }
        found
    }

    fn by(&self, bytes: ByteSpan, operator: &str) -> Option<&'static str> {
        let single = self.single.get(&(bytes.start, bytes.end));
        if let Some((_, rule)) = single.and_then(|all| all.iter().find(|(id, _)| *id == operator)) {
            return Some(rule);
        }
        let behind = self.covered.partition_point(|(part, _)| part.start <= bytes.start);
        let (part, rule) = self.covered.get(behind.checked_sub(1)?)?;
        // What a handler does may be of no interest; that it handles at all is.
        let unhandles = operator == HANDLER_RAISE.id && *part == bytes;
        (part.contains(bytes) && !unhandles).then_some(*rule)
    }
}

/// What is wrong with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PragmaFault {
    /// It suppresses no mutant that any operator yields.
    Unused,
    /// It says no reason, and has to; it suppresses nothing.
    NoReason,
}

/// The comments of a file that do nothing, with their lines.
pub fn pragma_faults(module: &Module, selection: &Selection) -> Vec<(LineNo, PragmaFault)> {
    let pragmas = pragma::pragmas(module);
    if !pragmas.iter().any(|pragma| pragma.is_own) {
        return Vec::new();
    }
    let all = super::mutants(module, &|_| true, &Selection::full());
    let is_used = |pragma: &Pragma| {
        all.iter().any(|mutant| {
            pragma.bytes.contains(mutant.text) && pragma.covers(mutant.operator.as_str())
        })
    };
    let fault = |pragma: &Pragma| {
        if lacks_reason(pragma, selection) {
            Some(PragmaFault::NoReason)
        } else {
            (pragma.is_own && !is_used(pragma)).then_some(PragmaFault::Unused)
        }
    };
    let line = |pragma: &Pragma| module.source().line(pragma.at);
    pragmas.iter().filter_map(|pragma| Some((line(pragma), fault(pragma)?))).collect()
}

fn lacks_reason(pragma: &Pragma, selection: &Selection) -> bool {
    selection.requires_reasons() && pragma.is_own && !pragma.has_reason
}

/// The rule that covers a node, or all statements in it.
fn rule_of(node: Node<'_>, rules: &[&'static Rule], names: &Names) -> Option<&'static str> {
    let own = rules.iter().find(|rule| (rule.covers)(node, names));
    if let Some(rule) = own {
        return Some(rule.id);
    }
    let is_compound = matches!(
        node.kind(),
        "if_statement" | "for_statement" | "while_statement" | "with_statement" | "try_statement"
    );
    if !is_compound {
        return None;
    }
    let mut found = None;
    for block in blocks(node) {
        for statement in block.named_children() {
            if matches!(statement.kind(), "pass_statement") {
                continue;
            }
            found = Some(rule_of(statement, rules, names)?);
        }
    }
    found
}

/// The blocks of a compound statement, those of its clauses too.
fn blocks(statement: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    for child in statement.named_children() {
        match child.kind() {
            "block" => found.push(child),
            kind if kind.ends_with("_clause") => {
                found.extend(child.named_children().filter(|inner| inner.kind() == "block"));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;

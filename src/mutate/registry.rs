//! The registry of operators.
//!
//! Invariant: an id is `group/name`, unique, and stable for ever; the order of the registry is
//! the order of mutants at one place.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::edit::Edit;
use super::{
    arithmetic, assignment, augmented, bitwise, boolean, call, comparison, condition, control,
    keyword, lambda, logical, match_case, method, none, number, returned, statement, string,
    ternary, unary,
};
use crate::model::OperatorId;
use crate::syntax::Node;

/// A named, documented rule that yields mutants.
#[derive(Debug)]
pub struct Operator {
    /// Its id, `group/name`.
    pub id: &'static str,
    /// What it changes, in a sentence.
    pub summary: &'static str,
    /// Code before and after, as found in the body of a function.
    pub examples: &'static [Example],
    /// The kinds of nodes that it looks at.
    pub(super) kinds: &'static [&'static str],
    /// Adds its edits of a node of one of these kinds.
    pub(super) apply: fn(Node<'_>, &mut Vec<Edit>),
}

/// Code before and after an operator.
#[derive(Debug)]
pub struct Example {
    /// The original.
    pub before: &'static str,
    /// One of the mutants.
    pub after: &'static str,
}

impl Operator {
    /// The id as mutants carry it.
    pub fn operator_id(&self) -> OperatorId {
        OperatorId::new(self.id)
    }

    /// The part of the id before the slash.
    pub fn group(&self) -> &'static str {
        self.id.split('/').next().unwrap_or(self.id)
    }
}

/// Every operator.
pub fn operators() -> &'static [&'static Operator] {
    OPERATORS
}

const OPERATORS: &[&Operator] = &[
    &number::INCREMENT,
    &string::WRAP,
    &string::LOWER,
    &string::UPPER,
    &boolean::FLIP,
    &none::TO_STRING,
    &assignment::NONE,
    &augmented::PLAIN,
    &augmented::SWAP,
    &returned::NONE,
    &unary::REMOVE_NOT,
    &unary::REMOVE_INVERT,
    &unary::REMOVE_MINUS,
    &unary::PLUS_TO_MINUS,
    &comparison::BOUNDARY,
    &comparison::EQUALITY,
    &comparison::IDENTITY,
    &comparison::MEMBERSHIP,
    &logical::SWAP,
    &condition::NEGATE,
    &arithmetic::SWAP,
    &bitwise::SWAP,
    &bitwise::SHIFT,
    &call::ARGUMENT_NONE,
    &call::ARGUMENT_REMOVED,
    &call::BUILTIN,
    &keyword::NAME,
    &method::SWAP,
    &method::SPLIT,
    &method::DEEPCOPY,
    &lambda::BODY,
    &control::BREAK_TO_RETURN,
    &control::CONTINUE_TO_BREAK,
    &ternary::FIRST,
    &ternary::SECOND,
    &match_case::DROPPED,
    &statement::CALL_REMOVED,
];

/// The operators that look at a kind of node, as positions in the registry.
pub(super) fn operators_for(kind: &str) -> &'static [usize] {
    static BY_KIND: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
        let mut by_kind: HashMap<_, Vec<usize>> = HashMap::new();
        for (position, operator) in OPERATORS.iter().enumerate() {
            for kind in operator.kinds {
                by_kind.entry(*kind).or_default().push(position);
            }
        }
        by_kind
    });
    BY_KIND.get(kind).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn ids_are_unique_and_of_two_parts() {
        let ids: HashSet<_> = operators().iter().map(|operator| operator.id).collect();
        assert_eq!(ids.len(), operators().len());
        for id in ids {
            assert_eq!(id.split('/').filter(|part| !part.is_empty()).count(), 2, "{id}");
        }
    }

    #[test]
    fn every_example_is_what_the_operator_does() {
        for operator in operators() {
            assert!(!operator.examples.is_empty(), "{}", operator.id);
            for example in operator.examples {
                let mutated = mutated_bodies(example.before, operator.id);
                assert!(
                    mutated.iter().any(|body| body == example.after),
                    "{}: {:?} gives {mutated:?}",
                    operator.id,
                    example.before
                );
            }
        }
    }
}

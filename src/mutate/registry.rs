//! The registry of operators.
//!
//! Invariant: an id is `group/name`, unique, and stable for ever; the order of the registry is
//! the order of mutants at one place.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::edit::Edit;
use super::{
    arithmetic, assignment, augmented, bitwise, boolean, call, comparison, condition, control,
    definition, every, exception, exchange, forced, keyword, lambda, literal, logical, looping,
    match_case, measure, method, none, number, regex, removed, returned, side, slice, statement,
    string, ternary, unary,
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
    /// Why a reviewer should care when it goes unnoticed.
    pub why: &'static str,
    /// What it leaves alone; empty where there is nothing to say.
    pub skipped: &'static str,
    /// Whether it is on where nothing is said.
    pub default: bool,
    /// How telling its survivors are, from 1 (seldom worth a reviewer's time) to 5: which of
    /// several a review shows.
    pub telling: u8,
    /// Code before and after, as found in the body of a function.
    pub examples: &'static [Example],
    /// The kinds of nodes that it looks at.
    pub(super) kinds: &'static [&'static str],
    /// Adds its edits of a node of one of these kinds.
    pub(super) apply: fn(Node<'_>, &mut Vec<Edit>),
}

/// How telling the survivors of an operator can be.
pub(super) const MOST_TELLING: u8 = 5;

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
    // The second edition: see `FIRST_EDITION`.
    &forced::TRUE,
    &forced::FALSE,
    &side::LEFT,
    &side::RIGHT,
    &side::SWAPPED,
    &literal::DECREMENT,
    &literal::ZERO,
    &literal::NEGATED,
    &literal::EMPTY_STRING,
    &literal::INTERPOLATION,
    &literal::EMPTIED,
    &removed::ASSIGNMENT,
    &removed::RAISE,
    &removed::DELETION,
    &removed::ELSE,
    &removed::FINALLY,
    &removed::LOOP_BODY,
    &exception::HANDLER_RAISE,
    &exception::HANDLER_PASS,
    &exception::WIDENED,
    &exception::NARROWED,
    &exception::RAISED,
    &exception::FROM,
    &exchange::ARGUMENTS,
    &exchange::FIRST,
    &exchange::METHOD,
    &exchange::BUILTIN,
    &slice::LOWER,
    &slice::UPPER,
    &slice::STEP,
    &slice::OTHER_END,
    &looping::ZERO,
    &looping::ONCE,
    &looping::REVERSED,
    &looping::BREAK_TO_CONTINUE,
    &definition::DECORATOR,
    &definition::DEFAULT,
    &definition::BASE,
    &definition::OVERRIDE,
    &definition::ATTRIBUTE,
    &definition::YIELD,
    &definition::NEGATED,
    &regex::ANCHOR,
    &regex::QUANTIFIER,
    &regex::CLASS,
    &regex::LOOKAROUND,
    &regex::ALTERNATIVE,
    &measure::TIME,
    &measure::OPEN_MODE,
    &every::ARITHMETIC,
    &every::BITWISE,
    &every::COMPARISON,
    &every::IDENTITY,
];

/// Operators that number their mutants together: one whose text another of them gave before has no number.
/// Those that came later number theirs each on its own, so that no operator ever changes another's ids.
pub(super) const FIRST_EDITION: usize = 37;

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
    fn every_operator_says_how_telling_it_is() {
        for operator in operators() {
            assert!((1..=MOST_TELLING).contains(&operator.telling), "{}", operator.id);
        }
    }

    #[test]
    fn every_example_is_what_the_operator_does() {
        for operator in operators() {
            assert!(!operator.examples.is_empty(), "{}", operator.id);
            for example in operator.examples {
                let mutated = mutated_bodies(example.before, operator.id);
                assert!(operator.why.ends_with('.'), "{}", operator.id);
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

//! Mutants that others at the same place make needless: whatever notices those notices these.
//!
//! Invariant: what is left out here is looked for by operators that are on; it keeps its number, so that
//! no id depends on it.

use super::registry::operators;
use super::selection::Selection;
use crate::syntax::Node;

/// Operators that turn a whole comparison or `not` round.
const NEGATING: [&str; 4] =
    ["comparison/equality", "comparison/identity", "comparison/membership", "unary/remove-not"];

/// What a selection makes needless.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needless {
    negations: bool,
    truth_to_none: bool,
}

impl Needless {
    /// Conditions need not be negated as a whole where both `forced` operators are on, so that a test which
    /// tells a condition from `True` and one which tells it from `False` is asked for. Who wants the
    /// negations too switches `condition/negate` on. `True` and `False` need not become `None` where
    /// they are flipped.
    pub(super) fn with(selection: &Selection) -> Self {
        let is_on = |id: &str| {
            operators()
                .iter()
                .position(|operator| operator.id == id)
                .is_some_and(|position| selection.has(position))
        };
        Self {
            negations: is_on("forced/true") && is_on("forced/false") && !is_on("condition/negate"),
            truth_to_none: is_on("boolean/flip"),
        }
    }

    /// Whether a mutant is.
    pub(super) fn is(self, negates_condition: bool, original: &str, replacement: &str) -> bool {
        let truth_to_none = matches!(original, "True" | "False") && replacement == "None";
        (self.negations && negates_condition) || (self.truth_to_none && truth_to_none)
    }
}

/// Whether an operator negates a whole condition when it changes a node. A `while` is never forced to
/// hold, so its negation is not needless.
pub(super) fn negates_condition(node: Node<'_>, operator: &str) -> bool {
    if !NEGATING.contains(&operator) {
        return false;
    }
    let one = |node: &Node<'_>| node.field_name() == "operators";
    if node.kind() == "comparison_operator" && node.children().filter(one).count() != 1 {
        return false;
    }
    let mut whole = node;
    while let Some(around) = whole.parent() {
        match around.kind() {
            "parenthesized_expression" => whole = around,
            "if_statement" | "elif_clause" => return around.field("condition") == Some(whole),
            "if_clause" | "assert_statement" => {
                return around.named_children().next() == Some(whole);
            }
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::module;
    use crate::mutate::{Selection, mutants};

    fn replaced(text: &str, words: &str) -> Vec<String> {
        let words: Vec<String> = words.split(',').map(str::to_owned).collect();
        let selection = Selection::new(&Default::default(), &words).unwrap();
        mutants(&module(text), &|_| true, &selection)
            .into_iter()
            .map(|mutant| format!("{} {}", mutant.operator, mutant.replacement))
            .collect()
    }

    #[test]
    fn a_condition_that_is_forced_both_ways_is_not_negated_too() {
        let words = "forced,comparison,unary";
        for text in [
            "if (a == b): c()\n",
            "if d: pass\nelif a is b: c()\n",
            "[a for a in b if not c]\n",
            "match a:\n  case b if a in c: pass\n",
        ] {
            let found = replaced(text, words);
            assert!(found.iter().all(|m| m.starts_with("forced/")), "{text}: {found:?}");
        }
        assert_eq!(replaced("assert a == b\n", words), ["forced/true True"]);
    }

    #[test]
    fn what_is_no_whole_condition_is_negated_all_the_same() {
        let words = "forced,comparison,unary";
        for text in [
            "x = a == b\n",
            "if f(a == b): c()\n",
            "if a == b == c: d()\n",
            "if a == b and c: d()\n",
            "while a == b: c()\n",
            "while not b: c()\n",
        ] {
            let found = replaced(text, words);
            assert!(found.iter().any(|m| !m.starts_with("forced/")), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_truth_that_is_flipped_does_not_become_nothing_too() {
        let text = "def f():\n    x = False\n    g(True)\n    return False\n";
        let operators = "return/none,assignment/none,call/argument-none";
        assert_eq!(replaced(text, &format!("boolean/flip,{operators}")).len(), 3);
        let none = replaced(text, operators);
        assert_eq!(none.iter().filter(|mutant| mutant.ends_with(" None")).count(), 3, "{none:?}");
    }

    #[test]
    fn negations_come_where_they_are_asked_for() {
        let equality = "comparison/equality !=".to_owned();
        for words in ["full", "comparison", "forced/true,comparison", "forced,comparison,condition"]
        {
            assert!(replaced("if a == b: c()\n", words).contains(&equality), "{words}");
        }
    }
}

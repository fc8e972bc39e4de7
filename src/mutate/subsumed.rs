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

/// Whether conditions need not be negated as a whole: both `forced` operators are on, so that a test which
/// tells a condition from `True` and one which tells it from `False` is asked for. Who wants the
/// negations too switches `condition/negate` on.
pub(super) fn negations_are_needless(selection: &Selection) -> bool {
    let is_on = |id: &str| {
        operators()
            .iter()
            .position(|operator| operator.id == id)
            .is_some_and(|position| selection.has(position))
    };
    is_on("forced/true") && is_on("forced/false") && !is_on("condition/negate")
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
    fn negations_come_where_they_are_asked_for() {
        let equality = "comparison/equality !=".to_owned();
        for words in ["full", "comparison", "forced/true,comparison", "forced,comparison,condition"]
        {
            assert!(replaced("if a == b: c()\n", words).contains(&equality), "{words}");
        }
    }
}

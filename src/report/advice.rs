//! What kind of test would notice a mutant, from what its operator does.
//!
//! Invariant: general truths about an operator; nothing here looks at the project's code.

use crate::model::{DecidedMutant, Verdict};

use super::mutants::{function, snippet};
use super::prose::line_list;

/// A sentence about the test that is missing; nothing where none is.
pub(super) fn what_would_notice(mutant: &DecidedMutant) -> Option<String> {
    let (from, to) = (snippet(&mutant.original), snippet(&mutant.replacement));
    match mutant.verdict {
        Verdict::Survived => {}
        Verdict::NoTests => {
            let name = function(mutant);
            let lines = line_list(&[mutant.span.lines()]);
            return Some(format!(
                "a test that calls {name} so that {lines} runs, and asserts on the outcome"
            ));
        }
        _ => return None,
    }
    let operator = mutant.operator.as_str();
    Some(match operator.split('/').next().unwrap_or_default() {
        _ if operator == "comparison/boundary" => format!(
            "a test exactly at the boundary, where both sides are equal: there {from} and {to} differ"
        ),
        "comparison" => format!("a test with values for which {from} and {to} answer differently"),
        "number" => format!(
            "a test whose result depends on the exact number: on {from} itself, or beside it if it \
             is a limit"
        ),
        "string" => "an assertion on the exact text".to_owned(),
        "boolean" | "none" => format!("a test whose result differs between {from} and {to}"),
        "assignment" | "augmented" => {
            "an assertion on the variable's later use, or on what is returned from it".to_owned()
        }
        "return" => "an assertion on the value that is returned".to_owned(),
        "condition" | "logical" | "unary" | "ternary" => {
            "two tests, one for each outcome of the condition, with assertions that tell them apart"
                .to_owned()
        }
        "arithmetic" | "bitwise" => format!(
            "an assertion on the computed value, with operands for which {from} and {to} differ \
             (neither 0 nor 1 nor equal)"
        ),
        "call" | "keyword" => {
            "an assertion on what the argument or the call changes in the outcome".to_owned()
        }
        "method" => "an input on which the two methods differ, and an assertion on it".to_owned(),
        "lambda" => "an assertion on what the lambda's result is used for".to_owned(),
        "control" => {
            "a test in which the loop goes on behind this point, with an assertion on what \
                      the later rounds do"
                .to_owned()
        }
        "forced" | "side" => {
            "two tests, one for each outcome of the condition, with assertions that tell them apart"
                .to_owned()
        }
        "literal" => format!("a test whose result differs between {from} and {to}"),
        "removed" => {
            "a test that runs this part, and an assertion on what it leaves behind".to_owned()
        }
        "exception" => {
            "a test in which the exception is raised, and an assertion on what becomes of it"
                .to_owned()
        }
        "exchange" => "an input on which the two differ, and an assertion on it".to_owned(),
        "slice" => "a test with elements beyond the bound, and an assertion on them".to_owned(),
        "loop" => {
            "a test with several elements, and an assertion on what becomes of each".to_owned()
        }
        "definition" => "a test that relies on what is declared here".to_owned(),
        "regex" => {
            "a text that the two patterns take differently, and an assertion on it".to_owned()
        }
        "measure" => "an assertion on the time, or on a file that is there already".to_owned(),
        "every" => format!("a test with values for which {from} and {to} answer differently"),
        "match" => "a test with a value that this case matches, and an assertion on it".to_owned(),
        "statement" => "an assertion on the effect of the call that is dropped".to_owned(),
        _ => format!("an assertion that differs between {from} and {to}"),
    })
}

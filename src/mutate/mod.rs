//! Mutation operators and the mutants that they yield for a parsed file. Pure.
//!
//! Invariant: every mutant differs from the original and compiles in CPython wherever the original
//! does; the ids of operators never change once released, and no set of operators that is on changes
//! the id of a mutant.

mod arithmetic;
mod assignment;
mod augmented;
mod bitwise;
mod boolean;
mod call;
mod comparison;
#[cfg(test)]
mod compiled;
mod condition;
mod control;
mod definition;
mod diff;
mod edit;
mod every;
mod exception;
mod exchange;
mod forced;
mod generate;
mod keyword;
mod lambda;
mod literal;
mod logical;
mod looping;
mod match_case;
mod measure;
mod method;
mod none;
mod number;
mod page;
mod precedence;
mod regex;
mod registry;
mod removed;
mod returned;
mod selection;
mod side;
mod skip;
mod slice;
mod statement;
mod string;
mod subsumed;
mod suppress;
mod ternary;
mod unary;
mod unit;

pub use diff::{mutated_text, unified_diff};
pub use generate::mutants;
pub use page::operators_page;
pub use registry::{Example, Operator, operators};
pub use selection::{Selection, SelectionError};
pub use suppress::{PragmaFault, Rule, pragma_faults, rules};

//! Mutation operators and the mutants that they yield for a parsed file. Pure.
//!
//! Invariant: every mutant differs from the original and compiles in CPython wherever the original
//! does; the ids of operators never change once released.

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
mod diff;
mod edit;
mod generate;
mod keyword;
mod lambda;
mod logical;
mod match_case;
mod method;
mod none;
mod number;
mod page;
mod precedence;
mod registry;
mod returned;
mod skip;
mod statement;
mod string;
mod ternary;
mod unary;
mod unit;

pub use diff::{mutated_text, unified_diff};
pub use generate::mutants;
pub use page::operators_page;
pub use registry::{Example, Operator, operators};

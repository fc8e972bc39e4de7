//! Formats of the report: each a pure function of [`crate::model::Report`].
//!
//! Invariant: nothing here prints, reads a file or asks the terminal; a saved report renders as a
//! live one.

mod advice;
pub mod agent;
pub mod annotations;
pub mod badge;
pub mod comparison;
pub mod elements;
pub mod escape;
pub mod explanation;
mod findings;
pub mod format;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod merging;
mod mutants;
mod operators;
mod prose;
pub mod review;
pub mod sarif;
pub mod surfaced;
pub mod terminal;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

//! Formats of the report: each a pure function of [`crate::model::Report`].
//!
//! Invariant: nothing here prints, reads a file or asks the terminal; a saved report renders as a
//! live one.

pub mod escape;
pub mod format;
pub mod json;
pub mod junit;
mod mutants;
mod operators;
mod prose;
pub mod sarif;
pub mod surfaced;
pub mod terminal;

#[cfg(test)]
pub(crate) mod sample;

//! Scope: which functions a run decides, and why. Pure.
//!
//! Invariant: a function of a test file is never selected, a function that is gone is never
//! selected, and the same input gives the same order.

mod bodies;
mod callers;
mod changed;
mod kin;
mod modules;
mod reasons;
mod select;
mod spread;
mod tests;

pub use bodies::ChangedNames;
pub use changed::touched;
pub use kin::Kin;
pub use modules::Users;
pub use select::{ScopeInput, select};
pub use tests::ChangedTest;

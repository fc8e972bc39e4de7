//! The review of a pull request: what to post, edit and delete, given a report and what stands there.
//!
//! Invariant: a plan that was carried out leaves nothing to do for the same report: what stands is
//! not said again, what somebody deleted stays deleted, and nothing of others is touched.

mod assumed;
mod markdown;
mod marker;
mod patch;
mod place;
mod plan;
mod preview;
mod reason;
mod remark;
mod settled;
mod summary;
mod table;
mod vet;

pub use assumed::assumed;
pub use plan::{Limits, Plan, plan};
pub use preview::preview;
pub use vet::{VetError, vet};

#[cfg(test)]
mod tests;

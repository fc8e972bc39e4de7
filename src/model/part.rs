//! What part of a whole run a report is of.
//!
//! Invariant: a report without a part is of a whole run; one with a part is never taken for one.

use serde::{Deserialize, Serialize};

/// What part of a run was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Part {
    /// Mutants that were asked for by their ids.
    Chosen,
}

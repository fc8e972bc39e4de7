//! Which tests decide a mutant, in which order, for how long, on which machine; and which tests are
//! traced together.
//!
//! Invariant: pure; the same trace gives the same schedule on every machine.

mod batches;
mod deadline;
mod order;
mod selection;
mod shards;

pub use batches::{BatchPlan, Sample, SampledFork, batches};
pub use deadline::{deadline, short_deadline};
pub use order::order;
pub use selection::{Deciding, Selection};
pub use shards::{how_many, shards};

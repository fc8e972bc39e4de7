//! Conducts a run: baseline, trace, mutants, report.
//!
//! Invariant: the working tree is never written to; a verdict is stored within a second of being
//! known, and a run that ends early loses no more than that.

mod adopting;
mod against;
mod alike;
mod assembling;
mod base_tests;
mod basis;
mod behind_timeout;
mod beside_code;
mod book;
mod budget;
mod cached;
mod change;
mod changed_tests;
mod choosing;
mod clock;
mod collecting;
mod deciding;
mod engine;
mod environment;
mod error;
mod explaining;
mod functions;
mod imports;
mod lanes;
mod last_collection;
mod leading;
mod limits_seen;
mod listing;
mod looking;
mod naming;
mod ordering;
mod planning;
mod recording;
mod refining;
mod report_state;
mod resolving;
mod roles;
mod run;
mod running;
mod scoping;
mod sharding;
mod shared_forks;
mod showing;
mod skipping;
mod stale_tests;
mod standing;
#[cfg(test)]
mod step_tests;
mod still_imported;
mod storing;
mod subject;
mod surroundings;
mod texts;
mod tracer;
mod tracing;
mod tracing_only;
mod type_checked;
mod unlisted;
mod untied;
mod wanted;
mod warm;
mod warming;
mod watching;
mod writers;

pub use error::LabError;
pub use explaining::explain;
pub use listing::{ShardCount, list, plan_shards};
pub use naming::TargetError;
pub use running::run;
pub use showing::{encoded, last_report, show};
pub use skipping::{SkipEdit, SkipError, skip_edit};
pub use storing::{
    Tidied, clear_store, export_store, import_store, join_stores, store_scope, store_status,
    tidy_store,
};
pub use texts::sources;
pub use tracing_only::record;
pub use wanted::{check_settings, settings_of};
pub use watching::{Look, Watcher};

use crate::model::{DecidedMutant, Notice, Phase};

/// What a run tells while it goes on.
pub trait Events: Sync {
    /// A phase begins; `total` is the number of its steps, where it is known.
    fn phase(&self, phase: Phase, total: Option<usize>);
    /// `n` more steps of the phase are done.
    fn advance(&self, n: usize);
    /// A verdict is in (told beside `advance`).
    fn decided(&self, mutant: &DecidedMutant);
    /// Something that the reader should know; it is in the report too, if one is made.
    fn notice(&self, notice: &Notice);
}

//! The options of `mutdiff record`.
//!
//! Invariant: nothing is compared, so there is neither a base nor a gate.

use std::path::PathBuf;

use clap::Args;

use super::Appearance;
use super::running::TestArgs;
use crate::config::Options;
use crate::model::Shard;

/// `mutdiff record`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    /// Decide every mutant of the project too
    #[arg(long)]
    pub(in crate::cli) decide: bool,
    /// Decide a part: the K-th of N that together are the whole; `mutdiff merge --store` joins them
    #[arg(long, value_name = "K/N", requires = "decide")]
    shard: Option<Shard>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl RecordArgs {
    /// The options: the working tree as it is, all of it.
    pub(in crate::cli) fn options(&self) -> Options {
        Options { shard: self.shard, ..self.tests.everything(self.repo.clone()) }
    }
}

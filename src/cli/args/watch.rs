//! The options of `mutdiff watch`.
//!
//! Invariant: those of `run` that make sense for a working tree that is being edited.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Appearance;
use super::change::ReachArgs;
use super::running::{TestArgs, time_span};
use crate::config::Options;
use crate::model::Gate;

/// `mutdiff watch`.
#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    /// What to compare with, as for `run`
    #[arg(long, value_name = "REF", help_heading = "Change")]
    base: Option<String>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Change")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
    /// What counts as a failure, as for `run`
    #[arg(long, value_name = "GATE", default_value = "new", help_heading = "Gate")]
    gate: Gate,
    /// End each round on time: 90s, 5m; the next one goes on from there
    #[arg(long, value_name = "TIME", value_parser = time_span, help_heading = "Gate")]
    budget: Option<Duration>,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl WatchArgs {
    /// The options of each round.
    pub(in crate::cli) fn options(&self) -> Options {
        self.reach.over(Options {
            base: self.base.clone(),
            gate: self.gate,
            budget: self.budget,
            ..self.tests.options(self.repo.clone())
        })
    }
}

//! The options of `mutdiff plan` and `mutdiff merge`.
//!
//! Invariant: a plan takes what the run takes that decides which mutants there are.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::Appearance;
use super::change::ChangeArgs;
use super::reports::OutputArgs;
use super::running::{TestArgs, time_span};
use super::store::StatusFormat;
use crate::config::Options;
use crate::lab::ShardCount;
use crate::model::{Gate, Shard};

/// `mutdiff plan`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("count").required(true).args(["shards", "target"])))]
pub(in crate::cli) struct PlanArgs {
    /// How many shards
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(Shard::MOST)))]
    shards: Option<u32>,
    /// As many as let each machine end within TIME: 90s, 5m, 1h30m
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    target: Option<Duration>,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    tests: TestArgs,
    /// For people, or `json`: a matrix for GitHub Actions, {"shard": ["1/4", …]}
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = StatusFormat::Text, help_heading = "Output")]
    pub(in crate::cli) format: StatusFormat,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl PlanArgs {
    /// The options of the run that is planned.
    pub(in crate::cli) fn options(&self) -> Options {
        self.change.over(self.tests.options(self.change.repo.clone()))
    }

    /// How many shards are wanted.
    pub(in crate::cli) fn count(&self) -> ShardCount {
        match (self.shards, self.target) {
            (Some(shards), _) => ShardCount::Given(shards),
            (None, target) => ShardCount::Target(target.unwrap_or_default().as_secs_f64() * 1000.0),
        }
    }
}

/// `mutdiff merge`.
#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The reports of all shards, written with `--report json=PATH`
    #[arg(value_name = "REPORT", required_unless_present = "store")]
    pub(in crate::cli) reports: Vec<PathBuf>,
    /// The exported stores of the shards: joined, they replace the store of the repository; without
    /// reports, those of `mutdiff record --decide --shard K/N`
    #[arg(long, value_name = "STORE", num_args = 1..)]
    pub(in crate::cli) store: Vec<PathBuf>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    /// What makes the whole fail; default: what the shards were given
    #[arg(long, value_name = "GATE", help_heading = "Gate")]
    pub(in crate::cli) gate: Option<Gate>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

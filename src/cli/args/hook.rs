//! The options of `mutdiff hook`.
//!
//! Invariant: what the hook runs takes what `run` takes, but for what is compared with what: that the
//! push says.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Appearance;
use super::change::ReachArgs;
use super::running::{TestArgs, time_span};
use crate::config::Options;
use crate::model::Gate;

/// `mutdiff hook`.
#[derive(Debug, Args)]
pub(in crate::cli) struct HookArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: HookCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HookCommand {
    /// Put a pre-push hook into the repository; one that is there already is run before it
    Install(HookPlace),
    /// Take it away, and put back what was there before
    Uninstall(HookPlace),
    /// Test what is pushed, as git says it on standard input; what the hook does
    ///
    /// Each pushed commit is tested in a copy of its own, against what stands on the other side (for a
    /// new branch, against the default branch). Under pre-commit, its variables say what is pushed.
    Run(Box<HookRunArgs>),
}

impl HookArgs {
    /// How output looks.
    pub(in crate::cli) fn appearance(&self) -> &Appearance {
        match &self.command {
            HookCommand::Install(place) | HookCommand::Uninstall(place) => &place.appearance,
            HookCommand::Run(args) => &args.appearance,
        }
    }
}

/// Which repository.
#[derive(Debug, Args)]
pub(in crate::cli) struct HookPlace {
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

/// `mutdiff hook run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct HookRunArgs {
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
    /// What keeps the push back; by default, mutants that had no turn do not
    #[arg(long, value_name = "GATE", default_value = "new,partial", help_heading = "Gate")]
    gate: Gate,
    /// End on time: 90s, 5m; of the whole push
    #[arg(long, value_name = "TIME", value_parser = time_span, default_value = "2m", help_heading = "Gate")]
    pub(in crate::cli) budget: Duration,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl HookRunArgs {
    /// The options, but for what is compared with what.
    pub(in crate::cli) fn options(&self) -> Options {
        self.reach.over(Options { gate: self.gate, ..self.tests.options(self.repo.clone()) })
    }
}

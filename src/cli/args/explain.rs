//! The options of `mutdiff explain`.
//!
//! Invariant: those of `run` that decide what is in scope and what a verdict rests on.

use clap::{Args, ValueEnum};

use super::Appearance;
use super::change::ChangeArgs;
use super::running::TestArgs;
use crate::config::Options;

/// `mutdiff explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// PATH:LINE, a function (Class.method, or PATH::Class.method), or the beginning of a mutant's id
    #[arg(value_name = "WHAT")]
    pub(in crate::cli) what: String,
    #[command(flatten)]
    change: ChangeArgs,
    /// How it is said
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ExplainFormat::Text, help_heading = "Output")]
    pub(in crate::cli) format: ExplainFormat,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

/// How an explanation is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExplainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

impl ExplainArgs {
    /// The options of the run that is explained.
    pub(in crate::cli) fn options(&self) -> Options {
        self.change.over(self.tests.options(self.change.repo.clone()))
    }
}

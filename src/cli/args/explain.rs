//! The options of `mutdiff explain`.
//!
//! Invariant: those of `run` that decide what is in scope and what a verdict rests on.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Appearance;
use super::change::ScopeArg;
use super::running::TestArgs;
use crate::config::Options;

/// `mutdiff explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// PATH:LINE, a function (Class.method, or PATH::Class.method), or the beginning of a mutant's id
    #[arg(value_name = "WHAT")]
    pub(in crate::cli) what: String,
    /// What to compare with, as for `run`
    #[arg(long, value_name = "REF", help_heading = "Change")]
    base: Option<String>,
    /// What to look at, as for `run`; default: the working tree
    #[arg(long, value_name = "REV", help_heading = "Change")]
    head: Option<String>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Change")]
    repo: PathBuf,
    /// How far a run looks from the change
    #[arg(long, value_enum, default_value_t = ScopeArg::Callers, help_heading = "Change")]
    scope: ScopeArg,
    /// Up to how many calls away a run follows callers
    #[arg(long, value_name = "N", help_heading = "Change")]
    depth: Option<u32>,
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
        Options {
            base: self.base.clone(),
            head: self.head.clone(),
            scope: self.scope.into(),
            depth: self.depth,
            ..self.tests.options(self.repo.clone())
        }
    }
}

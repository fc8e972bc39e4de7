//! The options that say what is compared, and how far a run looks from the change.
//!
//! Invariant: shared by every command that plans a run, and the same on each.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::Options;
use crate::model::ScopeKind;

/// What is compared.
#[derive(Debug, Args)]
#[command(next_help_heading = "Change")]
pub(in crate::cli) struct ChangeArgs {
    /// What to compare with; default: GITHUB_BASE_REF, else the remote's default branch, main,
    /// master
    #[arg(long, value_name = "REF")]
    pub(in crate::cli) base: Option<String>,
    /// What to test; default: the working tree, staged, unstaged and untracked
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) head: Option<String>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
}

impl ChangeArgs {
    /// `options` with these.
    pub(super) fn over(&self, options: Options) -> Options {
        let options = self.reach.over(options);
        Options { base: self.base.clone(), head: self.head.clone(), ..options }
    }
}

/// How far a run looks from the change.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Change")]
pub(in crate::cli) struct ReachArgs {
    /// How far to look from the change
    #[arg(long, value_enum, default_value_t = ScopeArg::Callers)]
    scope: ScopeArg,
    /// Follow callers up to N calls away; default: all of them
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
}

impl ReachArgs {
    /// `options` with these.
    pub(super) fn over(self, options: Options) -> Options {
        Options { scope: self.scope.into(), depth: self.depth, ..options }
    }
}

/// How far to look.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeArg {
    /// Mutants on changed lines
    Lines,
    /// Changed functions
    Functions,
    /// Changed functions and all that reach them through calls
    Callers,
    /// Every function of the project
    All,
}

impl From<ScopeArg> for ScopeKind {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Lines => Self::Lines,
            ScopeArg::Functions => Self::Functions,
            ScopeArg::Callers => Self::Callers,
            ScopeArg::All => Self::All,
        }
    }
}

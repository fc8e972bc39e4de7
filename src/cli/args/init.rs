//! The options of `mutdiff init`.
//!
//! Invariant: without one that says so, and without an answer, nothing is written.

use std::path::PathBuf;

use clap::Args;

use super::Appearance;
use super::running::TestArgs;
use crate::config::Options;

/// `mutdiff init`.
#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Write the section without asking
    #[arg(long, visible_alias = "yes", short = 'y', help_heading = "Writing")]
    pub(in crate::cli) write: bool,
    /// Write `.github/workflows/mutdiff.yml` without asking
    #[arg(long, help_heading = "Writing")]
    pub(in crate::cli) workflow: bool,
    /// Put the pre-push hook into the repository without asking
    #[arg(long, help_heading = "Writing")]
    pub(in crate::cli) hook: bool,
    /// Do not run the tests to see whether they run
    #[arg(long, help_heading = "Tests")]
    pub(in crate::cli) no_check: bool,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl InitArgs {
    /// The options of the check: the working tree as it is, all of it.
    pub(in crate::cli) fn options(&self) -> Options {
        self.tests.everything(self.repo.clone())
    }
}

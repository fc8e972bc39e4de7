//! The options of `mutdiff browse`.
//!
//! Invariant: those of a run that say how tests are run: a mutant can be run again from there.

use std::path::PathBuf;

use clap::Args;

use super::Appearance;
use super::running::TestArgs;
use crate::config::Options;
use crate::model::{DecidedMutant, Report};

/// `mutdiff browse`.
#[derive(Debug, Args)]
pub(in crate::cli) struct BrowseArgs {
    /// A report that `--report json=PATH` wrote; default: that of the last run in the repository
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    tests: TestArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

impl BrowseArgs {
    /// The options of a run of one mutant of a report.
    pub(in crate::cli) fn again(&self, report: &Report, mutant: &DecidedMutant) -> Options {
        Options {
            base: report.base.commit.clone(),
            head: report.head.commit.clone(),
            only: vec![mutant.id.clone()],
            ..self.tests.options(self.repo.clone())
        }
    }
}

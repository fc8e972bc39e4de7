//! The options that say what is written where.
//!
//! Invariant: shared by every command that has a report to show, and the same on each.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::output::ReportTarget;
use crate::report::format::{FormatOptions, NoTestsCase};

/// What is written where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// Write a report, such as json=PATH (`-`: standard output); may be given several times
    #[arg(long, value_name = "FORMAT=PATH")]
    pub(in crate::cli) report: Vec<ReportTarget>,
    /// What is shown when no report takes standard output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Shown::Text)]
    pub(in crate::cli) format: Shown,
    /// What a mutant that no test reaches is in JUnit
    #[arg(long, value_name = "STATUS", value_enum, default_value_t = NoTestsArg::Failure)]
    pub(in crate::cli) junit_no_tests: NoTestsArg,
    /// Under GITHUB_ACTIONS=true, write no annotations and no summary of the step unasked
    #[arg(long)]
    pub(in crate::cli) no_github_actions: bool,
}

/// What standard output shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Shown {
    /// For people
    Text,
    /// Compact, for a coding agent: each gap in the tests, and what would close it
    Agent,
}

/// What a mutant that no test reaches is in JUnit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum NoTestsArg {
    /// A failure, as a survivor is
    Failure,
    /// Skipped
    Skipped,
}

impl OutputArgs {
    /// What is left to the user of some format.
    pub(in crate::cli) fn format_options(&self) -> FormatOptions {
        FormatOptions {
            no_tests: match self.junit_no_tests {
                NoTestsArg::Failure => NoTestsCase::Fails,
                NoTestsArg::Skipped => NoTestsCase::Skipped,
            },
        }
    }

    /// Whether any of the reports shows whole files.
    pub(in crate::cli) fn shows_sources(&self) -> bool {
        self.report.iter().any(|target| target.format.shows_sources())
    }
}

/// `mutdiff report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// A report that `--report json=PATH` wrote (`-`: standard input); default: that of the last
    /// run in the repository
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// A directory in the repository; its last run is shown when there is no --from
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "from")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: super::Appearance,
}

/// `mutdiff diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The earlier report, written with `--report json=PATH`
    #[arg(value_name = "OLD.json")]
    pub(in crate::cli) old: PathBuf,
    /// The later one (`-`: standard input)
    #[arg(value_name = "NEW.json")]
    pub(in crate::cli) new: PathBuf,
    /// How the comparison is shown
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = DiffFormat::Text)]
    pub(in crate::cli) format: DiffFormat,
    /// Exit with 1 when a gap opened
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,
    #[command(flatten)]
    pub(in crate::cli) appearance: super::Appearance,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

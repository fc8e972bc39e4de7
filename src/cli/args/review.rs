//! The options of the pull request review.
//!
//! Invariant: shared by `mutdiff review` and `mutdiff --review`, and the same on both.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// How a review is posted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Review")]
pub(in crate::cli) struct PostArgs {
    /// The pull request; default: the one of the workflow's event
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) pr: Option<u64>,
    /// Remarks that stand on lines of the pull request at once; the summary lists the rest
    #[arg(long, value_name = "N", default_value = "10")]
    pub(in crate::cli) max_comments: usize,
    /// Fail when GitHub does not answer (exit code 4), instead of a warning
    #[arg(long)]
    pub(in crate::cli) review_required: bool,
    /// Seconds between two writes to GitHub
    #[arg(long, value_name = "SECONDS", value_parser = super::running::seconds, default_value = "1", hide_short_help = true)]
    pub(in crate::cli) pause: Duration,
}

/// `mutdiff review`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReviewArgs {
    /// The report that `--report json=PATH` wrote (`-`: standard input)
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) from: PathBuf,
    /// The repository on GitHub; default: GITHUB_REPOSITORY
    #[arg(long, value_name = "OWNER/NAME")]
    pub(in crate::cli) repo: Option<String>,
    /// Show what would be posted; write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) post: PostArgs,
    #[command(flatten)]
    pub(in crate::cli) appearance: super::Appearance,
}

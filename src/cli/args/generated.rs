//! The options of what is generated from the command line's own declaration.
//!
//! Invariant: nothing here is about a project, so nothing is a setting.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::Appearance;

/// `mutdiff completions`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: Shell,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

/// `mutdiff man`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// The command, such as `hook run`; without one, mutdiff's own page
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Vec<String>,
    /// Write every page into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(in crate::cli) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

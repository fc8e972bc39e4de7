//! The options of `mutdiff mutants`.
//!
//! Invariant: it is about files, so there is neither a repository nor a base.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Appearance;

/// `mutdiff mutants`.
#[derive(Debug, Args)]
pub(in crate::cli) struct MutantsArgs {
    /// Python files, and folders to look for them in
    #[arg(required = true, value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Which mutation operators are on, as in a run
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub(in crate::cli) operators: Vec<String>,
    /// Which rules of suppression hold, as in a run
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub(in crate::cli) suppress: Vec<String>,
    /// How they are shown
    #[arg(long, value_enum, default_value_t = MutantsFormat::Text)]
    pub(in crate::cli) format: MutantsFormat,
    /// With each as a patch
    #[arg(long)]
    pub(in crate::cli) diff: bool,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

/// How mutants of files are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MutantsFormat {
    /// A line each
    Text,
    /// A JSON object a file, each on a line of its own
    Json,
    /// How many each file has
    Count,
}

//! The options of `mutdiff store`.
//!
//! Invariant: each of its commands says which repository it is about, and none runs anything.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Appearance;

/// `mutdiff store`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StoreArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: StoreCommand,
}

impl StoreArgs {
    /// Which repository, and how output looks.
    pub(in crate::cli) fn place(&self) -> &StorePlace {
        match &self.command {
            StoreCommand::Status { place, .. }
            | StoreCommand::Scope { place, .. }
            | StoreCommand::Clear { place }
            | StoreCommand::Gc { place, .. }
            | StoreCommand::Export { place, .. }
            | StoreCommand::Import { place, .. } => place,
        }
    }
}

/// What every command of `mutdiff store` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct StorePlace {
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) repo: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) appearance: Appearance,
}

/// What to do with the store.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StoreCommand {
    /// Say where the store is, how large it is, what it holds and what it was made in
    Status {
        /// For people or for programs
        #[arg(long, value_enum, default_value_t = StatusFormat::Text)]
        format: StatusFormat,
        #[command(flatten)]
        place: StorePlace,
    },
    /// Say who calls functions, at any distance, and which tests enter any of them, as the last runs saw
    Scope {
        /// `PATH::FUNCTION`, `Class.method`, or the end of such a name
        #[arg(value_name = "FUNCTION", required = true)]
        functions: Vec<String>,
        /// Calls to follow; without it, all
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        depth: Option<u32>,
        /// For people, for programs, or the tests alone, a line each
        #[arg(long, value_enum, default_value_t = ScopeFormat::Text)]
        format: ScopeFormat,
        #[command(flatten)]
        place: StorePlace,
    },
    /// Remove it: the next run traces every test and decides every mutant of its scope
    Clear {
        #[command(flatten)]
        place: StorePlace,
    },
    /// Remove old verdicts and what nothing refers to any more
    Gc {
        /// Verdicts to keep of each mutant, the newest: one for each state of the code
        #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
        keep: u32,
        #[command(flatten)]
        place: StorePlace,
    },
    /// Write a copy of it to a file, also while a run goes on
    Export {
        /// The file
        path: PathBuf,
        /// Write over a file that exists
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        place: StorePlace,
    },
    /// Put a copy of an exported store in its place
    Import {
        /// The file
        path: PathBuf,
        #[command(flatten)]
        place: StorePlace,
    },
}

/// How the status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StatusFormat {
    /// Lines
    Text,
    /// One JSON object
    Json,
}

/// How callers and tests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScopeFormat {
    /// Lines
    Text,
    /// One JSON object
    Json,
    /// The ids of the tests, a line each
    Tests,
}

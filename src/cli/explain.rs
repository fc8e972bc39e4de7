//! `mutdiff explain`: why something is in scope or not, and what its verdicts rest on.
//!
//! Invariant: the exit code is 0 when there was something to explain, whatever is said of it.

use super::args::{ExplainArgs, ExplainFormat};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::run::{check_repo, watched};
use crate::lab;
use crate::report::{explanation, terminal};

/// Runs the command.
pub(super) fn run(args: &ExplainArgs, console: Console) -> Result<Exit, CliError> {
    let options = args.options();
    check_repo(&options.repo)?;
    let explained = watched(console, |progress, _| lab::explain(&options, &args.what, progress))?;
    console.result(&match args.format {
        ExplainFormat::Text => terminal::explanation(&explained, &console.style(console.out)),
        ExplainFormat::Json => explanation::write(&explained),
    })?;
    Ok(Exit::Success)
}

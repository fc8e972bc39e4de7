//! `mutdiff show`: a mutant of the last run.
//!
//! Invariant: what goes into a pipe or a file is a patch that `git apply` takes, byte for byte;
//! what goes to a terminal holds no control character of the project's.

use super::args::{ShowArgs, default_options};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use crate::lab;
use crate::report::terminal;

/// Runs the command.
pub(super) fn run(args: &ShowArgs, console: Console) -> Result<Exit, CliError> {
    let options = default_options(args.repo.clone());
    let mutant = lab::show(&options, &args.id)?;
    if console.out.terminal || console.out.color {
        console.result(&terminal::mutant(&mutant, &console.style(console.out)))?;
    } else {
        let patch = terminal::patch(&mutant);
        console.result_bytes(&lab::encoded(&options, &mutant, &patch)?)?;
    }
    Ok(Exit::Success)
}

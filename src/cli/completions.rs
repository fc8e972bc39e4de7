//! `mutdiff completions`: a shell's own script.
//!
//! Invariant: made from the declaration of the command line, so it knows every command and option.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs, console: Console) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mutdiff", &mut script);
    console.result_bytes(&script)?;
    Ok(Exit::Success)
}

//! `mutdiff record`: traces the tests for later runs, and decides every mutant if asked to.
//!
//! Invariant: there is no gate: a survivor is no failure of the command, a failing test is.

use super::args::RecordArgs;
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::run::{check_repo, conduct, watched};
use crate::lab;
use crate::report::terminal;

/// Runs the command.
pub(super) fn run(args: &RecordArgs, console: Console) -> Result<Exit, CliError> {
    let options = args.options();
    check_repo(&options.repo)?;
    let style = console.style(console.out);
    if args.decide {
        let report = conduct(&options, console)?;
        console.result(&terminal::render(&report, &style))?;
        return Ok(report.conclusion.into());
    }
    let recorded = watched(console, |progress, stop| lab::record(&options, progress, stop))?;
    console.result(&terminal::recorded(&recorded, &style))?;
    Ok(if recorded.tests_fail { Exit::TestsFail } else { Exit::Success })
}

//! `mutdiff run`: plans or runs, renders, writes the reports.
//!
//! Invariant: the exit code follows from the report's conclusion, or from the error.

use super::args::RunArgs;
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::progress::Progress;
use super::{interrupt, output};
use crate::config::Options;
use crate::lab;
use crate::model::Report;
use crate::report::terminal;

/// Runs the command.
pub(super) fn run(args: &RunArgs, console: Console) -> Result<Exit, CliError> {
    let stdout_taken = output::check(&args.report)?;
    let options = args.options();
    if !options.repo.is_dir() {
        let text = format!("there is no directory {}", options.repo.display());
        return Err(CliError::usage(text).hint("name one in a git repository with --repo DIR"));
    }
    let report = if args.list { list(&options, console)? } else { conduct(&options, console)? };

    let stream = if stdout_taken { console.err } else { console.out };
    let style = console.style(stream);
    let mut text = terminal::render(&report, &style);
    if args.timings {
        text.push('\n');
        text.push_str(&terminal::timings(&report.timings, &style));
    }
    if stdout_taken {
        console.aside(&text);
    } else {
        console.result(&text)?;
    }
    if let Some(json) = output::write(&args.report, &report)? {
        console.result(&json)?;
    }
    Ok(report.conclusion.into())
}

/// A run under the eyes of the console: progress, and an ear for Ctrl-C.
pub(super) fn conduct(options: &Options, console: Console) -> Result<Report, CliError> {
    let progress = Progress::new(&console);
    let interrupted = interrupt::watch(progress.speaker())?;
    let result = lab::run(options, &progress, interrupted);
    finished(result, progress, console)
}

fn list(options: &Options, console: Console) -> Result<Report, CliError> {
    let progress = Progress::new(&console);
    let result = lab::list(options, &progress);
    finished(result, progress, console)
}

/// Clears the progress. Notices that no report will show are shown now: they may be the reason.
fn finished(
    result: Result<Report, lab::LabError>,
    progress: Progress,
    console: Console,
) -> Result<Report, CliError> {
    let notices = progress.finish();
    if result.is_err() {
        for notice in notices {
            console.note(&format!("note: {}", notice.message));
        }
    }
    Ok(result?)
}

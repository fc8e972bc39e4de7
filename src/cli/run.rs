//! `mutdiff run`: plans or runs, renders, writes the reports.
//!
//! Invariant: the exit code follows from the report's conclusion, or from the error.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::DecideArgs;
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use super::hints::shell_word;
use super::progress::Progress;
use super::review::Review;
use super::{interrupt, output};
use crate::config::Options;
use crate::lab::{self, LabError};
use crate::model::{Notice, Report, Verdict};

/// Runs the command.
pub(super) fn run(args: &DecideArgs, console: Console) -> Result<Exit, CliError> {
    let options = args.options();
    let args = &args.run;
    output::check(&args.output.report)?;
    check_repo(&options.repo)?;
    let review = match args.review {
        true => Review::before_a_run(&args.post, &args.output, console)?,
        false => None,
    };
    let mut report = if args.list { list(&options, console)? } else { conduct(&options, console)? };
    if args.output.shows_sources() {
        report.sources = lab::sources(&options, &report)?;
    }
    let timings = args.timings.then_some(&report.timings);
    // A review says on the lines what annotations would say there: only one of them does.
    // The parts of a run are annotated as a whole, by `mutdiff merge`.
    let live = !args.list && review.is_none() && args.shard.is_none();
    output::show_and_write(&args.output, &report, timings, live, Some(&options.repo), console)?;
    if let Some(advice) = look_at_one(&report, &options.repo) {
        console.note(&advice);
    }
    if let Some(review) = review {
        review.post(&report, console)?;
    }
    Ok(report.conclusion.into())
}

/// Demands that the directory of the repository is there.
pub(super) fn check_repo(repo: &Path) -> Result<(), CliError> {
    if repo.is_dir() {
        return Ok(());
    }
    let text = format!("there is no directory {}", repo.display());
    Err(CliError::usage(text).hint("name one in a git repository with --repo DIR"))
}

/// How to see the survivor that is nearest to the change as a patch.
fn look_at_one(report: &Report, repo: &Path) -> Option<String> {
    let survivor = report.mutants.iter().find(|mutant| mutant.verdict == Verdict::Survived)?;
    let mut command = format!("mutdiff show {}", survivor.id);
    if repo != Path::new(".") {
        command = format!("{command} --repo {}", shell_word(&repo.display().to_string()));
    }
    Some(format!("hint: `{command}` prints the first of them as a patch"))
}

/// A run under the eyes of the console: progress, and an ear for Ctrl-C.
pub(super) fn conduct(options: &Options, console: Console) -> Result<Report, CliError> {
    watched(console, |progress, interrupted| lab::run(options, progress, interrupted))
}

/// Work under the eyes of the console: progress, and an ear for Ctrl-C.
pub(super) fn watched<T>(
    console: Console,
    work: impl FnOnce(&Progress, &'static AtomicBool) -> Result<T, LabError>,
) -> Result<T, CliError> {
    let progress = Progress::new(&console);
    let interrupted = interrupt::watch(progress.speaker())?;
    let result = work(&progress, interrupted);
    show_notices(progress.finish(), &result, console);
    result.map_err(|error| {
        if interrupted.load(Ordering::SeqCst) {
            CliError::new(Kind::Interrupted, "interrupted before there was anything to report")
                .caused(Some(&error))
        } else {
            error.into()
        }
    })
}

fn list(options: &Options, console: Console) -> Result<Report, CliError> {
    let progress = Progress::new(&console);
    let result = lab::list(options, &progress);
    show_notices(progress.finish(), &result, console);
    Ok(result?)
}

/// Shows the notices that no report will: they may be the reason why there is none.
fn show_notices<T>(notices: Vec<Notice>, result: &Result<T, LabError>, console: Console) {
    if result.is_err() {
        for notice in notices {
            console.note(&format!("note: {}", notice.message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_advice_is_a_command_that_works_from_here() {
        let report = sample::report();
        let id = &report.mutants[0].id;
        let here = look_at_one(&report, Path::new(".")).unwrap();
        assert!(here.contains(&format!("`mutdiff show {id}`")), "{here}");
        let there = look_at_one(&report, Path::new("/a b")).unwrap();
        assert!(there.contains(&format!("`mutdiff show {id} --repo '/a b'`")), "{there}");
    }

    #[test]
    fn without_a_survivor_there_is_no_advice() {
        let mut report = sample::report();
        report.mutants.retain(|mutant| mutant.verdict != Verdict::Survived);
        assert_eq!(look_at_one(&report, Path::new(".")), None);
    }
}

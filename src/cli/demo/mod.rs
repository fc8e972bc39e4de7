//! `mutdiff demo`: the main job on a bundled project, with stock Python.
//!
//! Invariant: it shows what this run found; the explanation at its end is printed only if the
//! survivor that it speaks of was found.

mod project;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::{DemoArgs, default_options};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use super::run::conduct;
use crate::config::{Options, RunnerKind};
use crate::git;
use crate::lab::LabError;
use crate::model::{Conclusion, DecidedMutant, Report, Verdict};
use crate::report::terminal;

/// Runs the command.
pub(super) fn run(args: &DemoArgs, console: Console) -> Result<Exit, CliError> {
    let dir = tempfile::Builder::new()
        .prefix("mutdiff-demo-")
        .disable_cleanup(args.keep)
        .tempdir()
        .map_err(|error| {
            CliError::new(Kind::Usage, "cannot make a temporary directory for the demo")
                .caused(Some(&error))
                .hint("name a place that can be written to with TMPDIR=DIR")
        })?;
    git::create(dir.path(), &project::COMMITS).map_err(LabError::from)?;
    console.result(&introduction(dir.path()))?;

    let report = conduct(&options(args, dir.path().to_path_buf()), console)?;
    let style = console.style(console.out);
    console.result(&terminal::render(&report, &style))?;
    if report.conclusion == Conclusion::Interrupted {
        return Ok(Exit::Interrupted);
    }
    let survivor = worth_seeing(&report).ok_or_else(|| no_survivor(&report))?;
    let shown = terminal::mutant(survivor, &style);
    console.result(&ending(survivor, &shown, args.keep.then(|| dir.path())))?;
    Ok(Exit::Success)
}

fn options(args: &DemoArgs, repo: PathBuf) -> Options {
    let defaults = default_options(repo);
    Options {
        base: Some(project::BASE.to_owned()),
        runner: Some(RunnerKind::Unittest),
        python: args.python.clone(),
        jobs: args.jobs.unwrap_or(defaults.jobs),
        ..defaults
    }
}

fn introduction(dir: &Path) -> String {
    let [base, change] = &project::COMMITS;
    format!(
        "A shop, as a git repository in {}:\n  {:<16} {}\n  {:<16} {}\n\n$ mutdiff --base {} --runner unittest\n\n",
        dir.display(),
        base.branch,
        base.message,
        change.branch,
        change.message,
        project::BASE,
    )
}

/// The survivor that the lesson is about, else the nearest to the change.
fn worth_seeing(report: &Report) -> Option<&DecidedMutant> {
    let survivors = || report.mutants.iter().filter(|m| m.verdict == Verdict::Survived);
    survivors().find(|mutant| is_lesson(mutant)).or_else(|| survivors().next())
}

fn is_lesson(mutant: &DecidedMutant) -> bool {
    let lesson = &project::LESSON;
    mutant.function.name.as_str() == lesson.function
        && mutant.original == lesson.original
        && mutant.replacement == lesson.replacement
}

fn no_survivor(report: &Report) -> CliError {
    let text = format!("the demo found no survivor among {} mutants", report.counts.mutants);
    CliError::new(Kind::Internal, text)
        .hint("its tests leave one on purpose, so this is a fault of mutdiff's; please report it")
}

fn ending(survivor: &DecidedMutant, shown: &str, kept: Option<&Path>) -> String {
    let id = &survivor.id;
    let mut text = format!("\nOne survivor, as `mutdiff show {id}` prints it:\n\n{shown}\n");
    if is_lesson(survivor) {
        text.push_str(project::LESSON.text);
        text.push('\n');
    }
    text.push_str(
        "The demo worked. A real run of this kind ends with exit code 1: the gate failed.\n",
    );
    match kept {
        Some(dir) => write!(
            text,
            "The project is kept. Look around, add the test, run it again:\n  \
             cd {}\n  mutdiff show {id}\n  mutdiff --base {} --runner unittest\n",
            dir.display(),
            project::BASE
        ),
        None => writeln!(
            text,
            "`mutdiff demo --keep` leaves the project in place, to look around and to add the test."
        ),
    }
    .expect("a String takes all");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_lesson_is_told_of_its_own_survivor_only() {
        let rate = sample::key("discounts", "rate");
        let lesson = sample::mutant(&rate, 8, (">=", ">"));
        let other = sample::mutant(&rate, 9, ("0.05", "1.05"));
        let mut report = sample::report();
        report.mutants = vec![other.clone(), lesson.clone()];
        assert_eq!(worth_seeing(&report).unwrap().id, lesson.id);
        assert!(ending(&lesson, "", None).contains("exactly 10"));
        assert!(!ending(&other, "", None).contains("exactly 10"));
    }

    #[test]
    fn a_demo_without_a_survivor_is_a_fault() {
        let mut report = sample::report();
        report.mutants.retain(|mutant| mutant.verdict != Verdict::Survived);
        assert!(worth_seeing(&report).is_none());
        assert_eq!(no_survivor(&report).exit(), Exit::Undecided);
    }

    #[test]
    fn a_kept_project_is_named_with_the_commands_to_look_at_it() {
        let survivor = sample::report().mutants[0].clone();
        let text = ending(&survivor, "", Some(Path::new("/tmp/d")));
        assert!(text.contains("cd /tmp/d\n  mutdiff show "), "{text}");
    }
}

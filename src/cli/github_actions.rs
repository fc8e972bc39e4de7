//! What mutdiff does by itself in a workflow of GitHub Actions.
//!
//! Invariant: outside a workflow nothing here has an effect; in one, no text of the project in our
//! output is taken for a command.

use std::borrow::Cow;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::console::Console;
use super::error::CliError;
use crate::model::Report;
use crate::report::{annotations, escape, markdown};

/// Whether this is a job of a workflow.
pub(super) fn is_here() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Whether annotations and the summary are written unasked.
pub(super) fn is_wanted(args: &OutputArgs) -> bool {
    is_here() && !args.no_github_actions
}

/// Text for standard output or standard error: the runner reads commands from both.
pub(super) fn as_log(text: &str) -> Cow<'_, str> {
    if is_here() { escape::no_commands(text) } else { text.into() }
}

/// Writes the findings as annotations: to standard error where a report takes standard output.
pub(super) fn annotate(
    report: &Report,
    stdout_taken: bool,
    console: Console,
) -> Result<(), CliError> {
    let commands = annotations::write(report);
    if stdout_taken {
        console.commands(&commands);
        Ok(())
    } else {
        console.result(&commands)
    }
}

/// Appends the report to the summary of the step; a summary that cannot be written to is told, and
/// fails nothing.
pub(super) fn append_summary(report: &Report, console: Console) {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return;
    };
    let path = PathBuf::from(path);
    if let Err(error) = append(&path, report) {
        let path = path.display();
        console.note(&format!("warning: cannot write the summary of the step to {path}: {error}"));
    }
}

fn append(path: &Path, report: &Report) -> std::io::Result<()> {
    // GitHub shows nothing of a summary that is too large, whoever wrote the first part of it.
    let before = fs::metadata(path).map_or(0, |file| file.len());
    let before = usize::try_from(before).unwrap_or(usize::MAX);
    let text = markdown::write(report, markdown::STEP_SUMMARY.saturating_sub(before));
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_summary_is_appended_to_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.md");
        fs::write(&path, "before\n").unwrap();
        append(&path, &sample::report()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("before\n## mutdiff: failed"), "{text}");
    }
}

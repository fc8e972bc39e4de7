//! Where the report goes: standard output, and the files of `--report FORMAT=PATH`.
//!
//! Invariant: a path that cannot be written to is found before the run, not after it; where a
//! report takes standard output, nothing else does.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::args::{OutputArgs, Shown};
use super::console::Console;
use super::error::{CliError, Kind};
use super::github_actions;
use super::hints::shell_word;
use crate::git::Repository;
use crate::model::{Report, Timings};
use crate::report::format::{Format, FormatOptions};
use crate::report::{agent, terminal};

/// A format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportTarget {
    pub(super) format: Format,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Stdout,
    File(PathBuf),
}

impl FromStr for ReportTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || Format::ALL.map(Format::name).join(", ");
        let Some((name, path)) = text.split_once('=') else {
            return Err(format!("write it as FORMAT=PATH; the formats are: {}", names()));
        };
        let Some(format) = Format::named(name) else {
            return Err(format!("there is no format `{name}`; the formats are: {}", names()));
        };
        let place = match path {
            "" => return Err(format!("a path is missing: {name}=PATH, or {name}=-")),
            "-" => Place::Stdout,
            path => Place::File(PathBuf::from(path)),
        };
        Ok(Self { format, place })
    }
}

/// Looks at every target before the run.
///
/// # Errors
///
/// Two of them on standard output or in one file; a file in a directory that does not exist or
/// cannot be written to; a directory.
pub(super) fn check(targets: &[ReportTarget]) -> Result<(), CliError> {
    for (index, target) in targets.iter().enumerate() {
        let is_taken = targets[..index].iter().any(|earlier| earlier.place == target.place);
        match &target.place {
            Place::Stdout if is_taken => {
                return Err(CliError::usage("several reports are asked for on standard output")
                    .hint("give all but one a path: --report json=report.json"));
            }
            Place::File(path) if is_taken => {
                let text = format!("several reports are asked for in {}", path.display());
                return Err(CliError::usage(text).hint("give each a path of its own"));
            }
            Place::Stdout => {}
            Place::File(path) => check_path(path)?,
        }
    }
    Ok(())
}

/// Whether a report takes standard output, so that nothing else may.
pub(super) fn takes_stdout(targets: &[ReportTarget]) -> bool {
    targets.iter().any(|target| target.place == Place::Stdout)
}

fn check_path(path: &Path) -> Result<(), CliError> {
    let refuse = |why: String, hint: String| {
        let text = format!("cannot write a report to {}: {why}", path.display());
        Err(CliError::usage(text).hint(hint))
    };
    if path.is_dir() {
        return refuse("it is a directory".to_owned(), "name a file in it".to_owned());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = parent.display();
    if parent.exists() && !parent.is_dir() {
        let why = format!("{folder} is no directory");
        return refuse(why, "name a path in a directory".to_owned());
    }
    if !parent.is_dir() {
        let hint = format!("make it first: mkdir -p {}", shell_word(&folder.to_string()));
        return refuse(format!("there is no directory {folder}"), hint);
    }
    // Tried, since what may be written follows from more than modes: a nameless file for a new one,
    // and what is there is opened and left as it is. Pipes and devices are taken at their word.
    let (tried, name) = if path.exists() {
        let opened = path.is_file().then(|| OpenOptions::new().append(true).open(path));
        (opened.transpose().map(|_| ()), "it")
    } else {
        (tempfile::tempfile_in(parent).map(|_| ()), "its directory")
    };
    tried.or_else(|error| {
        refuse(
            format!("{name} cannot be written to ({error})"),
            "choose another path, or change who may write there".to_owned(),
        )
    })
}

/// Shows the report, and writes what was asked for. What a person reads goes to standard error
/// where a report takes standard output. A `live` report, which a run has just made, is also put
/// where GitHub Actions shows it. What is shown may link to the files of the repository at `repo`.
///
/// # Errors
///
/// The first file that cannot be written.
pub(super) fn show_and_write(
    args: &OutputArgs,
    report: &Report,
    timings: Option<&Timings>,
    live: bool,
    repo: Option<&Path>,
    console: Console,
) -> Result<(), CliError> {
    let stdout_taken = takes_stdout(&args.report);
    let stream = if stdout_taken { console.err } else { console.out };
    let style = match repo {
        // The lines are those of the files only where these are what was tested.
        Some(repo) if report.head.commit.is_none() => console.linked_style(stream, repo),
        _ => console.style(stream),
    };
    let mut text = match args.format {
        Shown::Text => terminal::render(report, &style),
        Shown::Agent => agent::write(report),
    };
    if let Some(timings) = timings {
        text.push('\n');
        text.push_str(&terminal::timings(timings, &style));
    }
    if stdout_taken {
        console.aside(&text);
    } else {
        console.result(&github_actions::as_log(&text))?;
    }
    if live && github_actions::is_wanted(args) {
        github_actions::annotate(report, stdout_taken, console)?;
        github_actions::append_summary(report, console);
    }
    match write(&args.report, report, args.format_options())? {
        Some(text) => console.result(&text),
        None => Ok(()),
    }
}

/// Notes that mutdiff wrote a file, so that it does not count as one of the project that it lies in.
pub(super) fn note_written(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(repository) = Repository::discover(folder.unwrap_or(Path::new("."))) {
        // Without the note it counts as a file of the project, and verdicts are decided anew.
        let _ = repository.note_written(path);
    }
}

/// Writes every report. What goes to standard output is returned instead.
fn write(
    targets: &[ReportTarget],
    report: &Report,
    options: FormatOptions,
) -> Result<Option<String>, CliError> {
    let mut stdout = None;
    for target in targets {
        let text = target.format.render(report, options);
        match &target.place {
            Place::Stdout => stdout = Some(text),
            Place::File(path) => {
                fs::write(path, text).map_err(|error| {
                    let text = format!("cannot write the report to {}", path.display());
                    CliError::new(Kind::Usage, text).caused(Some(&error))
                })?;
                note_written(path);
            }
        }
    }
    Ok(stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn target(text: &str) -> ReportTarget {
        text.parse().unwrap()
    }

    fn refused(targets: &[&str]) -> String {
        let targets: Vec<_> = targets.iter().map(|text| target(text)).collect();
        check(&targets).unwrap_err().render(false)
    }

    #[test]
    fn an_unknown_format_lists_the_known_ones() {
        let error = "xml=a.xml".parse::<ReportTarget>().unwrap_err();
        assert!(error.starts_with("there is no format `xml`; the formats are: json, "), "{error}");
    }

    #[test]
    fn a_path_may_hold_an_equals_sign() {
        assert_eq!(target("json=a=b").place, Place::File("a=b".into()));
        assert_eq!(target("json=-").place, Place::Stdout);
        assert!("json=".parse::<ReportTarget>().is_err());
    }

    #[test]
    fn a_missing_directory_is_found_before_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().display();
        let error = refused(&[&format!("json={place}/no/report.json")]);
        assert!(error.contains("there is no directory"), "{error}");
        assert!(error.contains("hint: make it first: mkdir -p "), "{error}");
        assert!(refused(&[&format!("json={place}")]).contains("it is a directory"));
        fs::write(dir.path().join("file"), "").unwrap();
        let error = refused(&[&format!("json={place}/file/report.json")]);
        assert!(error.contains("is no directory"), "{error}");
        assert!(check(&[target("json=report.json"), target("text=/dev/null")]).is_ok());
    }

    #[test]
    fn what_cannot_be_written_to_is_found_before_the_run() {
        // Root may write everywhere but to where nobody can.
        let error = refused(&["json=/proc/no.json"]);
        assert!(error.contains("its directory cannot be written to"), "{error}");
    }

    #[test]
    fn a_place_takes_one_report() {
        assert!(refused(&["json=-", "text=-"]).contains("on standard output"));
        assert!(refused(&["json=a", "text=a"]).contains("several reports are asked for in a"));
        assert!(check(&[target("json=-"), target("json=a")]).is_ok());
    }

    #[test]
    fn files_are_written_and_standard_output_is_handed_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let targets = [target(&format!("json={}", path.display())), target("json=-")];
        let stdout = write(&targets, &sample::report(), FormatOptions::default()).unwrap();
        assert_eq!(stdout, Some(fs::read_to_string(path).unwrap()));
    }
}

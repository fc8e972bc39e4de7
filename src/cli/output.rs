//! Reports that are written beside the terminal's: `--report FORMAT=PATH`.
//!
//! Invariant: a path that cannot be written to is found before the run, not after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::{CliError, Kind};
use crate::model::Report;
use crate::report::json;

/// A format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportTarget {
    format: Format,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
}

/// Every format with its name.
const FORMATS: [(&str, Format); 1] = [("json", Format::Json)];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Stdout,
    File(PathBuf),
}

impl FromStr for ReportTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || FORMATS.map(|(name, _)| name).join(", ");
        let Some((name, path)) = text.split_once('=') else {
            return Err(format!("write it as FORMAT=PATH; the formats are: {}", names()));
        };
        let Some((_, format)) = FORMATS.iter().find(|(known, _)| *known == name) else {
            return Err(format!("there is no format `{name}`; the formats are: {}", names()));
        };
        let place = match path {
            "" => return Err(format!("a path is missing: {name}=PATH, or {name}=-")),
            "-" => Place::Stdout,
            path => Place::File(PathBuf::from(path)),
        };
        Ok(Self { format: *format, place })
    }
}

/// Whether one of the targets takes standard output, so that nothing else may.
///
/// # Errors
///
/// Two of them on standard output; a file in a directory that does not exist; a directory.
pub(super) fn check(targets: &[ReportTarget]) -> Result<bool, CliError> {
    let on_stdout = targets.iter().filter(|target| target.place == Place::Stdout).count();
    if on_stdout > 1 {
        return Err(CliError::usage("several reports are asked for on standard output")
            .hint("give all but one a path: --report json=report.json"));
    }
    for target in targets {
        if let Place::File(path) = &target.place {
            check_path(path)?;
        }
    }
    Ok(on_stdout == 1)
}

fn check_path(path: &Path) -> Result<(), CliError> {
    if path.is_dir() {
        let text = format!("cannot write a report to {}: it is a directory", path.display());
        return Err(CliError::usage(text).hint("name a file in it"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match parent {
        Some(parent) if !parent.is_dir() => {
            let text = format!(
                "cannot write a report to {}: there is no directory {}",
                path.display(),
                parent.display()
            );
            Err(CliError::usage(text).hint(format!("make it first: mkdir -p {}", parent.display())))
        }
        _ => Ok(()),
    }
}

/// Writes every report. What goes to standard output is returned instead.
///
/// # Errors
///
/// The first file that cannot be written.
pub(super) fn write(targets: &[ReportTarget], report: &Report) -> Result<Option<String>, CliError> {
    let mut stdout = None;
    for target in targets {
        let text = match target.format {
            Format::Json => json::write(report),
        };
        match &target.place {
            Place::Stdout => stdout = Some(text),
            Place::File(path) => fs::write(path, text).map_err(|error| {
                let text = format!("cannot write the report to {}", path.display());
                CliError::new(Kind::Usage, text).caused(Some(&error))
            })?,
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

    #[test]
    fn an_unknown_format_lists_the_known_ones() {
        let error = "xml=a.xml".parse::<ReportTarget>().unwrap_err();
        assert_eq!(error, "there is no format `xml`; the formats are: json");
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
        let path = dir.path().join("no/report.json");
        let error = check(&[target(&format!("json={}", path.display()))]).unwrap_err();
        assert!(error.render(false).contains("there is no directory"), "{error:?}");
        assert!(check(&[target(&format!("json={}", dir.path().display()))]).is_err());
        assert!(!check(&[target("json=report.json")]).unwrap());
    }

    #[test]
    fn standard_output_takes_one_report() {
        assert!(check(&[target("json=-")]).unwrap());
        assert!(check(&[target("json=-"), target("json=-")]).is_err());
    }

    #[test]
    fn files_are_written_and_standard_output_is_handed_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let targets = [target(&format!("json={}", path.display())), target("json=-")];
        let stdout = write(&targets, &sample::report()).unwrap();
        assert_eq!(stdout, Some(fs::read_to_string(path).unwrap()));
    }
}

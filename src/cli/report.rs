//! `mutdiff report`: a report that exists already, shown or written in any format.
//!
//! Invariant: nothing is run; a file that is no report writes nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::args::{ReportArgs, default_options};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output;
use crate::lab;
use crate::model::Report;
use crate::report::json::{self, JsonError};

/// Largest report that is read, in bytes.
const LARGEST: u64 = 128 << 20;

/// Runs the command.
pub(super) fn run(args: &ReportArgs, console: Console) -> Result<Exit, CliError> {
    output::check(&args.output.report)?;
    let report = match &args.from {
        Some(path) => saved(path)?,
        None => {
            let options = default_options(args.repo.clone());
            let mut report = lab::last_report(&options)?;
            if args.output.shows_sources() {
                report.sources = lab::sources(&options, &report)?;
            }
            report
        }
    };
    let repo = args.from.is_none().then_some(args.repo.as_path());
    output::show_and_write(&args.output, &report, None, false, repo, console)?;
    Ok(Exit::Success)
}

/// Reads a report that was written with `--report json=PATH`.
///
/// # Errors
///
/// A file that is not there, is no UTF-8, or holds something else.
pub(super) fn saved(path: &Path) -> Result<Report, CliError> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let bytes =
        if is_stdin { limited(io::stdin().lock()) } else { File::open(path).and_then(limited) };
    let bytes = bytes.map_err(|error| {
        CliError::usage(format!("cannot read the report {name}"))
            .caused(Some(&error))
            .hint("write one with mutdiff --report json=report.json")
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        CliError::usage(format!("{name} is no report of mutdiff's")).caused(Some(&error))
    })?;
    json::read(&text).map_err(|error| match &error {
        JsonError::Malformed(cause) => {
            let advice = if text.trim().is_empty() {
                "it is empty: the run that should have written it may have failed"
            } else {
                "a report is what mutdiff --report json=PATH writes"
            };
            CliError::usage(format!("{name} is no report of mutdiff's"))
                .caused(Some(cause))
                .hint(advice)
        }
        JsonError::Version { .. } => CliError::usage(format!("cannot read the report {name}"))
            .caused(Some(&error))
            .hint("read it with the mutdiff that wrote it, or a later one"),
    })
}

/// All of it, unless that is more than any report of ours: who wrote it may want our memory.
fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        let text = format!("it is larger than {} MiB", LARGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::sample;

    #[test]
    fn an_endless_report_is_refused() {
        let error = limited(io::repeat(b' ')).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 128 MiB");
    }

    fn refused(text: impl AsRef<[u8]>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.json");
        fs::write(&path, text).unwrap();
        let shown = saved(&path).unwrap_err().render(false);
        shown.replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_written_report_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.json");
        fs::write(&path, json::write(&sample::report())).unwrap();
        assert_eq!(saved(&path).unwrap(), sample::report());
    }

    #[test]
    fn what_is_no_report_is_told_with_the_reason() {
        insta::assert_snapshot!(refused(""), @r"
        error: DIR/r.json is no report of mutdiff's
        caused by: EOF while parsing a value at line 1 column 0
        hint: it is empty: the run that should have written it may have failed
        ");
        insta::assert_snapshot!(refused("{\"version\": 1}"), @r"
        error: DIR/r.json is no report of mutdiff's
        caused by: missing field `mutdiff`
        hint: a report is what mutdiff --report json=PATH writes
        ");
        insta::assert_snapshot!(refused("{\"version\": 7}"), @r"
        error: cannot read the report DIR/r.json
        caused by: the report is of version 7; this mutdiff reads up to version 1
        hint: read it with the mutdiff that wrote it, or a later one
        ");
        assert!(refused(b"\xff\xfe").contains("is no report"));
        let error = saved(Path::new("/no/such/report.json")).unwrap_err().render(false);
        assert!(
            error.starts_with("error: cannot read the report /no/such/report.json\n"),
            "{error}"
        );
    }
}

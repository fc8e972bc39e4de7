//! `mutdiff mutants`: the mutants of files, whatever they are part of.
//!
//! Invariant: nothing is run or written, and no repository is needed; a file that cannot be read or
//! parsed is named, and the others are shown all the same.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{MutantsArgs, MutantsFormat};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use crate::config::Wanted;
use crate::model::{Mutant, RepoPath};
use crate::mutate::{Selection, mutants, unified_diff};
use crate::report::escape::visible;
use crate::syntax::{Module, Source};

/// Runs the command.
pub(super) fn run(args: &MutantsArgs, console: Console) -> Result<Exit, CliError> {
    let none = Wanted::default();
    let selection = Selection::new(&none, &args.operators)
        .and_then(|selection| selection.with_rules(&none, &args.suppress))
        .map_err(|error| CliError::of(Kind::Usage, &error))?;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    let mut seen = HashSet::new();
    files.retain(|path| seen.insert(path.clone()));
    let (mut unread, mut count) = (0, 0);
    for path in &files {
        let module = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| {
            Source::decode(name(path), bytes)
                .and_then(Module::parse)
                .map_err(|error| error.to_string())
        });
        let shown = match module {
            Ok(module) => {
                let found = mutants(&module, &|_| true, &selection);
                count += found.len();
                shown(args, path, &module, &found)
            }
            Err(error) => {
                unread += 1;
                refused(args, path, &error)
            }
        };
        console.result(&shown)?;
    }
    if args.format != MutantsFormat::Json {
        let skipped = if unread > 0 { format!(", {unread} not read") } else { String::new() };
        console.result(&format!("{count} mutants in {} files{skipped}\n", files.len()))?;
    }
    Ok(Exit::Success)
}

/// The name that a run on the repository around a file knows it by, since ids depend on it; as it is
/// given where there is none.
fn name(path: &Path) -> RepoPath {
    let whole = path.canonicalize().ok();
    let inside = whole.as_deref().and_then(|whole| {
        let root = whole.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
        whole.strip_prefix(root).ok()
    });
    RepoPath::new(inside.unwrap_or(path).to_string_lossy())
}

/// Adds the Python files at a place, in their order.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    if !path.is_dir() {
        let found = std::fs::metadata(path).map_err(|error| {
            CliError::usage(format!("cannot read {}", path.display())).caused(Some(&error))
        })?;
        // To open a pipe would wait for somebody who writes into it.
        if !found.is_file() {
            return Err(CliError::usage(format!(
                "{} is neither a file nor a folder",
                path.display()
            )));
        }
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error: std::io::Error| {
        CliError::usage(format!("cannot read {}", path.display())).caused(Some(&error))
    };
    let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    inside.sort();
    for entry in inside {
        // A link to a folder may lead back here.
        if entry.is_dir() && !entry.is_symlink() {
            collect(&entry, files)?;
        } else if entry.extension().is_some_and(|extension| extension == "py") && entry.is_file() {
            files.push(entry);
        }
    }
    Ok(())
}

fn shown(args: &MutantsArgs, path: &Path, module: &Module, found: &[Mutant]) -> String {
    match args.format {
        MutantsFormat::Count => {
            format!("{} {}\n", found.len(), visible(&path.display().to_string()))
        }
        MutantsFormat::Json => {
            let all: Vec<_> = found
                .iter()
                .map(|mutant| {
                    let mut one = json!({
                        "id": mutant.id,
                        "function": mutant.function.name,
                        "operator": mutant.operator,
                        "span": mutant.span,
                        "original": mutant.original,
                        "replacement": mutant.replacement,
                        "suppressed": mutant.suppressed,
                    });
                    if args.diff {
                        one["diff"] = unified_diff(module, mutant).into();
                    }
                    one
                })
                .collect();
            format!("{}\n", json!({ "path": path, "error": null, "mutants": all }))
        }
        MutantsFormat::Text => {
            let mut text = String::new();
            for mutant in found {
                let start = mutant.span.start;
                let by = mutant.suppressed.as_ref().map(|rule| format!("  suppressed by {rule}"));
                let line = format!(
                    "{}:{}:{}  {}  {}  {} → {}{}",
                    path.display(),
                    start.line,
                    start.column,
                    mutant.id,
                    mutant.operator,
                    mutant.original,
                    mutant.replacement,
                    by.unwrap_or_default()
                );
                writeln!(text, "{}", visible(&line)).expect("a String takes all");
                if args.diff {
                    text.push_str(&unified_diff(module, mutant));
                }
            }
            text
        }
    }
}

/// What is said of a file that is no Python.
fn refused(args: &MutantsArgs, path: &Path, error: &str) -> String {
    match args.format {
        MutantsFormat::Json => {
            format!("{}\n", json!({ "path": path, "error": error, "mutants": [] }))
        }
        _ => visible(&format!("{}: not read: {error}", path.display())).into_owned() + "\n",
    }
}

//! `mutdiff store`: what mutdiff remembers, looked at, removed, handed out and taken in.
//!
//! Invariant: where there is nothing to do, that is said, and is no failure.

use std::path::Path;

use serde::Serialize;

use super::args::{ScopeFormat, StatusFormat, StoreArgs, StoreCommand};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output::note_written;
use crate::lab;
use crate::model::{StoreCleared, StoreState};
use crate::report::terminal::{self, byte_size};

const NONE: &str = "nothing to do: there is no store here\n";

/// Runs the command.
pub(super) fn run(args: &StoreArgs, console: Console) -> Result<Exit, CliError> {
    let repo = args.place().repo.as_path();
    let text = match &args.command {
        StoreCommand::Status { format, .. } => {
            let status = lab::store_status(repo)?;
            match format {
                StatusFormat::Text => terminal::store_status(&status, &console.style(console.out)),
                StatusFormat::Json => json(&status),
            }
        }
        StoreCommand::Scope { functions, depth, format, .. } => {
            let scope = lab::store_scope(repo, functions, *depth)?;
            match format {
                ScopeFormat::Text => terminal::store_scope(&scope, &console.style(console.out)),
                ScopeFormat::Json => json(&scope),
                ScopeFormat::Tests => scope.tests.iter().map(|test| format!("{test}\n")).collect(),
            }
        }
        StoreCommand::Clear { .. } => lab::clear_store(repo)?.map_or(NONE.to_owned(), cleared),
        StoreCommand::Gc { keep, .. } => tidied(repo, *keep)?,
        StoreCommand::Export { path, force, .. } => {
            let bytes = lab::export_store(repo, path, *force)?;
            note_written(path);
            format!("exported to {}, {}\n", path.display(), byte_size(bytes))
        }
        StoreCommand::Import { path, .. } => {
            let status = lab::import_store(repo, path)?;
            let style = console.style(console.out);
            let shown = terminal::store_status(&status, &style);
            format!("imported {}\n\n{shown}", path.display())
        }
    };
    console.result(&text)?;
    Ok(Exit::Success)
}

fn json(data: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(data);
    format!("{}\n", json.expect("plain data has a JSON form"))
}

fn tidied(repo: &Path, keep: u32) -> Result<String, CliError> {
    let Some(tidied) = lab::tidy_store(repo, keep)? else {
        let older = lab::store_status(repo)?.state == StoreState::Older;
        let text =
            "nothing to do: the store is of an older mutdiff, and the next run begins anew\n";
        return Ok(if older { text } else { NONE }.to_owned());
    };
    Ok(format!(
        "removed {} old verdicts and {} rows that nothing refers to: {} → {}\n",
        tidied.removed.verdicts,
        tidied.removed.rows,
        byte_size(tidied.before),
        byte_size(tidied.after)
    ))
}

fn cleared(cleared: StoreCleared) -> String {
    let held = cleared.counts.map_or(String::new(), |counts| {
        format!(
            ", with the traces of {} tests and {} verdicts on {} mutants",
            counts.tests, counts.verdicts, counts.mutants
        )
    });
    format!("removed {} ({}{held})\n", cleared.path.display(), byte_size(cleared.bytes))
}

//! `mutdiff merge`: the reports of shards become that of the run, and its exit code.
//!
//! Invariant: stores are joined only after the reports have been found to be of one run.

use std::path::Path;

use super::args::{MergeArgs, default_options};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::output;
use super::report::saved;
use crate::lab;
use crate::model::{Report, Shard};
use crate::report::merging::{self, MergeError};

/// Runs the command.
pub(super) fn run(args: &MergeArgs, console: Console) -> Result<Exit, CliError> {
    output::check(&args.output.report)?;
    if args.reports.is_empty() {
        join(args, None, console)?;
        return Ok(Exit::Success);
    }
    let mut reports = Vec::with_capacity(args.reports.len());
    for path in &args.reports {
        reports.push((path.display().to_string(), saved(path)?));
    }
    let mut report = merging::merged(&reports, args.gate).map_err(|error| refused(&error))?;
    if !args.store.is_empty() {
        join(args, Some(&report), console)?;
    }
    if args.output.shows_sources() {
        add_sources(&mut report, &args.repo);
    }
    output::show_and_write(&args.output, &report, None, true, None, console)?;
    Ok(report.conclusion.into())
}

/// Joins the stores; `report`, if there is one, is that of the whole.
fn join(args: &MergeArgs, report: Option<&Report>, console: Console) -> Result<(), CliError> {
    let added = lab::join_stores(&args.repo, &args.store, report)?;
    let first = args.store[0].display();
    console.note(&format!("note: {added} verdicts were added to those of {first}"));
    Ok(())
}

/// The texts that pages show, where there is a checkout.
fn add_sources(report: &mut Report, repo: &Path) {
    if let Ok(sources) = lab::sources(&default_options(repo.to_owned()), report) {
        for source in sources {
            if report.sources.iter().all(|known| known.path != source.path) {
                report.sources.push(source);
            }
        }
    }
}

fn refused(error: &MergeError) -> CliError {
    let shown = CliError::usage(error.to_string());
    match error {
        MergeError::Nothing => shown,
        MergeError::NotAShard { .. } => shown.hint(
            "a shard's is what mutdiff --shard K/N --report json=PATH writes; a whole one is shown by \
             mutdiff report --from",
        ),
        MergeError::Mixed { .. } => shown.hint(
            "give the reports of one run: same commit, options and environment; docs/shards.md says \
             what has to be the same",
        ),
        MergeError::OtherMutants { .. } => shown
            .hint("their stores were different, or tests reach other code from run to run")
            .hint("trace once, and give each shard that store: mutdiff record, mutdiff store export"),
        MergeError::Edited { .. } => shown
            .hint("a shard's report counts as it was written; run that shard again"),
        MergeError::Damaged { .. } => shown.hint("run that shard again"),
        MergeError::Missing { missing } => {
            let commands: Vec<String> =
                missing.iter().map(|shard: &Shard| format!("--shard {shard}")).collect();
            shown
                .hint("without them nothing can be said of the whole")
                .hint(format!("each can be run again alone, as it was: {}", commands.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_shard_is_named_with_what_to_do() {
        let missing = vec![Shard { number: 2, of: 4 }];
        let error = refused(&MergeError::Missing { missing });
        insta::assert_snapshot!(error.render(false), @r"
        error: missing: shard 2/4
        hint: without them nothing can be said of the whole
        hint: each can be run again alone, as it was: --shard 2/4
        ");
        assert_eq!(error.exit(), Exit::Usage);
    }
}

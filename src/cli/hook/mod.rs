//! `mutdiff hook`: the pre-push hook, put in its place, taken away, and run.
//!
//! Invariant: what is pushed is tested, with the settings that it has, whatever is checked out; the working
//! tree is left alone.

mod refs;
mod script;

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;

use super::args::{Cli, Command, HookArgs, HookCommand, HookPlace, HookRunArgs};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use super::run::{check_repo, conduct};
use super::settings::complete_as_of;
use crate::config::Options;
use crate::git::Repository;
use crate::lab::LabError;
use crate::model::{ChangeOfVerdict, DecidedMutant, GateKind, Report};
use crate::report::terminal;
use refs::{Pushed, pushed};
use script::{Done, ScriptError};

/// How to get on without the hook.
const SKIP: &str = "git push --no-verify pushes without it; so does MUTDIFF_SKIP_HOOK=1";
/// What is left at least for a push whose budget was spent on an earlier ref.
const LEAST: Duration = Duration::from_secs(1);

/// Runs the command.
pub(super) fn run(args: &HookArgs, console: Console) -> Result<Exit, CliError> {
    match &args.command {
        HookCommand::Install(place) => install(&place.repo, console),
        HookCommand::Uninstall(HookPlace { repo, .. }) => {
            told(script::uninstall(&open(repo)?.hooks_dir().map_err(LabError::from)?), console)
        }
        HookCommand::Run(args) => test(args, console),
    }
}

/// Puts the hook into the repository around `repo`.
pub(super) fn install(repo: &Path, console: Console) -> Result<Exit, CliError> {
    let program = std::env::current_exe().map_err(|error| {
        CliError::new(Kind::Internal, "where mutdiff itself is, is not known").caused(Some(&error))
    })?;
    let folder = open(repo)?.hooks_dir().map_err(LabError::from)?;
    told(script::install(&folder, &program), console)
}

fn open(repo: &Path) -> Result<Repository, CliError> {
    Ok(Repository::discover(repo).map_err(LabError::from)?)
}

fn told(done: Result<Done, ScriptError>, console: Console) -> Result<Exit, CliError> {
    let text = match done {
        Ok(Done::Installed { path, chained }) => {
            let chained = if chained { "; the hook that was there is run before it" } else { "" };
            format!("installed {}{chained}\n{SKIP}\n", path.display())
        }
        Ok(Done::Removed { path, restored }) => {
            let restored = if restored { "; the hook that was there before is back" } else { "" };
            format!("removed {}{restored}\n", path.display())
        }
        Ok(Done::NotThere { path }) => {
            format!("{} is no hook of mutdiff's: nothing to remove\n", path.display())
        }
        Err(error) => {
            let hint = match error {
                ScriptError::File { .. } => "see that the folder of hooks can be written to",
                ScriptError::TwoHooks { .. } => "keep one of them: rename or remove the other",
            };
            return Err(CliError::of(Kind::Usage, &error).hint(hint));
        }
    };
    console.result(&text)?;
    Ok(Exit::Success)
}

/// Tests what is pushed; the worst of the results is the command's.
fn test(args: &HookRunArgs, console: Console) -> Result<Exit, CliError> {
    let began = Instant::now();
    check_repo(&args.repo)?;
    let repository = open(&args.repo)?;
    let text = lines_of_push(&repository)?;
    let pushed = pushed(&text, |id| repository.has_commit(id)).map_err(|error| {
        CliError::of(Kind::Usage, &error)
            .hint("git writes such lines to the hook; `mutdiff hook install` puts it in its place")
    })?;
    let mut worst = Exit::Success;
    for pushed in pushed {
        let (name, commit, base) = match pushed {
            Pushed::Leave { name, why } => {
                console.note(&format!("{name}: {why}, so it is not tested"));
                continue;
            }
            Pushed::Test { name, commit, base } => (name, commit, base),
        };
        let args = as_of(&repository, &commit)?;
        let console = Console::new(&args.appearance);
        let budget = Some(args.budget.saturating_sub(began.elapsed()).max(LEAST));
        let options = Options { base, head: Some(commit), budget, ..args.options() };
        console.note(&format!("{name}: testing what is pushed"));
        let report = conduct(&options, console)?;
        console.result(&terminal::render(&report, &console.style(console.out)))?;
        if let Some(unseen) = unseen(&report) {
            console.note(&unseen);
        }
        let exit = Exit::from(report.conclusion);
        if exit.code() > worst.code() {
            worst = exit;
        }
    }
    if worst != Exit::Success {
        console.note(&format!("hint: {SKIP}"));
    }
    Ok(worst)
}

/// That mutants are not gated, since nobody knows whether the base's tests notice them.
fn unseen(report: &Report) -> Option<String> {
    let is_unseen = |mutant: &&DecidedMutant| mutant.change == Some(ChangeOfVerdict::Unseen);
    let unseen = report.mutants.iter().filter(is_unseen).count();
    (unseen > 0 && report.gate.kind == GateKind::New).then(|| {
        format!(
            "note: no test notices {unseen} mutant{} in code that did not change. The verdicts of {} are not \
             known here, so nothing of that holds the push back; `mutdiff record --decide` there makes them known",
            if unseen == 1 { "" } else { "s" },
            report.base.name
        )
    })
}

/// The arguments of the process, with the settings of a commit.
fn as_of(repository: &Repository, commit: &str) -> Result<HookRunArgs, CliError> {
    let arguments = complete_as_of(std::env::args_os().collect(), repository, commit)
        .map_err(|error| error.hint(format!("it is so in {commit:.10}, which is pushed")))?;
    let parsed = Cli::try_parse_from(arguments).map(Cli::into_command);
    match parsed.map_err(|error| CliError::usage(error.to_string()))? {
        Command::Hook(HookArgs { command: HookCommand::Run(args) }) => Ok(*args),
        _ => Err(CliError::new(Kind::Internal, "the settings made another command of it")),
    }
}

/// What git says on standard input; under pre-commit, which keeps that to itself, its variables.
fn lines_of_push(repository: &Repository) -> Result<String, CliError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(to) = variable("PRE_COMMIT_TO_REF") {
        let from = variable("PRE_COMMIT_FROM_REF").unwrap_or_default();
        let remote =
            variable("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_else(|| "refs/heads/pushed".to_owned());
        let local = variable("PRE_COMMIT_LOCAL_BRANCH").unwrap_or_else(|| remote.clone());
        let id = |name: &str| repository.resolve(name).unwrap_or_else(|_| "0".repeat(40));
        // For a new branch it names the parent of the first commit that is pushed.
        return Ok(format!("{local} {} {remote} {}\n", id(&to), id(&from)));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        CliError::usage("what is pushed cannot be read from standard input").caused(Some(&error))
    })?;
    Ok(text)
}

//! The command line: arguments in, exit code out.
//!
//! Invariant: the only place that decides kinds of errors, their hints and exit codes, and the only
//! one that writes to the process's streams.

mod args;
mod browse;
mod completions;
mod config;
mod console;
mod demo;
mod diff;
mod error;
mod exit;
mod explain;
mod github_actions;
mod hints;
mod hook;
mod init;
mod interrupt;
mod links;
mod man;
mod merge;
mod mutants;
mod output;
mod plan;
mod progress;
mod record;
mod report;
mod review;
mod run;
mod settings;
mod show;
mod store;
mod version;
mod watch;

use clap::Parser;

use args::{Appearance, Cli, Command};
use console::Console;

pub use exit::Exit;

/// Parses the process's arguments, runs the command, and prints the error if there is one. Help,
/// version and usage errors end the process here, as clap does it (0, 0 and 2).
pub fn main() -> Exit {
    let arguments = match settings::complete(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(error) => {
            Console::new(&Appearance::PLAIN).error(&error);
            return error.exit();
        }
    };
    let command = Cli::parse_from(arguments).into_command();
    let appearance = match &command {
        Command::Run(args) => &args.run.appearance,
        Command::Init(args) => &args.appearance,
        Command::Record(args) => &args.appearance,
        Command::Show(args) => &args.appearance,
        Command::Report(args) => &args.appearance,
        Command::Diff(args) => &args.appearance,
        Command::Explain(args) => &args.appearance,
        Command::Plan(args) => &args.appearance,
        Command::Merge(args) => &args.appearance,
        Command::Mutants(args) => &args.appearance,
        Command::Watch(args) => &args.appearance,
        Command::Browse(args) => &args.appearance,
        Command::Store(args) => &args.place().appearance,
        Command::Config(args) => &args.appearance,
        Command::Demo(args) => &args.appearance,
        Command::Hook(args) => args.appearance(),
        Command::Review(args) => &args.appearance,
        Command::Completions(args) => &args.appearance,
        Command::Man(args) => &args.appearance,
    };
    let console = Console::new(appearance);
    if command.takes_settings() {
        settings::strangers().iter().for_each(|stranger| console.note(stranger));
    }
    let result = match &command {
        Command::Run(args) => run::run(args, console),
        Command::Init(args) => init::run(args, console),
        Command::Record(args) => record::run(args, console),
        Command::Show(args) => show::run(args, console),
        Command::Report(args) => report::run(args, console),
        Command::Diff(args) => diff::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Plan(args) => plan::run(args, console),
        Command::Merge(args) => merge::run(args, console),
        Command::Mutants(args) => mutants::run(args, console),
        Command::Watch(args) => watch::run(args, console),
        Command::Browse(args) => browse::run(args, console),
        Command::Store(args) => store::run(args, console),
        Command::Config(args) => config::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Hook(args) => hook::run(args, console),
        Command::Review(args) => review::run(args, console),
        Command::Completions(args) => completions::run(args, console),
        Command::Man(args) => man::run(args, console),
    };
    result.unwrap_or_else(|error| {
        console.error(&error);
        error.exit()
    })
}

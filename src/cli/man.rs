//! `mutdiff man`: manual pages.
//!
//! Invariant: made from the declaration of the command line, a page a command.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::{Cli, ManArgs};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;

/// Runs the command.
pub(super) fn run(args: &ManArgs, console: Console) -> Result<Exit, CliError> {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    match &args.dir {
        Some(dir) => console.result(&write_all(&whole, dir)?)?,
        None => console.result_bytes(&page(named(&whole, &args.command)?)?)?,
    }
    Ok(Exit::Success)
}

/// The command that these words name.
fn named<'c>(whole: &'c Command, words: &[String]) -> Result<&'c Command, CliError> {
    words.iter().try_fold(whole, |around, word| {
        around.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = around.get_subcommands().map(Command::get_name).collect();
            let error = CliError::usage(format!("mutdiff has no command `{}`", words.join(" ")));
            if known.is_empty() {
                error
            } else {
                error.hint(format!("there are {}", known.join(", ")))
            }
        })
    })
}

/// Writes every page; says where.
fn write_all(whole: &Command, dir: &Path) -> Result<String, CliError> {
    let failed = |path: &Path, error: &std::io::Error| {
        CliError::usage(format!("cannot write to {}", path.display())).caused(Some(error))
    };
    fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let mut text = String::new();
    let mut pending = vec![whole];
    while let Some(command) = pending.pop() {
        let path = dir.join(format!("{}.1", title(command)));
        fs::write(&path, page(command)?).map_err(|error| failed(&path, &error))?;
        text.push_str(&format!("{}\n", path.display()));
        pending.extend(command.get_subcommands());
    }
    Ok(text)
}

/// `mutdiff-hook-run`.
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    let source = concat!("mutdiff ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(title(command)).source(source);
    man.render(&mut page).map_err(|error| {
        CliError::new(Kind::Internal, "the manual page cannot be made").caused(Some(&error))
    })?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_every_command() {
        let folder = tempfile::tempdir().unwrap();
        let mut whole = Cli::command().disable_help_subcommand(true);
        whole.build();
        let written = write_all(&whole, folder.path()).unwrap();
        for name in ["mutdiff", "mutdiff-run", "mutdiff-hook-install", "mutdiff-completions"] {
            assert!(written.contains(&format!("/{name}.1\n")), "{name}: {written}");
        }
        let page = fs::read_to_string(folder.path().join("mutdiff-run.1")).unwrap();
        assert!(page.contains(".TH mutdiff-run 1"), "{page}");
        assert!(page.contains("\\-\\-budget"), "{page}");
    }

    #[test]
    fn an_unknown_command_is_answered_with_those_that_there_are() {
        let whole = Cli::command();
        let error = named(&whole, &["hook".into(), "go".into()]).map(|_| ()).unwrap_err();
        let text = error.render(false);
        assert!(text.contains("no command `hook go`") && text.contains("install"), "{text}");
    }
}

//! `mutdiff diff`: two saved reports compared.
//!
//! Invariant: nothing is run; the exit code is 0 unless `--exit-code` asks for more.

use super::args::{DiffArgs, DiffFormat};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::github_actions;
use super::report::saved;
use crate::report::{comparison, terminal};

/// Runs the command.
pub(super) fn run(args: &DiffArgs, console: Console) -> Result<Exit, CliError> {
    let (old, new) = (saved(&args.old)?, saved(&args.new)?);
    match args.format {
        DiffFormat::Text => {
            let text = terminal::comparison(&old, &new, &console.style(console.out));
            console.result(&github_actions::as_log(&text))?;
        }
        DiffFormat::Json => console.result(&comparison::write(&old, &new))?,
    }
    let opened = !comparison::compare(&old, &new).opened.is_empty();
    Ok(if args.exit_code && opened { Exit::GateFailed } else { Exit::Success })
}

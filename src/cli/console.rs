//! The two output streams: where they go, whether they are coloured and linked, how wide they are.
//!
//! Invariant: standard output carries the result only; a reader that goes away is no error.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use super::args::{Appearance, ColorChoice};
use super::error::{CliError, Kind};
use super::{github_actions, links};
use crate::report::escape::visible;
use crate::report::terminal::{LinkForm, Style, Verbosity};

/// Width of prose where the terminal's is not known.
const WIDTH: usize = 100;
/// Below this, prose is broken too often to be read.
const NARROWEST: usize = 40;
/// Lines of prose longer than this are hard to read.
const WIDEST: usize = 120;

/// One of the two streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    /// Whether a person looks at it.
    pub(super) terminal: bool,
    /// Whether to colour what goes there.
    pub(super) color: bool,
    /// How links are written there; `None`: not at all.
    links: Option<LinkForm>,
    /// Width of a line of prose, in characters.
    width: usize,
}

/// The two streams and how much is said on them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Console {
    /// Standard output.
    pub(super) out: Stream,
    /// Standard error.
    pub(super) err: Stream,
    /// How much is said.
    pub(super) verbosity: Verbosity,
}

impl Console {
    /// Looks at the process's streams and environment once.
    pub(super) fn new(appearance: &Appearance) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let stream = |stream: &dyn AsFd| {
            let terminal = stream.as_fd().is_terminal();
            let size = terminal.then(|| terminal_size::terminal_size_of(stream.as_fd())).flatten();
            Stream {
                terminal,
                color: colored(appearance.color, terminal, &variable),
                links: links::form(appearance.color, terminal, &variable),
                width: width(size.map(|(width, _)| width.0)),
            }
        };
        let verbosity = match (appearance.quiet, appearance.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        Self { out: stream(&io::stdout()), err: stream(&io::stderr()), verbosity }
    }

    /// How a report looks on `stream`.
    pub(super) fn style(&self, stream: Stream) -> Style {
        let links = None;
        Style { color: stream.color, width: stream.width, verbosity: self.verbosity, links }
    }

    /// Like [`Console::style`], with links into the working tree around `repo`.
    pub(super) fn linked_style(&self, stream: Stream, repo: &Path) -> Style {
        let links = stream.links.and_then(|form| links::into(form, repo));
        Style { links, ..self.style(stream) }
    }

    /// Writes a result to standard output. A closed pipe (`| head`) is not an error: its reader has
    /// seen what it wanted.
    ///
    /// # Errors
    ///
    /// Any other failure, such as a full disk.
    pub(super) fn result(self, text: &str) -> Result<(), CliError> {
        self.result_bytes(text.as_bytes())
    }

    /// Like [`Console::result`], for what is no UTF-8.
    pub(super) fn result_bytes(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::new(Kind::Internal, "cannot write to standard output")
                    .caused(Some(&error)))
            }
            _ => Ok(()),
        }
    }

    /// Writes to standard error, where failing is of no consequence.
    pub(super) fn aside(self, text: &str) {
        let _ = io::stderr().lock().write_all(github_actions::as_log(text).as_bytes());
    }

    /// Workflow commands of our own on standard error.
    pub(super) fn commands(self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A sentence on standard error, unless quiet.
    pub(super) fn note(self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.aside(&format!("{}\n", visible(text)));
        }
    }

    /// An error on standard error.
    pub(super) fn error(self, error: &CliError) {
        self.aside(&error.render(self.err.color));
    }
}

/// Whether to colour: the flag first, then `NO_COLOR` (<https://no-color.org>: set and not empty),
/// then `CLICOLOR_FORCE` (<https://bixense.com/clicolors>: set and not `0`), then whether a capable
/// terminal is there.
fn colored(choice: ColorChoice, terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto => {
            let forced = is_set("CLICOLOR_FORCE")
                && variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            let capable = variable("TERM").is_none_or(|term| term != "dumb");
            forced || (terminal && capable)
        }
    }
}

/// The width of prose for a stream whose terminal, if it is one, says its own. Some pseudo-terminals
/// say 0.
fn width(terminal: Option<u16>) -> usize {
    match terminal {
        None | Some(0) => WIDTH,
        Some(columns) => usize::from(columns).clamp(NARROWEST, WIDEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(choice: ColorChoice, terminal: bool, set: &[(&str, &str)]) -> bool {
        colored(choice, terminal, &|name| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_flag_overrides_the_environment() {
        assert!(color(ColorChoice::Always, false, &[("NO_COLOR", "1")]));
        assert!(!color(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn a_pipe_is_not_coloured_unless_forced() {
        assert!(!color(ColorChoice::Auto, false, &[]));
        assert!(!color(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(color(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn no_color_and_a_dumb_terminal_are_respected() {
        assert!(color(ColorChoice::Auto, true, &[("NO_COLOR", "")]));
        assert!(!color(ColorChoice::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(!color(ColorChoice::Auto, true, &[("TERM", "dumb")]));
    }

    #[test]
    fn prose_in_a_file_is_as_wide_everywhere() {
        assert_eq!(
            [None, Some(0), Some(10), Some(90), Some(500)].map(width),
            [100, 100, 40, 90, 120]
        );
    }
}

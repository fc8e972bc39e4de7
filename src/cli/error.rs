//! Errors as a person sees them: what failed, what caused it, what to do next.
//!
//! Invariant: every error that reaches the user passes through [`CliError`], and its kind alone
//! decides the exit code.

use std::error::Error;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::exit::Exit;
use crate::report::escape::visible;

/// Whose turn it is to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The user's: arguments, environment, repository.
    Usage,
    /// The tests': they fail or cannot be collected without a mutant.
    Tests,
    /// The user's too, who gave too little time.
    Undecided,
    /// mutdiff's own, or the machine's.
    Internal,
    /// A service's, which does not answer or does not let us.
    Service,
    /// Nobody's: the user stopped the run before there was anything to report.
    Interrupted,
}

/// An error with its causes and hints.
#[derive(Debug)]
pub(super) struct CliError {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl CliError {
    /// An error of a kind, without a cause.
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// A usage error, without a cause.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// An error that speaks for `error`: its text, and its sources as causes.
    pub(super) fn of(kind: Kind, error: &dyn Error) -> Self {
        Self::new(kind, error.to_string()).caused(error.source())
    }

    /// Adds `cause` and its own sources.
    pub(super) fn caused(mut self, cause: Option<&dyn Error>) -> Self {
        let mut next = cause;
        while let Some(cause) = next {
            let text = cause.to_string();
            // Some errors say their source's text themselves; once is enough.
            if !self.causes.last().unwrap_or(&self.message).contains(&text) {
                self.causes.push(text);
            }
            next = cause.source();
        }
        self
    }

    /// Adds what to do next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code that it calls for.
    pub(super) fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage => Exit::Usage,
            Kind::Tests => Exit::TestsFail,
            Kind::Undecided | Kind::Internal | Kind::Service => Exit::Undecided,
            Kind::Interrupted => Exit::Interrupted,
        }
    }

    /// The text for standard error: a line (or more, where a message has more) a part.
    pub(super) fn render(&self, color: bool) -> String {
        let mut text = String::new();
        let head = if self.kind == Kind::Internal { "internal error" } else { "error" };
        part(&mut text, head, AnsiColor::Red, &self.message, color);
        for cause in &self.causes {
            part(&mut text, "caused by", AnsiColor::Yellow, cause, color);
        }
        for hint in &self.hints {
            part(&mut text, "hint", AnsiColor::Cyan, hint, color);
        }
        text
    }
}

fn part(out: &mut String, head: &str, colour: AnsiColor, body: &str, color: bool) {
    let style =
        if color { Style::new().bold().fg_color(Some(colour.into())) } else { Style::new() };
    write!(out, "{style}{head}:{style:#}").expect("a String takes all");
    for (index, line) in body.trim_end().lines().enumerate() {
        out.push_str(if index == 0 { " " } else { "  " });
        out.push_str(&visible(line));
        out.push('\n');
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open store {0}")]
    struct Outer(&'static str, #[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("disk full\nsecond line")]
    struct Inner;

    #[test]
    fn an_error_is_followed_by_its_causes_and_hints() {
        let error = CliError::of(Kind::Internal, &Outer("a\x1b[2Jb", Inner)).hint("make room");
        insta::assert_snapshot!(error.render(false), @r"
        internal error: cannot open store a\x1b[2Jb
        caused by: disk full
          second line
        hint: make room
        ");
        assert_eq!(error.exit(), Exit::Undecided);
    }

    #[test]
    fn a_cause_that_the_message_holds_is_not_said_twice() {
        let inner = Inner;
        let error = CliError::usage(format!("/a: {inner}")).caused(Some(&inner));
        assert!(error.causes.is_empty());
    }

    #[test]
    fn colours_are_closed() {
        let text = CliError::usage("no").render(true);
        assert_eq!(text, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no\n");
    }
}

//! The page that a report is written on: indented lines in roles, coloured where that is asked.
//!
//! Invariant: without colour and links it holds no escape; both are closed on the line that opens them.

use anstyle::{AnsiColor, Style as Ansi};

use super::{Style, Verbosity};
use crate::model::{LineNo, RepoPath};
use crate::report::escape::visible;
use crate::report::prose::wrapped;

/// What a piece of text is; the colours follow from it.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// A file.
    Path,
    /// A function, a heading.
    Name,
    /// What may be passed over.
    Aside,
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// News that are neither.
    Warning,
    /// What can be copied: an id, a command.
    Key,
    /// A line that a diff adds.
    Added,
    /// A line that a diff removes.
    Removed,
    /// A hunk's heading.
    Hunk,
    /// The rest.
    Plain,
}

impl Role {
    fn ansi(self) -> Ansi {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Self::Path => colour(AnsiColor::Cyan).bold(),
            Self::Name => Ansi::new().bold(),
            Self::Aside => Ansi::new().dimmed(),
            Self::Good => colour(AnsiColor::Green).bold(),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warning => colour(AnsiColor::Yellow).bold(),
            Self::Key => colour(AnsiColor::Magenta),
            Self::Added => colour(AnsiColor::Green),
            Self::Removed => colour(AnsiColor::Red),
            Self::Hunk => colour(AnsiColor::Cyan),
            Self::Plain => Ansi::new(),
        }
    }
}

/// A page under construction.
pub(super) struct Page<'s> {
    text: String,
    style: &'s Style,
}

impl<'s> Page<'s> {
    /// An empty page.
    pub(super) fn new(style: &'s Style) -> Self {
        Self { text: String::new(), style }
    }

    /// Whether details are wanted.
    pub(super) fn is_verbose(&self) -> bool {
        self.style.verbosity == Verbosity::Verbose
    }

    /// Whether only the least is wanted.
    pub(super) fn is_quiet(&self) -> bool {
        self.style.verbosity == Verbosity::Quiet
    }

    /// A piece of a line in its colour, made visible.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        let text = visible(text);
        if !self.style.color || text.is_empty() || matches!(role, Role::Plain) {
            return text.into_owned();
        }
        let ansi = role.ansi();
        format!("{ansi}{text}{ansi:#}")
    }

    /// A piece that went through [`Page::paint`], as a link to a line of a file where there are links.
    pub(super) fn linked(&self, path: &RepoPath, line: LineNo, painted: String) -> String {
        match &self.style.links {
            Some(links) => links.around(path, line, &painted),
            None => painted,
        }
    }

    /// A line of pieces that went through [`Page::paint`].
    pub(super) fn line(&mut self, indent: usize, painted: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(painted);
        self.text.push('\n');
    }

    /// An empty line, unless the page is empty or the last line is.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A paragraph, wrapped to the width, in one role.
    pub(super) fn prose(&mut self, indent: usize, role: Role, text: &str) {
        let text = visible(text).into_owned();
        for line in wrapped(&text, indent, self.style.width) {
            let painted = self.paint(role, line.trim_start());
            self.line(indent, &painted);
        }
    }

    /// Text of the project line by line, each made visible, never wrapped.
    pub(super) fn block(&mut self, indent: usize, role: Role, text: &str) {
        for line in text.lines() {
            let painted = self.paint(role, line);
            self.line(indent, &painted);
        }
    }

    /// The hunks of a unified diff. Its file headers are left out: the heading above says the file.
    pub(super) fn hunks(&mut self, indent: usize, diff: &str) {
        for line in diff.lines().skip_while(|line| !line.starts_with("@@")) {
            self.diff_line(indent, line);
        }
    }

    /// A whole unified diff, file headers included.
    pub(super) fn diff(&mut self, diff: &str) {
        let mut in_hunk = false;
        for line in diff.lines() {
            in_hunk |= line.starts_with("@@");
            if in_hunk {
                self.diff_line(0, line);
            } else {
                let painted = self.paint(Role::Name, line);
                self.line(0, &painted);
            }
        }
    }

    fn diff_line(&mut self, indent: usize, line: &str) {
        let role = match line.as_bytes().first() {
            Some(b'@') => Role::Hunk,
            Some(b'+') => Role::Added,
            Some(b'-') => Role::Removed,
            _ => Role::Plain,
        };
        let painted = self.paint(role, line);
        self.line(indent, &painted);
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n-a = '\x1b'\n+a = ''\n b\n";

    #[test]
    fn a_diff_is_coloured_by_line_and_its_escapes_are_not_sent() {
        let style = Style { color: true, ..Style::default() };
        let mut page = Page::new(&style);
        page.hunks(2, DIFF);
        insta::assert_debug_snapshot!(page.finish(), @r#""  \u{1b}[36m@@ -1,2 +1,2 @@\u{1b}[0m\n  \u{1b}[31m-a = '\\x1b'\u{1b}[0m\n  \u{1b}[32m+a = ''\u{1b}[0m\n   b\n""#);
    }

    #[test]
    fn a_page_without_colour_has_no_escape() {
        let style = Style::default();
        let mut page = Page::new(&style);
        page.gap();
        page.diff(DIFF);
        page.gap();
        page.gap();
        page.prose(2, Role::Bad, "one\ntwo");
        assert!(!page.text.contains('\x1b'));
        assert!(page.finish().ends_with(" b\n\n  one\\ntwo\n"));
    }
}

//! The formats by name, and the one way to render any of them.
//!
//! Invariant: rendering is a pure function of the report and [`FormatOptions`]; whatever the
//! report holds, there is a result.

use crate::model::Report;

use super::{
    agent, annotations, badge, elements, gitlab, html, json, junit, markdown, sarif, terminal,
};

/// A format that a report can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// All of it, for programs.
    Json,
    /// What a terminal shows, without colours.
    Text,
    /// JUnit XML, for CI servers that show tests.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Markdown, for the summary of a workflow's step.
    Markdown,
    /// Workflow commands that put warnings on lines.
    Annotations,
    /// GitLab's code-quality report.
    Gitlab,
    /// Compact text for a coding agent.
    Agent,
    /// mutation-testing-elements JSON, schema 2.
    Elements,
    /// A page that needs nothing else.
    Html,
    /// A badge, as an endpoint of shields.io.
    Badge,
}

/// What a format leaves to its user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatOptions {
    /// Of JUnit: what a mutant is that no test reaches.
    pub no_tests: NoTestsCase,
}

/// What a mutant that no test reaches is where tests pass or fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoTestsCase {
    /// A failure, as it is for the gate.
    #[default]
    Fails,
    /// Skipped: only what tests ran and did not notice is a failure.
    Skipped,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Json,
        Self::Text,
        Self::Agent,
        Self::Markdown,
        Self::Annotations,
        Self::Sarif,
        Self::Gitlab,
        Self::Junit,
        Self::Elements,
        Self::Html,
        Self::Badge,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Annotations => "annotations",
            Self::Gitlab => "gitlab",
            Self::Agent => "agent",
            Self::Elements => "elements",
            Self::Html => "html",
            Self::Badge => "badge",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether it shows whole files, so that [`Report::sources`] should be filled.
    pub fn shows_sources(self) -> bool {
        matches!(self, Self::Json | Self::Elements | Self::Html)
    }

    /// The report in this format.
    pub fn render(self, report: &Report, options: FormatOptions) -> String {
        match self {
            Self::Json => json::write(report),
            Self::Text => terminal::render(report, &terminal::Style::default()),
            Self::Junit => junit::write(report, options.no_tests),
            Self::Sarif => sarif::write(report),
            Self::Markdown => markdown::write(report, markdown::STEP_SUMMARY),
            Self::Annotations => annotations::write(report),
            Self::Gitlab => gitlab::write(report),
            Self::Agent => agent::write(report),
            Self::Elements => elements::write(report),
            Self::Html => html::write(report),
            Self::Badge => badge::write(report),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/formats.md");
    const README: &str = include_str!("../../README.md");

    #[test]
    fn every_format_is_found_by_its_name_and_documented() {
        for format in Format::ALL {
            assert_eq!(Format::named(format.name()), Some(format));
            let row = format!("| `{}` |", format.name());
            assert!(PAGE.contains(&row), "docs/formats.md has no row for {format:?}");
            assert!(README.contains(&row), "README.md has no row for {format:?}");
        }
        assert_eq!(Format::named("xml"), None);
    }
}

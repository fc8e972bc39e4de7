//! Runs of `mutdiff review` against the stand-in for GitHub.
//!
//! Invariant: the environment is that of a workflow's step as far as it is said, and else empty.

use std::fs;
use std::process::Command;

use mutdiff::model::Report;
use mutdiff::report::json;
use serde_json::Value;

use super::github::Github;
use super::{Project, Python, Ran};

/// A run that can be made several times.
pub(crate) struct ReviewRun {
    project: Project,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    pause: &'static str,
}

impl ReviewRun {
    /// Of this report.
    pub(crate) fn new(github: &Github, report: &Report) -> Self {
        Self::of_text(github, &json::write(report))
    }

    /// Of a file with this text.
    pub(crate) fn of_text(github: &Github, text: &str) -> Self {
        let project = Project::empty(Python::usual());
        project.write("report.json", text);
        let set = |(name, value): (&str, String)| (name.to_owned(), value);
        let environment =
            [("GITHUB_API_URL", github.url()), ("GITHUB_REPOSITORY", "octo/shop".to_owned())];
        let arguments = ["review", "--from", "report.json"];
        Self {
            project,
            environment: environment.map(set).to_vec(),
            arguments: arguments.map(str::to_owned).to_vec(),
            pause: "0.01",
        }
    }

    /// With one more argument.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// With a variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a token: `good` is `secret-good`, so that it is known wherever it is seen.
    pub(crate) fn token(self, token: &str) -> Self {
        self.variable("GITHUB_TOKEN", &format!("secret-{token}"))
    }

    /// Started by an event.
    pub(crate) fn event(self, name: &str, event: &Value) -> Self {
        self.project.write("event.json", event.to_string());
        let path = self.project.root().join("event.json").display().to_string();
        self.variable("GITHUB_EVENT_NAME", name).variable("GITHUB_EVENT_PATH", &path)
    }

    /// With another pause between writes.
    pub(crate) fn pause(self, pause: &'static str) -> Self {
        Self { pause, ..self }
    }

    /// For pull request 7, named by its number.
    pub(crate) fn of_number(self) -> Self {
        self.argument("--pr").argument("7")
    }

    /// In a workflow's step.
    pub(crate) fn in_actions(self) -> Self {
        let path = self.project.root().join("summary.md").display().to_string();
        self.variable("GITHUB_ACTIONS", "true").variable("GITHUB_STEP_SUMMARY", &path)
    }

    /// The command.
    pub(crate) fn command(&self) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = self.project.mutdiff(&arguments);
        command.args(["--pause", self.pause]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it.
    #[track_caller]
    pub(crate) fn run(&self) -> Ran {
        let ran = Ran::of(&mut self.command());
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("secret-"), "{ran}");
        ran
    }

    /// What is in the step's summary.
    pub(crate) fn summary(&self) -> String {
        fs::read_to_string(self.project.root().join("summary.md")).unwrap_or_default()
    }
}

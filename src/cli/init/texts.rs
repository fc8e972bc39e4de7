//! What `mutdiff init` writes: the section of settings, and the workflow.
//!
//! Invariant: what the section says is what the check ran with; all else in it is a comment, so it
//! changes nothing.

use std::fmt::Write as _;

use super::found::Found;

/// The pinned actions of the workflow.
const CHECKOUT: &str = "actions/checkout@d23441a48e516b6c34aea4fa41551a30e30af803 # v6.1.0";

/// The settings, without a header.
pub(super) fn settings(tests: &[String], runner: Option<&str>) -> String {
    let mut text = String::new();
    let mut live = |key: &str, value: Option<String>, example: &str, why: &str| {
        let line = value.map_or_else(|| format!("# {key} = {example}"), |v| format!("{key} = {v}"));
        writeln!(text, "{line:<34} # {why}").expect("a String takes all");
    };
    let list = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        format!("[{}]", words.join(", "))
    };
    let tests = (!tests.is_empty()).then(|| list(tests));
    live("base", None, "\"main\"", "what a change is compared with");
    live("scope", None, "\"callers\"", "lines, functions, callers or all");
    live("gate", None, "\"new\"", "what makes a run fail: new, all, score=PERCENT or none");
    live("budget", None, "\"10m\"", "when a run ends; without it, when all is decided");
    live("tests", tests, "[\"tests\"]", "arguments for the test runner");
    let runner = runner.map(|name| format!("{name:?}"));
    live("runner", runner, "\"pytest\"", "pytest where it can be imported, else unittest");
    live("python", None, "\".venv/bin/python\"", "the interpreter that has the project");
    live("report", None, "[\"html=mutants.html\"]", "reports to write beside the terminal's");
    text.push_str(
        "# Every key: https://github.com/mutdiff/mutdiff/blob/main/docs/configuration.md\n",
    );
    text
}

/// The workflow.
pub(super) fn workflow(found: &Found) -> String {
    let branch = found.default_branch.as_deref().unwrap_or("main");
    let (install, version) = (&found.install, env!("CARGO_PKG_VERSION"));
    let branch = serde_json::Value::from(branch).to_string();
    format!(
        r#"# Written by `mutdiff init`. See https://github.com/mutdiff/mutdiff/blob/main/docs/github-action.md
name: mutdiff
on:
  pull_request:
  push: {{ branches: [{branch}] }}
permissions:
  contents: read
concurrency:
  group: mutdiff-${{{{ github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}
jobs:
  # A pull request: are the functions that it changes tested?
  change:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: read
      pull-requests: write # the review
    steps:
      - uses: {CHECKOUT}
        with: {{ fetch-depth: 0, persist-credentials: false }}
      - run: {install}
      - uses: mutdiff/mutdiff@v{version}
        with: {{ review: "true", budget: 10m }}

  # The default branch: what pull requests begin with.
  record:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: {CHECKOUT}
        with: {{ fetch-depth: 0, persist-credentials: false }}
      - run: {install}
      - uses: mutdiff/mutdiff@v{version}
        with: {{ base: HEAD, scope: all, gate: none }}
"#
    )
}

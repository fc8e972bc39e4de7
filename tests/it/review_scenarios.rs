//! What stands on a pull request after pushes, runs and people: `fixtures/github/scenarios/`.
//!
//! Invariant: `NAME.json` says what happens, `NAME.md` is what stands at the end, whole; a run that
//! is made again right behind another writes nothing. `MUTDIFF_UPDATE_SCENARIOS=1` writes the
//! pages anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::harness::github::{Account, File, Github, World};
use crate::harness::{Ran, ReviewRun, reports};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    #[expect(dead_code, reason = "for the reader of the file")]
    about: String,
    /// The mutants of all runs, by name.
    mutants: BTreeMap<String, reports::Described>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    /// A push to the branch.
    Push { head: String, files: BTreeMap<String, Diff> },
    /// A run of `mutdiff review`.
    Run(Box<Run>),
    /// Somebody answers the remark on a line.
    Reply { line: u64, body: String },
    /// Somebody deletes the remark on a line.
    Delete { line: u64 },
    /// Somebody writes in the conversation.
    Comment { author: String, body: String },
    /// Somebody closes the pull request.
    Close {},
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Diff {
    #[serde(default)]
    patch: Option<Vec<String>>,
    /// Instead of a patch: so many new lines, `return n >= 1` and so on.
    #[serde(default)]
    lines: usize,
    #[serde(default)]
    previous: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Verdicts, each with the lines on which it finds its mutants.
    verdicts: BTreeMap<String, BTreeMap<String, u32>>,
    /// The conclusion; by default it follows from the verdicts.
    #[serde(default)]
    conclusion: Option<String>,
    /// The head that was tested; by default that of the last push.
    #[serde(default)]
    tested: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    says: Vec<String>,
}

fn commit(name: &str) -> String {
    name.chars().cycle().take(40).collect()
}

fn file(diff: Diff) -> File {
    let new =
        |n: usize| (1..=n).map(|line| format!("+    return n >= {line}\n")).collect::<String>();
    let patch = match diff.lines {
        0 => diff.patch.map(|lines| lines.join("\n")),
        n => Some(format!("@@ -0,0 +1,{n} @@\n{}", new(n))),
    };
    let status = diff.status.unwrap_or_else(|| "modified".into());
    File { previous: diff.previous, status, patch }
}

fn world() -> World {
    let mut world = World::new(&commit("0"));
    let bot =
        |can_write| Account { login: "github-actions[bot]".into(), has_user: false, can_write };
    let person = Account { login: "octocat".into(), has_user: true, can_write: true };
    world.from = "eve:fix/it".to_owned();
    world.tokens = [("good", bot(true)), ("fork", bot(false)), ("person", person)]
        .map(|(token, account)| (format!("secret-{token}"), account))
        .into();
    world
}

fn event(run: &Run, github: &Github) -> (String, serde_json::Value) {
    let head =
        run.tested.as_deref().map_or_else(|| github.change(|world| world.head.clone()), commit);
    let name = run.event.clone().unwrap_or_else(|| "pull_request".into());
    let from = github.change(|world| world.from.clone());
    let (owner, branch) = from.split_once(':').expect("owner:branch");
    let event = match name.as_str() {
        "workflow_run" => json!({"workflow_run": {
            "head_sha": head, "head_branch": branch, "event": "pull_request",
            "head_repository": {"owner": {"login": owner}}, "pull_requests": [],
        }}),
        _ => json!({"pull_request": {"number": 7, "head": {"sha": head}}}),
    };
    (name, event)
}

fn run(run: &Run, scenario: &BTreeMap<String, reports::Described>, github: &Github) -> ReviewRun {
    let report = reports::of(scenario, &run.verdicts, run.conclusion.as_deref());
    let (name, event) = event(run, github);
    let token = run.token.as_deref().unwrap_or("good");
    let mut made = ReviewRun::new(github, &report).token(token).event(&name, &event).in_actions();
    made = run.arguments.iter().fold(made, |made, argument| made.argument(argument));
    made
}

/// Plays a scenario; what stands at the end.
fn play(name: &str) -> String {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).expect("readable");
    let scenario: Scenario = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let github = Github::start(world());
    let mut last: Option<(Ran, String)> = None;
    for step in scenario.steps {
        match step {
            Step::Push { head, files } => {
                let files = files.into_iter().map(|(path, diff)| (path, file(diff))).collect();
                github.change(|world| world.push(&commit(&head), files));
            }
            Step::Reply { line, body } => github.change(|world| world.reply(line, "ann", &body)),
            Step::Delete { line } => github.change(|world| world.delete(line)),
            Step::Comment { author, body } => github.change(|world| world.comment(&author, &body)),
            Step::Close {} => github.change(|world| world.open = false),
            Step::Run(step) => {
                let made = run(&step, &scenario.mutants, &github);
                let ran = made.run().expect(step.exit);
                let ran = step.says.iter().fold(ran, |ran, text| ran.says(text));
                github.writes();
                let stood = github.stands();
                made.run().expect(step.exit);
                let token = step.token.as_deref().unwrap_or("good");
                if matches!(token, "good" | "person") {
                    assert_eq!(github.writes(), [] as [&str; 0], "{name}: the run again");
                }
                assert_eq!(github.stands(), stood);
                last = Some((ran, made.summary()));
            }
        }
    }
    let (ran, summary) = last.expect("a scenario has a run");
    let mut page = github.stands();
    // What their words are is for other tests to say.
    let warnings: Vec<&str> =
        ran.stdout.lines().filter_map(|l| Some(l.split_once(",title=")?.0)).collect();
    let summary = half(&summary);
    let rows: Vec<&str> =
        summary.lines().filter_map(|l| Some(l.strip_prefix("| `")?.split_once('`')?.0)).collect();
    for (head, lines) in [("Annotations", warnings), ("In the summary of the step", rows)] {
        if !lines.is_empty() {
            write!(page, "\n# {head}\n\n{}\n", lines.join("\n")).expect("a String takes all");
        }
    }
    page
}

/// Every run is made twice, and a step's summary grows.
fn half(summary: &str) -> String {
    let (first, second) = summary.split_at(summary.len() / 2);
    assert_eq!(first, second);
    first.to_owned()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/github/scenarios")
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.md"));
    let stands = play(name);
    if std::env::var_os("MUTDIFF_UPDATE_SCENARIOS").is_some() {
        fs::write(&path, &stands).expect("writable");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(stands, expected, "{name}: what stands is not what {} says", path.display());
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { check(stringify!($name)); })*
    };
}

scenarios! {
    a_first_run
    a_push_with_one_killed_and_one_new
    a_force_push
    moved_lines
    a_base_that_moved
    a_deleted_file
    a_renamed_file
    two_hundred_survivors
    a_fork
    a_fork_in_two_stages
    an_expired_token
    closed_meanwhile
    pushed_meanwhile
    nothing_left_to_test
    people_answer_and_delete
    a_token_of_a_person
    hostile_text
}

#[test]
fn every_scenario_is_played() {
    for entry in fs::read_dir(folder()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.trim_end_matches(".json").trim_end_matches(".md");
        assert!(NAMES.contains(&stem), "{name} is played by no test");
    }
}

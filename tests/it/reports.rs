//! Reports: what is written where, and a saved report rendered again.
//!
//! Invariant: what a saved report renders to is what the run itself would have written.

use std::fs;

use crate::harness::{Project, Python, Ran};

fn small() -> Project {
    Project::of(
        &[
            ("till.py", "def due(n):\n    return n\n"),
            ("test_till.py", "import till\n\n\ndef test_due():\n    assert till.due(3) == 0\n"),
        ],
        &[("till.py", "def due(n):\n    if n >= 5:\n        return n\n    return 0\n")],
    )
}

#[test]
fn a_saved_report_renders_as_the_run_did() {
    let project = small();
    let place = project.everything().display().to_string();
    let text = format!("text={place}/run.txt");
    project.run(1, &["--report", &text]);
    let written = fs::read_to_string(project.everything().join("run.txt")).unwrap();

    let saved = format!("{place}/report.json");
    let again = Ran::of(&mut project.mutdiff(&["report", "--from", &saved, "--report", "text=-"]));
    assert_eq!(again.expect(0).stdout, written);
    let json = Ran::of(&mut project.mutdiff(&["report", "--from", &saved, "--report", "json=-"]));
    assert_eq!(json.expect(0).stdout, fs::read_to_string(&saved).unwrap());
    // Without a file it is the last run's, with the sources read again.
    let last = Ran::of(&mut project.mutdiff(&["report", "--report", "json=-"])).expect(0);
    assert_eq!(last.stdout, fs::read_to_string(&saved).unwrap());
}

#[test]
fn a_saved_report_is_shown_without_a_target_and_read_from_standard_input() {
    let project = small();
    project.run(1, &[]);
    let shown = Ran::of(&mut project.mutdiff(&["report"])).expect(0);
    assert!(shown.stdout.contains("+    if n > 5:"), "{shown}");
    let file = fs::File::open(project.everything().join("report.json")).unwrap();
    let mut piped = project.mutdiff(&["report", "--from", "-"]);
    let piped = Ran::of(piped.stdin(file)).expect(0);
    assert_eq!(piped.stdout, shown.stdout);
}

#[test]
fn links_are_written_where_they_are_forced_and_never_into_a_plain_pipe() {
    let project = small();
    let (ran, _) = project.run(1, &[]);
    assert!(!ran.stdout.contains('\x1b'), "{ran}");
    let shown = |value: &str, arguments: &[&str]| {
        let mut command = project.mutdiff(&["report"]);
        command.args(arguments).env("TERM", "xterm-kitty").env("FORCE_HYPERLINK", value);
        Ran::of(&mut command).expect(0).stdout
    };
    let linked = shown("1", &[]);
    let root = project.root().canonicalize().expect("it is there");
    let target = format!("{}/till.py#2\x1b\\line 2\x1b]8;;\x1b\\", root.display());
    assert!(linked.contains(&target), "{linked:?}");
    assert!(!shown("0", &[]).contains('\x1b'));
    assert!(!shown("1", &["--color", "never"]).contains('\x1b'));
    // The lines of a saved report may be those of other files.
    let saved = project.everything().join("report.json").display().to_string();
    assert!(!shown("1", &["--from", &saved]).contains('\x1b'));
}

#[test]
fn a_report_on_standard_output_is_alone_there() {
    let project = small();
    let ran = Ran::of(&mut project.main_job(&["--report", "json=-"])).expect(1);
    mutdiff::report::json::read(&ran.stdout).expect("nothing else is on standard output");
    assert!(ran.stderr.contains("+    if n > 5:"), "{ran}");
}

#[test]
fn a_report_holds_the_text_of_the_files_that_were_tested() {
    let project = small();
    let (_, report) = project.run(1, &[]);
    let text = fs::read_to_string(project.root().join("till.py")).unwrap();
    assert_eq!(report.sources.len(), 1);
    assert_eq!((report.sources[0].path.as_str(), &report.sources[0].text), ("till.py", &text));
    // A commit's text is the commit's, whatever the working tree holds.
    project.write("till.py", "x = 1\n");
    let (_, report) = project.run(1, &["--head", "change"]);
    assert_eq!(report.sources[0].text, text);
    // A file that changed since is left out.
    let last = Ran::of(&mut project.mutdiff(&["report", "--report", "json=-"])).expect(0);
    let last = mutdiff::report::json::read(&last.stdout).unwrap();
    assert_eq!(last.sources.len(), 1, "the last run was the commit's");
}

#[test]
fn what_is_no_report_is_a_usage_error() {
    let project = Project::empty(Python::usual());
    let path = project.everything().join("no.json");
    let path = path.display().to_string();
    Ran::of(&mut project.mutdiff(&["report", "--from", &path])).expect(2).says("cannot read");
    fs::write(&path, "[]").unwrap();
    Ran::of(&mut project.mutdiff(&["report", "--from", &path])).expect(2).says("is no report");
    Ran::of(&mut project.mutdiff(&["report"])).expect(2).says("hint");
    let project = small();
    Ran::of(&mut project.mutdiff(&["report"])).expect(2).says("run mutdiff in this repository");
}

#[test]
fn in_a_workflow_annotations_and_the_summary_come_by_themselves() {
    let project = small();
    let summary = project.everything().join("summary.md");
    let run = |arguments: &[&str]| {
        let mut job = project.main_job(arguments);
        job.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
        Ran::of(&mut job).expect(1)
    };
    let ran = run(&[]);
    assert!(ran.stdout.contains("\n::warning file=till.py,line=2,endLine=2,col="), "{ran}");
    let page = fs::read_to_string(&summary).unwrap();
    assert!(page.contains("| `till.py:2` | `due` |"), "{page}");
    // Again: appended. On standard error, where a report takes standard output.
    let ran = run(&["--report", "badge=-"]);
    assert!(ran.stdout.starts_with('{') && ran.stdout.ends_with("}\n"), "{ran}");
    assert!(ran.stderr.contains("\n::warning file=till.py"), "{ran}");
    let two = fs::read_to_string(&summary).unwrap();
    assert_eq!(two.matches("## mutdiff: failed").count(), 2, "{two}");
    let ran = run(&["--no-github-actions"]);
    assert!(!ran.stdout.contains("::warning"), "{ran}");
    assert_eq!(fs::read_to_string(&summary).unwrap(), two);
    // A saved report is written where it is asked for only.
    let mut report = project.mutdiff(&["report"]);
    let ran = Ran::of(report.env("GITHUB_ACTIONS", "true")).expect(0);
    assert!(!ran.stdout.contains("::warning"), "{ran}");
}

#[test]
fn a_source_line_is_no_command_of_a_workflow() {
    let text = "def due(n):\n    x = '''\n::error::forged\n##[error]forged\n'''\n    if n >= 5:\n        \
                return n\n    return 0\n";
    let project = Project::of(
        &[
            ("till.py", "def due(n):\n    return n\n"),
            ("test_till.py", "import till\n\n\ndef test_due():\n    assert till.due(3) == 0\n"),
        ],
        &[("till.py", text)],
    );
    let mut job = project.main_job(&[]);
    let ran = Ran::of(job.env("GITHUB_ACTIONS", "true")).expect(1);
    assert!(ran.stdout.contains("error::forged"), "the line is shown: {ran}");
    for line in ran.stdout.lines().chain(ran.stderr.lines()) {
        let ours = line.starts_with("::warning file=till.py,");
        assert!(ours || !line.trim_start().starts_with("::"), "{line}");
        assert!(ours || !line.contains("##["), "{line}");
    }
}

#[test]
fn an_agent_reads_what_would_close_each_gap() {
    let project = small();
    let ran = Ran::of(&mut project.main_job(&["--format", "agent"])).expect(1);
    assert!(ran.stdout.starts_with("mutdiff: "), "{ran}");
    assert!(ran.stdout.contains("\nwould-notice: a test exactly at the boundary"), "{ran}");
}

#[test]
fn a_gap_that_a_new_test_closes_is_told_by_diff() {
    let project = small();
    project.run(1, &[]);
    let place = |name: &str| project.everything().join(name).display().to_string();
    fs::rename(place("report.json"), place("old.json")).unwrap();
    let test = "import till\n\n\ndef test_due():\n    assert till.due(3) == 0\n    assert till.due(5) == 5\n";
    project.write("test_till.py", test);
    Ran::of(&mut project.main_job(&[]));
    let (old, new) = (place("old.json"), place("report.json"));
    let diff = |arguments: &[&str]| Ran::of(&mut project.mutdiff(arguments));
    diff(&["diff", &old, &new, "--exit-code"]).expect(0).says("closed: ").says(">= → >");
    diff(&["diff", &new, &old, "--exit-code"]).expect(1).says("opened: ").says("+ if n > 5:");
    diff(&["diff", &new, &old]).expect(0);
    let json = diff(&["diff", &old, &new, "--format", "json"]).expect(0).stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["opened"], serde_json::json!([]), "{json}");
    assert!(!value["closed"].as_array().unwrap().is_empty(), "{json}");
    diff(&["diff", &old, "/no/such"]).expect(2).says("cannot read the report /no/such");
}

//! `mutdiff run ID…`: mutants that are asked for by their ids.
//!
//! Invariant: the last report keeps all that was not asked for, so that the next id can be taken from it.

use mutdiff::model::{DecidedMutant, Part, Report, Verdict};

use crate::harness::{Project, Ran};

const CODE: &str = "\
def f(n):
    return n + 1


def g(n):
    return n * 2


def far(n):
    return n - 3
";
const WEAK: &str = "\
from m import f, far, g


def test_all():
    f(1)
    g(1)
    far(1)
";

fn project() -> Project {
    let base = CODE.replace("n + 1", "n + 2").replace("n * 2", "n * 4");
    Project::of(&[("m.py", &base), ("test_m.py", WEAK)], &[("m.py", CODE)])
}

fn run(project: &Project, code: i32, arguments: &[&str]) -> (Ran, Report) {
    let path = project.home().join("chosen.json");
    let report = format!("json={}", path.display());
    let python = project.python.path.display().to_string();
    let mut command = project.mutdiff(&["run"]);
    command.args(arguments).args(["--base", "main", "--runner", "pytest", "--report", &report]);
    let ran = Ran::of(command.args(["--python", &python])).expect(code);
    (ran, project.report_at(&path))
}

fn last(project: &Project) -> Report {
    let path = project.home().join("last.json");
    let target = format!("json={}", path.display());
    Ran::of(&mut project.mutdiff(&["report", "--report", &target])).expect(0);
    project.report_at(&path)
}

fn survivor<'r>(report: &'r Report, function: &str) -> &'r DecidedMutant {
    let is_it =
        |m: &&DecidedMutant| m.function.name.as_str() == function && m.verdict == Verdict::Survived;
    report.mutants.iter().find(is_it).expect("there is a survivor")
}

#[test]
fn a_survivor_is_tried_again_after_a_test_was_written_and_the_others_stay() {
    let project = project();
    let (_, whole) = project.run(1, &[]);
    let (asked, other) = (survivor(&whole, "f"), survivor(&whole, "g"));
    let (_, same) = run(&project, 1, &[asked.id.as_str()]);
    assert_eq!(same.part, Some(Part::Chosen));
    assert_eq!(same.mutants.len(), 1);
    assert!(!same.mutants[0].reused, "who asks wants it tried again");
    project.write("test_m.py", WEAK.replace("    f(1)\n", "    assert f(1) == 2\n"));
    let (ran, killed) = run(&project, 0, &[&asked.id.as_str()[..8]]);
    ran.says("passed");
    assert_eq!(killed.mutants[0].id, asked.id);
    assert!(matches!(killed.mutants[0].verdict, Verdict::Killed { .. }));
    let shown = last(&project);
    assert_eq!(shown.mutants.len(), whole.mutants.len());
    assert_eq!(shown.part, None);
    let now = |id| shown.mutants.iter().find(|mutant| mutant.id == id).unwrap();
    assert!(matches!(now(asked.id.clone()).verdict, Verdict::Killed { .. }));
    assert_eq!(now(other.id.clone()).verdict, Verdict::Survived);
    Ran::of(&mut project.mutdiff(&["show", other.id.as_str()])).expect(0);
    // A whole run is not taken for done.
    let (_, whole) = project.run(1, &[]);
    assert!(matches!(
        whole.mutants.iter().find(|mutant| mutant.id == asked.id).unwrap().verdict,
        Verdict::Killed { .. }
    ));
}

#[test]
fn a_stored_verdict_is_taken_if_it_is_asked_for() {
    let project = project();
    let (_, whole) = project.run(1, &[]);
    let ids = [survivor(&whole, "f").id.as_str(), survivor(&whole, "g").id.as_str(), "--reuse"];
    let (_, report) = run(&project, 1, &ids);
    assert_eq!((report.counts.mutants, report.counts.reused), (2, 2));
}

#[test]
fn an_id_of_another_machine_s_report_is_found_outside_of_the_scope_too() {
    let project = project();
    let elsewhere = Project::of(&[("m.py", CODE), ("test_m.py", WEAK)], &[]);
    let (_, all) = elsewhere.run(1, &["--scope", "all", "--gate", "all"]);
    let far = survivor(&all, "far");
    let (_, report) = run(&project, 0, &[far.id.as_str()]);
    assert_eq!(report.mutants.len(), 1);
    assert_eq!(report.mutants[0].verdict, Verdict::Survived);
    assert_eq!(report.mutants[0].reasons[0].to_string(), "asked for");
}

#[test]
fn an_id_that_means_nothing_or_nothing_any_more_is_an_error_that_says_what_to_do() {
    let project = project();
    let (_, whole) = project.run(1, &[]);
    let refused =
        |id: &str| Ran::of(&mut project.mutdiff(&["run", id, "--base", "main"])).expect(2);
    refused("0123456789abcdef").says("no mutant has an id that begins").says("hint: ");
    refused("xyz").says("hexadecimal");
    let id = survivor(&whole, "f").id.to_string();
    project.write("m.py", CODE.replace("return n + 1", "return n"));
    Ran::of(&mut project.mutdiff(&["run", &id, "--base", "main"])).says("is another mutant than");
    project.write("m.py", CODE.replace("def f(n):\n    return n + 1\n", "f = len\n"));
    refused(&id).says("is no more: m.py::f").says("mutdiff --list -v");
}

#[test]
fn what_is_decided_on_another_branch_is_not_put_into_the_last_report() {
    let project = project();
    let (_, whole) = project.run(1, &[]);
    let asked = survivor(&whole, "f").id.clone();
    // Commits on the branch change nothing of that.
    project.write("notes.md", "a note\n");
    project.commit("a note");
    let (ran, _) = run(&project, 1, &[asked.as_str()]);
    ran.never_says("the last report is of");
    assert_eq!(last(&project).mutants.len(), whole.mutants.len());
    project.git(&["checkout", "--quiet", "-b", "other", "main"]);
    project.write("m.py", CODE.replace("n * 2", "n * 7"));
    let (ran, report) = run(&project, 1, &[asked.as_str()]);
    ran.says("the last report is of change, and not of what is looked at now");
    assert_eq!(last(&project).mutants, report.mutants);
    let (ran, report) = run(&project, 1, &[asked.as_str(), "--head", "change"]);
    ran.says("the last report is of the working tree");
    assert_eq!(last(&project).mutants, report.mutants);
}

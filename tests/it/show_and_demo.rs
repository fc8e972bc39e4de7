//! `mutdiff show` and `mutdiff demo`.
//!
//! Invariant: what `show` prints is applied by git itself, not by anything of ours.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use mutdiff::model::Verdict;

use crate::harness::{Project, Python, Ran, clean, pythons};

#[test]
fn every_mutant_is_a_patch_that_git_takes() {
    let project = Project::fixture("demo", Python::usual());
    let (_, report) = project.run(1, &[]);
    for mutant in &report.mutants {
        let shown = Ran::of(&mut project.mutdiff(&["show", mutant.id.as_str()])).expect(0);
        let mut git = clean("git", &project.home(), project.python);
        git.args(["apply", "--check", "-"]).current_dir(project.root());
        let mut git = git.stdin(Stdio::piped()).spawn().unwrap();
        git.stdin.take().unwrap().write_all(shown.stdout.as_bytes()).unwrap();
        assert!(git.wait().unwrap().success(), "{shown}");
    }
}

#[test]
fn a_shown_survivor_is_what_the_tests_do_not_notice() {
    let project = Project::fixture("callers", Python::usual());
    let (_, report) = project.run(1, &[]);
    let survivor = report.mutants.iter().find(|m| m.verdict == Verdict::Survived).unwrap();
    // The beginning of an id will do.
    let shown = Ran::of(&mut project.mutdiff(&["show", &survivor.id.as_str()[..12]])).expect(0);
    let patch = project.everything().join("patch");
    fs::write(&patch, &shown.stdout).unwrap();
    let path = project.root().join(survivor.function.path.as_str());
    let original = fs::read_to_string(&path).unwrap();
    project.git(&["apply", &patch.display().to_string()]);
    let bytes = survivor.span.bytes;
    let mutated =
        format!("{}{}{}", &original[..bytes.start], survivor.replacement, &original[bytes.end..]);
    assert_eq!(fs::read_to_string(&path).unwrap(), mutated);
    let mut pytest = clean(&project.python.path, &project.home(), project.python);
    pytest.args(["-m", "pytest", "-q"]).current_dir(project.root());
    Ran::of(&mut pytest).expect(0);
    shown.says("survived");
}

#[test]
fn an_id_that_nothing_has_is_a_usage_error() {
    let project = Project::fixture("demo", Python::usual());
    Ran::of(&mut project.mutdiff(&["show", "ab"])).expect(2).says("no run is stored");
    project.run(1, &[]);
    Ran::of(&mut project.mutdiff(&["show", "0000000000000000"])).expect(2).says("no mutant");
}

#[test]
fn the_demo_works_with_stock_python_and_ends_with_a_survivor() {
    for python in pythons() {
        let project = Project::empty(python);
        let mut demo = project.mutdiff(&["demo", "--python", &python.base.display().to_string()]);
        let ran = Ran::of(&mut demo).expect(0);
        ran.says("- if quantity >= 10").says("+ if quantity > 10").says("The demo worked.");
        let left: Vec<_> = fs::read_dir(project.home()).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:#?}");
    }
}

#[test]
fn a_kept_demo_can_be_run_again() {
    let project = Project::empty(Python::usual());
    let base = project.python.base.display().to_string();
    let ran = Ran::of(&mut project.mutdiff(&["demo", "--keep", "--python", &base])).expect(0);
    let line = ran.stdout.lines().find_map(|line| line.trim().strip_prefix("cd ")).unwrap();
    let mut again = project.mutdiff(&["--repo", line, "--base", "main", "--runner", "unittest"]);
    Ran::of(again.args(["--python", &base])).expect(1).says("nothing decided anew");
}

#[test]
fn mutants_of_a_file_have_the_ids_of_a_run_however_it_is_named() {
    let base = [
        ("one.py", "def one(n):\n    return n + 2\n"),
        ("test_one.py", "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n"),
    ];
    let project = Project::of(&base, &[("one.py", "def one(n):\n    return n + 1\n")]);
    let (_, report) = project.run(0, &[]);
    let path = project.root().join("./one.py").display().to_string();
    let ran = Ran::of(&mut project.mutdiff(&["mutants", &path])).expect(0);
    assert!(report.counts.mutants > 0);
    for mutant in &report.mutants {
        assert!(ran.stdout.contains(mutant.id.as_str()), "{}\n{ran}", mutant.id);
    }
    Ran::of(&mut project.mutdiff(&["mutants", "nowhere.py"]))
        .expect(2)
        .says("cannot read nowhere.py");
}

//! Runs that cannot begin: each says what was tried and what to do next, and exits with 2.
//!
//! Invariant: no Python is needed here, and none is started.

use crate::harness::{Project, Python, Ran, clean};

fn usage_error(project: &Project, arguments: &[&str]) -> Ran {
    let ran = Ran::of(&mut project.mutdiff(arguments)).expect(2);
    assert_eq!(ran.stdout, "", "{ran}");
    for head in ["error: ", "hint: "] {
        assert!(ran.stderr.lines().any(|line| line.starts_with(head)), "{ran}");
    }
    ran
}

fn small() -> Project {
    Project::of(&[("one.py", "x = 1\n")], &[("one.py", "x = 2\n")])
}

#[test]
fn a_folder_outside_of_git_is_told_so() {
    let project = Project::empty(Python::usual());
    usage_error(&project, &[]).says("not in a git repository").says("--repo DIR");
}

#[test]
fn an_unborn_branch_has_nothing_to_be_measured_against() {
    let project = Project::empty(Python::usual());
    project.git(&["init", "--quiet", "--initial-branch", "main"]);
    usage_error(&project, &[]).says("the branch main has no commit yet");
}

#[test]
fn a_missing_base_lists_what_was_tried() {
    let project = small();
    project.git(&["branch", "-m", "main", "trunk"]);
    let ran = usage_error(&project, &[]);
    ran.says("no base to compare with").says("main").says("master").says("--base REF");
}

#[test]
fn the_base_of_a_pull_request_is_taken_from_the_environment() {
    let project = small();
    project.git(&["branch", "-m", "main", "trunk"]);
    let mut list = project.mutdiff(&["--list"]);
    Ran::of(list.env("GITHUB_BASE_REF", "trunk")).expect(0).says("trunk");
}

#[test]
fn an_unknown_revision_is_named() {
    let project = small();
    usage_error(&project, &["--base", "nowhere"]).says("nowhere");
    usage_error(&project, &["--base", "main", "--head", "v9"]).says("v9");
}

#[test]
fn branches_without_a_common_commit_have_no_merge_base() {
    let project = small();
    project.git(&["checkout", "--quiet", "--orphan", "apart"]);
    project.commit("apart");
    usage_error(&project, &["--base", "main"]).says("no merge base");
}

#[test]
fn a_shallow_clone_is_told_how_to_fetch_the_rest() {
    let project = small();
    project.write("one.py", "x = 3\n");
    project.commit("more");
    let clone = project.everything().join("clone");
    let source = format!("file://{}", project.root().display());
    let mut git = clean("git", &project.home(), project.python);
    git.args(["clone", "--quiet", "--depth", "1", "--no-single-branch", "--branch", "change"]);
    Ran::of(git.arg(source).arg(&clone)).expect(0);
    let clone = clone.display().to_string();
    usage_error(&project, &["--repo", &clone, "--base", "origin/main"])
        .says("shallow")
        .says("git fetch --unshallow");
}

#[test]
fn an_interpreter_that_is_not_there_is_named() {
    let project = small();
    usage_error(&project, &["--base", "main", "--python", "/no/such/python"])
        .says("/no/such/python");
}

#[test]
fn a_missing_pytest_says_how_to_install_it() {
    let project = small();
    // The interpreter's own library, isolated from what the machine has installed.
    let fake = project.everything().join("python3");
    let base = project.python.base.display();
    std::fs::write(&fake, format!("#!/bin/sh\nexec {base} -S \"$@\"\n")).unwrap();
    std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let fake = fake.display().to_string();
    usage_error(&project, &["--base", "main", "--runner", "pytest", "--python", &fake])
        .says("pytest cannot be imported")
        .says("-m pip install pytest");
}

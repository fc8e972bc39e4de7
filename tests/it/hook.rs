//! The pre-push hook: real pushes to a bare repository beside the project.
//!
//! Invariant: what is pushed decides, not what is checked out or lies in the working tree.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Project, Python, Ran, clean};

const CODE: &str = "def f(x):\n    return x + 1\n";
const TEST: &str = "import m\n\n\ndef test_f():\n    assert m.f(1) == 2 and m.f(5) == 6\n";
const WEAK: &str = "import m\n\n\ndef test_f():\n    m.f(1)\n";

/// A project with a remote that has its `main`, and the hook.
struct Pushing {
    project: Project,
}

impl Pushing {
    fn new() -> Self {
        let base = [("m.py", "def f(x):\n    return x\n"), ("test_m.py", WEAK)];
        let project = Project::on(Python::usual(), &base, &[]);
        project.git(&["checkout", "--quiet", "main"]);
        let pushing = Self { project };
        let remote = pushing.project.home().join("remote.git");
        let remote = remote.to_str().expect("a path of text");
        pushing.project.git(&["init", "--quiet", "--bare", "--initial-branch", "main", remote]);
        pushing.project.git(&["remote", "add", "origin", remote]);
        pushing.project.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        pushing.project.git(&["remote", "set-head", "origin", "main"]);
        Ran::of(&mut pushing.project.mutdiff(&["hook", "install"])).expect(0).says("installed");
        pushing
    }

    fn commit(&self, files: &[(&str, &str)]) {
        files.iter().for_each(|(path, text)| self.project.write(path, text));
        self.project.commit("change");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut git = clean("git", &self.project.home(), self.project.python);
        git.arg("push").args(arguments).current_dir(self.project.root());
        git.env("MUTDIFF_PYTHON", &self.project.python.path);
        git.env("MUTDIFF_RUNNER", self.project.runner());
        git
    }

    fn push(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }
}

#[test]
fn a_push_of_a_weak_test_is_held_back_and_a_good_one_goes_through() {
    let pushing = Pushing::new();
    pushing.commit(&[("m.py", CODE)]);
    let held = pushing.push(&["origin", "main"]).expect(1);
    held.says("main: testing what is pushed").says("survived").says("git push --no-verify");
    pushing.commit(&[("test_m.py", TEST)]);
    pushing.push(&["origin", "main"]).expect(0).says("passed: all noticed");
    // The other side has it: there is nothing to test now, and Python is not started.
    pushing.commit(&[("README.md", "# Read\n")]);
    let ran = pushing.push(&["origin", "main"]).expect(0).says("nothing to test");
    ran.never_says("starting Python");
}

#[test]
fn the_pushed_commit_is_tested_and_not_the_working_tree() {
    let pushing = Pushing::new();
    pushing.commit(&[("m.py", CODE), ("test_m.py", TEST)]);
    pushing.project.write("m.py", "def f(x):\n    raise SystemExit\n");
    pushing.project.write("test_m.py", "assert False\n");
    pushing.push(&["origin", "main"]).expect(0).says("passed: all noticed");
    assert_eq!(
        fs::read_to_string(pushing.project.root().join("m.py")).expect("it is there"),
        "def f(x):\n    raise SystemExit\n"
    );
}

#[test]
fn a_new_branch_is_compared_with_the_default_branch_and_several_refs_are_all_tested() {
    let pushing = Pushing::new();
    pushing.project.git(&["checkout", "--quiet", "-b", "good"]);
    pushing.commit(&[("m.py", CODE), ("test_m.py", TEST)]);
    pushing.project.git(&["checkout", "--quiet", "-b", "weak", "main"]);
    pushing.commit(&[("m.py", CODE)]);
    pushing.project.git(&["tag", "v1"]);
    let held = pushing.push(&["origin", "good", "weak", "v1"]).expect(1);
    let held = held.says("good: testing").says("weak: testing").says("it is a tag");
    held.says("passed: all noticed").says("failed: ");
    pushing.push(&["origin", "good"]).expect(0).says("passed: all noticed");
    // Deleted again: nothing to test, and nothing in the way.
    pushing.push(&["origin", "--delete", "good"]).expect(0).says("it is deleted");
}

#[test]
fn a_forced_push_is_compared_with_what_both_sides_share() {
    let pushing = Pushing::new();
    pushing.commit(&[("m.py", CODE), ("test_m.py", TEST)]);
    pushing.push(&["origin", "main"]).expect(0).says("passed");
    pushing.project.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    pushing.commit(&[("m.py", "def f(x):\n    return x + 1 + 0 * x\n")]);
    pushing.push(&["--force", "origin", "main"]).expect(1).says("survived");
    // Said by the user: the hook is left out.
    let mut skipped = pushing.command(&["--force", "origin", "main"]);
    Ran::of(skipped.env("MUTDIFF_SKIP_HOOK", "1")).expect(0).never_says("testing");
}

#[test]
fn a_hook_that_was_there_runs_first_with_what_git_says() {
    let pushing = Pushing::new();
    Ran::of(&mut pushing.project.mutdiff(&["hook", "uninstall"])).expect(0).says("removed");
    let hooks = pushing.project.root().join("our hooks");
    fs::create_dir(&hooks).expect("the folder is new");
    let seen = pushing.project.home().join("seen");
    let script = format!("#!/bin/sh\ncat > '{}'\nexit ${{THEIRS:-0}}\n", seen.display());
    fs::write(hooks.join("pre-push"), &script).expect("the hook is new");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(hooks.join("pre-push"), mode).expect("the hook is ours");
    pushing.project.git(&["config", "core.hooksPath", "our hooks"]);
    fs::write(pushing.project.root().join(".gitignore"), "our hooks\n").expect("it is new");
    let install = || Ran::of(&mut pushing.project.mutdiff(&["hook", "install"])).expect(0);
    install().says("our hooks/pre-push").says("the hook that was there is run before it");
    pushing.commit(&[("m.py", CODE)]);
    let mut refused = pushing.command(&["origin", "main"]);
    Ran::of(refused.env("THEIRS", "7")).expect(1).never_says("testing");
    pushing.push(&["origin", "main"]).expect(1).says("survived");
    let said = fs::read_to_string(&seen).expect("their hook ran");
    assert!(said.starts_with("refs/heads/main ") && said.ends_with('\n'), "{said}");
    Ran::of(&mut pushing.project.mutdiff(&["hook", "uninstall"])).expect(0).says("is back");
    assert_eq!(fs::read_to_string(hooks.join("pre-push")).expect("it is back"), script);
}

#[test]
fn a_linked_worktree_has_the_hook_too_and_git_in_tests_is_not_the_users() {
    let pushing = Pushing::new();
    let linked = pushing.project.home().join("linked");
    let path = linked.to_str().expect("a path of text");
    pushing.project.git(&["worktree", "add", "--quiet", "-b", "side", path]);
    fs::write(linked.join("m.py"), CODE).expect("the worktree is there");
    // A test that starts git in a folder of its own.
    let test = "import os, subprocess\nimport m\n\n\ndef test_f(tmp_path):\n    \
         assert not [name for name in os.environ if name in ('GIT_DIR', 'GIT_INDEX_FILE')]\n    \
         subprocess.run(['git', 'init', '--quiet'], cwd=tmp_path, check=True)\n    \
         assert m.f(1) == 2 and m.f(5) == 6\n";
    fs::write(linked.join("test_m.py"), test).expect("the worktree is there");
    let mut git = clean("git", &pushing.project.home(), pushing.project.python);
    git.args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "commit",
        "--quiet",
        "-am",
        "x",
    ]);
    Ran::of(git.current_dir(&linked)).expect(0);
    let mut push = pushing.command(&["origin", "side"]);
    Ran::of(push.current_dir(&linked)).expect(0).says("passed: all noticed");
}

#[test]
fn pre_commit_says_by_variables_what_is_pushed() {
    let pushing = Pushing::new();
    pushing.commit(&[("m.py", CODE)]);
    let python = pushing.project.python.path.display().to_string();
    let mut run = pushing.project.mutdiff(&["hook", "run", "--python", &python]);
    run.env("PRE_COMMIT_TO_REF", "HEAD").env("PRE_COMMIT_FROM_REF", "origin/main");
    run.env("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main");
    Ran::of(&mut run).expect(1).says("main: testing").says("survived");
}

#[test]
fn what_is_no_push_is_an_error_and_an_empty_one_is_none() {
    let pushing = Pushing::new();
    let text = |text: &str| {
        let file = pushing.project.home().join("lines");
        fs::write(&file, text).expect("the home is ours");
        let mut run = pushing.project.mutdiff(&["hook", "run"]);
        run.stdin(fs::File::open(&file).expect("it was written"));
        Ran::of(&mut run)
    };
    text("nonsense\n").expect(2).says("`nonsense` is no line of a push");
    text("").expect(0);
}

#[test]
fn each_pushed_commit_is_tested_with_the_settings_that_it_has() {
    let pushing = Pushing::new();
    pushing.project.git(&["checkout", "--quiet", "-b", "lenient"]);
    pushing.commit(&[("m.py", CODE), ("mutdiff.toml", "gate = \"none\"\n")]);
    pushing.project.git(&["checkout", "--quiet", "-b", "strict", "main"]);
    pushing.commit(&[("m.py", CODE)]);
    // What lies in the working tree is not asked, not even whether it is right.
    pushing.project.write("mutdiff.toml", "gat = 1\n");
    let held = pushing.push(&["origin", "lenient", "strict"]).expect(1);
    held.says("lenient: testing").says("the gate `none` counts").says("failed: 3 mutants survived");
    pushing.push(&["origin", "lenient"]).expect(0).says("passed: ");
    let mut allowed = pushing.command(&["origin", "strict"]);
    Ran::of(allowed.env("MUTDIFF_GATE", "none")).expect(0).says("passed: ");
    // What is pushed has to have good ones.
    pushing.project.git(&["checkout", "--quiet", "-b", "wrong"]);
    pushing.commit(&[("m.py", CODE), ("mutdiff.toml", "gat = 1\n")]);
    pushing.project.git(&["checkout", "--quiet", "main"]);
    let refused = pushing.push(&["origin", "wrong"]).expect(1);
    refused.says("unknown key `gat`").says("did you mean `gate`?").says(", which is pushed");
}

#[test]
fn a_push_says_that_code_which_did_not_change_is_not_gated_where_the_base_is_unknown() {
    let pushing = Pushing::new();
    let caller = "import m\n\n\ndef g(x):\n    return m.f(x) * 3\n";
    let test = format!("{TEST}\n\ndef test_g():\n    import n\n    n.g(1)\n");
    pushing.commit(&[("n.py", caller), ("test_m.py", WEAK)]);
    let mut first = pushing.command(&["origin", "main"]);
    Ran::of(first.env("MUTDIFF_SKIP_HOOK", "1")).expect(0);
    pushing.commit(&[("m.py", CODE), ("test_m.py", &test)]);
    let ran = pushing.push(&["origin", "main"]).expect(0);
    ran.says("in code that did not change. The verdicts of").says("record --decide");
}

//! Mutants that a type checker rejects: `--type-check`.
//!
//! Invariant: the checker is a script that stands for one, so that no checker need be installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mutdiff::model::Verdict;

use crate::harness::{Project, Ran};

/// Says of each line that returns `None` what mypy would say.
const CHECKER: &str = r#"#!/bin/sh
said=0
for file in $(cat mutdiff-files); do
    for line in $(grep -n "return None" "$file" | cut -d: -f1); do
        echo "$file:$line: error: not None in $(basename "$file" .py)  [return-value]"
        said=1
    done
done
exit $said
"#;

const CODE: &str = "def one(n):\n    return n + 1\n\n\ndef two(n):\n    if n:\n        return 3\n    return None\n";
const TEST: &str = "from one import one, two\n\n\ndef test_one():\n    assert (one(1), two(1), two(0)) == (2, 3, None)\n";

fn project() -> Project {
    Project::of(&[("one.py", ""), ("test_one.py", "")], &[("one.py", CODE), ("test_one.py", TEST)])
}

fn command(project: &Project, checker: &str, arguments: &[&str]) -> std::process::Command {
    let bin = project.everything().join("checkers");
    fs::create_dir_all(&bin).expect("writable");
    let program = bin.join("mypy");
    fs::write(&program, checker).expect("writable");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    let mut command = project.main_job(arguments);
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command
}

#[test]
fn what_a_checker_rejects_is_invalid_and_what_it_says_of_the_original_is_not_held_against_a_mutant()
{
    let project = project();
    let before = project.snapshot();
    let arguments = ["--type-check", "mypy"];
    Ran::of(&mut command(&project, CHECKER, &arguments)).expect(0);
    let report = project.report();
    assert_eq!(project.snapshot(), before);
    let rejected: Vec<_> = report
        .mutants
        .iter()
        .filter_map(|mutant| match &mutant.verdict {
            Verdict::Invalid { message } => Some((mutant.operator.as_str(), message.as_str())),
            _ => None,
        })
        .collect();
    let says = |line: u32| format!("mypy: not None in   [return-value] (line {line})");
    assert_eq!(rejected, [("return/none", says(2).as_str()), ("return/none", says(7).as_str())]);
    assert!(report.counts.killed > 0 && report.counts.invalid == 2);
    let (_, without) = project.run(0, &[]);
    assert_eq!((without.counts.invalid, without.counts.mutants), (0, report.counts.mutants));
}

#[test]
fn a_checker_that_is_missing_or_fails_is_an_error() {
    let project = project();
    let ran = Ran::of(&mut command(&project, CHECKER, &["--type-check", "ty"])).expect(2);
    ran.says("no ty found beside the interpreter");
    let broken = "#!/bin/sh\necho 'mypy: no such option' >&2\nexit 2\n";
    let ran = Ran::of(&mut command(&project, broken, &["--type-check", "mypy"])).expect(2);
    ran.says("mypy fails: exit status: 2: mypy: no such option");
    let foreign = "#!/no/such/shell\n";
    let ran = Ran::of(&mut command(&project, foreign, &["--type-check", "mypy"])).expect(2);
    ran.says("mypy cannot be started");
}

#[test]
fn a_checker_that_hangs_holds_up_neither_a_budget_nor_a_run_that_it_left_a_process_to() {
    let project = project();
    let hangs = "#!/bin/sh\nsleep 300\n";
    let began = std::time::Instant::now();
    let arguments = ["--type-check", "mypy", "--budget", "4s"];
    let ran = Ran::of(&mut command(&project, hangs, &arguments)).expect(4);
    ran.says("the budget of 4s was spent");
    let leaves = CHECKER.replace("said=0\n", "said=0\nsleep 300 &\n");
    Ran::of(&mut command(&project, &leaves, &["--type-check", "mypy"])).expect(0);
    assert_eq!(project.report().counts.invalid, 2);
    assert!(began.elapsed().as_secs() < 120);
}

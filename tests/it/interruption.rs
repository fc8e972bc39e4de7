//! Runs that end early: by Ctrl-C, by `kill -9`.
//!
//! Invariant: what was decided before the end is there for the next run; nothing else is left.

use std::thread::sleep;
use std::time::{Duration, Instant};

use mutdiff::model::Conclusion;
use nix::sys::signal::Signal;

use crate::harness::{Project, Python, Ran, Running, processes_of};

/// How long anything may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A project whose every mutant takes a while: `count` functions, each with a slow test.
fn slow(count: usize) -> Project {
    let mut code = String::new();
    let mut tests = String::from("import time\n\nimport slow\n");
    for number in 1..=count {
        code += &format!("def f{number}(n):\n    return n + {number}\n\n\n");
        tests += &format!(
            "\n\ndef test_f{number}():\n    time.sleep(0.25)\n    \
             assert slow.f{number}(1) == {number} + 1\n"
        );
    }
    Project::of(&[("slow.py", "")], &[("slow.py", &code), ("test_slow.py", &tests)])
}

/// Waits until processes of the project run tests: the warm process has forked.
fn wait_for_forks(project: &Project, running: &mut Running) {
    let began = Instant::now();
    while processes_of(project.everything()).len() < 4 {
        assert!(began.elapsed() < PATIENCE, "no test was started");
        assert!(!running.has_ended(), "mutdiff ended by itself");
        sleep(Duration::from_millis(20));
    }
}

/// Waits until no process of the project is alive.
#[track_caller]
fn wait_until_gone(project: &Project, patience: Duration) {
    let began = Instant::now();
    loop {
        let alive = processes_of(project.everything());
        if alive.is_empty() {
            return;
        }
        assert!(began.elapsed() < patience, "still alive: {alive:#?}");
        sleep(Duration::from_millis(20));
    }
}

/// A run that signals stop in the midst of its mutants.
fn stopped_by(project: &Project, signals: &[Signal]) -> Ran {
    let mut running = Running::start(&mut project.main_job(&["--jobs", "1"]));
    let began = Instant::now();
    while stored(project) < 2 {
        assert!(began.elapsed() < PATIENCE, "no verdict was stored");
        assert!(!running.has_ended(), "mutdiff ended by itself");
        sleep(Duration::from_millis(20));
    }
    for signal in signals {
        running.signal(*signal);
        // Two that are pending at the same time are one to the system.
        sleep(Duration::from_millis(20));
    }
    running.end()
}

/// Verdicts in the store of a project.
fn stored(project: &Project) -> usize {
    let store = project.root().join(".mutdiff/store.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(connection) = rusqlite::Connection::open_with_flags(store, flags) else { return 0 };
    let count =
        connection.query_row("SELECT count(*) FROM verdict", [], |row| row.get::<_, i64>(0));
    count.ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

#[test]
fn ctrl_c_keeps_the_verdicts_and_leaves_no_process() {
    let project = slow(4);
    let before = project.snapshot();
    let ran = stopped_by(&project, &[Signal::SIGINT]).expect(130);
    wait_until_gone(&project, Duration::ZERO);
    assert_eq!(project.snapshot(), before);
    let partial = project.report();
    assert_eq!(partial.conclusion, Conclusion::Interrupted);
    assert!(partial.counts.not_run > 0, "{ran}");
    let done = partial.counts.mutants - partial.counts.not_run;
    assert!(done > 0, "{ran}");
    ran.says("interrupted: ").says("the next run goes on from there");

    let (_, whole) = project.run(0, &[]);
    assert_eq!(whole.counts.reused, done);
    assert_eq!(whole.counts.not_run, 0);
}

#[test]
fn a_signal_that_arrives_twice_at_once_is_one() {
    let project = slow(4);
    // As `timeout` sends it: to the process, and then to its group.
    stopped_by(&project, &[Signal::SIGTERM, Signal::SIGTERM]).expect(130);
    assert_eq!(project.report().conclusion, Conclusion::Interrupted);
    wait_until_gone(&project, Duration::ZERO);
}

#[test]
fn kill_9_leaves_the_checkout_as_it_was_and_the_verdicts_stored() {
    let project = slow(4);
    let before = project.snapshot();
    let ran = stopped_by(&project, &[Signal::SIGKILL]);
    assert_eq!(ran.code, None, "{ran}");
    assert_eq!(project.snapshot(), before);
    // Nobody is left to kill them: they see the connection end.
    wait_until_gone(&project, Duration::from_secs(30));

    let (_, whole) = project.run(0, &[]);
    assert!(whole.counts.reused > 0, "{:?}", whole.counts);
    assert_eq!(whole.counts.not_run, 0);
    assert_eq!(project.snapshot(), before);
}

#[test]
fn ctrl_c_while_tests_are_traced_is_130_too() {
    let project = slow(6);
    let mut running = Running::start(&mut project.main_job(&["--jobs", "1"]));
    wait_for_forks(&project, &mut running);
    running.signal(Signal::SIGINT);
    running.end().expect(130);
    wait_until_gone(&project, Duration::ZERO);
    project.run(0, &[]);
}

#[test]
fn a_daemon_of_a_test_does_not_outlive_the_run() {
    let project = Project::on(
        Python::usual(),
        &[
            ("one.py", "def one(n):\n    return n + 2\n"),
            (
                "test_one.py",
                "import os\nimport time\n\nfrom one import one\n\n\n\
                 def test_one():\n    if os.fork() == 0:\n        os.setsid()\n        \
                 if os.fork() == 0:\n            time.sleep(600)\n        os._exit(0)\n    \
                 os.wait()\n    assert one(1) == 2\n",
            ),
        ],
        &[("one.py", "def one(n):\n    return n + 1\n")],
    );
    project.run(0, &[]);
    wait_until_gone(&project, Duration::ZERO);
}

//! Tests that run away: in memory, in number, and from their session.
//!
//! Invariant: each runaway is bounded by itself, so that a supervisor which fails to stop it
//! costs a test and not the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde_json::json;

use super::live_tests::{in_a_minute, order, outcomes, project_of};
use super::{Ended, SlotRun, become_subreaper};
use crate::model::TestOutcome;

/// With the limit of `live_tests`: 64 MiB.
const TESTS: &str = "\
import mmap, os, signal, subprocess, sys, time, unittest

def stay():
    time.sleep(30)
    os._exit(1)

class T(unittest.TestCase):
    def test_00_fine(self):
        pass
    def test_01_grows(self):
        held = [bytearray(b'x' * 1_000_000) for _ in range(300)]
        stay()
    def test_02_children_grow(self):
        for _ in range(4):
            if not os.fork():
                held = b'x' * 30_000_000
                stay()
        stay()
    def test_03_children_share(self):
        held = b'x' * 40_000_000
        children = []
        for _ in range(4):
            pid = os.fork()
            if not pid:
                time.sleep(0.4)
                os._exit(0)
            children.append(pid)
        for pid in children:
            os.waitpid(pid, 0)
    def test_04_many(self):
        for _ in range(100):
            subprocess.Popen(['sleep', '30'])
        stay()
    def test_05_more_and_more(self):
        for _ in range(8):
            os.fork()
        stay()
    def test_06_daemon(self):
        if not os.fork():
            os.setsid()
            if not os.fork():
                stay()
            os._exit(0)
        os.wait()
    def test_07_daemon_grows(self):
        ready, go = os.pipe()
        if not os.fork():
            os.setsid()
            if not os.fork():
                os.write(go, b'!')
                held = b'x' * 200_000_000
                stay()
            os._exit(0)
        os.wait()
        os.read(ready, 1)
        stay()
    def test_08_sessions(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for _ in range(3):
            if not os.fork():
                os.setsid()
        stay()
    def test_09_chain(self):
        for _ in range(2000):
            if os.fork():
                os._exit(0)
            os.setsid()
    def test_10_program(self):
        start = [sys.executable, '-c', 'import time; time.sleep(30)']
        if not os.fork():
            subprocess.Popen(start, start_new_session=True, env={})
            os._exit(0)
        os.wait()
    def test_11_shared_memory(self):
        held = mmap.mmap(-1, 200_000_000)
        held.write(b'x' * 200_000_000)
        stay()
";

/// Runs one of the tests; what it started must be gone when it is answered for.
fn run(number: usize, deadline: Duration) -> SlotRun {
    become_subreaper();
    let project = project_of(TESTS);
    let never = AtomicBool::new(false);
    let (_process, mut slot) = project.warm_slot();
    let before = working_in(project.root.path());
    let began = Instant::now();
    let run = slot.run(&order(json!([number]), None, false), |_| deadline, &never).unwrap();
    assert_eq!(working_in(project.root.path()), before, "{run:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{run:?}");
    // And the slot is as good as before.
    let next = slot.run(&order(json!([0]), None, false), in_a_minute, &never).unwrap();
    assert_eq!((outcomes(&next), next.ended), (vec![TestOutcome::Passed], Ended::Finished));
    run
}

/// Living processes in a folder.
fn working_in(folder: &Path) -> BTreeSet<u32> {
    let folder = folder.canonicalize().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

const SOON: Duration = Duration::from_millis(500);
const LATE: Duration = Duration::from_secs(25);

#[test]
fn a_test_that_grows_beyond_the_limit_is_killed() {
    for number in [1, 11] {
        assert_eq!(run(number, LATE).ended, Ended::OutOfMemory { position: 0 }, "{number}");
    }
}

#[test]
fn what_a_tests_children_hold_counts_and_what_they_share_counts_once() {
    assert_eq!(run(2, LATE).ended, Ended::OutOfMemory { position: 0 });
    assert_eq!(run(3, LATE).ended, Ended::Finished);
}

#[test]
fn endless_processes_meet_the_limit_of_memory() {
    for number in [4, 5] {
        assert_eq!(run(number, LATE).ended, Ended::OutOfMemory { position: 0 }, "{number}");
    }
}

#[test]
fn a_daemon_is_gone_when_its_test_is() {
    for number in [6, 10] {
        assert_eq!(outcomes(&run(number, LATE)), [TestOutcome::Passed], "{number}");
    }
}

#[test]
fn a_daemon_that_grows_is_its_tests_doing() {
    assert_eq!(run(7, LATE).ended, Ended::OutOfMemory { position: 0 });
}

#[test]
fn what_left_the_session_and_ignores_signals_is_killed_at_the_deadline() {
    let run = run(8, SOON);
    assert!(matches!(run.ended, Ended::TimedOut { position: 0, .. }), "{run:?}");
}

#[test]
fn a_chain_of_processes_that_leave_their_sessions_is_cut() {
    assert_eq!(run(9, LATE).ended, Ended::Crashed { position: 0 });
}

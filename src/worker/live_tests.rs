//! The worker against real Python processes: start, collect, trace, swap, crash, time out.
//!
//! Invariant: each test uses a project of its own, under unittest, so stock Python suffices.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::config::RunnerKind;
use crate::model::{RepoPath, TestOutcome};

const SOURCE: &str = "\
LIMIT = 10

def double(x):
    return x * 2

def total(items):
    return sum(map(double, items))
";
const TESTS: &str = "\
import os, time, unittest
import mod

class T(unittest.TestCase):
    def test_total(self):
        self.assertEqual(mod.total([1, 2]), 6)
    def test_limit(self):
        self.assertEqual(mod.LIMIT, 10)
    def test_exit(self):
        if mod.double(1) != 2:
            os._exit(0)
    def test_slow(self):
        if mod.double(1) != 2:
            time.sleep(60)
";

pub(super) struct Project {
    directory: RunDirectory,
    pub(super) root: tempfile::TempDir,
    files: Vec<RepoPath>,
    interpreter: Interpreter,
}

fn project() -> Project {
    project_of(TESTS)
}

pub(super) fn project_of(tests: &str) -> Project {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("mod.py"), SOURCE).unwrap();
    fs::write(root.path().join("test_mod.py"), tests).unwrap();
    let interpreter = find_interpreter(None, root.path()).unwrap();
    Project {
        directory: RunDirectory::create().unwrap(),
        files: vec![RepoPath::new("mod.py"), RepoPath::new("test_mod.py")],
        root,
        interpreter,
    }
}

impl Project {
    fn start(&self, mode: Mode) -> Process {
        let options = ProcessOptions {
            interpreter: &self.interpreter,
            root: self.root.path(),
            files: &self.files,
            test_files: &[1],
            cache: None,
            runner: RunnerKind::Unittest,
            arguments: &[],
            trace: mode == Mode::Warm,
            only: None,
            preload: &[],
            jobs: NonZeroUsize::MIN.get(),
            memory_limit: 64 << 20,
            search: &[],
            roots: &[],
        };
        Process::start(&self.directory, mode, &options, &AtomicBool::new(false)).unwrap()
    }

    /// A slot of a warm process that has collected; the slot lives as long as the process.
    pub(super) fn warm_slot(&self) -> (Process, Slot) {
        let never = AtomicBool::new(false);
        let mut process = self.start(Mode::Warm);
        process.collected(&never).unwrap();
        let slot = process.slot(&self.directory, 0, &never).unwrap();
        (process, slot)
    }
}

pub(super) fn order(
    tests: serde_json::Value,
    mutant: Option<MutantMessage>,
    trace: bool,
) -> RunOrder {
    RunOrder {
        tests,
        mutant,
        probe: false,
        trace,
        watch: trace,
        report: false,
        stop: true,
        known_codes: usize::MAX >> 1,
        only: None,
        known: vec![],
    }
}

fn mutant(from: &str, to: &str, root: &Path) -> MutantMessage {
    use sha2::{Digest, Sha256};
    let bytes = fs::read(root.join("mod.py")).unwrap();
    let start = SOURCE.find(from).unwrap();
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let def = SOURCE[..start].rfind("def ");
    let unit = def.map(|def| {
        let end = SOURCE[def..].find("\n\n").map_or(SOURCE.len(), |end| def + end);
        let text = format!("{}{to}{}", &SOURCE[def..start], &SOURCE[start + from.len()..end]);
        let line = u32::try_from(SOURCE[..def].matches('\n').count()).unwrap() + 1;
        UnitMessage {
            text,
            offset: start - def,
            indent: String::new(),
            name: SOURCE[def + 4..].split('(').next().unwrap().into(),
            first_line: line,
            def_line: line,
            classes: vec![],
        }
    });
    MutantMessage { file: 0, start, end: start + from.len(), text: to.into(), digest, unit }
}

pub(super) fn outcomes(run: &SlotRun) -> Vec<TestOutcome> {
    run.records
        .iter()
        .map(|record| match record {
            Record::Test(test) => test.outcome,
            other => panic!("{other:?}"),
        })
        .collect()
}

pub(super) fn in_a_minute(_: usize) -> Duration {
    Duration::from_secs(60)
}

#[test]
fn a_traced_test_reports_lines_and_edges_through_library_frames() {
    let project = project();
    let never = AtomicBool::new(false);
    let mut process = project.start(Mode::Warm);
    let collected = process.collected(&never).unwrap();
    let ids: Vec<_> = collected.collected.iter().map(|test| test.0.as_str()).collect();
    assert_eq!(
        ids,
        [
            "test_mod.T.test_exit",
            "test_mod.T.test_limit",
            "test_mod.T.test_slow",
            "test_mod.T.test_total"
        ]
    );
    assert!(collected.lines.contains(&1), "line 1 of mod.py runs at import");
    let mut slot = process.slot(&project.directory, 0, &never).unwrap();
    let mut order = order(json!([3]), None, true);
    order.known_codes = collected.codes.len();
    let run = slot.run(&order, in_a_minute, &never).unwrap();
    assert_eq!(run.ended, Ended::Finished);
    let Record::Test(test) = &run.records[0] else { panic!("{:?}", run.records) };
    assert_eq!(test.outcome, TestOutcome::Passed);
    let trace = test.trace.as_ref().unwrap();
    assert_eq!(trace.lines, [4, 7], "lines of mod.py: bodies only");
    let name = |number: u64| collected.codes[usize::try_from(number).unwrap()].2.as_str();
    let edges: BTreeSet<_> = trace
        .edges
        .iter()
        .filter(|edge| *edge >> 32 != 0xffff_ffff)
        .map(|edge| (name(edge >> 32), name(edge & 0xffff_ffff)))
        .collect();
    assert_eq!(edges, BTreeSet::from([("test_total", "total"), ("total", "double")]));
}

#[test]
fn a_swapped_mutant_fails_the_test_and_the_next_child_is_clean() {
    let project = project();
    let never = AtomicBool::new(false);
    let (_process, mut slot) = project.warm_slot();
    let broken = mutant("x * 2", "x * 3", project.root.path());
    let run = slot.run(&order(json!([3]), Some(broken), false), in_a_minute, &never).unwrap();
    assert_eq!(outcomes(&run), [TestOutcome::Failed]);
    let run = slot.run(&order(json!([3]), None, false), in_a_minute, &never).unwrap();
    assert_eq!(outcomes(&run), [TestOutcome::Passed]);
}

#[test]
fn a_probe_says_that_the_mutated_statement_was_reached() {
    let project = project();
    let never = AtomicBool::new(false);
    let (_process, mut slot) = project.warm_slot();
    for (test, reached) in [(3, true), (1, false)] {
        let same = mutant("x * 2", "2 * x", project.root.path());
        let mut order = order(json!([test]), Some(same), false);
        order.probe = true;
        let run = slot.run(&order, in_a_minute, &never).unwrap();
        assert_eq!((outcomes(&run), run.probe_reached), (vec![TestOutcome::Passed], reached));
    }
}

#[test]
fn an_exit_during_a_test_is_a_crash_and_not_a_pass() {
    let project = project();
    let never = AtomicBool::new(false);
    let (_process, mut slot) = project.warm_slot();
    let broken = mutant("x * 2", "x * 3", project.root.path());
    let run = slot.run(&order(json!([1, 0]), Some(broken), false), in_a_minute, &never).unwrap();
    assert_eq!(run.ended, Ended::Crashed { position: 1 });
    assert_eq!(outcomes(&run), [TestOutcome::Passed]);
}

#[test]
fn a_test_that_passes_its_deadline_is_killed() {
    let project = project();
    let never = AtomicBool::new(false);
    let (_process, mut slot) = project.warm_slot();
    let broken = mutant("x * 2", "x * 3", project.root.path());
    let soon = |_| Duration::from_millis(300);
    let run = slot.run(&order(json!([2]), Some(broken), false), soon, &never).unwrap();
    assert_eq!(run.ended, Ended::TimedOut { position: 0, busy: false });
    let run = slot.run(&order(json!([2]), None, false), in_a_minute, &never).unwrap();
    assert_eq!(run.ended, Ended::Finished);
}

#[test]
fn code_of_a_module_body_is_decided_by_a_fresh_import() {
    let project = project();
    let never = AtomicBool::new(false);
    let mut process = project.start(Mode::Cold);
    assert_eq!(process.ready(&never).unwrap(), Vec::<String>::new());
    let mut slot = process.slot(&project.directory, 0, &never).unwrap();
    for (to, outcome) in [("int('10')", TestOutcome::Passed), ("11", TestOutcome::Failed)] {
        let broken = mutant("10", to, project.root.path());
        let order = order(json!(["test_mod.T.test_limit"]), Some(broken), false);
        let order = RunOrder {
            known: ["exit", "limit", "slow", "total"]
                .map(|name| format!("test_mod.T.test_{name}"))
                .to_vec(),
            ..order
        };
        let run = slot.run(&order, in_a_minute, &never).unwrap();
        assert_eq!((outcomes(&run), run.ended), (vec![outcome], Ended::Finished));
    }
}

#[test]
fn an_interrupt_ends_a_running_child_at_once() {
    let project = project();
    let (_process, mut slot) = project.warm_slot();
    let broken = mutant("x * 2", "x * 3", project.root.path());
    let interrupted = AtomicBool::new(true);
    let run = slot.run(&order(json!([2]), Some(broken), false), in_a_minute, &interrupted).unwrap();
    assert_eq!(run.ended, Ended::Interrupted);
}

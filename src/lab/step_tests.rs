//! What a child's records amount to.
//!
//! Invariant: only a test that failed or died makes a failure; the engine's own faults are errors.

use super::deciding::{Step, step};
use crate::model::{TestOutcome, Verdict};
use crate::worker::{Ended, Record, SlotRun, SlotTimes, TestRecord};

fn run(ended: Ended, records: Vec<Record>) -> SlotRun {
    SlotRun { ended, records, probe_reached: false, times: SlotTimes::default() }
}

fn test(position: usize, outcome: TestOutcome) -> Record {
    Record::Test(TestRecord {
        position,
        outcome,
        microseconds: 1,
        output: String::new(),
        trace: None,
        writes: false,
    })
}

fn is_error(step: &Step) -> bool {
    matches!(step, Step::Settled(Verdict::Error { .. }))
}

#[test]
fn a_fault_of_the_runtime_is_an_error_and_no_kill() {
    let fault = || Record::EngineError { why: "Traceback".into() };
    let passed = || test(0, TestOutcome::Passed);
    for ended in [Ended::Finished, Ended::Crashed { position: 0 }] {
        assert!(is_error(&step(&run(ended, vec![fault()]), 1)));
        assert!(is_error(&step(&run(ended, vec![passed(), fault()]), 2)));
    }
    let changed = Record::SourceChanged { why: "m.py".into() };
    assert!(is_error(&step(&run(Ended::Finished, vec![changed]), 1)));
}

#[test]
fn a_child_that_ends_before_its_tests_is_an_error() {
    assert!(is_error(&step(&run(Ended::Finished, vec![test(0, TestOutcome::Passed)]), 2)));
    assert!(is_error(&step(&run(Ended::Finished, Vec::new()), 1)));
}

#[test]
fn a_test_that_fails_or_dies_is_a_failure_at_its_place() {
    let records = vec![test(0, TestOutcome::Passed), test(1, TestOutcome::Failed)];
    assert_eq!(step(&run(Ended::Finished, records), 3), Step::Failed(1));
    let died = run(Ended::Crashed { position: 1 }, vec![test(0, TestOutcome::Passed)]);
    assert_eq!(step(&died, 3), Step::Failed(1));
}

#[test]
fn a_test_that_is_stopped_at_a_limit_has_not_failed() {
    let late = Ended::TimedOut { position: 0, busy: true };
    assert_eq!(step(&run(late, Vec::new()), 1), Step::TimedOut { position: 0, busy: true });
    assert_eq!(step(&run(Ended::Interrupted, Vec::new()), 1), Step::Interrupted);
}

//! A run that ends on time: what is not decided by then is left for the next one.
//!
//! Invariant: the end of the budget stops a run as an interrupt does, so nothing that was decided
//! is lost; it is told apart from one, and never from a run that was done in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::assembling::Parts;
use crate::model::{Conclusion, NotRunReason, Verdict};

/// How often an interrupt is looked for: nobody notices so little.
const PULSE: Duration = Duration::from_millis(20);

/// Watches over the time of a run.
pub(super) struct Budget;

impl Budget {
    /// Runs `work` with a flag that says when to stop: when `interrupted` does, or `budget` after
    /// `began`. Returns what `work` does, and whether it was the budget that stopped it.
    pub(super) fn watch<T>(
        budget: Option<Duration>,
        began: Instant,
        interrupted: &AtomicBool,
        work: impl FnOnce(&AtomicBool) -> T,
    ) -> (T, bool) {
        let Some(budget) = budget else { return (work(interrupted), false) };
        let (stop, spent) = (AtomicBool::new(false), AtomicBool::new(false));
        let (done, is_done) = mpsc::channel::<()>();
        let result = std::thread::scope(|scope| {
            let (stop, spent) = (&stop, &spent);
            scope.spawn(move || {
                while let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(PULSE) {
                    if interrupted.load(Ordering::Relaxed) {
                        stop.store(true, Ordering::Relaxed);
                        return;
                    }
                    if began.elapsed() >= budget {
                        spent.store(true, Ordering::Relaxed);
                        stop.store(true, Ordering::Relaxed);
                        return;
                    }
                }
            });
            let result = work(stop);
            drop(done);
            result
        });
        (result, spent.load(Ordering::Relaxed))
    }
}

/// Says of what was interrupted that the budget was spent, and lets the verdicts lead to the
/// conclusion.
pub(super) fn charge(parts: &mut Parts) {
    let interrupted = Verdict::NotRun { reason: NotRunReason::Interrupted };
    for mutant in &mut parts.mutants {
        if mutant.verdict == interrupted {
            mutant.verdict = Verdict::NotRun { reason: NotRunReason::Budget };
        }
    }
    if parts.conclusion == Some(Conclusion::Interrupted) {
        parts.conclusion = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until_stopped(stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_spent_budget_stops_the_work_and_says_so() {
        let never = AtomicBool::new(false);
        let budget = Some(Duration::from_millis(1));
        assert!(Budget::watch(budget, Instant::now(), &never, until_stopped).1);
    }

    #[test]
    fn work_that_is_done_in_time_spends_none() {
        let never = AtomicBool::new(false);
        let budget = Some(Duration::from_secs(3600));
        assert_eq!(Budget::watch(budget, Instant::now(), &never, |_| 7), (7, false));
        assert_eq!(Budget::watch(None, Instant::now(), &never, |_| 7), (7, false));
    }

    #[test]
    fn an_interrupt_is_not_taken_for_the_budget() {
        let interrupted = AtomicBool::new(true);
        let budget = Some(Duration::from_secs(3600));
        assert!(!Budget::watch(budget, Instant::now(), &interrupted, until_stopped).1);
    }
}

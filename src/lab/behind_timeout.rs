//! A kill among the tests behind one that does not end.
//!
//! Invariant: what is found is a kill like any other, proved by its test alone; that nothing is found
//! says nothing.
//!
//! A mutant that one test fails with and another never ends with is killed, whichever comes first.
//! The other order would say `timeout`, which is weaker, and the order of tests hangs on what the
//! store remembers. So the tests behind the one that does not end run too, with little patience: most
//! mutants that make one test run for ever make all of them, and the search must not cost a deadline
//! for each.

use super::deciding::{Attempt, Step, step};
use super::engine::{Heat, Lane, Patience};
use crate::model::Verdict;
use crate::worker::WorkerError;

/// Tests that may not end in time before the search is given up.
const ENDLESS: usize = 8;

impl Attempt<'_, '_> {
    /// Looks for a test among `rest` that fails with the mutant.
    ///
    /// A mutant that is imported afresh is not looked at: there is no telling how long an import may
    /// take.
    pub(super) fn kill_behind(
        &mut self,
        lane: &mut Lane,
        heat: Heat,
        mut rest: Vec<usize>,
    ) -> Result<Option<Verdict>, WorkerError> {
        let engine = self.engine;
        if heat == Heat::Cold {
            return Ok(None);
        }
        let message = &self.planned.message;
        for _ in 0..ENDLESS {
            if rest.is_empty() {
                break;
            }
            let patience = (heat, Patience::Short);
            let run = engine.fork_with(lane, patience, &rest, Some(message), false)?;
            let position = match step(&run, rest.len()) {
                Step::Interrupted => return Err(WorkerError::Interrupted),
                Step::TimedOut { position, .. } => {
                    self.ran.extend(rest.drain(..=position.min(rest.len() - 1)));
                    continue;
                }
                Step::Failed(position) | Step::OutOfMemory(position) => {
                    position.min(rest.len() - 1)
                }
                _ => {
                    self.ran.append(&mut rest);
                    break;
                }
            };
            let test = rest[position];
            self.ran.extend(rest.drain(..=position));
            let alone = self.alone(lane, heat, test)?;
            if let Some(kill @ Verdict::Killed { .. }) = self.settle(lane, heat, test, alone)? {
                return Ok(Some(kill));
            }
        }
        Ok(None)
    }
}

//! Where the wall time of a run goes.
//!
//! Invariant: phases follow one another without gaps; what the jobs did meanwhile is summed apart.

use std::time::{Duration, Instant};

use crate::model::{Phase, PhaseTime, Timings};

/// A stopwatch over the phases.
#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    current: (Phase, Instant),
    spent: Vec<(Phase, Duration)>,
    collection: Option<String>,
}

impl Clock {
    /// Starts in the first phase.
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { began: now, current: (Phase::Plan, now), spent: Vec::new(), collection: None }
    }

    /// When the run began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Notes what of the project is collected, and why no less.
    pub(super) fn collects(&mut self, what: Option<String>) {
        self.collection = what;
    }

    /// Ends the current phase and begins another.
    pub(super) fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        let (before, since) = std::mem::replace(&mut self.current, (phase, now));
        self.add(before, now - since);
    }

    /// Adds time that was measured elsewhere.
    pub(super) fn add(&mut self, phase: Phase, time: Duration) {
        match self.spent.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, sum)) => *sum += time,
            None => self.spent.push((phase, time)),
        }
    }

    /// All of it, up to now.
    pub(super) fn timings(&mut self, jobs: usize) -> Timings {
        self.enter(self.current.0);
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        Timings {
            wall_milliseconds: milliseconds(self.began.elapsed()),
            phases: self
                .spent
                .iter()
                .map(|&(phase, time)| PhaseTime { phase, milliseconds: milliseconds(time) })
                .collect(),
            collection: self.collection.clone(),
            jobs,
        }
    }
}

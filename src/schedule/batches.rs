//! Tests that share a fork while they are traced.
//!
//! Invariant: a fork each unless forks would cost more than a fixed share of the tests
//! themselves; tests that share a fork are neighbours in one file.

use std::time::Duration;

/// What the first, singly forked tests cost on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The test's own time.
    pub test: Duration,
    /// All else: forking, exiting, messages.
    pub overhead: Duration,
}

/// How many tests share a fork at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPlan(usize);

/// The share of the tests' own time that forks may cost. With the recorder's own cost, a full
/// trace stays under 1.5 times a plain run.
const SHARE: f64 = 0.12;
/// Beyond this many tests, a fork's price is nothing, and a crash would cost too much.
const LARGEST: usize = 250;
/// Below this much time in total, a fork each is not worth saving.
const CHEAP: Duration = Duration::from_millis(150);

impl BatchPlan {
    /// A fork each.
    pub const SINGLE: Self = Self(1);

    /// Decides from a sample, for `tests` tests that are still to be traced.
    pub fn from_sample(sample: Sample, tests: usize) -> Self {
        let total = sample.overhead.saturating_mul(u32::try_from(tests).unwrap_or(u32::MAX));
        let allowed = sample.test.as_secs_f64() * SHARE;
        if total <= CHEAP || sample.overhead.as_secs_f64() <= allowed {
            return Self::SINGLE;
        }
        // A test that takes no measurable time still takes a runner's microseconds.
        let size = (sample.overhead.as_secs_f64() / allowed.max(2e-5)).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a small positive range"
        )]
        Self(size.clamp(1.0, LARGEST as f64) as usize)
    }

    /// Tests a fork, at most.
    pub fn size(self) -> usize {
        self.0
    }
}

/// Cuts `tests` (numbers in collection order) into batches; `file` tells neighbours apart.
pub fn batches<F: PartialEq>(
    tests: &[usize],
    plan: BatchPlan,
    file: impl Fn(usize) -> F,
) -> Vec<Vec<usize>> {
    let mut cut: Vec<Vec<usize>> = Vec::new();
    for &test in tests {
        match cut.last_mut() {
            Some(batch) if batch.len() < plan.0 && file(batch[0]) == file(test) => batch.push(test),
            _ => cut.push(vec![test]),
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(test: u64, overhead: u64) -> Sample {
        Sample { test: Duration::from_micros(test), overhead: Duration::from_micros(overhead) }
    }

    #[test]
    fn ordinary_tests_get_a_fork_each() {
        assert_eq!(BatchPlan::from_sample(sample(30_000, 2500), 5000), BatchPlan::SINGLE);
        assert_eq!(BatchPlan::from_sample(sample(1000, 2500), 40), BatchPlan::SINGLE);
    }

    #[test]
    fn sixty_thousand_tiny_tests_do_not_pay_sixty_thousand_forks() {
        let plan = BatchPlan::from_sample(sample(300, 2500), 60_000);
        assert!(plan.size() >= 50, "{plan:?}");
    }

    #[test]
    fn a_batch_stays_in_its_file() {
        let tests: Vec<usize> = (0..6).collect();
        let cut = batches(&tests, BatchPlan(4), |test| test / 3);
        assert_eq!(cut, [vec![0, 1, 2], vec![3, 4, 5]]);
    }
}

//! Tests that share a fork while they are traced.
//!
//! Invariant: a fork each unless forks would cost more than a fixed share of the tests
//! themselves; tests that share a fork are neighbours in one file.

use std::time::Duration;

/// What a test and a fork cost in this suite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// A test's own time, in a fork that has run another.
    pub test: Duration,
    /// All else that a fork costs: forking, exiting, messages, and what its first test takes
    /// longer than the others, since it fills caches that every fork finds empty.
    pub overhead: Duration,
}

/// One fork of the sample.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledFork {
    /// What each of its tests took, in order.
    pub tests: Vec<Duration>,
    /// From the order to the reaped child.
    pub whole: Duration,
}

impl Sample {
    /// The medians over the forks of a sample, so that one slow test or one stall tells nothing;
    /// none if no fork of it ran a test.
    pub fn of(forks: &[SampledFork]) -> Option<Self> {
        let ran = || forks.iter().filter(|fork| !fork.tests.is_empty());
        let warm = ran().flat_map(|fork| fork.tests.get(1..).unwrap_or_default()).copied();
        let test =
            median(warm.collect()).or_else(|| median(ran().map(|f| f.tests[0]).collect()))?;
        let overhead = median(
            ran()
                .map(|fork| {
                    let in_tests: Duration = fork.tests.iter().sum();
                    let first = if fork.tests.len() > 1 { fork.tests[0] } else { test };
                    fork.whole.saturating_sub(in_tests) + first.saturating_sub(test)
                })
                .collect(),
        )?;
        Some(Self { test, overhead })
    }
}

fn median(mut values: Vec<Duration>) -> Option<Duration> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// How many tests share a fork at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPlan(usize);

/// The share of the tests' own time that forks may cost. With the recorder's own cost, a full
/// trace stays under 1.5 times a plain run.
const SHARE: f64 = 0.09;
/// Beyond this many tests, a fork's price is nothing, and a crash would cost too much.
const LARGEST: usize = 250;
/// Below this much time in total, a fork each is not worth saving.
const CHEAP: Duration = Duration::from_millis(150);

impl BatchPlan {
    /// A fork each.
    pub const SINGLE: Self = Self(1);

    /// A given number of tests a fork, at most.
    pub fn of(size: usize) -> Self {
        Self(size.max(1))
    }

    /// Decides from a sample, for `tests` tests that are still to be traced by `jobs` slots.
    pub fn from_sample(sample: Sample, tests: usize, jobs: usize) -> Self {
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
        let size = size.clamp(1.0, LARGEST as f64) as usize;
        // Several batches a slot, so that the slots end together.
        let share = if jobs > 1 { tests.div_ceil(jobs * 4).max(1) } else { size };
        Self(size.min(share))
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
        assert_eq!(BatchPlan::from_sample(sample(30_000, 2500), 5000, 1), BatchPlan::SINGLE);
        assert_eq!(BatchPlan::from_sample(sample(1000, 2500), 40, 2), BatchPlan::SINGLE);
    }

    #[test]
    fn sixty_thousand_tiny_tests_do_not_pay_sixty_thousand_forks() {
        let plan = BatchPlan::from_sample(sample(300, 2500), 60_000, 2);
        assert!(plan.size() >= 50, "{plan:?}");
    }

    #[test]
    fn what_the_first_test_of_a_fork_pays_is_a_price_of_the_fork() {
        let fork = |first: u64| SampledFork {
            tests: [first, 500, 500, 500].map(Duration::from_micros).to_vec(),
            whole: Duration::from_micros(first + 1500 + 3000),
        };
        let sampled = Sample::of(&[fork(8500), fork(8500), fork(900_000)]);
        assert_eq!(sampled, Some(sample(500, 11_000)));
        assert_eq!(Sample::of(&[]), None);
    }

    #[test]
    fn slots_end_together() {
        let plan = BatchPlan::from_sample(sample(300, 8000), 400, 2);
        assert_eq!(plan.size(), 50);
    }

    #[test]
    fn a_batch_stays_in_its_file() {
        let tests: Vec<usize> = (0..6).collect();
        let cut = batches(&tests, BatchPlan(4), |test| test / 3);
        assert_eq!(cut, [vec![0, 1, 2], vec![3, 4, 5]]);
    }
}

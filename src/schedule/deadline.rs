//! How long a test may take with a mutant in force.
//!
//! Invariant: never less than the floor, and grows with the test's own time.

use std::time::Duration;

use crate::config::DeadlineOptions;

/// `factor` × the test's time without a mutant + `floor`.
pub fn deadline(options: &DeadlineOptions, microseconds: u64) -> Duration {
    options.floor + Duration::from_micros(microseconds).mul_f64(options.factor)
}

/// What a test gets that is run in search of a failure only: a twentieth of the floor and four times
/// its own time, and no more than its deadline.
pub fn short_deadline(options: &DeadlineOptions, microseconds: u64) -> Duration {
    let short = options.floor / 20 + Duration::from_micros(microseconds) * 4;
    short.min(deadline(options, microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_deadline_is_within_the_whole_one() {
        let options = DeadlineOptions { factor: 10.0, floor: Duration::from_secs(2) };
        assert_eq!(short_deadline(&options, 0), Duration::from_millis(100));
        assert_eq!(short_deadline(&options, 500_000), Duration::from_millis(2100));
        let tight = DeadlineOptions { factor: 1.0, floor: Duration::ZERO };
        assert_eq!(short_deadline(&tight, 500_000), Duration::from_millis(500));
    }

    #[test]
    fn a_slow_test_gets_more_time_than_the_floor() {
        let options = DeadlineOptions { factor: 10.0, floor: Duration::from_secs(2) };
        assert_eq!(deadline(&options, 500_000), Duration::from_secs(7));
        assert_eq!(deadline(&options, 0), Duration::from_secs(2));
    }
}

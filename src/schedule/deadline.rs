//! How long a test may take with a mutant in force.
//!
//! Invariant: never less than the floor, and grows with the test's own time.

use std::time::Duration;

use crate::config::DeadlineOptions;

/// `factor` × the test's time without a mutant + `floor`.
pub fn deadline(options: &DeadlineOptions, microseconds: u64) -> Duration {
    options.floor + Duration::from_micros(microseconds).mul_f64(options.factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_test_gets_more_time_than_the_floor() {
        let options = DeadlineOptions { factor: 10.0, floor: Duration::from_secs(2) };
        assert_eq!(deadline(&options, 500_000), Duration::from_secs(7));
        assert_eq!(deadline(&options, 0), Duration::from_secs(2));
    }
}

//! The order in which a mutant's tests run.
//!
//! Invariant: a permutation of the tests given; likely killers first, then quick ones, and among
//! tests of like duration the order of collection, so that fixtures are shared as in a plain run.

/// Sorts `tests`: those in `killers` in that order, then those in `reaching` (sorted), the rest
/// last; among these by duration class, then as collected.
///
/// `microseconds` gives a test's own time; classes are powers of four.
pub fn order(
    tests: &mut [usize],
    killers: &[usize],
    reaching: &[usize],
    microseconds: impl Fn(usize) -> u64,
) {
    let rank = |test: usize| killers.iter().position(|killer| *killer == test);
    tests.sort_by_key(|&test| {
        let class = microseconds(test).max(1000).ilog2() / 2;
        let guessed = reaching.binary_search(&test).is_err();
        (rank(test).unwrap_or(usize::MAX), guessed, class, test)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_killer_runs_first_and_slow_tests_last() {
        let mut tests = vec![0, 1, 2, 3];
        let time = |test| if test == 0 { 900_000 } else { 1000 };
        order(&mut tests, &[2], &[0, 1, 2, 3], time);
        assert_eq!(tests, [2, 1, 3, 0]);
        order(&mut tests, &[], &[0, 3], time);
        assert_eq!(tests, [3, 0, 1, 2]);
    }
}

//! The order in which a mutant's tests run.
//!
//! Invariant: a permutation of the tests given; likely killers first, then quick ones, and among
//! tests of like duration the order of collection, so that fixtures are shared as in a plain run.

/// Sorts `tests`: those in `killers` in that order, then by duration class, then as collected.
///
/// `microseconds` gives a test's own time; classes are powers of four.
pub fn order(tests: &mut [usize], killers: &[usize], microseconds: impl Fn(usize) -> u64) {
    let rank = |test: usize| killers.iter().position(|killer| *killer == test);
    tests.sort_by_key(|&test| {
        let class = microseconds(test).max(1000).ilog2() / 2;
        (rank(test).unwrap_or(usize::MAX), class, test)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_killer_runs_first_and_slow_tests_last() {
        let mut tests = vec![0, 1, 2, 3];
        order(&mut tests, &[2], |test| if test == 0 { 900_000 } else { 1000 });
        assert_eq!(tests, [2, 1, 3, 0]);
    }
}

//! Mutants dealt out to machines.
//!
//! Invariant: every mutant falls to one shard; the same costs give the same shards everywhere; no shard
//! is further from the mean than the largest piece that it was dealt, and a piece is at most an eighth
//! of the mean, unless one mutant alone is larger.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What part of a shard's mean a piece may be.
const PIECE: u64 = 8;
/// What a mutant costs at least, so that those that cost nothing are spread as well.
const LEAST: u64 = 50;

/// The shard (from 0) of each mutant. `costs` are expected microseconds; neighbours of one `group` stay
/// together as far as that leaves the shards alike: they need the same tests.
pub fn shards<G: PartialEq>(costs: &[u64], group: impl Fn(usize) -> G, of: usize) -> Vec<usize> {
    let of = of.max(1);
    let cost = |mutant: usize| costs[mutant].max(LEAST);
    let total: u64 = (0..costs.len()).map(cost).fold(0, u64::saturating_add);
    let largest = (total / of as u64 / PIECE).max(1);
    let mut pieces: Vec<(u64, Vec<usize>)> = Vec::new();
    for mutant in 0..costs.len() {
        match pieces.last_mut() {
            Some((sum, piece))
                if group(piece[0]) == group(mutant)
                    && sum.saturating_add(cost(mutant)) <= largest =>
            {
                *sum += cost(mutant);
                piece.push(mutant);
            }
            _ => pieces.push((cost(mutant), vec![mutant])),
        }
    }
    // The largest first, each to the shard that has least; among equals, in order.
    pieces.sort_by_key(|(sum, piece)| (Reverse(*sum), piece[0]));
    let mut loads: BinaryHeap<Reverse<(u64, usize)>> =
        (0..of).map(|shard| Reverse((0, shard))).collect();
    let mut dealt = vec![0; costs.len()];
    for (sum, piece) in pieces {
        let Reverse((load, shard)) = loads.pop().expect("there is at least one shard");
        loads.push(Reverse((load.saturating_add(sum), shard)));
        for mutant in piece {
            dealt[mutant] = shard;
        }
    }
    dealt
}

/// How many shards let each end within `available`, of work that takes `total`.
pub fn how_many(total: u64, available: u64, most: usize) -> usize {
    let needed = total.div_ceil(available.max(1)).max(1);
    usize::try_from(needed).unwrap_or(most).min(most.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn loads(costs: &[u64], dealt: &[usize], of: usize) -> Vec<u64> {
        let mut loads = vec![0; of];
        for (cost, shard) in costs.iter().zip(dealt) {
            loads[*shard] += (*cost).max(LEAST);
        }
        loads
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn shards_are_within_a_fifth_of_the_mean_unless_one_mutant_alone_is_larger(
            costs in vec(prop_oneof![Just(0), 1..500_u64, 1000..200_000_u64], 1..400),
            group in 1..20_usize,
            of in 1..=16_usize,
        ) {
            let dealt = shards(&costs, |mutant| mutant / group, of);
            prop_assert_eq!(dealt.len(), costs.len());
            prop_assert!(dealt.iter().all(|&shard| shard < of));
            let loads = loads(&costs, &dealt, of);
            let mean = loads.iter().sum::<u64>() as f64 / of as f64;
            let largest = costs.iter().copied().max().unwrap_or(0).max(LEAST) as f64;
            let allowed = (mean * 0.2).max(largest);
            for load in loads {
                prop_assert!((load as f64 - mean).abs() <= allowed + 1.0, "{load} of {mean}");
            }
        }

        #[test]
        fn mutants_of_a_group_stay_together_where_there_are_many_groups(of in 1..=16_usize) {
            let costs = vec![1000; 1600];
            let dealt = shards(&costs, |mutant| mutant / 10, of);
            let torn = (0..160).filter(|group| {
                let of_group = &dealt[group * 10..group * 10 + 10];
                of_group.iter().any(|shard| *shard != of_group[0])
            });
            prop_assert_eq!(torn.count(), 0);
        }
    }

    #[test]
    fn mutants_that_cost_nothing_are_spread_too() {
        let dealt = shards(&[0; 40], |mutant| mutant, 4);
        assert_eq!(loads(&[0; 40], &dealt, 4), [10 * LEAST; 4]);
        assert_eq!(shards(&[], |mutant| mutant, 4), [0; 0]);
    }

    #[test]
    fn a_target_decides_how_many() {
        assert_eq!(how_many(1000, 300, 256), 4);
        assert_eq!(how_many(0, 300, 256), 1);
        assert_eq!(how_many(1_000_000, 1, 256), 256);
        assert_eq!(how_many(10, 0, 256), 10);
    }
}

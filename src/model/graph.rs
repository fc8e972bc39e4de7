//! The call graph: caller → callee edges between functions, seen while tests ran.
//!
//! Invariant: edges are between keys, so the graph outlives the revision that it was seen on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::FunctionKey;

/// Caller → callee edges, navigable both ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallGraph {
    callers: BTreeMap<FunctionKey, BTreeSet<FunctionKey>>,
    callees: BTreeMap<FunctionKey, BTreeSet<FunctionKey>>,
}

impl CallGraph {
    /// Adds an edge; adding it twice changes nothing.
    pub fn add(&mut self, caller: FunctionKey, callee: FunctionKey) {
        self.callers.entry(callee.clone()).or_default().insert(caller.clone());
        self.callees.entry(caller).or_default().insert(callee);
    }

    /// A graph of edges between `functions`, given by their indexes.
    pub fn between(functions: &[&FunctionKey], mut edges: Vec<(u32, u32)>) -> Self {
        // Keys are compared once here, and numbers from then on.
        let mut order: Vec<u32> = (0_u32..).take(functions.len()).collect();
        order.sort_unstable_by_key(|&function| functions[function as usize]);
        let mut rank = vec![0_u32; functions.len()];
        for (place, &function) in (0_u32..).zip(&order) {
            rank[function as usize] = place;
        }
        let key = |place: u32| functions[order[place as usize] as usize].clone();
        let side = |edges: &[(u32, u32)]| {
            let of_one = edges.chunk_by(|one, other| one.0 == other.0);
            of_one
                .map(|chunk| (key(chunk[0].0), chunk.iter().map(|edge| key(edge.1)).collect()))
                .collect()
        };
        for edge in &mut edges {
            *edge = (rank[edge.0 as usize], rank[edge.1 as usize]);
        }
        edges.sort_unstable();
        edges.dedup();
        let callees = side(&edges);
        edges.iter_mut().for_each(|edge| *edge = (edge.1, edge.0));
        edges.sort_unstable();
        Self { callers: side(&edges), callees }
    }

    /// The direct callers of a function.
    pub fn callers(&self, of: &FunctionKey) -> impl Iterator<Item = &FunctionKey> {
        self.callers.get(of).into_iter().flatten()
    }

    /// The direct callees of a function.
    pub fn callees(&self, of: &FunctionKey) -> impl Iterator<Item = &FunctionKey> {
        self.callees.get(of).into_iter().flatten()
    }

    /// All edges, in the order of their callers.
    pub fn edges(&self) -> impl Iterator<Item = (&FunctionKey, &FunctionKey)> {
        self.callees.iter().flat_map(|(caller, callees)| callees.iter().map(move |c| (caller, c)))
    }

    /// Every function from which one of `roots` is reached, with its distance in calls and the
    /// root that it is nearest to (roots themselves left out, `depth` the largest distance
    /// followed). Cycles are followed once.
    pub fn transitive_callers(
        &self,
        roots: &BTreeSet<FunctionKey>,
        depth: Option<u32>,
    ) -> BTreeMap<FunctionKey, (u32, FunctionKey)> {
        let mut found: BTreeMap<FunctionKey, (u32, FunctionKey)> = BTreeMap::new();
        let mut queue: VecDeque<(&FunctionKey, u32, &FunctionKey)> =
            roots.iter().map(|root| (root, 0, root)).collect();
        while let Some((function, distance, root)) = queue.pop_front() {
            if depth.is_some_and(|depth| distance >= depth) {
                continue;
            }
            for caller in self.callers(function) {
                if !roots.contains(caller) && !found.contains_key(caller) {
                    found.insert(caller.clone(), (distance + 1, root.clone()));
                    queue.push_back((caller, distance + 1, root));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QualName, RepoPath};

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    #[test]
    fn callers_are_followed_through_cycles_once() {
        let mut graph = CallGraph::default();
        for (caller, callee) in [("a", "b"), ("b", "c"), ("c", "a"), ("test", "a")] {
            graph.add(key(caller), key(callee));
        }
        let found = graph.transitive_callers(&BTreeSet::from([key("c")]), None);
        let distances: Vec<_> =
            found.iter().map(|(k, (d, _))| (k.name.as_str().to_owned(), *d)).collect();
        assert_eq!(distances, [("a".into(), 2), ("b".into(), 1), ("test".into(), 3)]);
    }

    #[test]
    fn a_graph_made_at_once_is_the_one_that_is_added_up() {
        let keys = ["c", "a", "b"].map(key);
        let edges = vec![(0, 1), (2, 0), (0, 1), (0, 2)];
        let mut added = CallGraph::default();
        for &(caller, callee) in &edges {
            added.add(keys[caller as usize].clone(), keys[callee as usize].clone());
        }
        assert_eq!(CallGraph::between(&keys.iter().collect::<Vec<_>>(), edges), added);
    }

    #[test]
    fn depth_bounds_the_distance() {
        let mut graph = CallGraph::default();
        graph.add(key("a"), key("b"));
        graph.add(key("b"), key("c"));
        let found = graph.transitive_callers(&BTreeSet::from([key("c")]), Some(1));
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [key("b")]);
    }
}

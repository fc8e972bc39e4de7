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
    fn depth_bounds_the_distance() {
        let mut graph = CallGraph::default();
        graph.add(key("a"), key("b"));
        graph.add(key("b"), key("c"));
        let found = graph.transitive_callers(&BTreeSet::from([key("c")]), Some(1));
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [key("b")]);
    }
}

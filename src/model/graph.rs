//! The call graph: caller → callee edges between functions, seen while tests ran.
//!
//! Invariant: edges are between keys, so the graph outlives the revision that it was seen on.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::function_table::{FunctionTable, Lists};
use super::{FunctionKey, QuickMap};

/// Caller → callee edges, navigable both ways. A copy shares the edges that were there at once.
#[derive(Debug, Clone, Default)]
pub struct CallGraph {
    seen: Arc<Seen>,
    callers: QuickMap<FunctionKey, BTreeSet<FunctionKey>>,
    callees: QuickMap<FunctionKey, BTreeSet<FunctionKey>>,
}

/// Edges that were there at once, by number; the items of each list in the order of their keys.
#[derive(Debug, Default)]
struct Seen {
    functions: Arc<FunctionTable>,
    callers: Lists,
    callees: Lists,
}

impl Seen {
    fn keys<'s>(
        &'s self,
        lists: &'s Lists,
        of: &FunctionKey,
    ) -> impl Iterator<Item = &'s FunctionKey> {
        let items = self.functions.number(of).map_or(&[][..], |number| lists.get(number));
        items.iter().filter_map(|&item| self.functions.get(item))
    }
}

impl CallGraph {
    /// Adds an edge; adding it twice changes nothing.
    pub fn add(&mut self, caller: FunctionKey, callee: FunctionKey) {
        self.callers.entry(callee.clone()).or_default().insert(caller.clone());
        self.callees.entry(caller).or_default().insert(callee);
    }

    /// A graph of the edges (caller, callee) between functions of a table; those that are not in it
    /// have none.
    pub fn between(functions: Arc<FunctionTable>, mut edges: Vec<(u32, u32)>) -> Self {
        edges.retain(|&(caller, callee)| {
            functions.get(caller).is_some() && functions.get(callee).is_some()
        });
        edges.sort_unstable();
        edges.dedup();
        let count = functions.len();
        let key = |item| functions.get(item);
        let mut callees = Lists::of(count, edges.iter().copied());
        callees.sort_each_by_key(key);
        let mut callers = Lists::of(count, edges.iter().map(|&(caller, callee)| (callee, caller)));
        callers.sort_each_by_key(key);
        let seen = Arc::new(Seen { functions, callers, callees });
        Self { seen, ..Self::default() }
    }

    /// The direct callers of a function, in order.
    pub fn callers<'g>(&'g self, of: &FunctionKey) -> impl Iterator<Item = &'g FunctionKey> {
        let added = self.callers.get(of).into_iter().flatten();
        merged(self.seen.keys(&self.seen.callers, of), added)
    }

    /// The direct callees of a function, in order.
    pub fn callees<'g>(&'g self, of: &FunctionKey) -> impl Iterator<Item = &'g FunctionKey> {
        let added = self.callees.get(of).into_iter().flatten();
        merged(self.seen.keys(&self.seen.callees, of), added)
    }

    /// All edges, in the order of their callers.
    pub fn edges(&self) -> impl Iterator<Item = (&FunctionKey, &FunctionKey)> {
        let numbers = 0..u32::try_from(self.seen.functions.len()).unwrap_or(u32::MAX);
        let calls = |number: &u32| !self.seen.callees.get(*number).is_empty();
        let seen = numbers.filter(calls).filter_map(|number| self.seen.functions.get(number));
        let callers: BTreeSet<&FunctionKey> = seen.chain(self.callees.keys()).collect();
        callers
            .into_iter()
            .flat_map(|caller| self.callees(caller).map(move |callee| (caller, callee)))
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

impl PartialEq for CallGraph {
    fn eq(&self, other: &Self) -> bool {
        self.edges().eq(other.edges())
    }
}

impl Eq for CallGraph {}

/// Two ascending sequences as one, each item once.
fn merged<'k>(
    one: impl Iterator<Item = &'k FunctionKey>,
    other: impl Iterator<Item = &'k FunctionKey>,
) -> impl Iterator<Item = &'k FunctionKey> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || {
        let (Some(first), Some(second)) = (one.peek(), other.peek()) else {
            return one.next().or_else(|| other.next());
        };
        match first.cmp(second) {
            Ordering::Less => one.next(),
            Ordering::Greater => other.next(),
            Ordering::Equal => {
                other.next();
                one.next()
            }
        }
    })
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
        let mut table = FunctionTable::default();
        (0..).zip(&keys).for_each(|(number, key)| table.put(number, key.clone()));
        let edges = vec![(0, 1), (2, 0), (0, 1), (0, 2), (1, 9)];
        let mut added = CallGraph::default();
        for &(caller, callee) in &edges[..4] {
            added.add(keys[caller as usize].clone(), keys[callee as usize].clone());
        }
        let mut graph = CallGraph::between(Arc::new(table), edges);
        assert_eq!(graph, added);
        assert_eq!(graph.callees(&key("c")).collect::<Vec<_>>(), [&key("a"), &key("b")]);
        for (caller, callee) in [("c", "ab"), ("c", "b"), ("z", "a")] {
            graph.add(key(caller), key(callee));
        }
        let callees: Vec<_> = graph.callees(&key("c")).collect();
        assert_eq!(callees, [&key("a"), &key("ab"), &key("b")]);
        assert_eq!(graph.callers(&key("a")).collect::<Vec<_>>(), [&key("c"), &key("z")]);
        assert_eq!(graph.edges().count(), 5);
        assert_ne!(graph, added);
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

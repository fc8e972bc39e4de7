//! The calls that lead from a function to a changed one.
//!
//! Invariant: the shortest way, and the first by path and name among equals; no step is made up.

use std::collections::{BTreeMap, VecDeque};

use crate::lab::base_tests::BaseTests;
use crate::lab::change::Change;
use crate::lab::scoping::Known;
use crate::lab::subject::Subject;
use crate::model::{CallGraph, CallKnown, CallStep, FunctionKey};

/// The way from `from` to `to`; empty where none is known.
pub(super) fn path(
    subject: &Subject,
    change: &Change,
    known: &Known,
    from: &FunctionKey,
    to: &FunctionKey,
    seen: bool,
) -> Vec<CallStep> {
    if !seen {
        let (caller, callee) = (from.clone(), to.clone());
        return vec![CallStep { caller, callee, known: CallKnown::Told }];
    }
    let graph = BaseTests::find(subject, change, known).graph(change, &known.graph);
    let mut steps = shortest(&graph, from, |function| function == to);
    if steps.is_empty() {
        // What it calls is what the changed method overrides.
        let like = |function: &FunctionKey| function.name.simple() == to.name.simple();
        steps = shortest(&graph, from, like);
        if let Some(last) = steps.last() {
            let (caller, callee) = (last.1.clone(), to.clone());
            steps.push((caller, callee));
            return told(steps, &known.graph, true);
        }
    }
    told(steps, &known.graph, false)
}

fn told(
    steps: Vec<(FunctionKey, FunctionKey)>,
    present: &CallGraph,
    ends_in_override: bool,
) -> Vec<CallStep> {
    let last = steps.len().saturating_sub(1);
    let step = |(number, (caller, callee)): (usize, (FunctionKey, FunctionKey))| {
        let known = if ends_in_override && number == last {
            CallKnown::Overrides
        } else if present.callees(&caller).any(|known| *known == callee) {
            CallKnown::Seen
        } else {
            CallKnown::SeenBefore
        };
        CallStep { caller, callee, known }
    };
    steps.into_iter().enumerate().map(step).collect()
}

/// The shortest way from `from` to a function that `is_end` takes, another than `from`.
fn shortest(
    graph: &CallGraph,
    from: &FunctionKey,
    is_end: impl Fn(&FunctionKey) -> bool,
) -> Vec<(FunctionKey, FunctionKey)> {
    let mut came: BTreeMap<&FunctionKey, &FunctionKey> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(caller) = queue.pop_front() {
        for callee in graph.callees(caller) {
            if callee == from || came.contains_key(callee) {
                continue;
            }
            came.insert(callee, caller);
            if is_end(callee) {
                let mut steps = Vec::new();
                let mut at = callee;
                while let Some(&before) = came.get(at) {
                    steps.push((before.clone(), at.clone()));
                    at = before;
                }
                steps.reverse();
                return steps;
            }
            queue.push_back(callee);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QualName, RepoPath};

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    #[test]
    fn the_shortest_way_is_taken_through_cycles() {
        let mut graph = CallGraph::default();
        for (caller, callee) in
            [("a", "b"), ("b", "a"), ("b", "c"), ("a", "d"), ("c", "d"), ("d", "e")]
        {
            graph.add(key(caller), key(callee));
        }
        let end = key("e");
        let steps = shortest(&graph, &key("a"), |function| *function == end);
        assert_eq!(steps, [(key("a"), key("d")), (key("d"), key("e"))]);
        assert_eq!(shortest(&graph, &key("e"), |function| *function == end), []);
    }

    #[test]
    fn a_call_of_another_time_is_told_from_one_that_is_made_now() {
        let mut now = CallGraph::default();
        now.add(key("a"), key("b"));
        let steps = vec![(key("a"), key("b")), (key("b"), key("c")), (key("c"), key("d"))];
        let known: Vec<_> = told(steps, &now, true).iter().map(|step| step.known).collect();
        assert_eq!(known, [CallKnown::Seen, CallKnown::SeenBefore, CallKnown::Overrides]);
    }
}

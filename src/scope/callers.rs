//! Transitive callers of the changed functions.
//!
//! Invariant: a caller is given the changed function that it is nearest to, the first by path and
//! name among equals. Callers of module and class bodies are not followed: an import is no call,
//! and who uses a changed body is told by the imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Kin;
use super::modules::is_body;
use crate::model::{CallGraph, FunctionKey};

/// How a function reaches a changed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reaches {
    pub(super) function: FunctionKey,
    pub(super) distance: u32,
}

/// Every function from which one of `changed` is reached in at most `depth` calls, the changed
/// ones themselves left out. With `kin`, who calls what a changed method overrides counts too.
pub(super) fn of(
    graph: &CallGraph,
    changed: &BTreeSet<FunctionKey>,
    kin: Option<&Kin>,
    depth: Option<u32>,
) -> BTreeMap<FunctionKey, Reaches> {
    let overridden = kin.map(|kin| overridden(graph, changed, kin)).unwrap_or_default();
    let mut found: BTreeMap<FunctionKey, Reaches> = BTreeMap::new();
    let mut queue: VecDeque<(&FunctionKey, u32, &FunctionKey)> = VecDeque::new();
    for root in changed {
        queue.push_back((root, 0, root));
        let bases = overridden.get(root).into_iter().flatten();
        queue.extend(bases.map(|base| (*base, 0, root)));
    }
    while let Some((function, distance, root)) = queue.pop_front() {
        if is_body(function) || depth.is_some_and(|depth| distance >= depth) {
            continue;
        }
        for caller in graph.callers(function) {
            if !changed.contains(caller) && !found.contains_key(caller) {
                let reaches = Reaches { function: root.clone(), distance: distance + 1 };
                found.insert(caller.clone(), reaches);
                queue.push_back((caller, distance + 1, root));
            }
        }
    }
    found
}

/// What each changed method overrides. Of one whose class has no base here and that nobody was seen
/// to call (a new class that behaves like another, say): the methods of that name which were called.
/// Names such as `__init__` say nothing about such likeness and are left out.
fn overridden<'g>(
    graph: &'g CallGraph,
    changed: &BTreeSet<FunctionKey>,
    kin: &'g Kin,
) -> BTreeMap<FunctionKey, Vec<&'g FunctionKey>> {
    let mut found: BTreeMap<FunctionKey, Vec<&FunctionKey>> = changed
        .iter()
        .filter_map(|key| Some((key.clone(), kin.overridden_by(key)?.iter().collect())))
        .collect();
    let unseen: Vec<&FunctionKey> = changed
        .iter()
        .filter(|key| {
            let alone = method_name(key).is_some() && !found.contains_key(*key);
            alone && graph.callers(key).next().is_none()
        })
        .collect();
    if unseen.is_empty() {
        return found;
    }
    let mut by_name: BTreeMap<&str, BTreeSet<&FunctionKey>> = BTreeMap::new();
    for (_, callee) in graph.edges() {
        if let Some(name) = method_name(callee) {
            by_name.entry(name).or_default().insert(callee);
        }
    }
    let bases = |key: &FunctionKey| -> Vec<&'g FunctionKey> {
        let named = method_name(key).and_then(|name| by_name.get(name));
        named.into_iter().flatten().copied().collect()
    };
    found.extend(unseen.into_iter().map(|key| (key.clone(), bases(key))));
    found
}

/// The simple name of a method that may override another.
fn method_name(key: &FunctionKey) -> Option<&str> {
    let (outer, _) = key.name.as_str().rsplit_once('.')?;
    let name = key.name.simple();
    let special = name.starts_with("__") && name.ends_with("__");
    (!special && !outer.ends_with("<locals>") && !is_body(key)).then_some(name)
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::{QualName, RepoPath};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    fn graph(edges: &[(&str, &str)]) -> CallGraph {
        let mut graph = CallGraph::default();
        edges.iter().for_each(|(caller, callee)| graph.add(key(caller), key(callee)));
        graph
    }

    fn found(edges: &[(&str, &str)], changed: &[&str], depth: Option<u32>) -> Vec<String> {
        let changed = changed.iter().map(|name| key(name)).collect();
        of(&graph(edges), &changed, Some(&Kin::default()), depth)
            .into_iter()
            .map(|(caller, reaches)| {
                format!("{} -{}-> {}", caller.name, reaches.distance, reaches.function.name)
            })
            .collect()
    }

    #[test]
    fn each_caller_is_given_its_nearest_changed_function() {
        let edges = [("a", "b"), ("b", "c"), ("a", "d"), ("e", "c"), ("e", "d")];
        assert_eq!(found(&edges, &["c", "d"], None), ["a -1-> d", "b -1-> c", "e -1-> c"]);
    }

    #[test]
    fn depth_bounds_the_distance() {
        let edges = [("a", "b"), ("b", "c"), ("c", "d")];
        assert_eq!(found(&edges, &["d"], Some(2)), ["b -2-> d", "c -1-> d"]);
        assert_eq!(found(&edges, &["d"], Some(0)), Vec::<String>::new());
    }

    #[test]
    fn imports_are_not_followed_as_calls() {
        let edges = [("<module>", "f"), ("C.<class>", "f"), ("importer", "<module>")];
        assert_eq!(found(&edges, &["f"], None), ["<module> -1-> f", "C.<class> -1-> f"]);
        assert_eq!(found(&edges, &["<module>"], None), Vec::<String>::new());
    }

    #[test]
    fn a_new_override_reaches_the_callers_of_the_base_method() {
        let edges = [("run", "Base.step"), ("make", "Base.__init__")];
        assert_eq!(found(&edges, &["New.step", "New.__init__"], None), ["run -1-> New.step"]);
    }

    #[test]
    fn a_likeness_with_callers_of_its_own_reaches_only_those() {
        let edges = [("run", "Base.step"), ("go", "Sub.step")];
        assert_eq!(found(&edges, &["Sub.step"], None), ["go -1-> Sub.step"]);
    }

    #[test]
    fn a_local_function_overrides_nothing() {
        let edges = [("run", "Base.step")];
        assert_eq!(found(&edges, &["f.<locals>.step"], None), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn without_a_depth_it_is_the_closure(
            edges in vec((0..9_u8, 0..9_u8), 0..30), changed in vec(0..9_u8, 0..4),
        ) {
            let name = |number: &u8| format!("f{number}");
            let mut graph = CallGraph::default();
            for (caller, callee) in &edges {
                graph.add(key(&name(caller)), key(&name(callee)));
            }
            let mut closure: BTreeSet<u8> = changed.iter().copied().collect();
            while let Some((caller, _)) =
                edges.iter().find(|(a, b)| closure.contains(b) && !closure.contains(a))
            {
                closure.insert(*caller);
            }
            let expected: BTreeSet<_> = closure.iter().filter(|f| !changed.contains(f))
                .map(|f| key(&name(f))).collect();
            let changed = changed.iter().map(|f| key(&name(f))).collect();
            let found: BTreeSet<_> = of(&graph, &changed, Some(&Kin::default()), None).into_keys().collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_distance_is_one_more_than_the_nearest_callee_s(
            edges in vec((0..9_u8, 0..9_u8), 0..30), changed in vec(0..9_u8, 1..4),
        ) {
            let name = |number: &u8| key(&format!("f{number}"));
            let mut graph = CallGraph::default();
            edges.iter().for_each(|(a, b)| graph.add(name(a), name(b)));
            let changed: BTreeSet<_> = changed.iter().map(name).collect();
            let found = of(&graph, &changed, Some(&Kin::default()), None);
            for (caller, reaches) in &found {
                let nearest = graph.callees(caller).filter_map(|callee| {
                    if changed.contains(callee) { return Some(0); }
                    found.get(callee).map(|reaches| reaches.distance)
                }).min();
                prop_assert_eq!(nearest.map(|nearest| nearest + 1), Some(reaches.distance));
            }
        }
    }
}

//! What a test owes to those that ran before it in the same fork: caches that they warmed, modules
//! that they imported.
//!
//! Invariant: a test is taken to have entered what an earlier one of its fork entered for a function
//! that both entered, and every module that was imported; so its digest changes with that code.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FunctionKey, QualName};
use crate::store::TestRecord;

/// What the tests of each fork entered so far, in the order in which they ran.
#[derive(Debug, Default)]
pub(super) struct SharedForks {
    forks: BTreeMap<u32, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    modules: BTreeSet<FunctionKey>,
    callees: BTreeMap<FunctionKey, BTreeSet<FunctionKey>>,
}

impl SharedForks {
    /// Adds to a record what it owes to earlier tests of its fork, and keeps what later ones may
    /// owe to it.
    pub(super) fn settle(&mut self, record: &mut TestRecord) {
        let seen = self.forks.entry(record.summary.fork).or_default();
        let mut entered: BTreeSet<&FunctionKey> = record.entered.iter().collect();
        let mut owed: BTreeSet<FunctionKey> = BTreeSet::new();
        let own = record.summary.function.as_ref();
        let mut pending: Vec<&FunctionKey> = record.entered.iter().chain(own).collect();
        let mut owe = |function, pending: &mut Vec<_>| {
            if entered.insert(function) {
                owed.insert(function.clone());
                pending.push(function);
            }
        };
        seen.modules.iter().for_each(|module| owe(module, &mut pending));
        while let Some(caller) = pending.pop() {
            let callees = seen.callees.get(caller).into_iter().flatten();
            callees.for_each(|callee| owe(callee, &mut pending));
        }
        for function in record.entered.iter().filter(|function| is_module(function)) {
            seen.modules.insert(function.clone());
        }
        for (caller, callee) in &record.edges {
            seen.callees.entry(caller.clone()).or_default().insert(callee.clone());
        }
        record.entered.extend(owed);
    }
}

fn is_module(function: &FunctionKey) -> bool {
    function.name.as_str() == QualName::MODULE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RepoPath, TestId, TestOutcome};
    use crate::store::{ReachDigest, TestSummary};

    fn key(file: &str, name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new(file), QualName::new(name))
    }

    fn settled(
        forks: &mut SharedForks,
        fork: u32,
        entered: &[FunctionKey],
        edges: &[(FunctionKey, FunctionKey)],
    ) -> Vec<String> {
        let mut record = TestRecord {
            summary: TestSummary {
                id: TestId::new("t"),
                path: None,
                function: None,
                position: 0,
                outcome: TestOutcome::Passed,
                microseconds: 0,
                fork,
                alone_ok: false,
                beyond: Vec::new(),
                digest: ReachDigest([0; 32]),
                code: ReachDigest([0; 32]),
            },
            lines: Default::default(),
            entered: entered.to_vec(),
            edges: edges.to_vec(),
        };
        forks.settle(&mut record);
        let mut names: Vec<String> = record.entered.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn what_an_earlier_test_warmed_is_entered_by_a_later_one_of_the_fork() {
        let (get, fill, deep) = (key("m.py", "get"), key("m.py", "fill"), key("m.py", "deep"));
        let module = key("lazy.py", "<module>");
        let mut forks = SharedForks::default();
        let entered = [get.clone(), fill.clone(), deep.clone(), module.clone()];
        let edges = [(get.clone(), fill.clone()), (fill.clone(), deep.clone())];
        let first = settled(&mut forks, 1, &entered, &edges);
        assert_eq!(first.len(), 4);
        assert_eq!(settled(&mut forks, 1, std::slice::from_ref(&get), &[]), first);
        // Another function owes it nothing but the module.
        let other = key("m.py", "other");
        let found = settled(&mut forks, 1, std::slice::from_ref(&other), &[]);
        assert_eq!(found, [module.to_string(), other.to_string()]);
        // Another fork owes it nothing at all.
        assert_eq!(settled(&mut forks, 2, std::slice::from_ref(&get), &[]), [get.to_string()]);
    }
}

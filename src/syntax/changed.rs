//! Which functions differ between two revisions of a file.
//!
//! Invariant: a function whose fingerprint is the same on both sides is in no list.

use std::collections::HashMap;

use crate::model::{Function, FunctionKey};

/// The functions that differ, each list in source order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedFunctions {
    /// On both sides, with different fingerprints.
    pub changed: Vec<FunctionKey>,
    /// On the new side only.
    pub new: Vec<FunctionKey>,
    /// On the old side only.
    pub deleted: Vec<FunctionKey>,
}

/// Compares two revisions by key and fingerprint. Files may be mixed in both lists.
pub fn changed_functions(old: &[Function], new: &[Function]) -> ChangedFunctions {
    let index = |functions: &[Function]| -> HashMap<FunctionKey, _> {
        functions.iter().map(|f| (f.key.clone(), f.fingerprint)).collect()
    };
    let (before, after) = (index(old), index(new));
    let mut found = ChangedFunctions::default();
    for function in new {
        match before.get(&function.key) {
            None => found.new.push(function.key.clone()),
            Some(fingerprint) if *fingerprint != function.fingerprint => {
                found.changed.push(function.key.clone());
            }
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|function| !after.contains_key(&function.key));
    found.deleted = gone.map(|function| function.key.clone()).collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    #[test]
    fn each_function_is_new_changed_or_deleted_at_most_once() {
        let functions = |text: &str| {
            let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
            Module::parse(source).unwrap().functions().to_vec()
        };
        let old = functions("def a(): pass\ndef b(): pass\ndef c(): pass\n");
        let new = functions("def c(): return 1\ndef b(): pass\ndef d(): pass\n");
        let found = changed_functions(&old, &new);
        let names = |keys: &[FunctionKey]| -> Vec<String> {
            keys.iter().map(|key| key.name.to_string()).collect()
        };
        assert_eq!(names(&found.changed), ["c"]);
        assert_eq!(names(&found.new), ["d"]);
        assert_eq!(names(&found.deleted), ["a"]);
    }
}

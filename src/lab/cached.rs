//! Tests whose record may lack what an earlier test of their fork left in a cache.
//!
//! Invariant: a test that names a decorated function which an earlier one of its fork entered, and was not
//! seen to enter it, is found; a decorator that cannot keep results is none.
//!
//! A cache of the project's own shows: who asks it is entered again, and its callees are owed
//! (`shared_forks.rs`). `functools.cache` and its like are no code of the project's: the second test that
//! calls such a function enters nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::scoping::Known;
use super::subject::Subject;
use crate::model::{FunctionKey, QuickMap, Word};
use crate::syntax::words_of;

/// Decorators that hand on every call, and the modules of these.
const PLAIN: [&str; 19] = [
    "property",
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "overload",
    "override",
    "final",
    "contextmanager",
    "asynccontextmanager",
    "wraps",
    "deprecated",
    "fixture",
    "abc",
    "typing",
    "typing_extensions",
    "contextlib",
    "functools",
    "pytest",
    "warnings",
];
/// Those of a property that was made plainly.
const ACCESSORS: [&str; 3] = [".setter", ".getter", ".deleter"];

/// Of `tests` (positions in the trace), those that may lack something.
pub(super) fn lacking(
    subject: &Subject,
    known: &Known,
    tests: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let stored = known.trace.tests();
    let fork = |test: usize| stored[test].summary.fork;
    let asked: BTreeSet<u32> = tests.iter().map(|&test| fork(test)).collect();
    let mut forks: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for test in (0..stored.len()).filter(|&test| asked.contains(&fork(test))) {
        forks.entry(fork(test)).or_default().push(test);
    }
    let decorated = decorated(subject);
    let names = names(subject, &decorated);
    let mut found = BTreeSet::new();
    for of_fork in forks.into_values() {
        let mut before: HashSet<&FunctionKey> = HashSet::new();
        for test in of_fork {
            let stored = &stored[test];
            let entered: HashSet<&FunctionKey> =
                known.trace.entered(stored).chain(&stored.summary.function).collect();
            let mut named = entered.iter().filter_map(|function| names.get(*function)).flatten();
            let is_cached =
                |function: &FunctionKey| before.contains(function) && !entered.contains(function);
            if tests.contains(&test) && named.any(is_cached) {
                found.insert(test);
            }
            before.extend(entered.into_iter().filter(|function| decorated.contains_key(*function)));
        }
    }
    found
}

/// The functions that a library's decorator may answer for, with the words that lead to them. Those that
/// are made anew in each call are none.
fn decorated(subject: &Subject) -> QuickMap<FunctionKey, &[Word]> {
    let plain: BTreeSet<Word> = PLAIN.into_iter().flat_map(words_of).collect();
    let accessors = ACCESSORS.map(Word::of);
    let mut found = QuickMap::default();
    for (path, leads) in subject.leads() {
        for lead in leads {
            let Some(name) = &lead.function else { continue };
            let may_keep = lead.decorators.iter().any(|word| !plain.contains(word))
                && !lead.decorators.iter().any(|word| accessors.contains(word));
            if may_keep && !name.as_str().contains("<locals>") {
                found.insert(FunctionKey::new(path.clone(), name.clone()), lead.binds.as_slice());
            }
        }
    }
    found
}

/// Which of the `decorated` functions each function names.
fn names(
    subject: &Subject,
    decorated: &QuickMap<FunctionKey, &[Word]>,
) -> QuickMap<FunctionKey, Vec<FunctionKey>> {
    let mut by_word: QuickMap<u32, Vec<&FunctionKey>> = QuickMap::default();
    for (function, words) in decorated {
        words.iter().for_each(|word| by_word.entry(word.0).or_default().push(function));
    }
    let mut found: QuickMap<FunctionKey, Vec<FunctionKey>> = QuickMap::default();
    for (path, leads) in subject.leads() {
        for lead in leads {
            let Some(name) = &lead.function else { continue };
            let named: BTreeSet<&FunctionKey> = lead
                .words
                .iter()
                .filter_map(|word| by_word.get(&word.0))
                .flatten()
                .copied()
                .collect();
            if !named.is_empty() {
                let named = named.into_iter().cloned().collect();
                found.insert(FunctionKey::new(path.clone(), name.clone()), named);
            }
        }
    }
    found
}

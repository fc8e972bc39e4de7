//! Whether a stored verdict would be used now, and if not, what of its foundation is another.
//!
//! Invariant: `Yes` is said only where a run would find the same basis: the verdict is there under it,
//! and no test that it rests on would be traced again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::lab::LabError;
use crate::lab::basis::Digests;
use crate::lab::change::Change;
use crate::lab::changed_tests::listed;
use crate::lab::environment::{Environment, SURROUNDINGS};
use crate::lab::planning::{Foundations, Planned};
use crate::lab::scoping::Known;
use crate::lab::standing::standing;
use crate::lab::subject::Subject;
use crate::lab::surroundings::Surroundings;
use crate::model::{Fingerprint, FunctionKey, MutantId, Reuse, TestId, Verdict};
use crate::store::{Store, StoredFile, StoredVerdict};

/// What the answer depends on.
pub(super) struct Holding<'a> {
    pub(super) known: &'a Known,
    pub(super) store: &'a Store,
    change: &'a Change,
    base: String,
    pub(super) environment: Option<&'a Environment>,
    /// What differs from the environment of the trace.
    differences: Vec<String>,
    digests: Digests,
    /// Functions that are others than when the files were last looked at.
    changed: BTreeSet<FunctionKey>,
    /// Whether the record of a test still holds, by position.
    holds: HashMap<usize, bool>,
}

impl<'a> Holding<'a> {
    /// `before` are the files as the store had them before they were parsed anew.
    pub(super) fn new(
        subject: &Subject,
        change: &'a Change,
        known: &'a Known,
        store: &'a Store,
        environment: Option<&'a Environment>,
        before: &[StoredFile],
    ) -> Result<Self, LabError> {
        let fingerprints = |key: &FunctionKey| subject.function(key).map(|found| found.fingerprint);
        let mut changed = BTreeSet::new();
        for file in before.iter().filter(|file| file.path.is_python()) {
            let old: BTreeMap<&FunctionKey, Fingerprint> = file
                .functions
                .iter()
                .map(|function| (&function.key, function.fingerprint))
                .collect();
            let gone = old.iter().filter(|(key, old)| fingerprints(key) != Some(**old));
            changed.extend(gone.map(|(key, _)| (*key).clone()));
            let new = subject.functions(&file.path).iter().map(|function| &function.key);
            changed.extend(new.filter(|key| !old.contains_key(key)).cloned());
        }
        let mut differences = Vec::new();
        if let Some(environment) = environment
            && store.env()?.is_some_and(|key| key != environment.key)
        {
            let note = store.note(SURROUNDINGS)?;
            let then = note.and_then(|bytes| Surroundings::from_bytes(&bytes));
            differences =
                then.map(|then| environment.surroundings.differences(&then)).unwrap_or_default();
            if differences.is_empty() {
                differences.push("unknown parts".to_owned());
            }
        }
        Ok(Self {
            known,
            store,
            change,
            base: subject.base.name.clone(),
            environment,
            differences,
            digests: known.digests(subject),
            changed,
            holds: HashMap::new(),
        })
    }

    /// The newest verdict on a mutant.
    pub(super) fn latest(&self, id: &MutantId) -> Result<Option<StoredVerdict>, LabError> {
        Ok(self.store.latest_verdict(id)?)
    }

    /// Whether a run would take a stored verdict on `planned`, which `tests` decide.
    pub(super) fn reuse(
        &mut self,
        planned: &Planned,
        foundations: &Foundations,
        tests: &[usize],
        latest: Option<&StoredVerdict>,
    ) -> Result<Reuse, LabError> {
        let Some(latest) = latest else { return Ok(Reuse::NeverDecided) };
        if self.environment.is_none() {
            return Ok(Reuse::Unknown);
        }
        if !self.differences.is_empty() {
            return Ok(Reuse::No(vec![format!(
                "the environment: {}",
                self.differences.join("; ")
            )]));
        }
        // A kill stands on its test alone.
        let mut needed = tests.to_vec();
        if let Verdict::Killed { by } = &latest.verdict {
            needed.retain(|&test| self.known.trace.tests()[test].summary.id == *by);
        }
        needed.retain(|&test| !self.holds(test));
        let stale = needed;
        let found = standing(self.store, planned, foundations)?.is_some();
        if found && stale.is_empty() {
            return Ok(Reuse::Yes);
        }
        Ok(Reuse::No(self.why(planned, tests, &stale, latest)))
    }

    /// Whether a test would not be traced again.
    fn holds(&mut self, position: usize) -> bool {
        let (known, digests) = (self.known, &mut self.digests);
        *self.holds.entry(position).or_insert_with(|| {
            let test = &known.trace.tests()[position];
            let entered = known.trace.entered(test).cloned();
            let summary = &test.summary;
            digests.test(&summary.id, summary.path.as_ref(), &summary.beyond, entered)
                == summary.digest
        })
    }

    /// What differs, as far as it can be told.
    fn why(
        &self,
        planned: &Planned,
        tests: &[usize],
        stale: &[usize],
        latest: &StoredVerdict,
    ) -> Vec<String> {
        let mut why = Vec::new();
        let mutant = &planned.mutant;
        let is_same_text =
            mutant.original == latest.original && mutant.replacement == latest.replacement;
        if !is_same_text {
            why.push(format!(
                "its own text: it was {} → {}",
                shown(&latest.original),
                shown(&latest.replacement)
            ));
        } else if self.is_changed(&mutant.function) {
            why.push(format!("its function {}", mutant.function.name));
        }
        if !stale.is_empty() {
            let stored = self.known.trace.tests();
            let entered = stale.iter().flat_map(|&test| self.known.trace.entered(&stored[test]));
            let changed: BTreeSet<&FunctionKey> =
                entered.filter(|key| **key != mutant.function && self.is_changed(key)).collect();
            let names: Vec<String> = changed.into_iter().map(ToString::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ids: Vec<&str> = stale.iter().map(|&t| stored[t].summary.id.as_str()).collect();
            let tests = format!("to be traced again: {}", listed(&ids));
            why.push(match (names.is_empty(), why.is_empty()) {
                (false, _) => {
                    format!("functions that its tests enter: {} ({tests})", listed(&names))
                }
                (true, false) => tests,
                (true, true) => format!(
                    "module code, or the set of functions, of a file that its tests load ({tests})"
                ),
            });
        }
        let now: BTreeSet<&TestId> =
            tests.iter().map(|&test| &self.known.trace.tests()[test].summary.id).collect();
        let then: BTreeSet<&TestId> = latest.tests.iter().collect();
        // One that killed it ended the list: those behind it are not known.
        let whole = latest.verdict.word() == "survived";
        let come: Vec<&str> =
            now.difference(&then).filter(|_| whole).map(|test| test.as_str()).collect();
        let gone: Vec<&str> = then.difference(&now).map(|test| test.as_str()).collect();
        for (what, tests) in [("tests that reach it now", come), ("tests that no longer do", gone)]
        {
            if !tests.is_empty() {
                why.push(format!("{what}: {}", listed(&tests)));
            }
        }
        if why.is_empty() && !self.changed.is_empty() {
            let names: Vec<String> = self.changed.iter().map(ToString::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            why.push(format!("code that its tests may come to run with it: {}", listed(&names)));
        }
        if why.is_empty() {
            why.push(format!(
                "it cannot be told which part: a function that its tests enter was changed and \
                 traced since, other tests reach it, or --memory-limit or a deadline is another \
                 (compared with {})",
                self.base
            ));
        }
        why
    }

    fn is_changed(&self, key: &FunctionKey) -> bool {
        self.changed.contains(key) || self.change.functions.contains_key(key)
    }
}

/// A text on one line, shortened.
fn shown(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() <= 40 {
        return format!("`{line}`");
    }
    let start: String = line.chars().take(39).collect();
    format!("`{start}…`")
}

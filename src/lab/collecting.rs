//! Which files are collected: those with tests to run, and those whose tests may be others.
//!
//! Invariant: a file is left out only if nothing that its collection rests on has changed since it was
//! collected (its text, the module code of what it imports, what that calls, the conftest files above
//! it), none of its tests is traced, and no import of it changes what the collected ones see. Where
//! that cannot be told, all files are collected.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::basis::{Closures, Digests};
use super::last_collection::LastCollection;
use super::run::Run;
use super::stale_tests::{all_again, holds, unwatched};
use super::subject::Subject;
use super::warm::Warm;
use super::{LabError, unlisted};
use crate::model::{FunctionKey, QualName, RepoPath, TestId};
use crate::store::{Store, StoredTrace};
use crate::syntax::{Module, Source};

/// How much is collected.
#[derive(Debug)]
pub(super) enum Extent {
    /// All, for this reason; empty where there is nothing to go by yet.
    Whole(String),
    /// Some files.
    Part(Box<Part>),
}

/// Some files.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Each with whether its tests must be those that are known.
    files: BTreeMap<RepoPath, bool>,
    /// How many there are in all.
    of: usize,
    /// Tests whose files are gone.
    gone: Vec<TestId>,
    /// Those of the imports that are known, until they are taken.
    digests: RefCell<Option<Digests>>,
}

impl Extent {
    /// What has to be collected so that every stale test is.
    pub(super) fn find(
        run: &Run<'_>,
        subject: &Subject,
        store: &Store,
        stored: &StoredTrace,
    ) -> Result<Self, LabError> {
        let found = Finding::begin(run, subject, store, stored)?;
        Ok(match found.and_then(Finding::finish) {
            Ok(part) => Self::Part(Box::new(part)),
            Err(reason) => Self::Whole(reason),
        })
    }

    /// The only files to collect.
    pub(super) fn files(&self) -> Option<Vec<RepoPath>> {
        match self {
            Self::Whole(_) => None,
            Self::Part(part) => Some(part.files.keys().cloned().collect()),
        }
    }

    /// For the reader who asks where the time goes.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Whole(reason) if reason.is_empty() => None,
            Self::Whole(reason) => Some(format!("all files: {reason}")),
            Self::Part(part) => Some(format!("{} of {} files", part.files.len(), part.of)),
        }
    }
}

impl Part {
    /// Whether nothing has to be collected.
    pub(super) fn is_nothing(&self) -> bool {
        self.files.is_empty()
    }

    /// The digests that the choice was made by.
    pub(super) fn take_digests(&self) -> Option<Digests> {
        self.digests.take()
    }

    /// Why what was collected cannot stand beside what is known of the other files.
    pub(super) fn unlike(
        &self,
        warm: &Warm,
        store: &Store,
        stored: &StoredTrace,
    ) -> Result<Option<String>, LabError> {
        let collected = &warm.collected;
        if !collected.whole.is_empty() {
            return Ok(Some(collected.whole.clone()));
        }
        let mut now: BTreeMap<&RepoPath, Vec<&str>> = warm.asked().map(|f| (f, vec![])).collect();
        for (id, file, _) in &collected.collected {
            let Some(tests) = file.and_then(|file| now.get_mut(warm.files.get(file)?)) else {
                return Ok(Some(format!("{id} is of no file that was asked for tests")));
            };
            tests.push(id);
        }
        let mut then: BTreeMap<&RepoPath, Vec<&str>> = BTreeMap::new();
        for test in stored.tests() {
            if let Some(path) = &test.summary.path {
                then.entry(path).or_default().push(test.summary.id.as_str());
            }
        }
        for (path, tests) in &now {
            let same = self.files.get(*path).is_none_or(|same| *same);
            if same && then.get(path).map_or(&[][..], Vec::as_slice) != tests.as_slice() {
                return Ok(Some(format!("the tests of {path} are others, and nothing tells why")));
            }
        }
        if let Some((path, _)) =
            self.files.iter().find(|(path, same)| **same && !now.contains_key(path))
        {
            return Ok(Some(format!("{path} was not collected any more, and nothing tells why")));
        }
        let loaded = warm.loaded();
        let lost = store.lost_imports()?;
        let missed = lost.iter().find(|key| !loaded.contains(&key.path));
        Ok(missed.map(|key| format!("nothing that was collected imports {}", key.path)))
    }
}

/// On the way to a part.
struct Finding<'f> {
    subject: &'f Subject,
    remembered: LastCollection,
    digests: Digests,
    stale: BTreeSet<RepoPath>,
    lost: BTreeSet<FunctionKey>,
    part: Part,
}

impl<'f> Finding<'f> {
    fn begin(
        run: &Run<'_>,
        subject: &'f Subject,
        store: &Store,
        stored: &StoredTrace,
    ) -> Result<Result<Self, String>, LabError> {
        let Some(remembered) = LastCollection::recall(store)? else {
            return Ok(Err(String::new()));
        };
        let Some(imports) = store.import_trace()? else { return Ok(Err(String::new())) };
        if !remembered.whole.is_empty() {
            return Ok(Err(remembered.whole));
        }
        if all_again(run.options, store)? {
            return Ok(Err("all tests are traced again".to_owned()));
        }
        let unwatched = unwatched(run.options, store)?;
        let closures = Closures::new(&imports.imports, subject.files.keys(), &subject.roles());
        let unlisted = unlisted::digest(store, &subject.root)?;
        if remembered.differs_in_unlisted(&unlisted) {
            return Ok(Err("files that git ignores and that are imported changed".to_owned()));
        }
        let mut digests = Digests::new(subject, closures, stored.import_edges(), unlisted);
        let mut part = Part::default();
        let mut stale = BTreeSet::new();
        for test in stored.tests() {
            let Some(path) = &test.summary.path else {
                let reason = format!("{} is of no file of the project", test.summary.id);
                return Ok(Err(reason));
            };
            if !subject.files.contains_key(path) {
                part.gone.push(test.summary.id.clone());
            } else if !holds(stored, test, &mut digests, &unwatched) {
                stale.insert(path.clone());
            }
        }
        let lost = store.lost_imports()?;
        Ok(Ok(Self { subject, remembered, digests, stale, lost, part }))
    }

    fn finish(mut self) -> Result<Part, String> {
        self.new_files()?;
        let mut asked: Vec<RepoPath> = self.remembered.asked().cloned().collect();
        asked.retain(|path| self.subject.files.contains_key(path));
        for path in &asked {
            if !self.remembered.holds(self.subject, &mut self.digests, path) {
                self.part.files.insert(path.clone(), false);
            }
        }
        for path in std::mem::take(&mut self.stale) {
            if !self.remembered.has_asked(&path) {
                return Err(format!("{path} has tests, and was not asked for any"));
            }
            self.part.files.entry(path).or_insert(true);
        }
        self.other_imports(&asked)?;
        self.lost_lines(&asked)?;
        self.companions(&asked)?;
        self.part.of = asked.len().max(self.part.files.len());
        // With most of them, what is known of all may as well be found anew.
        if self.part.files.len() * 4 > self.part.of * 3 && self.part.files.len() > 1 {
            return Err(String::new());
        }
        self.part.digests = RefCell::new(Some(self.digests));
        Ok(self.part)
    }

    /// A new file of tests is collected; any other may be imported by files that tried to before.
    fn new_files(&mut self) -> Result<(), String> {
        let known = &self.remembered;
        let here = known.files().filter(|path| self.subject.files.contains_key(*path));
        let names: BTreeSet<&str> = here.map(RepoPath::file_name).collect();
        for path in self.subject.files.keys().filter(|path| !known.knows(path)) {
            let name = path.file_name();
            if !self.subject.roles().is_named_as_tests(path) {
                return Err(format!("{path} is new"));
            }
            // Two modules of one name may stand in one another's way.
            if names.contains(name) {
                return Err(format!("{path} is new, and there is another file of that name"));
            }
            self.part.files.insert(path.clone(), false);
        }
        Ok(())
    }

    /// Files that were imported by nobody who was asked: a plugin's, a run-time import's.
    fn other_imports(&mut self, asked: &[RepoPath]) -> Result<(), String> {
        let mut reached: BTreeSet<RepoPath> = BTreeSet::new();
        for path in asked {
            reached.extend(self.digests.closure(path).iter().cloned());
        }
        let same = |path: &&RepoPath| {
            self.subject.files.contains_key(*path)
                && self.remembered.imports_alike(&self.digests, path)
        };
        let mut alone = self.remembered.loaded().filter(|path| !reached.contains(*path));
        match alone.find(|path| !same(path)) {
            Some(path) => Err(format!("{path} changed, and who imports it is not known")),
            None => Ok(()),
        }
    }

    /// Lines at import that are known no more are found again by whoever imports the file.
    fn lost_lines(&mut self, asked: &[RepoPath]) -> Result<(), String> {
        for key in std::mem::take(&mut self.lost) {
            if !self.subject.files.contains_key(&key.path) {
                continue;
            }
            let mut importers = Vec::new();
            let mut callers = Vec::new();
            for path in asked {
                let closure = self.digests.closure(path).clone();
                if closure.contains(&key.path) {
                    importers.push(path);
                }
                if closure.iter().any(|file| self.digests.called_by(file).any(|c| *c == key)) {
                    callers.push(path);
                }
            }
            let seen = importers.iter().any(|path| self.part.files.contains_key(*path));
            if key.name.as_str() != QualName::MODULE && !callers.is_empty() {
                for path in callers {
                    self.part.files.entry(path.clone()).or_insert(true);
                }
            } else if !seen {
                let Some(path) = importers.first() else {
                    return Err(format!("who imports {} is not known", key.path));
                };
                self.part.files.entry((*path).clone()).or_insert(true);
            }
        }
        Ok(())
    }

    /// Files whose import calls what the collected ones use, by functions that may leave something
    /// behind: with the whole suite collected, it would be there.
    fn companions(&mut self, asked: &[RepoPath]) -> Result<(), String> {
        let mut texts: BTreeMap<RepoPath, Option<Module>> = BTreeMap::new();
        let mut reached: BTreeSet<RepoPath> = BTreeSet::new();
        let mut pending: Vec<RepoPath> = self.part.files.keys().cloned().collect();
        loop {
            for path in pending.drain(..) {
                reached.extend(self.digests.closure(&path).iter().cloned());
            }
            if reached.is_empty() {
                return Ok(());
            }
            for path in asked.iter().filter(|path| !self.part.files.contains_key(*path)) {
                let outside: Vec<RepoPath> = {
                    let closure = self.digests.closure(path);
                    closure.difference(&reached).cloned().collect()
                };
                let acts = outside.iter().any(|file| {
                    self.digests.called_by(file).any(|callee| {
                        callee.path != *file
                            && reached.contains(&callee.path)
                            && !callee.name.is_body()
                            && may_leave_something(self.subject, &mut texts, callee)
                    })
                });
                if acts {
                    pending.push(path.clone());
                }
            }
            if pending.is_empty() {
                return Ok(());
            }
            for path in &pending {
                self.part.files.insert(path.clone(), true);
            }
        }
    }
}

fn may_leave_something(
    subject: &Subject,
    texts: &mut BTreeMap<RepoPath, Option<Module>>,
    key: &FunctionKey,
) -> bool {
    let module = texts.entry(key.path.clone()).or_insert_with(|| {
        let bytes = subject.repository.read(&subject.head, &key.path).ok()??;
        Source::decode(key.path.clone(), bytes).and_then(Module::parse).ok()
    });
    module.as_ref().is_none_or(|module| module.may_leave_something(&key.name))
}

/// Remembers that nothing had to be collected; forgets what is gone.
pub(super) fn remember_nothing(
    store: &mut Store,
    subject: &Subject,
    part: &Part,
) -> Result<(), LabError> {
    if !part.gone.is_empty() {
        store.remove_tests(&part.gone)?;
    }
    if let Some(mut remembered) = LastCollection::recall(store)?
        && remembered.forget(|path| !subject.files.contains_key(path))
    {
        remembered.put(store)?;
    }
    Ok(())
}

/// Remembers a collection, with what was remembered of files that were left out.
pub(super) fn remember(
    store: &mut Store,
    subject: &Subject,
    digests: &mut Digests,
    (warm, extent): (&Warm, &Extent),
    mut before: LastCollection,
) -> Result<(), LabError> {
    match extent {
        Extent::Whole(_) => before = LastCollection::default(),
        Extent::Part(part) => before.forget_asked(part.files.keys()),
    }
    LastCollection::of(store, subject, digests, warm, before)?.put(store)
}

/// Whether tests that are known can be collected by their files alone.
pub(super) fn can_be_part(store: &Store) -> Result<bool, LabError> {
    Ok(LastCollection::recall(store)?.is_some_and(|remembered| remembered.whole.is_empty()))
}

//! Which files are collected: those with tests to run, and those whose tests may be others.
//!
//! Invariant: a file is left out only if nothing that its collection rests on has changed since it was
//! collected (its text, the module code of what it imports, what that calls, the conftest files above
//! it), none of its tests is traced, and no import of it changes what the collected ones see. Where
//! that cannot be told, all files are collected.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::basis::{Closures, Digests};
use super::subject::{Subject, is_test_file};
use super::tracing::{Run, Warm, all_again, holds, unwatched};
use super::{LabError, unlisted};
use crate::model::{FunctionKey, QualName, RepoPath, TestId};
use crate::store::{Store, StoredTrace};
use crate::syntax::{Module, Source};

/// The note of what was collected last.
pub(super) const NOTE: &str = "collection";

/// What is remembered of the last collection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Why all files have to be collected together; empty if they need not.
    whole: String,
    /// A digest of imported files that git ignores.
    unlisted: u64,
    /// All Python files.
    files: BTreeMap<RepoPath, File>,
    /// The files that were asked for tests, with a digest of what their collection rests on.
    asked: BTreeMap<RepoPath, u64>,
}

/// A file as it was then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct File {
    /// A digest of what its import runs.
    import: u64,
    /// Whether it was imported.
    loaded: bool,
}

/// How much is collected.
#[derive(Debug)]
pub(super) enum Extent {
    /// All, for this reason; empty where there is nothing to go by yet.
    Whole(String),
    /// Some files.
    Part(Part),
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
            Ok(part) => Self::Part(part),
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
    remembered: Remembered,
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
        let Some(remembered) = recall(store)? else { return Ok(Err(String::new())) };
        let Some(imports) = store.import_trace()? else { return Ok(Err(String::new())) };
        if !remembered.whole.is_empty() {
            return Ok(Err(remembered.whole));
        }
        if all_again(run.options, store)? {
            return Ok(Err("all tests are traced again".to_owned()));
        }
        let unwatched = unwatched(run.options, store)?;
        let closures = Closures::new(&imports.imports, subject.files.keys());
        let unlisted = unlisted::digest(store, &subject.root)?;
        if short(&unlisted) != remembered.unlisted {
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
        let mut asked: Vec<RepoPath> = self.remembered.asked.keys().cloned().collect();
        asked.retain(|path| self.subject.files.contains_key(path));
        for path in &asked {
            let digest = rests_on(self.subject, &mut self.digests, path);
            if digest != self.remembered.asked[path] {
                self.part.files.insert(path.clone(), false);
            }
        }
        for path in std::mem::take(&mut self.stale) {
            if !self.remembered.asked.contains_key(&path) {
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
        let known = &self.remembered.files;
        let here = known.keys().filter(|path| self.subject.files.contains_key(*path));
        let names: BTreeSet<&str> = here.map(RepoPath::file_name).collect();
        for path in self.subject.files.keys().filter(|path| !known.contains_key(*path)) {
            let name = path.file_name();
            let holds_tests = name.starts_with("test_") || name.ends_with("_test.py");
            if !holds_tests {
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
        for (path, file) in &self.remembered.files {
            let same = short(&self.digests.import_of(path)) == file.import;
            if file.loaded && !reached.contains(path) {
                let here = self.subject.files.contains_key(path);
                if !(same && here) {
                    return Err(format!("{path} changed, and who imports it is not known"));
                }
            }
        }
        Ok(())
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
                            && !is_body(callee)
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

fn is_body(key: &FunctionKey) -> bool {
    key.name.as_str() == QualName::MODULE || key.name.simple() == "<class>"
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

/// What the collection of a file rests on.
fn rests_on(subject: &Subject, digests: &mut Digests, path: &RepoPath) -> u64 {
    let mut hash = Sha256::new();
    hash.update(subject.files.get(path).map_or(&[0; 32], |content| content.as_bytes()));
    hash.update(digests.closed(path));
    if !is_test_file(path) {
        // By its name it is no file of tests, and its conftest files are not known as imports.
        for conftest in subject.files.keys().filter(|file| file.file_name() == "conftest.py") {
            let folder = conftest.as_str().trim_end_matches("conftest.py");
            if path.as_str().starts_with(folder) {
                hash.update(digests.closed(conftest));
            }
        }
    }
    short(&hash.finalize().into())
}

fn short(digest: &[u8; 32]) -> u64 {
    u64::from_le_bytes(*digest.first_chunk().expect("a digest is longer than eight bytes"))
}

fn recall(store: &Store) -> Result<Option<Remembered>, LabError> {
    let note = store.note(NOTE)?;
    Ok(note.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
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
    let Some(mut remembered) = recall(store)? else { return Ok(()) };
    let before = remembered.files.len() + remembered.asked.len();
    remembered.files.retain(|path, _| subject.files.contains_key(path));
    remembered.asked.retain(|path, _| subject.files.contains_key(path));
    if remembered.files.len() + remembered.asked.len() < before {
        put(store, &remembered)?;
    }
    Ok(())
}

fn put(store: &mut Store, remembered: &Remembered) -> Result<(), LabError> {
    let bytes = serde_json::to_vec(remembered).expect("plain data has a JSON form");
    store.put_note(NOTE, &bytes)?;
    Ok(())
}

/// Whether tests that are known can be collected by their files alone.
pub(super) fn can_be_part(store: &Store) -> Result<bool, LabError> {
    Ok(recall(store)?.is_some_and(|remembered| remembered.whole.is_empty()))
}

/// The files whose import runs something else than when they were last collected: everything that
/// imports them is collected with them, so that what is known of their import is replaced.
pub(super) fn changed_imports(
    before: &Remembered,
    subject: &Subject,
    digests: &Digests,
) -> BTreeSet<RepoPath> {
    let same = |path: &&RepoPath| {
        let known = before.files.get(*path);
        known.is_some_and(|file| file.import == short(&digests.import_of(path)))
    };
    subject.files.keys().filter(|path| !same(path)).cloned().collect()
}

/// Takes what is remembered out of the store: a run that ends before it is put back collects all.
pub(super) fn take(store: &mut Store) -> Result<Remembered, LabError> {
    let remembered = recall(store)?.unwrap_or_default();
    store.put_note(NOTE, &[])?;
    Ok(remembered)
}

/// Remembers a collection, with what is remembered of files that were left out.
pub(super) fn remember(
    store: &mut Store,
    subject: &Subject,
    digests: &mut Digests,
    (warm, extent): (&Warm, &Extent),
    before: Remembered,
) -> Result<(), LabError> {
    let before = match extent {
        Extent::Whole(_) => Remembered::default(),
        Extent::Part(_) => before,
    };
    let loaded = warm.loaded();
    let mut asked: BTreeSet<RepoPath> = before.asked.into_keys().collect();
    if let Extent::Part(part) = extent {
        asked.retain(|path| !part.files.contains_key(path) && subject.files.contains_key(path));
    }
    asked.extend(warm.asked().cloned());
    let files = subject.files.keys().map(|path| {
        let known = before.files.get(path).is_some_and(|file| file.loaded);
        let import = short(&digests.import_of(path));
        (path.clone(), File { import, loaded: known || loaded.contains(path) })
    });
    let remembered = Remembered {
        whole: warm.collected.whole.clone(),
        unlisted: short(&unlisted::digest(store, &subject.root)?),
        files: files.collect(),
        asked: asked
            .into_iter()
            .map(|path| {
                let digest = rests_on(subject, digests, &path);
                (path, digest)
            })
            .collect(),
    };
    put(store, &remembered)
}

//! What is remembered of the last collection, so that the next one can leave files out.
//!
//! Invariant: it speaks of the import trace that is stored with it; while that is replaced, nothing is
//! remembered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::basis::Digests;
use super::subject::Subject;
use super::warm::Warm;
use super::{LabError, unlisted};
use crate::model::RepoPath;
use crate::store::Store;

/// The note of it.
pub(super) const NOTE: &str = "collection";

/// What is remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LastCollection {
    /// Why all files have to be collected together; empty if they need not.
    pub whole: String,
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

impl LastCollection {
    /// Reads it; `None` where there was none.
    pub(super) fn recall(store: &Store) -> Result<Option<Self>, LabError> {
        let note = store.note(NOTE)?;
        Ok(note.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Takes it out of the store: a run that ends before it is put back collects all.
    pub(super) fn take(store: &mut Store) -> Result<Self, LabError> {
        let found = Self::recall(store)?.unwrap_or_default();
        store.put_note(NOTE, &[])?;
        Ok(found)
    }

    /// Puts it into the store.
    pub(super) fn put(&self, store: &mut Store) -> Result<(), LabError> {
        let bytes = serde_json::to_vec(self).expect("plain data has a JSON form");
        Ok(store.put_note(NOTE, &bytes)?)
    }

    /// After a collection; `before` is what was remembered of files that were left out.
    pub(super) fn of(
        store: &Store,
        subject: &Subject,
        digests: &mut Digests,
        warm: &Warm,
        before: Self,
    ) -> Result<Self, LabError> {
        let loaded = warm.loaded();
        let mut asked: BTreeSet<RepoPath> = before.asked.into_keys().collect();
        asked.retain(|path| subject.files.contains_key(path));
        asked.extend(warm.asked().cloned());
        let files = subject.files.keys().map(|path| {
            let known = before.files.get(path).is_some_and(|file| file.loaded);
            let import = short(&digests.import_of(path));
            (path.clone(), File { import, loaded: known || loaded.contains(path) })
        });
        Ok(Self {
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
        })
    }

    /// Forgets files; says whether there were any to forget.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&RepoPath) -> bool) -> bool {
        let before = self.files.len() + self.asked.len();
        self.files.retain(|path, _| !is_gone(path));
        self.asked.retain(|path, _| !is_gone(path));
        self.files.len() + self.asked.len() < before
    }

    /// Forgets that files were asked for tests.
    pub(super) fn forget_asked<'p>(&mut self, files: impl Iterator<Item = &'p RepoPath>) {
        for path in files {
            self.asked.remove(path);
        }
    }

    /// Whether imported files that git ignores are others.
    pub(super) fn differs_in_unlisted(&self, unlisted: &[u8; 32]) -> bool {
        short(unlisted) != self.unlisted
    }

    /// All Python files that there were.
    pub(super) fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.keys()
    }

    /// Whether a file was there.
    pub(super) fn knows(&self, path: &RepoPath) -> bool {
        self.files.contains_key(path)
    }

    /// The files that were imported.
    pub(super) fn loaded(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.iter().filter(|(_, file)| file.loaded).map(|(path, _)| path)
    }

    /// The files that were asked for tests.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RepoPath> {
        self.asked.keys()
    }

    /// Whether a file was asked for tests.
    pub(super) fn has_asked(&self, path: &RepoPath) -> bool {
        self.asked.contains_key(path)
    }

    /// Whether what the collection of a file rests on is what it was.
    pub(super) fn holds(&self, subject: &Subject, digests: &mut Digests, path: &RepoPath) -> bool {
        self.asked.get(path) == Some(&rests_on(subject, digests, path))
    }

    /// Whether the import of a file runs what it ran.
    pub(super) fn imports_alike(&self, digests: &Digests, path: &RepoPath) -> bool {
        let known = self.files.get(path);
        known.is_some_and(|file| file.import == short(&digests.import_of(path)))
    }

    /// The files whose import runs something else: everything that imports them is collected with
    /// them, so that what is known of their import is replaced.
    pub(super) fn changed_imports(
        &self,
        subject: &Subject,
        digests: &Digests,
    ) -> BTreeSet<RepoPath> {
        let changed = subject.files.keys().filter(|path| !self.imports_alike(digests, path));
        changed.cloned().collect()
    }
}

/// What the collection of a file rests on.
fn rests_on(subject: &Subject, digests: &mut Digests, path: &RepoPath) -> u64 {
    let mut hash = Sha256::new();
    hash.update(subject.files.get(path).map_or(&[0; 32], |content| content.as_bytes()));
    hash.update(digests.closed(path));
    if !subject.is_test_file(path) {
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

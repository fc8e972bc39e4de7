//! What a test's behaviour and a verdict rest on, as digests.
//!
//! Invariant: two equal digests mean that nothing which was seen to matter has changed; a
//! function that is new, gone or changed in a file that a test loads changes the test's digest if
//! the test entered it, if it was called while the file was imported, or if the file's set of
//! functions or its module code is another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::beside_code::{is_doctest_of, is_text_test, may_own_examples};
use super::looking::Looks;
use super::roles::Roles;
use super::subject::Subject;
use crate::model::{
    ContentHash, Fingerprint, FunctionKey, FunctionKind, Mutant, QualName, QuickMap, RepoPath,
    TestId,
};
use crate::store::{Basis, EnvKey, ReachDigest};

/// Which files a file needs, by imports, conftest files included.
#[derive(Debug, Default)]
pub(super) struct Closures {
    imports: BTreeMap<RepoPath, BTreeSet<RepoPath>>,
    closed: QuickMap<RepoPath, BTreeSet<RepoPath>>,
}

impl Closures {
    /// From the pairs (importer, imported) and all files of the project with what they are for.
    pub(super) fn new<'p>(
        pairs: &[(RepoPath, RepoPath)],
        files: impl Iterator<Item = &'p RepoPath> + Clone,
        roles: &Roles,
    ) -> Self {
        let mut imports: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
        for (importer, imported) in pairs {
            imports.entry(importer.clone()).or_default().insert(imported.clone());
        }
        // A conftest serves every file below its folder.
        for conftest in files.clone().filter(|path| path.file_name() == "conftest.py") {
            let folder = &conftest.as_str()[..conftest.as_str().len() - "conftest.py".len()];
            for file in files.clone().filter(|path| path.as_str().starts_with(folder)) {
                if roles.is_test_file(file) && file != conftest {
                    imports.entry(file.clone()).or_default().insert(conftest.clone());
                }
            }
        }
        Self { imports, closed: QuickMap::default() }
    }

    /// The file and all that it imports, directly or not.
    pub(super) fn of(&mut self, file: &RepoPath) -> &BTreeSet<RepoPath> {
        if !self.closed.contains_key(file) {
            let mut closed = BTreeSet::from([file.clone()]);
            let mut pending = vec![file.clone()];
            while let Some(next) = pending.pop() {
                for imported in self.imports.get(&next).into_iter().flatten() {
                    if closed.insert(imported.clone()) {
                        pending.push(imported.clone());
                    }
                }
            }
            self.closed.insert(file.clone(), closed);
        }
        &self.closed[file]
    }
}

/// A digest of functions alone, in one state of the code: those that a test entered, and its own;
/// and whether it ran or was skipped.
pub(super) fn code_digest<'k>(
    entered: impl Iterator<Item = &'k FunctionKey>,
    ran: bool,
    fingerprint: impl Fn(&FunctionKey) -> Option<Fingerprint>,
) -> ReachDigest {
    let entered: BTreeSet<&FunctionKey> = entered.collect();
    let mut hash = Sha256::new();
    hash.update([u8::from(ran)]);
    for key in entered {
        hash.update(key.path.as_str().as_bytes());
        hash.update([0]);
        hash.update(key.name.as_str().as_bytes());
        hash.update([0]);
        match fingerprint(key) {
            Some(fingerprint) => hash.update(fingerprint.as_bytes()),
            None => hash.update([1]),
        }
    }
    ReachDigest(hash.finalize().into())
}

fn imported(
    modules: &QuickMap<RepoPath, [u8; 32]>,
    called: &QuickMap<RepoPath, BTreeSet<FunctionKey>>,
    fingerprints: &QuickMap<FunctionKey, Fingerprint>,
    file: &RepoPath,
) -> [u8; 32] {
    let module = modules.get(file).copied().unwrap_or_default();
    let Some(called) = called.get(file) else { return module };
    let mut hash = Sha256::new();
    hash.update(module);
    for key in called {
        hash.update(key.to_string().as_bytes());
        hash.update(fingerprints.get(key).map_or(&[0; 32], Fingerprint::as_bytes));
    }
    hash.finalize().into()
}

/// What a verdict rests on for one of its tests: what that did, and what it may come to run.
pub(super) fn part(test: &TestId, did: ReachDigest, may_run: [u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(test.as_str().as_bytes());
    hash.update([0]);
    hash.update(did.0);
    hash.update(may_run);
    hash.finalize().into()
}

/// What a verdict rests on, from its ground and the parts of the tests that it needs.
pub(super) fn basis(ground: [u8; 32], parts: impl Iterator<Item = [u8; 32]>) -> Basis {
    let mut hash = Sha256::new();
    hash.update(ground);
    parts.for_each(|part| hash.update(part));
    Basis(hash.finalize().into())
}

/// Computes digests over one state of the files.
#[derive(Debug)]
pub(super) struct Digests {
    fingerprints: QuickMap<FunctionKey, Fingerprint>,
    modules: QuickMap<RepoPath, [u8; 32]>,
    /// The functions whose docstrings have examples, by file.
    docstrings: BTreeMap<RepoPath, Vec<(FunctionKey, Fingerprint)>>,
    prose: BTreeMap<RepoPath, ContentHash>,
    /// Of what every test rests on beside the project's files.
    unlisted: [u8; 32],
    /// By file, the functions that its code called before the first test.
    called: QuickMap<RepoPath, BTreeSet<FunctionKey>>,
    /// By function, of the files that it may look for.
    looks: Arc<Looks>,
    closures: Closures,
    closed: QuickMap<RepoPath, [u8; 32]>,
}

impl Digests {
    /// Over the functions of `subject`; `calls` are those that imports were seen to make, `unlisted` is
    /// a digest of what every test rests on beside the project's files.
    pub(super) fn new<'c>(
        subject: &Subject,
        closures: Closures,
        calls: impl Iterator<Item = (&'c FunctionKey, &'c FunctionKey)>,
        unlisted: [u8; 32],
    ) -> Self {
        let mut called: QuickMap<RepoPath, BTreeSet<FunctionKey>> = QuickMap::default();
        // Who of several importers is the first to run a module depends on what else is collected.
        let calls = calls.filter(|(_, callee)| callee.name.as_str() != QualName::MODULE);
        for (caller, callee) in calls {
            match called.get_mut(&caller.path) {
                Some(callees) => drop(callees.insert(callee.clone())),
                None => drop(called.insert(caller.path.clone(), [callee.clone()].into())),
            }
        }
        let mut fingerprints = QuickMap::default();
        let mut modules = QuickMap::default();
        let mut docstrings: BTreeMap<RepoPath, Vec<_>> = BTreeMap::new();
        for path in subject.files.keys() {
            let mut hash = Sha256::new();
            for function in subject.functions(path) {
                fingerprints.insert(function.key.clone(), function.fingerprint);
                if let Some(examples) = function.doctest
                    && may_own_examples(function)
                {
                    let owners = docstrings.entry(path.clone()).or_default();
                    owners.push((function.key.clone(), examples));
                }
                hash.update(function.key.name.as_str().as_bytes());
                hash.update([0]);
                if matches!(function.kind, FunctionKind::Module | FunctionKind::Class) {
                    hash.update(function.fingerprint.as_bytes());
                } else if let Some(header) = &function.header {
                    hash.update(header.as_bytes());
                }
            }
            hash.update(subject.tied_digest(path));
            modules.insert(path.clone(), hash.finalize().into());
        }
        let prose = subject.prose().clone();
        let closed = QuickMap::default();
        let looks = subject.looks();
        Self { fingerprints, modules, docstrings, prose, unlisted, called, looks, closures, closed }
    }

    /// Over nothing, for who asks only which files import which.
    pub(super) fn of_imports(closures: Closures) -> Self {
        Self {
            fingerprints: QuickMap::default(),
            modules: QuickMap::default(),
            docstrings: BTreeMap::new(),
            prose: BTreeMap::new(),
            unlisted: [0; 32],
            called: QuickMap::default(),
            looks: Arc::default(),
            closures,
            closed: QuickMap::default(),
        }
    }

    /// Over functions alone, each with a text.
    #[cfg(test)]
    pub(super) fn of_texts(functions: impl Iterator<Item = (FunctionKey, &'static str)>) -> Self {
        let fingerprint = |text: &str| Fingerprint::new(Sha256::digest(text).into());
        let fingerprints = functions.map(|(key, text)| (key, fingerprint(text))).collect();
        Self { fingerprints, ..Self::of_imports(Closures::default()) }
    }

    /// Gives a file this module code.
    #[cfg(test)]
    pub(super) fn set_module(&mut self, file: RepoPath, text: &str) {
        self.modules.insert(file, Sha256::digest(text).into());
    }

    /// The digest of the test `id` that lies in `file`, enters `entered`, and starts processes out of
    /// reach that may run all of the files `beyond`.
    pub(super) fn test(
        &mut self,
        id: &TestId,
        file: Option<&RepoPath>,
        beyond: &[RepoPath],
        entered: impl Iterator<Item = FunctionKey>,
    ) -> ReachDigest {
        let mut entered: BTreeSet<FunctionKey> = entered.collect();
        if !beyond.is_empty() {
            let may_be = |key: &&FunctionKey| beyond.contains(&key.path);
            entered.extend(self.fingerprints.keys().filter(may_be).cloned());
        }
        let mut hash = Sha256::new();
        hash.update(self.unlisted);
        let of_file = file.map(|file| self.docstrings.get(file));
        let owners: Vec<_> = match of_file {
            Some(of_file) => of_file.into_iter().flatten().collect(),
            None => self.docstrings.values().flatten().collect(),
        };
        for (function, examples) in owners {
            if is_doctest_of(id, function) {
                hash.update(examples.as_bytes());
            }
        }
        if file.is_none() {
            for (_, content) in self.prose.iter().filter(|(text, _)| is_text_test(id, text)) {
                hash.update(content.as_bytes());
            }
        }
        let files: BTreeSet<&RepoPath> =
            file.into_iter().chain(beyond).chain(entered.iter().map(|key| &key.path)).collect();
        for file in files {
            hash.update(self.closed(file));
        }
        for key in &entered {
            hash.update(key.path.as_str().as_bytes());
            hash.update(b"::");
            hash.update(key.name.as_str().as_bytes());
            hash.update([0]);
            match self.fingerprints.get(key) {
                Some(fingerprint) => hash.update(fingerprint.as_bytes()),
                None => hash.update([1]),
            }
            if let Some(look) = self.look(key) {
                hash.update(look);
            }
        }
        ReachDigest(hash.finalize().into())
    }

    /// What every verdict on `mutant` rests on beside tests.
    pub(super) fn ground(
        &self,
        mutant: &Mutant,
        environment: &EnvKey,
        limits: &str,
        cold: bool,
    ) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(environment.0.as_bytes());
        hash.update(limits.as_bytes());
        hash.update([u8::from(cold)]);
        // The id and the function's fingerprint tell a mutant, however the code is laid out; but
        // headers in a body are no part of the body's fingerprint.
        if mutant.function.name.is_body() {
            for text in [&mutant.original, &mutant.replacement] {
                text.split_whitespace().for_each(|part| hash.update(part.as_bytes()));
                hash.update([0]);
            }
        }
        if let Some(fingerprint) = self.fingerprints.get(&mutant.function) {
            hash.update(fingerprint.as_bytes());
        }
        hash.finalize().into()
    }

    /// The fingerprint of a function.
    pub(super) fn fingerprint(&self, key: &FunctionKey) -> Option<Fingerprint> {
        self.fingerprints.get(key).copied()
    }

    /// A digest of the files that a function may look for, if it looks for any.
    pub(super) fn look(&self, key: &FunctionKey) -> Option<[u8; 32]> {
        self.looks.get(key).copied()
    }

    /// A digest of what an import of one file runs.
    pub(super) fn import_of(&self, file: &RepoPath) -> [u8; 32] {
        imported(&self.modules, &self.called, &self.fingerprints, file)
    }

    /// The files that the code of a file calls before the first test: whose functions they are.
    pub(super) fn called_by(&self, file: &RepoPath) -> impl Iterator<Item = &FunctionKey> {
        self.called.get(file).into_iter().flatten()
    }

    /// The files that have to be loaded for a file, itself included.
    pub(super) fn closure(&mut self, file: &RepoPath) -> &BTreeSet<RepoPath> {
        self.closures.of(file)
    }

    /// A digest of what the import of a file and of all that it imports runs.
    pub(super) fn closed(&mut self, file: &RepoPath) -> [u8; 32] {
        if let Some(known) = self.closed.get(file) {
            return *known;
        }
        let mut hash = Sha256::new();
        for member in self.closures.of(file) {
            hash.update(member.as_str().as_bytes());
            hash.update([0]);
            hash.update(imported(&self.modules, &self.called, &self.fingerprints, member));
        }
        let digest = hash.finalize().into();
        self.closed.insert(file.clone(), digest);
        digest
    }

    /// Whether a file imports one of `files`, directly or not, or is one.
    pub(super) fn sees(&mut self, file: &RepoPath, files: &BTreeSet<RepoPath>) -> bool {
        self.closures.of(file).iter().any(|seen| files.contains(seen))
    }

    /// The test files whose imports lead to `file`.
    pub(super) fn importers_of<'p>(
        &mut self,
        file: &RepoPath,
        candidates: impl Iterator<Item = &'p RepoPath>,
    ) -> BTreeSet<RepoPath> {
        candidates.filter(|candidate| self.closures.of(candidate).contains(file)).cloned().collect()
    }
}

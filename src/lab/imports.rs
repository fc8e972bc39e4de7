//! What imports did: who imports whom, the lines that ran, the calls that were made.
//!
//! Invariant: where some files were collected, what is known of the others stays, except of files whose
//! import runs something else than before.

use std::collections::BTreeSet;

use super::basis::{Closures, Digests};
use super::collecting::Extent;
use super::last_collection::LastCollection;
use super::resolving::{Resolved, Resolver};
use super::still_imported::still_imported;
use super::subject::Subject;
use super::warm::Warm;
use super::{LabError, unlisted};
use crate::model::{FunctionKey, ImportTrace, QualName, RepoPath};
use crate::store::{EdgeOwner, Store, StoredTrace};

/// What imports did.
pub(super) struct Imports {
    /// Over these imports, where nothing of them is new.
    pub digests: Option<Digests>,
    /// Pairs of an importer and what it imports.
    pub pairs: Vec<(RepoPath, RepoPath)>,
    /// Pairs of a caller and its callee.
    pub calls: Vec<(FunctionKey, FunctionKey)>,
}

/// Stores what imports did; returns who imports whom, and the calls that were made. Where some files
/// were collected, what is known of the others stays.
pub(super) fn store_imports(
    subject: &Subject,
    store: &mut Store,
    stored: &StoredTrace,
    ran: Resolved,
    (warm, extent): (&Warm, &Extent),
    before: &LastCollection,
) -> Result<Imports, LabError> {
    let collected = &warm.collected;
    let mut imports: Vec<(RepoPath, RepoPath)> = collected
        .imports
        .iter()
        .filter_map(|(a, b)| Some((warm.files.get(*a)?.clone(), warm.files.get(*b)?.clone())))
        .collect();
    let Resolved { mut lines, mut edges, .. } = ran;
    let known = store.import_trace()?;
    let mut digests = None;
    if let (Extent::Part(part), Some(known)) = (extent, &known) {
        let unlisted = unlisted::digest(store, &subject.root)?;
        let of_known = part.take_digests().unwrap_or_else(|| {
            let closures = Closures::new(&known.imports, subject.files.keys(), &subject.roles());
            Digests::new(subject, closures, stored.import_edges(), unlisted)
        });
        let changed = before.changed_imports(subject, &of_known);
        let stays = |path: &RepoPath| subject.files.contains_key(path) && !changed.contains(path);
        let kept = known.imports.iter().filter(|(a, b)| stays(a) && subject.files.contains_key(b));
        imports.extend(kept.cloned());
        imports.sort_unstable();
        imports.dedup();
        let of_tests = stored.tests().iter().filter_map(|test| test.summary.path.clone());
        let roots = warm.loaded().into_iter().chain(of_tests);
        let loaded = known.lines.keys().cloned();
        let imported = still_imported(roots, loaded, &known.imports, &imports);
        imports.retain(|(importer, _)| imported.contains(importer));
        let stays = |path: &RepoPath| stays(path) && imported.contains(path);
        for (path, known) in known.lines.iter().filter(|(path, _)| stays(path)) {
            let all = lines.entry(path.clone()).or_default();
            all.extend(known);
            all.sort_unstable();
            all.dedup();
        }
        let mut calls: Vec<(&FunctionKey, &FunctionKey)> = stored.import_edges().collect();
        calls.sort_unstable();
        let of_known_calls = calls
            .iter()
            .filter(|(caller, callee)| stays(&caller.path) && subject.function(callee).is_some());
        edges.extend(of_known_calls.map(|&(caller, callee)| (caller.clone(), callee.clone())));
        edges.sort_unstable();
        edges.dedup();
        let same_calls = edges.iter().map(|(a, b)| (a, b)).eq(calls);
        if same_calls && imports == known.imports {
            digests = Some(of_known);
            if lines == known.lines && store.lost_imports()?.is_empty() {
                return Ok(Imports { digests, pairs: imports, calls: edges });
            }
        }
    }
    let pairs = imports.clone();
    store.put_import_trace(&ImportTrace { lines, edges: Vec::new(), imports })?;
    store.put_edges(&EdgeOwner::Import, &edges)?;
    Ok(Imports { digests, pairs, calls: edges })
}
/// What imports ran. What a thread entered has no caller that was seen: the module's import is the
/// reason.
pub(super) fn ran(resolver: &Resolver<'_>, warm: &Warm) -> Resolved {
    let mut ran = resolver.resolve(&crate::worker::TraceRecord {
        lines: warm.collected.lines.clone(),
        edges: warm.collected.edges.clone(),
        ..crate::worker::TraceRecord::default()
    });
    let called: BTreeSet<&FunctionKey> = ran.edges.iter().map(|(_, callee)| callee).collect();
    let by_import: Vec<(FunctionKey, FunctionKey)> = ran
        .entered
        .iter()
        .filter(|function| !called.contains(function))
        .map(|function| {
            let module = FunctionKey::new(function.path.clone(), QualName::module());
            (module, function.clone())
        })
        .filter(|(module, function)| module != function)
        .collect();
    ran.edges.extend(by_import);
    ran
}

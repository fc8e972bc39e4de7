//! How changed names spread: through the statements that derive names from them, and imports.
//!
//! Invariant: a changed name is known in its file and in the files that import that directly; it
//! goes further where a file binds it anew, by a re-export or by deriving another name from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::bodies::{ChangedNames, class_of, is_nested};
use crate::model::{QualName, RepoPath};
use crate::syntax::{FileNames, Mentions, OwnStatement, StatementKind};

/// Where a changed name comes from: the changed file, and the name as the reader knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) path: RepoPath,
    pub(super) name: String,
}

/// The changed names of one file.
#[derive(Debug, Default)]
struct FileChange {
    names: BTreeMap<String, Origin>,
    attributes: BTreeMap<String, Origin>,
    /// Names that a `from … import *` brings now and did not, or the other way round.
    exported: BTreeMap<String, Origin>,
}

impl FileChange {
    fn len(&self) -> usize {
        self.names.len() + self.attributes.len()
    }
}

/// The spreading of changed names through statements and imports.
pub(super) struct Spread<'a> {
    changes: BTreeMap<RepoPath, FileChange>,
    importers: BTreeMap<&'a RepoPath, BTreeSet<&'a RepoPath>>,
    imported: BTreeMap<&'a RepoPath, BTreeSet<&'a RepoPath>>,
    /// Files to look at (again).
    queue: VecDeque<RepoPath>,
}

impl<'a> Spread<'a> {
    pub(super) fn new(
        changed: &BTreeMap<&RepoPath, &ChangedNames>,
        imports: &'a [(RepoPath, RepoPath)],
        test_files: &BTreeSet<RepoPath>,
    ) -> Self {
        let mut spread = Self {
            changes: BTreeMap::new(),
            importers: BTreeMap::new(),
            imported: BTreeMap::new(),
            queue: VecDeque::new(),
        };
        for (importer, imported) in imports {
            if !test_files.contains(importer) {
                spread.importers.entry(imported).or_default().insert(importer);
                spread.imported.entry(importer).or_default().insert(imported);
            }
        }
        for (path, changed) in changed {
            let origins = |names: &BTreeSet<String>| {
                let origin = |name: &String| Origin { path: (*path).clone(), name: name.clone() };
                names.iter().map(|name| (name.clone(), origin(name))).collect()
            };
            let change = FileChange {
                names: origins(&changed.names),
                attributes: origins(&changed.attributes),
                exported: origins(&changed.exported),
            };
            if change.len() > 0 {
                spread.changes.insert((*path).clone(), change);
                spread.queue.push_back((*path).clone());
            }
        }
        let first: Vec<RepoPath> = spread.queue.iter().cloned().collect();
        first.iter().for_each(|path| spread.queue_importers(path));
        spread
    }

    /// The next file whose statements are to be looked at.
    pub(super) fn next(&mut self) -> Option<RepoPath> {
        self.queue.pop_front()
    }

    fn queue_importers(&mut self, path: &RepoPath) {
        for importer in self.importers.get(path).into_iter().flatten() {
            if !self.queue.contains(importer) {
                self.queue.push_back((*importer).clone());
            }
        }
    }

    /// Adds the names that the statements of a file derive from changed ones.
    pub(super) fn derive(&mut self, path: &RepoPath, file: &FileNames) {
        let before = self.changes.get(path).map_or(0, FileChange::len);
        let mut known = before;
        loop {
            for (body, statements) in &file.bodies {
                let class = class_of(body);
                for statement in statements {
                    self.derive_statement(path, class.as_ref(), statement);
                }
            }
            let now = self.changes.get(path).map_or(0, FileChange::len);
            if now == known {
                break;
            }
            known = now;
        }
        if known > before {
            self.queue_importers(path);
        }
    }

    fn derive_statement(
        &mut self,
        path: &RepoPath,
        class: Option<&QualName>,
        statement: &OwnStatement,
    ) {
        if statement.kind == StatementKind::Star {
            let found: Vec<(String, Origin)> = self
                .imported_from(path, statement.source.as_deref())
                .flat_map(|change| {
                    let public = change.names.iter().filter(|(name, _)| !name.starts_with('_'));
                    public.chain(&change.exported)
                })
                .map(|(name, origin)| (name.clone(), origin.clone()))
                .collect();
            let names = &mut self.changes.entry(path.clone()).or_default().names;
            for (name, origin) in found {
                names.entry(name).or_insert(origin);
            }
        }
        let origins = match statement.kind {
            StatementKind::Import => self.imports(path, statement),
            _ => self.reads(path, class.is_some(), &statement.mentions),
        };
        let Some(origin) = origins.into_iter().next() else { return };
        let change = self.changes.entry(path.clone()).or_default();
        for name in &statement.binds {
            let name_of = match statement.kind {
                StatementKind::Import => origin.name.clone(),
                _ => name.clone(),
            };
            let origin = Origin { path: origin.path.clone(), name: name_of };
            let in_class = class
                .is_some_and(|class| statement.kind != StatementKind::Header || is_nested(class));
            let names = if in_class { &mut change.attributes } else { &mut change.names };
            names.entry(name.clone()).or_insert(origin);
        }
        if let (Some(class), StatementKind::Field) = (class, statement.kind) {
            let name = class.simple().to_owned();
            let origin = Origin { path: origin.path, name: name.clone() };
            let names = if is_nested(class) { &mut change.attributes } else { &mut change.names };
            names.entry(name).or_insert(origin);
        }
    }

    /// The changed name that an item of a `from … import` imports.
    fn imports(&self, path: &RepoPath, statement: &OwnStatement) -> BTreeSet<Origin> {
        let changes = self.imported_from(path, statement.source.as_deref());
        changes.flat_map(|change| matches(&change.names, &statement.mentions.attributes)).collect()
    }

    /// The changed names that a statement reads.
    fn reads(&self, path: &RepoPath, in_class: bool, mentions: &Mentions) -> BTreeSet<Origin> {
        let mut origins = self.used(path, mentions);
        if let (true, Some(own)) = (in_class, self.changes.get(path)) {
            origins.extend(matches(&own.attributes, &mentions.names));
        }
        origins
    }

    /// The changed names that code of a file uses: bare ones of its own module; as attributes,
    /// those of its classes and all of the files that it imports.
    pub(super) fn used(&self, path: &RepoPath, mentions: &Mentions) -> BTreeSet<Origin> {
        let mut origins = BTreeSet::new();
        if let Some(own) = self.changes.get(path) {
            origins.extend(matches(&own.names, &mentions.names));
            origins.extend(matches(&own.attributes, &mentions.attributes));
        }
        let imported = self.imported.get(path).into_iter().flatten();
        for change in imported.filter_map(|path| self.changes.get(*path)) {
            origins.extend(matches(&change.names, &mentions.attributes));
            origins.extend(matches(&change.attributes, &mentions.attributes));
        }
        origins
    }

    /// The changed file that a file without known names is a user of: itself, or one that it
    /// imports.
    pub(super) fn nearest(&self, path: &RepoPath) -> RepoPath {
        let imported = self.imported.get(path).into_iter().flatten();
        let mut near = std::iter::once(path).chain(imported.copied());
        near.find(|path| self.changes.contains_key(*path)).unwrap_or(path).clone()
    }

    /// The changes of the imported files that a `from … import` may name; of all where its module
    /// is not known.
    fn imported_from(
        &self,
        path: &RepoPath,
        source: Option<&str>,
    ) -> impl Iterator<Item = &FileChange> {
        let imported = self.imported.get(path).into_iter().flatten();
        let named = imported.filter(move |path| source.is_none_or(|name| is_module(path, name)));
        named.filter_map(|path| self.changes.get(*path))
    }
}

/// The origins of the changed names that are mentioned.
fn matches(changed: &BTreeMap<String, Origin>, mentioned: &BTreeSet<String>) -> Vec<Origin> {
    mentioned.iter().filter_map(|name| changed.get(name)).cloned().collect()
}

/// Whether a file may be the module whose dotted name ends in `name`; the empty name, of `from .`,
/// is any package.
fn is_module(path: &RepoPath, name: &str) -> bool {
    match path.file_name() {
        "__init__.py" => name.is_empty() || path.directories().last() == Some(name),
        file => file.strip_suffix(".py") == Some(name),
    }
}

//! Who uses what changed in module and class bodies.
//!
//! Invariant: users are looked for in the file of the change and in the files that import it
//! directly; a name goes further where a file binds it anew (re-exports it, derives another from
//! it). What such a name cannot tell, because everything changed or a file cannot be read, makes
//! whole files users.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::bodies::{ChangedNames, class_of, is_nested};
use crate::model::{FunctionKey, QualName, RepoPath};
use crate::syntax::{FileNames, Mentions, OwnStatement, StatementKind};

/// Whether it is the code of a module or class body, which runs when it is imported.
pub(super) fn is_body(function: &FunctionKey) -> bool {
    function.name.as_str() == QualName::MODULE || function.name.simple() == "<class>"
}

/// The users of changed bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// Functions that use changed names.
    functions: BTreeMap<FunctionKey, Use>,
    /// Files of which all functions are users, each with the changed file.
    files: BTreeMap<RepoPath, RepoPath>,
}

/// What a function uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// The changed file.
    pub(super) path: RepoPath,
    /// The changed names; empty for everything.
    pub(super) names: BTreeSet<String>,
}

impl Users {
    /// Finds the users. `imports` are pairs (importer, imported); `read` tells the names in a
    /// file as it is now, `None` where it cannot be parsed, and is asked for the files of the
    /// changes and for files that import what changed.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn find<E>(
        changed: &BTreeMap<RepoPath, ChangedNames>,
        imports: &[(RepoPath, RepoPath)],
        test_files: &BTreeSet<RepoPath>,
        read: &mut dyn FnMut(&RepoPath) -> Result<Option<FileNames>, E>,
    ) -> Result<Self, E> {
        let changed: BTreeMap<&RepoPath, &ChangedNames> =
            changed.iter().filter(|(path, _)| !test_files.contains(path)).collect();
        let mut users = Self { functions: BTreeMap::new(), files: whole_files(&changed, imports) };
        let mut spread = Spread::new(&changed, imports, test_files);
        let mut files: BTreeMap<RepoPath, Option<FileNames>> = BTreeMap::new();
        while let Some(path) = spread.queue.pop_front() {
            if !files.contains_key(&path) {
                files.insert(path.clone(), read(&path)?);
            }
            let Some(Some(file)) = files.get(&path) else { continue };
            spread.derive(&path, file);
        }
        for (path, file) in files {
            let Some(file) = file else {
                users.files.entry(path.clone()).or_insert(path);
                continue;
            };
            let classes = changed.get(&path).map(|changed| &changed.classes);
            for (name, mentions) in file.functions {
                let mut origins = spread.used(&path, &mentions);
                for class in classes.into_iter().flatten() {
                    let inside = name.as_str().strip_prefix(class.as_str());
                    if inside.is_some_and(|rest| rest.starts_with('.')) {
                        let name = class.simple().to_owned();
                        origins.insert(Origin { path: path.clone(), name });
                    }
                }
                if let Some(used) = nearest(&path, origins) {
                    users.functions.insert(FunctionKey::new(path.clone(), name), used);
                }
            }
        }
        Ok(users)
    }

    /// What a function uses; `None` where it is no user.
    pub(super) fn of(&self, function: &FunctionKey) -> Option<Use> {
        let whole = || {
            let path = self.files.get(&function.path)?.clone();
            Some(Use { path, names: BTreeSet::new() })
        };
        self.functions.get(function).cloned().or_else(whole)
    }
}

/// Files that a change of everything makes users: its own and those that import it; each with the
/// changed file, its own where that changed, else the first by path.
fn whole_files(
    changed: &BTreeMap<&RepoPath, &ChangedNames>,
    imports: &[(RepoPath, RepoPath)],
) -> BTreeMap<RepoPath, RepoPath> {
    let is_whole = |path: &RepoPath| changed.get(path).is_some_and(|changed| changed.everything);
    let mut files: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
    for (importer, imported) in imports.iter().filter(|(_, imported)| is_whole(imported)) {
        let nearest = files.entry(importer.clone()).or_insert_with(|| imported.clone());
        *nearest = imported.clone().min(nearest.clone());
    }
    let own = changed.keys().filter(|path| is_whole(path));
    files.extend(own.map(|path| ((*path).clone(), (*path).clone())));
    files
}

/// Of the changed names that a function uses, those of one changed file: its own, else the first.
fn nearest(own: &RepoPath, origins: BTreeSet<Origin>) -> Option<Use> {
    let path = match origins.iter().any(|origin| origin.path == *own) {
        true => own.clone(),
        false => origins.first()?.path.clone(),
    };
    let of_path = origins.into_iter().filter(|origin| origin.path == path);
    let names = of_path.map(|origin| origin.name).collect();
    Some(Use { path, names })
}

/// Where a changed name comes from: the changed file, and the name as the reader knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    path: RepoPath,
    name: String,
}

/// The changed names of one file.
#[derive(Debug, Default)]
struct FileChange {
    names: BTreeMap<String, Origin>,
    attributes: BTreeMap<String, Origin>,
}

impl FileChange {
    fn len(&self) -> usize {
        self.names.len() + self.attributes.len()
    }
}

/// The spreading of changed names through statements and imports.
struct Spread<'a> {
    changes: BTreeMap<RepoPath, FileChange>,
    importers: BTreeMap<&'a RepoPath, BTreeSet<&'a RepoPath>>,
    imported: BTreeMap<&'a RepoPath, BTreeSet<&'a RepoPath>>,
    /// Files to look at (again).
    queue: VecDeque<RepoPath>,
}

impl<'a> Spread<'a> {
    fn new(
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

    fn queue_importers(&mut self, path: &RepoPath) {
        for importer in self.importers.get(path).into_iter().flatten() {
            if !self.queue.contains(importer) {
                self.queue.push_back((*importer).clone());
            }
        }
    }

    /// Adds the names that the statements of a file derive from changed ones.
    fn derive(&mut self, path: &RepoPath, file: &FileNames) {
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
                .flat_map(|change| &change.names)
                .filter(|(name, _)| !name.starts_with('_'))
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
            let in_class = class.is_some_and(|class| {
                statement.kind != StatementKind::Header || is_nested(class)
            });
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
    fn used(&self, path: &RepoPath, mentions: &Mentions) -> BTreeSet<Origin> {
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

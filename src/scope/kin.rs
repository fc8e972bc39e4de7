//! Methods that a changed one overrides.
//!
//! Invariant: kinship is by the bases that a class's header names, found in its own file, in the
//! files that this imports, and in what their packages re-export; nothing else makes two methods kin.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::is_body;
use crate::model::{FunctionKey, QualName, RepoPath};
use crate::syntax::{FileNames, StatementKind};

/// For each changed method, the methods of that name of all classes that its own derives from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    overridden: BTreeMap<FunctionKey, BTreeSet<FunctionKey>>,
}

/// A class: its file and its qualified name.
type Class = (RepoPath, QualName);

impl Kin {
    /// Finds what the changed methods override. `classes` are the classes of the project, by their
    /// simple names; `imports` are pairs (importer, imported); `read` tells the names in a file and
    /// is asked for the files of the classes concerned.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn find<'k, E>(
        changed: impl Iterator<Item = &'k FunctionKey>,
        classes: &BTreeMap<String, BTreeSet<(RepoPath, QualName)>>,
        imports: &[(RepoPath, RepoPath)],
        read: &mut dyn FnMut(&RepoPath) -> Result<Option<FileNames>, E>,
    ) -> Result<Self, E> {
        let mut kin = Self::default();
        let mut files: BTreeMap<RepoPath, Option<FileNames>> = BTreeMap::new();
        let mut ancestors: BTreeMap<Class, BTreeSet<Class>> = BTreeMap::new();
        for method in changed {
            let Some((class, name)) = class_and_name(method) else { continue };
            if !classes.get(class.1.simple()).is_some_and(|known| known.contains(&class)) {
                continue;
            }
            if !ancestors.contains_key(&class) {
                let mut found: BTreeSet<Class> = BTreeSet::new();
                let mut pending = vec![class.clone()];
                while let Some(next) = pending.pop() {
                    if !files.contains_key(&next.0) {
                        files.insert(next.0.clone(), read(&next.0)?);
                    }
                    let names = files[&next.0].as_ref();
                    for base in names.map_or_else(BTreeSet::new, |file| bases(file, &next.1)) {
                        for class in resolve(&base, &next, classes, imports) {
                            if found.insert(class.clone()) {
                                pending.push(class);
                            }
                        }
                    }
                }
                found.remove(&class);
                ancestors.insert(class.clone(), found);
            }
            let overridden: BTreeSet<FunctionKey> = ancestors[&class]
                .iter()
                .map(|(path, class)| {
                    FunctionKey::new(path.clone(), QualName::new(format!("{class}.{name}")))
                })
                .collect();
            if !overridden.is_empty() {
                kin.overridden.insert(method.clone(), overridden);
            }
        }
        Ok(kin)
    }

    /// The methods that a changed one overrides; `None` where its class has no base in the project.
    pub(super) fn overridden_by(&self, method: &FunctionKey) -> Option<&BTreeSet<FunctionKey>> {
        self.overridden.get(method)
    }
}

/// The class and the simple name of a method that callers of another class's may come to call: who
/// calls a constructor names its class.
fn class_and_name(method: &FunctionKey) -> Option<(Class, &str)> {
    let (class, _) = method.name.as_str().rsplit_once('.')?;
    let name = method.name.simple();
    let makes =
        matches!(name, "__init__" | "__new__" | "__init_subclass__" | "__post_init__" | "__del__");
    (!makes && !class.ends_with("<locals>") && !is_body(method))
        .then(|| ((method.path.clone(), QualName::new(class)), name))
}

/// The names in the header of a class.
fn bases(file: &FileNames, class: &QualName) -> BTreeSet<String> {
    let body = file.body(&QualName::new(format!("{class}.<class>")));
    let headers = body.into_iter().flatten().filter(|own| own.kind == StatementKind::Header);
    headers
        .flat_map(|header| header.mentions.names.iter().chain(&header.mentions.attributes))
        .cloned()
        .collect()
}

/// The classes that a name in the header of a class may mean: the nearest that there are.
fn resolve(
    name: &str,
    from: &Class,
    classes: &BTreeMap<String, BTreeSet<Class>>,
    imports: &[(RepoPath, RepoPath)],
) -> Vec<Class> {
    let Some(named) = classes.get(name) else { return Vec::new() };
    let mut files = BTreeSet::from([&from.0]);
    // Its own file, what that imports, and what packages among these import in turn.
    for step in 0..3 {
        let found: Vec<Class> = named
            .iter()
            .filter(|class| files.contains(&class.0) && *class != from)
            .cloned()
            .collect();
        if !found.is_empty() {
            return found;
        }
        let importers: BTreeSet<&RepoPath> = files
            .iter()
            .filter(|path| step == 0 || path.file_name() == "__init__.py")
            .copied()
            .collect();
        let reached = imports.iter().filter(|(importer, _)| importers.contains(importer));
        files.extend(reached.map(|(_, imported)| imported));
    }
    Vec::new()
}

#[cfg(test)]
mod unit {
    use std::convert::Infallible;

    use super::*;
    use crate::syntax::{Module, Source};

    fn parse(path: &str, text: &str) -> Module {
        Module::parse(Source::decode(RepoPath::new(path), text.into()).unwrap()).unwrap()
    }

    /// What a method overrides, in order.
    fn overridden(method: &str, files: &[(&str, &str)], imports: &[(&str, &str)]) -> Vec<String> {
        let mut classes: BTreeMap<String, BTreeSet<Class>> = BTreeMap::new();
        for (path, text) in files {
            for function in parse(path, text).functions() {
                if let Some(class) = function.key.name.as_str().strip_suffix(".<class>") {
                    let class = QualName::new(class);
                    let known = classes.entry(class.simple().to_owned()).or_default();
                    known.insert((RepoPath::new(*path), class));
                }
            }
        }
        let (path, name) = method.split_once("::").unwrap();
        let key = FunctionKey::new(RepoPath::new(path), QualName::new(name));
        let imports: Vec<_> =
            imports.iter().map(|(a, b)| (RepoPath::new(*a), RepoPath::new(*b))).collect();
        let kin = Kin::find(std::iter::once(&key), &classes, &imports, &mut |path| {
            let text = files.iter().find(|(known, _)| path.as_str() == *known);
            Ok::<_, Infallible>(text.map(|(path, text)| FileNames::of(&parse(path, text))))
        });
        let kin = kin.unwrap();
        kin.overridden_by(&key).into_iter().flatten().map(ToString::to_string).collect()
    }

    #[test]
    fn all_ancestors_are_kin_and_classes_of_the_same_name_elsewhere_are_not() {
        let files = [
            ("a.py", "class A:\n    def m(self): pass\n"),
            ("b.py", "import a\nclass B(a.A):\n    pass\n"),
            ("c.py", "from b import B\nclass C(B):\n    def m(self): pass\n"),
            ("d.py", "class B:\n    def m(self): pass\n"),
        ];
        let imports = [("b.py", "a.py"), ("c.py", "b.py")];
        assert_eq!(overridden("c.py::C.m", &files, &imports), ["a.py::A.m", "b.py::B.m"]);
        assert!(overridden("a.py::A.m", &files, &imports).is_empty());
    }

    #[test]
    fn bases_are_found_through_re_exports() {
        let files = [
            ("p/base.py", "class A:\n    pass\n"),
            ("p/__init__.py", "from .base import A\n"),
            ("c.py", "import p\nclass C(p.A):\n    def m(self): pass\n"),
        ];
        let imports = [("p/__init__.py", "p/base.py"), ("c.py", "p/__init__.py")];
        assert_eq!(overridden("c.py::C.m", &files, &imports), ["p/base.py::A.m"]);
    }

    #[test]
    fn constructors_and_functions_override_nothing() {
        let text = "class A:\n    pass\nclass C(A):\n    def __init__(self): pass\n    def __eq__(self, o): pass\ndef f(): pass\n";
        let files = [("a.py", text)];
        assert!(overridden("a.py::C.__init__", &files, &[]).is_empty());
        assert!(overridden("a.py::f", &files, &[]).is_empty());
        assert_eq!(overridden("a.py::C.__eq__", &files, &[]), ["a.py::A.__eq__"]);
    }
}

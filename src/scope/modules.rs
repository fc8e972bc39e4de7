//! Who uses what changed in module and class bodies.
//!
//! Invariant: a function is a user of the names of one changed file: its own where it uses any of
//! that, else the first by path. Where names cannot tell, because everything changed or a file
//! cannot be parsed, whole files are users.

use std::collections::{BTreeMap, BTreeSet};

use super::ChangedNames;
use super::spread::{Origin, Spread};
use crate::model::{FunctionKey, QualName, RepoPath};
use crate::syntax::FileNames;

/// Whether it is the code of a module or class body, which runs when it is imported.
pub(super) fn is_body(function: &FunctionKey) -> bool {
    function.name.as_str() == QualName::MODULE || function.name.simple() == "<class>"
}

/// The users of changed bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// Functions that use changed names.
    functions: BTreeMap<FunctionKey, Use>,
    /// All changed names that functions use, each with its file.
    origins: BTreeMap<FunctionKey, BTreeSet<Origin>>,
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
        let mut users = Self {
            functions: BTreeMap::new(),
            origins: BTreeMap::new(),
            files: whole_files(&changed, imports),
        };
        let mut spread = Spread::new(&changed, imports, test_files);
        let mut files: BTreeMap<RepoPath, Option<FileNames>> = BTreeMap::new();
        while let Some(path) = spread.next() {
            if !files.contains_key(&path) {
                files.insert(path.clone(), read(&path)?);
            }
            let Some(Some(file)) = files.get(&path) else { continue };
            spread.derive(&path, file);
        }
        for (path, file) in files {
            let Some(file) = file else {
                let changed = spread.nearest(&path);
                users.files.entry(path).or_insert(changed);
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
                let key = FunctionKey::new(path.clone(), name);
                if let Some(used) = nearest(&path, origins.clone()) {
                    users.functions.insert(key.clone(), used);
                    users.origins.insert(key, origins);
                }
            }
        }
        Ok(users)
    }

    /// The functions that use changed names.
    pub fn named(&self) -> impl Iterator<Item = &FunctionKey> {
        self.functions.keys()
    }

    /// The files of which all functions are users.
    pub fn whole_files(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.keys()
    }

    /// The changed names that a function uses, each with its file.
    pub fn names_in(&self, function: &FunctionKey) -> impl Iterator<Item = (&RepoPath, &str)> {
        let origins = self.origins.get(function).into_iter().flatten();
        origins.map(|origin| (&origin.path, origin.name.as_str()))
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

#[cfg(test)]
mod unit {
    use std::convert::Infallible;

    use super::*;
    use crate::syntax::{Module, Source};

    fn parse(path: &str, text: &str) -> Option<FileNames> {
        let source = Source::decode(RepoPath::new(path), text.into()).unwrap();
        Module::parse(source).ok().map(|module| FileNames::of(&module))
    }

    /// The users of a change from `old` to the first of the files, a line for each: the function,
    /// the names, the changed file (whole files with a `*`).
    fn users(old: &str, files: &[(&str, &str)], imports: &[(&str, &str)]) -> String {
        let (changed_path, new) = files[0];
        let (before, after) =
            (parse(changed_path, old).unwrap(), parse(changed_path, new).unwrap());
        let mut names = ChangedNames::default();
        let bodies: BTreeSet<&QualName> =
            before.bodies.iter().chain(&after.bodies).map(|(name, _)| name).collect();
        for body in bodies {
            names.add(body, before.body(body), after.body(body));
        }
        let changed = BTreeMap::from([(RepoPath::new(changed_path), names)]);
        let imports: Vec<_> =
            imports.iter().map(|(a, b)| (RepoPath::new(*a), RepoPath::new(*b))).collect();
        let test_files = BTreeSet::from([RepoPath::new("t.py")]);
        let users = Users::find(&changed, &imports, &test_files, &mut |path| {
            let text = files.iter().find(|(known, _)| path.as_str() == *known);
            Ok::<_, Infallible>(text.and_then(|(path, text)| parse(path, text)))
        });
        let users = users.unwrap();
        let mut lines: Vec<String> = Vec::new();
        for (path, changed) in &users.files {
            lines.push(format!("{path}: * {changed}"));
        }
        for (function, used) in &users.functions {
            let names: Vec<&str> = used.names.iter().map(String::as_str).collect();
            lines.push(format!("{function}: {} {}", names.join(" "), used.path));
        }
        lines.join("\n")
    }

    #[test]
    fn a_version_that_nobody_mentions_has_no_users() {
        let new = "__version__ = '2'\nfrom a import f\ndef g(): return f()\n";
        let files = [("p/__init__.py", new), ("p/a.py", "import p\ndef f(): return p.x\n")];
        let imports = [("p/a.py", "p/__init__.py"), ("p/__init__.py", "p/a.py")];
        assert_eq!(users(&new.replace('2', "1"), &files, &imports), "");
    }

    #[test]
    fn users_are_in_the_file_and_in_its_direct_importers() {
        let files = [
            ("a.py", "X = 2\ndef f(): return X\ndef g(): return Y\n"),
            ("b.py", "from a import X\ndef f():\n    def h(): return X\ndef g(): return a.Y\n"),
            ("c.py", "import a\ndef f(): return a.X\ndef g(X): return X\n"),
            ("d.py", "def f():\n    from a import X as Y\n    return Y\n"),
            ("e.py", "import b\ndef f(): return e.X\n"),
            ("t.py", "from a import X\ndef f(): return X\n"),
            ("z.py", "import a\ndef f(:\n"),
        ];
        let imports = ["b.py", "c.py", "d.py", "t.py", "z.py"].map(|importer| (importer, "a.py"));
        insta::assert_snapshot!(users("X = 1\ndef f(): return X\n", &files, &imports), @r"
        z.py: * a.py
        a.py::f: X a.py
        b.py::f: X a.py
        b.py::f.<locals>.h: X a.py
        c.py::f: X a.py
        d.py::f: X a.py
        ");
    }

    #[test]
    fn aliases_are_followed() {
        let files = [
            ("a.py", "X = 2\n"),
            (
                "b.py",
                "from a import X as other\nfrom .c import X\ndef f(): return other\ndef g(): return X\n",
            ),
        ];
        insta::assert_snapshot!(users("X = 1\n", &files, &[("b.py", "a.py")]), @"b.py::f: X a.py");
    }

    #[test]
    fn derived_names_are_followed() {
        let files = [
            (
                "a.py",
                "X = 2\nY = X + 1\nclass C:\n    z = Y\n    def m(self): return self.z\ndef f(): return Y\n",
            ),
            ("b.py", "import a\nB = [a.Y]\ndef f(): return B\n"),
            ("c.py", "import b\ndef f(): return b.B\n"),
        ];
        let imports = [("b.py", "a.py"), ("c.py", "b.py")];
        let old = files[0].1.replace('2', "1");
        insta::assert_snapshot!(users(&old, &files, &imports), @r"
        a.py::C.m: z a.py
        a.py::f: Y a.py
        b.py::f: B a.py
        c.py::f: B a.py
        ");
    }

    #[test]
    fn re_exports_of_a_package_are_followed() {
        let importer = "from p import X, Z\ndef f(): return X\ndef g(): return Z\n";
        for export in ["from .mod import X\n", "from .mod import *\n"] {
            let files =
                [("p/mod.py", "X = 2\nZ = 0\n"), ("p/__init__.py", export), ("b.py", importer)];
            let imports = [("p/__init__.py", "p/mod.py"), ("b.py", "p/__init__.py")];
            assert_eq!(users("X = 1\nZ = 0\n", &files, &imports), "b.py::f: X p/mod.py");
        }
    }

    #[test]
    fn an_effect_makes_whole_files_users() {
        let files = [("a.py", "register(1)\n"), ("b.py", "import a\n"), ("c.py", "import b\n")];
        let imports = [("b.py", "a.py"), ("c.py", "b.py")];
        insta::assert_snapshot!(users("", &files, &imports), @r"
        a.py: * a.py
        b.py: * a.py
        ");
    }

    #[test]
    fn a_field_reaches_those_who_name_the_class_or_the_field() {
        let new = "@dataclass\nclass C:\n    a: int = 2\n    def m(self): return self.a\n    def n(self): return 0\nclass D(C):\n    pass\n";
        let files = [
            ("a.py", new),
            (
                "b.py",
                "from a import C, D\ndef f(): return C()\ndef g(c): return c.a\ndef h(): return D()\ndef i(a): return a\n",
            ),
        ];
        let old = new.replace('2', "1");
        insta::assert_snapshot!(users(&old, &files, &[("b.py", "a.py")]), @r"
        a.py::C.m: a a.py
        b.py::f: C a.py
        b.py::g: a a.py
        b.py::h: D a.py
        ");
    }

    #[test]
    fn a_header_reaches_all_methods() {
        let new = "class C(B):\n    def m(self): return 0\nclass CD:\n    def m(self): return 0\n";
        let old = new.replace("(B)", "(A)");
        assert_eq!(users(&old, &[("a.py", new)], &[]), "a.py::C.m: C a.py");
    }
}

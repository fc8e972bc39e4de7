//! The functions of a project's files, by file and by name.
//!
//! Invariant: the functions of a file stand in the order of its text, and a name finds the one that
//! bears it.

use std::sync::OnceLock;

use crate::model::{Function, FunctionKey, QualName, QuickMap, RepoPath};

/// The functions of each file.
#[derive(Debug, Default)]
pub(super) struct Functions(QuickMap<RepoPath, OfFile>);

#[derive(Debug)]
struct OfFile {
    functions: Vec<Function>,
    /// Made when a name of the file is first looked up.
    places: OnceLock<QuickMap<QualName, usize>>,
}

impl Functions {
    /// Sets the functions of a file.
    pub(super) fn insert(&mut self, path: RepoPath, functions: Vec<Function>) {
        self.0.insert(path, OfFile { functions, places: OnceLock::new() });
    }

    /// The functions of a file; `None` where nothing is known of it.
    pub(super) fn of(&self, path: &RepoPath) -> Option<&[Function]> {
        Some(&self.0.get(path)?.functions)
    }

    /// A function by its key.
    pub(super) fn get(&self, key: &FunctionKey) -> Option<&Function> {
        let OfFile { functions, places } = self.0.get(&key.path)?;
        let places = places.get_or_init(|| {
            let names = functions.iter().map(|function| function.key.name.clone());
            names.zip(0..).collect()
        });
        functions.get(*places.get(&key.name)?)
    }

    /// The functions of all files.
    pub(super) fn all(&self) -> impl Iterator<Item = &Function> {
        self.0.values().flat_map(|file| &file.functions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Module, Source};

    #[test]
    fn a_name_finds_the_function_that_bears_it() {
        let path = RepoPath::new("m.py");
        let text = "def f(): pass\ndef f(): return 1\nclass C:\n    def f(self): pass\n";
        let module = Module::parse(Source::decode(path.clone(), text.into()).unwrap()).unwrap();
        let mut functions = Functions::default();
        functions.insert(path.clone(), module.functions().to_vec());
        for function in module.functions() {
            assert_eq!(functions.get(&function.key), Some(function));
        }
        let key = |path: &RepoPath, name: &str| FunctionKey::new(path.clone(), QualName::new(name));
        assert_eq!(functions.get(&key(&path, "g")), None);
        assert_eq!(functions.get(&key(&RepoPath::new("n.py"), "f")), None);
        assert_eq!(functions.all().count(), functions.of(&path).unwrap().len());
    }
}

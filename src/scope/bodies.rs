//! What changed in module and class bodies, by name.
//!
//! Invariant: a change whose users cannot be told by name counts as a change of everything.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fingerprint, QualName};
use crate::syntax::{OwnStatement, StatementKind};

/// The names that changed in the module and class bodies of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedNames {
    /// Whether all that the file defines may have changed.
    pub everything: bool,
    /// Names of the module.
    pub names: BTreeSet<String>,
    /// Names of its classes' attributes, nested classes included.
    pub attributes: BTreeSet<String>,
    /// Names that came to or left `__all__`.
    pub exported: BTreeSet<String>,
    /// Classes of which every method counts as a user of the change.
    pub classes: BTreeSet<QualName>,
}

impl ChangedNames {
    /// Adds what differs between the two sides of a body; `None` where it is not there on a side.
    pub fn add(
        &mut self,
        body: &QualName,
        old: Option<&[OwnStatement]>,
        new: Option<&[OwnStatement]>,
    ) {
        let class = class_of(body);
        if let (Some(class), None, _) | (Some(class), _, None) = (&class, old, new) {
            // Nobody knows its attributes but through the class.
            self.add_class(class);
            return;
        }
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let differing = differing(old, new);
        if differing.is_empty() {
            let order = |side: &[OwnStatement]| -> Vec<Fingerprint> {
                side.iter().map(|statement| statement.digest).collect()
            };
            self.everything |= order(old) != order(new);
        }
        for statement in differing {
            let binds = statement.binds.iter().cloned();
            for name in &statement.exports {
                // What both sides export has not changed.
                if !self.exported.remove(name) {
                    self.exported.insert(name.clone());
                }
            }
            match (statement.kind, &class) {
                (StatementKind::Effect | StatementKind::Star, _) => self.everything = true,
                (StatementKind::Header, Some(class)) => {
                    self.add_class(class);
                    self.classes.insert(class.clone());
                }
                (StatementKind::Field, Some(class)) => {
                    self.add_class(class);
                    self.attributes.extend(binds);
                }
                (_, Some(_)) => self.attributes.extend(binds),
                (_, None) => self.names.extend(binds),
            }
        }
    }

    fn add_class(&mut self, class: &QualName) {
        let names = if is_nested(class) { &mut self.attributes } else { &mut self.names };
        names.insert(class.simple().to_owned());
    }
}

/// The class of a class body.
pub(super) fn class_of(body: &QualName) -> Option<QualName> {
    body.as_str().strip_suffix(".<class>").map(QualName::new)
}

/// Whether a class is found through another one or a function.
pub(super) fn is_nested(class: &QualName) -> bool {
    class.as_str().contains('.')
}

/// The statements of one side that have no equal on the other.
fn differing<'s>(old: &'s [OwnStatement], new: &'s [OwnStatement]) -> Vec<&'s OwnStatement> {
    let without = |side: &'s [OwnStatement], other: &[OwnStatement]| {
        let mut left: BTreeMap<Fingerprint, usize> = BTreeMap::new();
        other.iter().for_each(|statement| *left.entry(statement.digest).or_default() += 1);
        let mut found: Vec<&OwnStatement> = Vec::new();
        for statement in side {
            match left.get_mut(&statement.digest) {
                Some(count) if *count > 0 => *count -= 1,
                _ => found.push(statement),
            }
        }
        found
    };
    let mut found = without(old, new);
    found.extend(without(new, old));
    found
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{FileNames, Module, Source};

    /// What changed between two texts.
    fn changed(old: &str, new: &str) -> ChangedNames {
        let parse = |text: &str| {
            let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
            FileNames::of(&Module::parse(source).unwrap())
        };
        let (old, new) = (parse(old), parse(new));
        let mut changed = ChangedNames::default();
        let bodies: BTreeSet<&QualName> =
            old.bodies.iter().chain(&new.bodies).map(|(name, _)| name).collect();
        for name in bodies {
            changed.add(name, old.body(name), new.body(name));
        }
        changed
    }

    #[track_caller]
    fn differ(old: &str, new: &str, names: &[&str], attributes: &[&str]) {
        let found = changed(old, new);
        assert!(!found.everything, "{old} → {new}");
        assert_eq!(found.names.iter().collect::<Vec<_>>(), names, "{old} → {new}");
        assert_eq!(found.attributes.iter().collect::<Vec<_>>(), attributes, "{old} → {new}");
    }

    #[test]
    fn statements_that_differ_change_the_names_they_bind() {
        differ("a = 1\nb = 2\n", "a = 1\nb = 3\nc = 4\n", &["b", "c"], &[]);
        differ("a = 1\nb = 2\n", "b = 2\n", &["a"], &[]);
        differ("import a\nimport b\n", "import a, c\n", &["b", "c"], &[]);
        differ("from a import b, c\n", "from a import (\n  b,\n  c,\n  d,\n)\n", &["d"], &[]);
        differ("x = 1\npass\n", "x = 1\n", &[], &[]);
    }

    #[test]
    fn names_that_come_to_or_leave_all_are_told_from_those_that_stay() {
        let found = changed("__all__ = ['a', 'b']\n", "__all__ = ['b', 'c']\n");
        assert_eq!(found.exported, BTreeSet::from(["a".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn what_binds_nothing_changes_everything() {
        assert!(changed("x = 1\n", "x = 1\nregister(x)\n").everything);
        assert!(changed("if x:\n    f()\n", "if y:\n    f()\n").everything);
        assert!(changed("", "from a import *\n").everything);
        assert!(changed("class C:\n    f(1)\n", "class C:\n    f(2)\n").everything);
    }

    #[test]
    fn an_order_that_differs_changes_everything() {
        assert!(changed("a = 1\nb = 2\n", "b = 2\na = 1\n").everything);
    }

    #[test]
    fn what_runs_as_a_program_only_changes_nothing() {
        differ("x = 1\n", "x = 1\nif __name__ == '__main__':\n    main()\n", &[], &[]);
    }

    #[test]
    fn what_is_for_type_checkers_only_changes_nothing() {
        let guarded = |name: &str| format!("if typing.TYPE_CHECKING:\n    from a import {name}\n");
        differ(&guarded("B"), &guarded("C"), &[], &[]);
        let other = |name: &str| format!("{}else:\n    {name} = None\n", guarded(name));
        differ(&other("B"), &other("C"), &["B", "C"], &[]);
    }

    #[test]
    fn plain_attributes_leave_the_class_and_fields_change_it() {
        differ("class C:\n    a = 1\n", "class C:\n    a = 2\n", &[], &["a"]);
        differ("class C:\n    a: int\n", "class C:\n    a: int\n    b: int\n", &["C"], &["b"]);
        differ(
            "class C:\n    class D(Enum):\n        a = 1\n",
            "class C:\n    class D(Enum):\n        a = 2\n",
            &[],
            &["D", "a"],
        );
    }

    #[test]
    fn a_header_changes_the_class_and_all_its_methods() {
        let found = changed("class C(A):\n    x = 1\n", "class C(B):\n    x = 1\n");
        assert_eq!(found.names, BTreeSet::from(["C".to_owned()]));
        assert_eq!(found.classes, BTreeSet::from([QualName::new("C")]));
    }

    #[test]
    fn a_class_that_is_new_or_gone_is_known_by_its_name() {
        differ("", "class C:\n    a = 1\n    f()\n", &["C"], &[]);
        differ("class C:\n    a = 1\n", "", &["C"], &[]);
    }
}

//! The names that a piece of code binds and those that it mentions.
//!
//! Invariant: what a nested function or class binds is not bound by the code around it, apart from
//! the function's or class's own name; names inside strings are not seen.

use std::collections::BTreeSet;

use super::tree::Node;

/// The names that some code mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Bare names that it reads (or, in a function, that stand in it at all).
    pub names: BTreeSet<String>,
    /// Names looked up in something else: attributes, keywords of calls, names in `from … import`.
    pub attributes: BTreeSet<String>,
}

impl Mentions {
    /// The mentions of a node, all that is nested in it included. With `own`, functions and
    /// classes inside are left out, as are names that are only assigned to.
    pub(super) fn of(node: Node<'_>, own: bool) -> Self {
        let mut mentions = Self::default();
        let mut skip_until = 0;
        let assigned = if own { assigned(node) } else { BTreeSet::new() };
        for inner in node.preorder() {
            if inner.index() < skip_until {
                continue;
            }
            match inner.kind() {
                kind if own && is_definition(kind) => skip_until = inner.until(),
                "identifier" if assigned.contains(&inner.index()) => {}
                "identifier" if is_looked_up(inner) => {
                    mentions.attributes.insert(inner.text().to_owned());
                }
                "identifier" => {
                    mentions.names.insert(inner.text().to_owned());
                }
                _ => {}
            }
        }
        mentions
    }
}

pub(super) fn is_definition(kind: &str) -> bool {
    matches!(kind, "function_definition" | "class_definition" | "decorated_definition")
}

/// Whether an identifier is looked up in an object or module, and not in a scope.
fn is_looked_up(identifier: Node<'_>) -> bool {
    let Some(parent) = identifier.parent() else { return false };
    match parent.kind() {
        "attribute" => identifier.field_name() == "attribute",
        "keyword_argument" => identifier.field_name() == "name",
        "keyword_pattern" => parent.named_children().next() == Some(identifier),
        "dotted_name" => {
            let first = parent.named_children().next() == Some(identifier);
            let imported = parent.ancestors().take(2).any(|around| {
                matches!(around.kind(), "import_from_statement" | "future_import_statement")
            });
            imported || !first
        }
        _ => false,
    }
}

/// The numbers of the identifiers that are plain targets of assignments and the like.
fn assigned(root: Node<'_>) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for node in root.preorder() {
        let target = match node.kind() {
            "assignment" | "for_statement" | "for_in_clause" => node.field("left"),
            "named_expression" => node.field("name"),
            "as_pattern_target" | "delete_statement" | "global_statement" => Some(node),
            "aliased_import" => node.field("alias"),
            _ => None,
        };
        let Some(target) = target else { continue };
        for_each_target(target, &mut |target| {
            if target.kind() == "identifier" {
                found.insert(target.index());
            }
        });
    }
    found
}

/// Hands out the identifiers, attributes and subscripts that a target consists of.
fn for_each_target<'t>(target: Node<'t>, take: &mut dyn FnMut(Node<'t>)) {
    match target.kind() {
        "identifier" | "attribute" | "subscript" => take(target),
        _ => target.named_children().for_each(|child| for_each_target(child, take)),
    }
}

/// The names that a statement binds or alters in its own scope, those bound in the blocks of a
/// compound statement included. `a.b = 1` and `a[0] = 1` alter `a`, and the first one `b`, too.
pub(super) fn bound(statement: Node<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut skip_until = 0;
    for node in statement.preorder() {
        if node.index() < skip_until {
            continue;
        }
        match node.kind() {
            "function_definition" | "class_definition" => {
                skip_until = node.until();
                names.extend(node.field("name").map(|name| name.text().to_owned()));
            }
            "lambda" => skip_until = node.until(),
            "assignment" | "augmented_assignment" | "for_statement" | "type_alias_statement" => {
                bind(node.field("left"), &mut names);
            }
            "named_expression" => bind(node.field("name"), &mut names),
            "as_pattern_target" | "delete_statement" | "global_statement" => {
                bind(Some(node), &mut names);
            }
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                let imported = node.children().filter(|child| child.field_name() == "name");
                names.extend(imported.filter_map(imported_as));
                skip_until = node.until();
            }
            "case_pattern" => names.extend(captured(node)),
            _ => {}
        }
    }
    names
}

fn bind(target: Option<Node<'_>>, names: &mut BTreeSet<String>) {
    let Some(target) = target else { return };
    for_each_target(target, &mut |target| {
        let mut node = target;
        loop {
            let inner = match node.kind() {
                "attribute" => {
                    names.extend(node.field("attribute").map(|name| name.text().to_owned()));
                    node.field("object")
                }
                "subscript" => node.field("value"),
                _ => {
                    if node.kind() == "identifier" {
                        names.insert(node.text().to_owned());
                    }
                    None
                }
            };
            match inner {
                Some(inner) => node = inner,
                None => break,
            }
        }
    });
}

/// The name that an item of an import statement binds: `a` for `import a.b`.
pub(super) fn imported_as(item: Node<'_>) -> Option<String> {
    let name = match item.kind() {
        "aliased_import" => item.field("alias")?,
        _ => item.named_children().next()?,
    };
    Some(name.text().to_owned())
}

/// The names that a pattern of a `case` captures; a class or constant without a dot is taken for
/// one, too.
fn captured(pattern: Node<'_>) -> impl Iterator<Item = String> {
    let plain = pattern.preorder().filter(|node| {
        node.kind() == "dotted_name" && node.named_children().count() == 1
            || node.kind() == "identifier"
                && node.parent().is_some_and(|parent| {
                    matches!(parent.kind(), "splat_pattern" | "as_pattern" | "case_pattern")
                })
    });
    plain.map(|node| node.text().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    fn parse(text: &str) -> Module {
        Module::parse(Source::decode(RepoPath::new("m.py"), text.into()).unwrap()).unwrap()
    }

    #[track_caller]
    fn binds(text: &str, names: &[&str]) {
        let found = bound(parse(text).root());
        assert_eq!(found.iter().collect::<Vec<_>>(), names, "{text}");
    }

    #[track_caller]
    fn mentions(text: &str, own: bool, names: &[&str], attributes: &[&str]) {
        let found = Mentions::of(parse(text).root(), own);
        assert_eq!(found.names.iter().collect::<Vec<_>>(), names, "{text}");
        assert_eq!(found.attributes.iter().collect::<Vec<_>>(), attributes, "{text}");
    }

    #[test]
    fn assignments_of_all_kinds_bind() {
        binds("a = b = 1\n", &["a", "b"]);
        binds("a, (b, *c) = [d, e] = x\n", &["a", "b", "c", "d", "e"]);
        binds("a: int\nb: int = 1\nc += 1\n", &["a", "b", "c"]);
        binds("f(a := 1, [b for c in (d := x)])\n", &["a", "d"]);
        binds("del a, b[0]\nglobal c\n", &["a", "b", "c"]);
        binds("a.b.c = 1\nd[e] = 1\nf().g = 2\n", &["a", "b", "c", "d", "g"]);
        binds("f = lambda: (a := 1)\n", &["f"]);
        binds("type A = int\n", &["A"]);
    }

    #[test]
    fn imports_bind_their_first_name_or_alias() {
        binds("import a.b, c.d as e\n", &["a", "e"]);
        binds("from . import a, b as c\nfrom x.y import (d,)\n", &["a", "c", "d"]);
        binds("from a import *\n", &[]);
    }

    #[test]
    fn compound_statements_bind_what_is_bound_in_their_blocks() {
        binds("for a, b in x:\n    c = 1\nelse:\n    d = 1\n", &["a", "b", "c", "d"]);
        binds("with x as a, y as (b, c), z:\n    pass\n", &["a", "b", "c"]);
        binds("with x as a[0]:\n    pass\n", &["a"]);
        binds(
            "try:\n    import a\nexcept E as b:\n    a = None\nfinally:\n    c = 1\n",
            &["a", "b", "c"],
        );
        binds("try:\n    a = 1\nexcept* E as b:\n    pass\n", &["a", "b"]);
        binds(
            "if x:\n    def f(p=q):\n        y = 1\n    class C:\n        z = 1\nelif y:\n    f = g\n",
            &["C", "f"],
        );
        binds("while x:\n    @d\n    def f(): pass\n", &["f"]);
        binds(
            "match x:\n    case [a, *b] | {'k': c}: pass\n    case x.y as d: pass\n",
            &["a", "b", "c", "d"],
        );
    }

    #[test]
    fn attributes_are_told_from_bare_names() {
        mentions("x = a.b(c=d).e[f]\n", true, &["a", "d", "f"], &["b", "c", "e"]);
        mentions("from a import b as c\n", true, &[], &["a", "b"]);
        mentions("import a.b as c\nimport d\n", true, &["a", "d"], &["b"]);
        mentions("x = f'{a}' + \"b\"\n", true, &["a"], &[]);
    }

    #[test]
    fn assigned_names_and_nested_functions_are_no_mentions_of_a_statement() {
        let text = "if a:\n    b = c\n    d += 1\n    @e\n    def f(g=h): i\n";
        mentions(text, true, &["a", "c", "d"], &[]);
        mentions(text, false, &["a", "b", "c", "d", "e", "f", "g", "h", "i"], &[]);
        mentions("a[b] = [c for c in d]\n", true, &["a", "b", "c", "d"], &[]);
    }
}

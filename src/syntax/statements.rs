//! The direct statements of a module or class body.
//!
//! Invariant: two bodies with one fingerprint have statements with the same digests in the same
//! order; functions and classes inside are no part of them, except that compound statements bind
//! their names.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Module;
use super::fingerprint::{Part, fingerprint};
use super::functions::{bound_lambda, with_decorators};
use super::names::{Mentions, bound, imported_as, is_definition};
use super::tree::Node;
use crate::model::{Fingerprint, FunctionKind, QualName};

/// What a direct statement of a body does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// It binds names, and whoever depends on it mentions them.
    Plain,
    /// In a class body: it may shape the class itself, as the fields of a dataclass and the members
    /// of an enumeration do.
    Field,
    /// It imports names: one item of an `import` or `from … import`.
    Import,
    /// `from … import *`, in a compound statement maybe.
    Star,
    /// The decorators, bases and keywords of the class; it binds the class's name.
    Header,
    /// It binds nothing: whom it concerns cannot be told.
    Effect,
}

/// A direct statement of a module or class body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnStatement {
    /// Digest of its tokens, as fingerprints see them.
    pub digest: Fingerprint,
    /// What it does.
    pub kind: StatementKind,
    /// The names that it binds or alters.
    pub binds: BTreeSet<String>,
    /// The names that it mentions, apart from those that it only assigns to.
    pub mentions: Mentions,
    /// Of `from … import`: the last part of the module's name, empty where there are dots only.
    pub source: Option<String>,
    /// The strings in a statement that binds `__all__`.
    pub exports: BTreeSet<String>,
}

/// The names in a file: what its bodies do, and what its functions mention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileNames {
    /// The direct statements of its module body and class bodies.
    pub bodies: Vec<(QualName, Vec<OwnStatement>)>,
    /// What each other function mentions.
    pub functions: Vec<(QualName, Mentions)>,
}

impl FileNames {
    /// The names in a module.
    pub fn of(module: &Module) -> Self {
        let mut names = Self::default();
        for (index, function) in module.functions().iter().enumerate() {
            let name = function.key.name.clone();
            match function.kind {
                FunctionKind::Module | FunctionKind::Class => {
                    names.bodies.push((name, own_statements(module, index)));
                }
                FunctionKind::Def | FunctionKind::Lambda => {
                    names.functions.push((name, mentions(module, index)));
                }
            }
        }
        names
    }

    /// The direct statements of a body of the file.
    pub fn body(&self, name: &QualName) -> Option<&[OwnStatement]> {
        let found = self.bodies.iter().find(|(body, _)| body == name);
        found.map(|(_, statements)| statements.as_slice())
    }
}

/// The direct statements of the `function`-th function of a module, which is a module or class
/// body, in source order; nothing for other functions. The header of a class is the first of its
/// statements. Statements that do nothing (`pass`, a docstring) are left out, as is what runs only
/// when the file is run as a program or read by a type checker. Each item of an import is a statement of its own.
pub fn own_statements(module: &Module, function: usize) -> Vec<OwnStatement> {
    let node = module.code(function).node;
    let mut found = Vec::new();
    match module.functions()[function].kind {
        FunctionKind::Module => {
            node.named_children().for_each(|child| add(child, None, &mut found))
        }
        FunctionKind::Class => {
            let header = header(node);
            let shaped = is_shaped(node);
            found.push(header);
            if let Some(body) = node.field("body") {
                body.named_children().for_each(|child| add(child, Some(shaped), &mut found));
            }
        }
        FunctionKind::Def | FunctionKind::Lambda => {}
    }
    found
}

/// The names that the `function`-th function of a module mentions, decorators, parameters and
/// nested functions included.
pub fn mentions(module: &Module, function: usize) -> Mentions {
    let node = module.code(function).node;
    let whole = match module.functions()[function].kind {
        FunctionKind::Def | FunctionKind::Class => with_decorators(node),
        FunctionKind::Module | FunctionKind::Lambda => node,
    };
    Mentions::of(whole, false)
}

/// Adds a direct statement; `shaped` is whether the class around it may be made from its body.
fn add(statement: Node<'_>, shaped: Option<bool>, found: &mut Vec<OwnStatement>) {
    match statement.kind() {
        kind if is_definition(kind) => return,
        "pass_statement" => return,
        "if_statement" if is_program_guard(statement) || is_typing_guard(statement) => return,
        "import_statement" | "import_from_statement" | "future_import_statement" => {
            return add_import(statement, found);
        }
        "expression_statement" if is_inert(statement) || holds_lambda(statement) => return,
        _ => {}
    }
    let binds = bound(statement);
    let kind = match shaped {
        _ if holds_star(statement) => StatementKind::Star,
        _ if binds.is_empty() => StatementKind::Effect,
        Some(shaped) if shaped || !is_plain_attribute(statement) => StatementKind::Field,
        _ => StatementKind::Plain,
    };
    let exports = if binds.contains("__all__") { strings(statement) } else { BTreeSet::new() };
    found.push(OwnStatement {
        digest: fingerprint(statement, Part::Module),
        kind,
        binds,
        mentions: Mentions::of(statement, true),
        source: None,
        exports,
    });
}

/// The contents of the plain strings in a statement.
fn strings(statement: Node<'_>) -> BTreeSet<String> {
    let parts = statement.preorder().filter(|node| node.kind() == "string_content");
    parts.map(|part| part.text().to_owned()).collect()
}

fn add_import(statement: Node<'_>, found: &mut Vec<OwnStatement>) {
    let items = statement
        .named_children()
        .filter(|child| child.field_name() == "name" || child.kind() == "wildcard_import");
    let from = statement.field("module_name");
    let source = from.map(|from| {
        let last = from.preorder().filter(|node| node.kind() == "identifier").last();
        last.map_or_else(String::new, |name| name.text().to_owned())
    });
    for item in items {
        let mut hash = Sha256::new();
        hash.update(statement.kind());
        for part in from.into_iter().chain([item]) {
            hash.update([0]);
            part.preorder().filter(|node| node.children().next().is_none()).for_each(|leaf| {
                hash.update(leaf.text());
                hash.update([1]);
            });
        }
        let mut mentions = Mentions::of(item, true);
        // `from a import b` binds what it looks up; `import a.b` looks up nothing.
        if statement.kind() == "import_statement" {
            mentions = Mentions::default();
        }
        found.push(OwnStatement {
            digest: Fingerprint::new(hash.finalize().into()),
            kind: match item.kind() {
                "wildcard_import" => StatementKind::Star,
                _ => StatementKind::Import,
            },
            binds: match item.kind() {
                "wildcard_import" => BTreeSet::new(),
                _ => imported_as(item).into_iter().collect(),
            },
            mentions,
            source: source.clone(),
            exports: BTreeSet::new(),
        });
    }
}

fn header(class: Node<'_>) -> OwnStatement {
    let decorators =
        with_decorators(class).named_children().filter(|child| child.kind() == "decorator");
    let arguments =
        class.field("superclasses").filter(|list| list.named_children().next().is_some());
    let parts = decorators.chain(arguments).chain(class.field("type_parameters"));
    let mut hash = Sha256::new();
    let mut mentions = Mentions::default();
    for part in parts {
        hash.update(fingerprint(part, Part::Module).as_bytes());
        let Mentions { names, attributes } = Mentions::of(part, true);
        mentions.names.extend(names);
        mentions.attributes.extend(attributes);
    }
    OwnStatement {
        digest: Fingerprint::new(hash.finalize().into()),
        kind: StatementKind::Header,
        binds: class.field("name").map(|name| name.text().to_owned()).into_iter().collect(),
        mentions,
        source: None,
        exports: BTreeSet::new(),
    }
}

/// Whether something may make a class from what its body holds: a decorator, a metaclass or other
/// keyword, a base that is named after an enumeration or a tuple.
fn is_shaped(class: Node<'_>) -> bool {
    let arguments = class.field("superclasses");
    let mut arguments = arguments.into_iter().flat_map(Node::named_children);
    let is_telling = |base: Node<'_>| {
        let last = base.text().rsplit('.').next().unwrap_or("");
        ["Enum", "Flag", "Tuple", "TypedDict", "Structure", "Model"]
            .iter()
            .any(|word| last.contains(word))
    };
    with_decorators(class) != class
        || arguments.any(|base| base.kind() == "keyword_argument" || is_telling(base))
}

/// Whether it is `name = value` (or several names) with nothing that a class might make more of.
fn is_plain_attribute(statement: Node<'_>) -> bool {
    let assignment = statement.named_children().next();
    let is_assignment = statement.kind() == "expression_statement"
        && assignment.is_some_and(|inner| inner.kind() == "assignment");
    is_assignment
        && statement.preorder().all(|node| !matches!(node.kind(), "type" | "call"))
        && bound(statement).iter().all(|name| !(name.starts_with("__") && name.ends_with("__")))
}

/// Whether an expression statement does nothing: a string or another constant.
fn is_inert(statement: Node<'_>) -> bool {
    statement.named_children().all(|value| {
        let kind = value.unparenthesized().kind();
        let constant =
            matches!(kind, "ellipsis" | "integer" | "float" | "none" | "true" | "false" | "string");
        constant && value.preorder().all(|inner| inner.kind() != "interpolation")
    })
}

fn holds_lambda(statement: Node<'_>) -> bool {
    let assignment = statement.named_children().next().filter(|node| node.kind() == "assignment");
    assignment.is_some_and(|assignment| bound_lambda(assignment).is_some())
}

fn holds_star(statement: Node<'_>) -> bool {
    statement.preorder().any(|node| node.kind() == "wildcard_import")
}

/// Whether it is `if TYPE_CHECKING:` without another branch: what it binds is for annotations only.
fn is_typing_guard(statement: Node<'_>) -> bool {
    let condition = statement.field("condition").map(Node::unparenthesized);
    condition.is_some_and(|condition| {
        condition.text().rsplit('.').next() == Some("TYPE_CHECKING")
            && matches!(condition.kind(), "identifier" | "attribute")
    }) && statement.field("alternative").is_none()
}

/// Whether it is `if __name__ == "__main__":` without another branch.
fn is_program_guard(statement: Node<'_>) -> bool {
    let Some(condition) = statement.field("condition").map(Node::unparenthesized) else {
        return false;
    };
    let mut operands = condition.named_children();
    let is_guard = condition.kind() == "comparison_operator"
        && condition.token_child("==").is_some()
        && operands.next().is_some_and(|left| left.text() == "__name__")
        && operands
            .next()
            .is_some_and(|right| right.text().trim_matches(['\'', '"']) == "__main__")
        && operands.next().is_none();
    is_guard && statement.field("alternative").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::Source;

    fn parse(text: &str) -> Module {
        Module::parse(Source::decode(RepoPath::new("m.py"), text.into()).unwrap()).unwrap()
    }

    /// A line for each statement: its kind, the names it binds, the names it mentions.
    fn shown(text: &str, function: usize) -> String {
        let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        let statements = own_statements(&parse(text), function);
        let lines = statements.iter().map(|s| {
            let (names, attributes) = (list(&s.mentions.names), list(&s.mentions.attributes));
            format!("{:?} [{}] mentions [{names}] .[{attributes}]", s.kind, list(&s.binds))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_module_has_its_direct_statements() {
        let text = "'''Doc.'''\nfrom a import b as c, d\nfrom e import *\nimport f.g\nx = c.y\n\
            register(x)\npass\ndef f(): z = 1\nk = lambda: 0\nclass C: w = 1\n\
            if x:\n    def h(): i = 1\nif __name__ == '__main__':\n    main()\n";
        insta::assert_snapshot!(shown(text, 0), @r"
        Import [c] mentions [] .[b]
        Import [d] mentions [] .[d]
        Star [] mentions [] .[]
        Import [f] mentions [] .[]
        Plain [x] mentions [c] .[y]
        Effect [] mentions [register x] .[]
        Plain [h] mentions [x] .[]
        ");
    }

    #[test]
    fn a_class_has_its_header_first() {
        let text = "@d(1)\nclass C(B, k=v):\n    pass\n";
        insta::assert_snapshot!(shown(text, 1), @"Header [C] mentions [B d v] .[k]");
    }

    #[test]
    fn only_plain_attributes_leave_the_class_as_it_is() {
        let kinds = |text: &str| -> Vec<StatementKind> {
            own_statements(&parse(text), 1).iter().skip(1).map(|s| s.kind).collect()
        };
        use StatementKind::{Effect, Field, Plain};
        assert_eq!(
            kinds(
                "class C(B):\n    a = 1\n    b: int = 2\n    __slots__ = ()\n    c = field()\n    g()\n"
            ),
            [Plain, Field, Field, Field, Effect]
        );
        assert_eq!(kinds("@dataclass\nclass C:\n    a = 1\n"), [Field]);
        assert_eq!(kinds("class C(enum.IntEnum):\n    a = 1\n"), [Field]);
        assert_eq!(kinds("class C(metaclass=M):\n    a = 1\n"), [Field]);
    }

    #[test]
    fn digests_do_not_see_formatting_and_nested_functions() {
        let digests = |text: &str| -> Vec<Fingerprint> {
            own_statements(&parse(text), 0).iter().map(|s| s.digest).collect()
        };
        assert_eq!(
            digests("import a, b\nfrom c import (d,\n  e)\nif x:\n    def f(): pass\n"),
            digests(
                "import a\nimport b # b\nfrom c import d\nfrom c import e\nif (x):\n    def f(): x\n"
            )
        );
        assert_ne!(digests("from a import b\n"), digests("from .a import b\n"));
        assert_ne!(digests("x = 1\n"), digests("x = 2\n"));
    }

    #[test]
    fn mentions_of_a_function_include_decorators_and_nested_functions() {
        let module = parse("@d(A)\ndef f(p=B):\n    def g():\n        return m.C\n    return g\n");
        let mentions = mentions(&module, 1);
        assert!(["d", "A", "B", "m", "g"].iter().all(|name| mentions.names.contains(*name)));
        assert!(mentions.attributes.contains("C"));
    }
}

//! Fingerprints: a digest of a function's code that formatting, comments, docstrings and
//! annotations do not change.
//!
//! Invariant: two texts with one fingerprint run alike. What is hashed is the shape of the tree
//! (a mark where a node opens and where it closes) and its tokens, less those that the shape
//! already tells (brackets, commas, colons).

use sha2::{Digest, Sha256};

use super::functions::bound_lambda;
use super::literal::{content, prefix, whole};
use super::tree::Node;
use crate::model::Fingerprint;

/// Which part of a node's code is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// A `def` with its decorators or a lambda's assignment: all of it.
    Def,
    /// The module without its functions and classes.
    Module,
    /// A class with its header, without the functions and classes inside.
    Class(Node<'t>),
    /// A `def` with its decorators, or a lambda's assignment, without this body.
    Header(Node<'t>),
}

const OPEN: u8 = 1;
const CLOSE: u8 = 2;
const TOKEN: u8 = 3;

/// What becomes of a node.
enum Treatment {
    /// Nothing in it counts.
    Skip,
    /// Only what is in it counts.
    Transparent,
    /// It is hashed as one token of this text.
    Token(String),
    /// It opens under this name and closes.
    Open(&'static str),
}

/// The fingerprint of a part of a node.
pub(super) fn fingerprint(root: Node<'_>, part: Part<'_>) -> Fingerprint {
    let mut bytes = Vec::with_capacity(root.end() - root.start());
    let mut open: Vec<u32> = Vec::new();
    let mut skip_until = 0;
    let mut hidden: Option<u32> = docstring_of(root);
    for node in root.preorder() {
        while open.last().is_some_and(|until| *until <= node.index()) {
            open.pop();
            bytes.push(CLOSE);
        }
        if node.index() < skip_until {
            continue;
        }
        if hidden == Some(node.index()) {
            skip_until = node.until();
            continue;
        }
        match treatment(node, part, root) {
            Treatment::Skip => skip_until = node.until(),
            Treatment::Transparent => {}
            Treatment::Token(text) => {
                skip_until = node.until();
                push(&mut bytes, TOKEN, node.kind(), &text);
            }
            Treatment::Open(kind) => {
                push(&mut bytes, OPEN, kind, "");
                open.push(node.until());
                if let Some(docstring) = docstring_of(node) {
                    hidden = Some(docstring);
                }
            }
        }
    }
    bytes.resize(bytes.len() + open.len(), CLOSE);
    Fingerprint::new(Sha256::digest(&bytes).into())
}

fn docstring_of(node: Node<'_>) -> Option<u32> {
    matches!(node.kind(), "module" | "block").then(|| node.docstring()).flatten().map(Node::index)
}

fn push(bytes: &mut Vec<u8>, tag: u8, kind: &str, text: &str) {
    bytes.push(tag);
    bytes.extend(kind.as_bytes());
    bytes.push(0);
    if tag == TOKEN {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
}

fn treatment(node: Node<'_>, part: Part<'_>, root: Node<'_>) -> Treatment {
    if matches!(part, Part::Header(body) if body == node) {
        return Treatment::Skip;
    }
    let parent = node.parent();
    let parent_kind = parent.map_or("", Node::kind);
    match node.kind() {
        "" => token(node, parent_kind),
        "function_definition" | "class_definition" | "decorated_definition"
            if is_left_out(node, part, root) =>
        {
            Treatment::Skip
        }
        "expression_statement"
            if !matches!(part, Part::Def | Part::Header(_)) && holds_lambda(node) =>
        {
            Treatment::Skip
        }
        "type" if is_mere_annotation(node, parent_kind) => Treatment::Skip,
        "typed_parameter" => Treatment::Transparent,
        "typed_default_parameter" => Treatment::Open("default_parameter"),
        "parenthesized_expression" if !groups_otherwise(node) => Treatment::Transparent,
        "tuple_pattern" if is_one_parenthesized(node) => Treatment::Transparent,
        "pattern_list" => Treatment::Open("tuple_pattern"),
        "expression_list" => Treatment::Open("tuple"),
        "argument_list"
            if parent_kind == "class_definition" && node.named_children().next().is_none() =>
        {
            Treatment::Skip
        }
        "integer" | "float" => Treatment::Token(node.text().to_ascii_lowercase()),
        "string" => string(node),
        "string_content" => Treatment::Token(content(node)),
        "string_start" => Treatment::Token(prefix(node.text())),
        "string_end" => Treatment::Skip,
        "format_specifier" => Treatment::Token(node.text().to_owned()),
        // The text of `{x = }` is printed, spaces and all.
        "interpolation" if node.token_child("=").is_some() => {
            Treatment::Token(node.text().to_owned())
        }
        kind if node.children().next().is_none() && kind != "block" => {
            Treatment::Token(node.text().to_owned())
        }
        kind => Treatment::Open(kind),
    }
}

fn token(node: Node<'_>, parent_kind: &str) -> Treatment {
    match node.token() {
        "(" | ")" | "[" | "]" | "{" | "}" | ";" | "->" => Treatment::Skip,
        ":" if parent_kind != "slice" => Treatment::Skip,
        "," if !makes_tuple(node, parent_kind) => Treatment::Skip,
        token => Treatment::Token(token.to_owned()),
    }
}

/// Whether a comma is what makes a tuple of a single element, where no node says so.
fn makes_tuple(comma: Node<'_>, parent_kind: &str) -> bool {
    matches!(
        parent_kind,
        "subscript" | "case_clause" | "match_statement" | "expression_statement" | "for_in_clause"
    ) && comma.parent().is_some_and(|parent| {
        parent.children().filter(|child| child.token() == ",").count() == 1
            && !parent.named_children().any(|child| {
                child.start() > comma.start()
                    && !matches!(child.kind(), "block" | "if_clause" | "for_in_clause")
            })
    })
}

/// Whether the tree would be the same without the parentheses, though Python would group
/// otherwise: tree-sitter-python takes `await x ** 2` for `await (x ** 2)`, and lets `^` bind more
/// strongly than `&`.
fn groups_otherwise(parenthesized: Node<'_>) -> bool {
    let operator = |node: Node<'_>| node.field("operator").map_or("", Node::token);
    parenthesized.parent().is_some_and(|parent| {
        parent.kind() == "await"
            || (operator(parent) == "&" && operator(parenthesized.unparenthesized()) == "^")
    })
}

fn is_one_parenthesized(tuple: Node<'_>) -> bool {
    tuple.token_child(",").is_none() && tuple.named_children().count() == 1
}

fn is_left_out(node: Node<'_>, part: Part<'_>, root: Node<'_>) -> bool {
    match part {
        Part::Def | Part::Header(_) => false,
        Part::Module => true,
        Part::Class(class) => node != root && node != class,
    }
}

fn holds_lambda(statement: Node<'_>) -> bool {
    statement
        .named_children()
        .next()
        .is_some_and(|child| child.kind() == "assignment" && bound_lambda(child).is_some())
}

/// Whether a `type` node only annotates. In a class body it does more: dataclasses and their
/// like build fields from it.
fn is_mere_annotation(node: Node<'_>, parent_kind: &str) -> bool {
    match parent_kind {
        "typed_parameter" | "typed_default_parameter" | "function_definition" => true,
        "assignment" => node
            .ancestors()
            .find(|around| {
                matches!(around.kind(), "function_definition" | "class_definition" | "lambda")
            })
            .is_none_or(|around| around.kind() != "class_definition"),
        _ => false,
    }
}

/// A string without interpolations is one token; one with them is its parts.
fn string(node: Node<'_>) -> Treatment {
    if node.named_children().any(|child| child.kind() == "interpolation") {
        return Treatment::Open("string");
    }
    Treatment::Token(whole(node))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    /// The names of the functions whose fingerprints differ.
    fn differing(old: &str, new: &str) -> Vec<String> {
        let parse = |text: &str| {
            let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
            Module::parse(source).unwrap()
        };
        let (old, new) = (parse(old), parse(new));
        let changed = crate::syntax::changed_functions(old.functions(), new.functions());
        let mut names: Vec<_> = [changed.changed, changed.new, changed.deleted]
            .concat()
            .into_iter()
            .map(|key| key.name.to_string())
            .collect();
        names.sort();
        names
    }

    #[track_caller]
    fn same(old: &str, new: &str) {
        assert_eq!(differing(old, new), [""; 0], "{old}\n→\n{new}");
    }

    #[track_caller]
    fn differ(old: &str, new: &str, names: &[&str]) {
        assert_eq!(differing(old, new), names, "{old}\n→\n{new}");
    }

    #[test]
    fn formatting_changes_nothing() {
        same(
            "def f(a, b=1):\n  '''Doc.'''\n  x = g(a, 'it\\'s', 0XFF)  # note\n  if x: return (a, b)\n",
            "def f(\n    a,\n    b = 1,\n):\n    x = (\n        g(\n            a,\n            \"it's\",\n            0xff,\n        )\n    )\n    if (x):\n\n        return a, \\\n            b;\n",
        );
        same(
            "from a import b, c\nclass C(): x = [1,\n2]\n",
            "from a import (b, c,)\nclass C:\n    x = [1, 2,]\n",
        );
        same(
            "with a as b, c: pass\nfor (i, j) in k: pass\n",
            "with (a as b, c):\n    pass\nfor i, j in k:\n    pass\n",
        );
        same("x = '''a\r\nb'''\r\ny = 1\r\n", "x = \"\"\"a\nb\"\"\"\n\n\ny=1");
        same("a = U'x'; b = Rb'\\''\n", "a = 'x'\nb = bR'\\''\n");
        same("f(f'{a}b' 'c')\n", "f(\n    f\"{ a }b\"\n    \"c\",\n)\n");
    }

    #[test]
    fn annotations_change_a_class_body_only() {
        same(
            "def f(a, b=1):\n    x = a\n    return x\n",
            "def f(a: int, b: str = 1) -> R:\n    x: int = a\n    return x\n",
        );
        same("x: int = 1\n", "x: str = 1\n");
        differ("class C:\n    a: int = 1\n", "class C:\n    a: str = 1\n", &["C.<class>"]);
        differ("class C:\n    a = 1\n", "class C:\n    a: int = 1\n", &["C.<class>"]);
    }

    #[test]
    fn structure_and_values_count() {
        for (old, new) in [
            ("if a:\n    b\n    c", "if a:\n    b\nc"),
            ("a = x[1,]", "a = x[1]"),
            ("x[1:]", "x[:1]"),
            ("a = b,", "a = b"),
            ("b,", "b"),
            ("a, = b", "a = b"),
            ("(a, b) + c", "a, b + c"),
            ("(a + b) * c", "a + b * c"),
            ("(a < b) < c", "a < b < c"),
            ("(a ^ b) & c", "a ^ b & c"),
            ("await (a ** b)", "await a ** b"),
            ("x = 'a'", "x = b'a'"),
            ("x = 'a\\n'", "x = r'a\\n'"),
            ("x = 'ab'", "x = 'a' 'b'"),
            ("f'{x = }'", "f'{x=}'"),
            ("f'{x:>3}'", "f'{x:>4}'"),
            ("f'{x}'", "f'{x!r}'"),
            ("x = 1", "x = 2"),
            ("async with a: pass", "with a: pass"),
            ("lambda *, a: 0", "lambda *a: 0"),
            ("import a", "from . import a"),
            ("match x:\n  case a,: pass", "match x:\n  case a: pass"),
            ("match x:\n  case (a,): pass", "match x:\n  case (a): pass"),
            ("pass", "x"),
        ] {
            let body =
                |text: &str| format!("async def f():\n    {}\n", text.replace('\n', "\n    "));
            if !old.contains("async") && !old.contains("await") {
                differ(&format!("{old}\n"), &format!("{new}\n"), &["<module>"]);
            }
            differ(&body(old), &body(new), &["f"]);
        }
    }

    #[test]
    fn a_header_belongs_to_its_function() {
        differ("def f(a=1): pass\n", "def f(a=2): pass\n", &["f"]);
        differ("@a\ndef f(): pass\n", "@b\ndef f(): pass\n", &["f"]);
        differ(
            "class C(A):\n    def f(self): pass\n",
            "class C(B):\n    def f(self): pass\n",
            &["C.<class>"],
        );
        differ("f = lambda a: 1\n", "f = lambda a: 2\n", &["f"]);
    }

    #[test]
    fn nested_functions_are_in_their_parent_def_only() {
        differ(
            "class C:\n    def f(self):\n        def g(): return 1\n",
            "class C:\n    def f(self):\n        def g(): return 2\n",
            &["C.f", "C.f.<locals>.g"],
        );
    }

    #[test]
    fn adding_a_function_changes_no_other() {
        differ("x = 1\n", "x = 1\ndef f(): pass\nclass C:\n    y = 2\n", &["C.<class>", "f"]);
    }

    #[test]
    fn docstrings_do_not_count_and_other_strings_do() {
        same("'''a'''\nclass C:\n    '''b'''\n    x = 1\n", "class C:\n    ('c' 'd')\n    x = 1\n");
        differ("x = 1\n'a'\n", "x = 1\n'b'\n", &["<module>"]);
        differ("def f():\n    f'a'\n", "def f():\n    f'b'\n", &["f"]);
    }

    proptest! {
        #[test]
        fn white_space_and_comments_inside_brackets_change_nothing(
            spaces in prop::collection::vec("( |\n|\t| # x, y\n|\\\\\n)*", 12)
        ) {
            let tokens = ["f(", "a", ",", "b", "[", "1", ":", "]", ",", "c", "=", "'d' )"];
            let plain = tokens.concat();
            let spread: String =
                tokens.iter().zip(&spaces).map(|(token, space)| format!("{token}{space}")).collect();
            // The last gap stands outside the brackets.
            let spread = spread.trim_end().trim_end_matches('\\').trim_end();
            let spread = spread.split_once(')').map_or(spread, |(inside, _)| inside).to_owned() + ")\n";
            same(&format!("{plain}\n"), &spread);
        }
    }
}

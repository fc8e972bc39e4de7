//! Rules for what declares something, or lists it.
//!
//! Invariant: what computes is never covered.

use super::rules::{
    RULE, Rule, decorators, is_argument, is_data, is_keyword, is_literal, is_statement_of,
};
use crate::syntax::Node;

/// So many entries make a table.
const TABLE: usize = 64;

const METADATA: [&str; 5] =
    ["__doc__", "__module__", "__qualname__", "__slots__", "__tracebackhide__"];
/// Functions that take the type of an exception for the sake of old callers.
const TRACEBACK: [&str; 4] =
    ["print_exception", "format_exception", "format_exception_only", "TracebackException"];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "version",
        summary: "Assignments of literals to `__version__`, `VERSION`, `version_tuple`, `__author__` and the \
                  like.",
        example: (
            "__version__ = '1.2'\nversion = _v = '1.2'\nversion_tuple = (1, 2, 'a')\nLIMIT = 3",
            &["__version__ = '1.2'", "version = _v = '1.2'", "version_tuple = (1, 2, 'a')"],
        ),
        covers: |node, _| {
            node.kind() == "expression_statement"
                && node.named_children().next().is_some_and(names_version)
        },
        ..RULE
    },
    Rule {
        id: "cast",
        summary: "The type that `typing.cast` is given.",
        example: ("from typing import cast\nx = cast('A', f(1))", &["'A'"]),
        covers: |node, names| {
            is_argument(node, names, |path, place, _| {
                place == 0 && matches!(path, "typing.cast" | "typing_extensions.cast")
            })
        },
        ..RULE
    },
    Rule {
        id: "type-parameter",
        summary: "Names of types: what `TypeVar`, `ParamSpec`, `NewType` and the like make, and aliases of what \
                  `typing` and the built-in generics spell (`A = Union[B, C]`, `D = dict[str, int]`).",
        example: (
            "import typing as t\nT = t.TypeVar('T', bound='C')\nx = f('T')\nA = t.Literal['a']\nB = dict[str, int]\nc = d['e']",
            &["T = t.TypeVar('T', bound='C')", "A = t.Literal['a']", "B = dict[str, int]"],
        ),
        covers: |node, names| {
            let assignment = node.named_children().next();
            node.kind() == "expression_statement"
                && assignment.and_then(|value| value.field("right")).is_some_and(|value| {
                    let made = value.field("function").filter(|_| value.kind() == "call");
                    let spelt = value.field("value").filter(|_| value.kind() == "subscript");
                    made.is_some_and(|function| makes_type(&names.path(function)))
                        || spelt.is_some_and(|generic| is_generic(&names.path(generic)))
                })
        },
        ..RULE
    },
    Rule {
        id: "overload",
        summary: "Signatures under `@typing.overload`: no call ever meets them.",
        example: (
            "from typing import overload\n@overload\ndef f(a: int = 1): ...\ndef f(a=2): g(3)",
            &["@overload\ndef f(a: int = 1): ..."],
        ),
        covers: |node, names| {
            node.kind() == "decorated_definition"
                && decorators(node).any(|decorator| {
                    names.path(decorator).is_some_and(|path| {
                        matches!(path.as_str(), "typing.overload" | "typing_extensions.overload")
                    })
                })
        },
        ..RULE
    },
    Rule {
        id: "table",
        summary: "Tables of data: a list, tuple, set or dict of 64 literals or more, with those of inner ones. What \
                  is computed from them is tested; each entry, nobody tests.",
        example: (
            "a = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
             0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n\
             b = [1, 2]",
            &[
                "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
               0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
            ],
        ),
        covers: |node, _| {
            matches!(node.kind(), "list" | "tuple" | "set" | "dictionary")
                && is_data(node)
                && literals(node) >= TABLE
        },
        ..RULE
    },
    Rule {
        id: "assertion",
        summary: "`assert` in code that is no test. It says what its author holds for certain: a test in which it fails \
                  would be one of a fault.",
        example: (
            "assert a > 1\nif b:\n    assert c\nelse:\n    d(2)",
            &["assert a > 1", "assert c"],
        ),
        covers: |node, _| node.kind() == "assert_statement",
        minor: true,
        ..RULE
    },
    Rule {
        id: "unreachable",
        summary: "What says of itself that it is never reached: raising `NotImplementedError` or `AssertionError`, \
                  and `assert_never`.",
        example: (
            "raise NotImplementedError('a')\nif b > 1:\n    raise AssertionError\nraise ValueError(2)",
            &["raise NotImplementedError('a')", "if b > 1:\n    raise AssertionError"],
        ),
        covers: |node, names| match node.kind() {
            "raise_statement" => node.named_children().next().is_some_and(|raised| {
                let class = raised.field("function").unwrap_or(raised);
                matches!(class.text(), "NotImplementedError" | "AssertionError")
            }),
            _ => is_statement_of(
                node,
                names,
                &["typing.assert_never", "typing_extensions.assert_never"],
            ),
        },
        minor: true,
        ..RULE
    },
    Rule {
        id: "metadata",
        summary: "Assignments to `__doc__`, `__module__`, `__qualname__`, `__slots__` and `__tracebackhide__`, and what \
                  an operator returns for operands that it does not know (`NotImplemented`).",
        example: (
            "f.__module__ = 'a'\n__tracebackhide__ = True\nreturn NotImplemented",
            &["f.__module__ = 'a'", "__tracebackhide__ = True", "NotImplemented"],
        ),
        covers: |node, _| match node.kind() {
            "expression_statement" => node.named_children().next().is_some_and(|assignment| {
                let left = assignment.field("left").filter(|_| assignment.kind() == "assignment");
                let name = left.map(|left| left.field("attribute").unwrap_or(left));
                name.is_some_and(|name| METADATA.contains(&name.text()))
            }),
            "identifier" => {
                node.text() == "NotImplemented"
                    && node.parent().is_some_and(|around| around.kind() == "return_statement")
            }
            _ => false,
        },
        minor: true,
        ..RULE
    },
    Rule {
        id: "ignored",
        summary: "Arguments that make no difference: the first of `traceback.print_exception` and its like, \
                  `encoding='utf-8'`, which is what most systems take anyhow, and widths of 0, which pad as little as 1.",
        example: (
            "import traceback\ntraceback.print_exception(a[0], a[1], a[2])\nopen(b, encoding='utf-8')\nc(width=0)",
            &["a[0]", "encoding='utf-8'", "width=0"],
        ),
        covers: |node, names| {
            let of_traceback = is_argument(node, names, |path, place, _| {
                let function = path.strip_prefix("traceback.");
                place == 0 && function.is_some_and(|function| TRACEBACK.contains(&function))
            });
            let value = || node.field("value").map_or("", Node::text);
            (of_traceback && node.parent().is_some_and(|all| all.named_children().count() > 1))
                || (is_keyword(node, |name| name == "encoding")
                    && matches!(
                        value().trim_matches(['"', '\'']).to_ascii_lowercase().as_str(),
                        "utf-8" | "utf8"
                    ))
                || (is_keyword(node, |name| name == "width") && value() == "0")
        },
        minor: true,
        ..RULE
    },
];

/// How many literals data holds, inner lists and the like opened; a pair counts as its value does.
fn literals(data: Node<'_>) -> usize {
    match data.kind() {
        "comment" => 0,
        "pair" => data.field("value").map_or(1, literals),
        "list" | "tuple" | "set" | "dictionary" => data.named_children().map(literals).sum(),
        _ => 1,
    }
}

/// Whether a literal is assigned to a name of a version, among others perhaps.
fn names_version(assignment: Node<'_>) -> bool {
    const NAMES: [&str; 13] = [
        "__version__",
        "VERSION",
        "version",
        // In files that setuptools-scm writes.
        "__version_tuple__",
        "version_tuple",
        "__commit_id__",
        "commit_id",
        "version_info",
        "__version_info__",
        "__author__",
        "__license__",
        "__copyright__",
        "__email__",
    ];
    let chain: Vec<Node<'_>> = std::iter::successors(Some(assignment), |part| part.field("right"))
        .take_while(|part| part.kind() == "assignment")
        .collect();
    let is_one =
        |part: &Node<'_>| part.field("left").is_some_and(|left| NAMES.contains(&left.text()));
    chain.iter().any(is_one)
        && chain.last().and_then(|last| last.field("right")).is_some_and(is_literal)
}

fn makes_type(path: &Option<String>) -> bool {
    const KINDS: [&str; 5] = ["TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "TypeAliasType"];
    of_typing(path).is_some_and(|name| KINDS.contains(&name))
}

fn is_generic(path: &Option<String>) -> bool {
    const BUILT_IN: [&str; 6] = ["list", "dict", "tuple", "set", "frozenset", "type"];
    of_typing(path).is_some() || path.as_deref().is_some_and(|path| BUILT_IN.contains(&path))
}

/// The name of what `typing` or `collections.abc` gives.
fn of_typing(path: &Option<String>) -> Option<&str> {
    let (module, name) = path.as_deref()?.rsplit_once('.')?;
    matches!(module, "typing" | "typing_extensions" | "collections.abc").then_some(name)
}

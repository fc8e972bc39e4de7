//! The rules by which nobody wants a mutant tested.
//!
//! Invariant: a rule covers a node with all that is in it; it looks at the code alone, never at
//! who asks.

use super::names::Names;
use crate::syntax::Node;

/// A named rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// What it covers, and why nobody wants it tested.
    pub summary: &'static str,
    /// Code, and how much of it is covered: the parts that are, in their order.
    pub example: (&'static str, &'static [&'static str]),
    /// Whether it holds where nothing is said.
    pub default: bool,
    /// Whether it covers a node.
    pub(super) covers: fn(Node<'_>, &Names) -> bool,
}

/// Every rule, in the order of the documentation.
pub fn rules() -> &'static [Rule] {
    RULES
}

/// So many entries make a table.
const TABLE: usize = 64;
const METHODS: [&str; 9] =
    ["debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"];
const DATACLASSES: [&str; 7] = [
    "dataclasses.dataclass",
    "attr.s",
    "attr.define",
    "attr.dataclass",
    "attrs.define",
    "attrs.frozen",
    "pydantic.dataclasses.dataclass",
];

static RULES: &[Rule] = &[
    Rule {
        id: "logging",
        summary: "Calls of loggers (what `logging.getLogger`, `structlog` or `loguru` gave, or an attribute \
                  called `logger` or `log`) that are statements, and the names of loggers.",
        example: (
            "import logging as l\nlog = l.getLogger('a')\nlog.info('x %s', 1)\nother.info('y')",
            &["l.getLogger('a')", "log.info('x %s', 1)"],
        ),
        default: true,
        covers: |node, names| match node.kind() {
            "expression_statement" => statement_call(node).is_some_and(|call| {
                call.field("function").is_some_and(|function| {
                    let method = function.field("attribute").map_or("", Node::text);
                    METHODS.contains(&method)
                        && function.field("object").is_some_and(|object| names.is_logger(object))
                })
            }),
            "call" => names.makes_logger(node),
            _ => false,
        },
    },
    Rule {
        id: "warnings",
        summary: "Calls of `warnings.warn` and its like, however it was imported.",
        example: (
            "from warnings import warn as w\nw('old', DeprecationWarning)\nwarn('b')",
            &["w('old', DeprecationWarning)"],
        ),
        default: true,
        covers: |node, names| {
            is_statement_of(node, names, &["warnings.warn", "warnings.warn_explicit"])
        },
    },
    Rule {
        id: "print",
        summary: "Calls of the built-in `print` (and `pprint`) that are statements.",
        example: ("print('a', 1)\nx = print(2)", &["print('a', 1)"]),
        default: true,
        covers: |node, names| {
            is_statement_of(node, names, &["print", "pprint.pprint", "rich.print"])
        },
    },
    Rule {
        id: "exception-message",
        summary: "Texts that an exception is raised with, also by way of a name (`msg = …` right before the `raise`), \
                  and those that are handed to a function called `error`, `fail`, `abort` or the like.",
        example: (
            "msg = f'no {a}'\nraise ValueError(msg)\nraise ValueError(f'no {a}', 1)\nparser.error('b')\nc = 'd'",
            &["msg = f'no {a}'", "f'no {a}'", "'b'"],
        ),
        default: true,
        covers: |node, _| match node.kind() {
            "expression_statement" => raises_next(node),
            _ => is_text(node) && is_said_of_an_error(node),
        },
    },
    Rule {
        id: "assert-message",
        summary: "What an `assert` says when it fails.",
        example: ("assert a > 1, f'no {a + 2}'", &["f'no {a + 2}'"]),
        default: true,
        covers: |node, _| {
            node.parent().is_some_and(|around| {
                around.kind() == "assert_statement" && around.named_children().nth(1) == Some(node)
            })
        },
    },
    Rule {
        id: "main",
        summary: "What stands under `if __name__ == '__main__'`.",
        example: (
            "if __name__ == '__main__':\n    f(1)\ng(2)",
            &["if __name__ == '__main__':\n    f(1)"],
        ),
        default: true,
        covers: |node, _| {
            node.kind() == "if_statement"
                && node.field("condition").is_some_and(|condition| {
                    let text = condition.unparenthesized().text();
                    text.contains("__name__") && text.contains("__main__")
                })
        },
    },
    Rule {
        id: "platform",
        summary: "Conditions on the interpreter or the system (`sys.version_info`, `sys.platform`, `os.name`, \
                  `platform.system()` and the like): one interpreter sees one side of them.",
        example: (
            "import sys\nif sys.version_info >= (3, 11):\n    f(1)\nx = not PY3 or sys.platform == 'win32'\ny = platform.system() == 'a'",
            &["sys.version_info >= (3, 11)", "sys.platform == 'win32'"],
        ),
        default: true,
        covers: is_of_platform,
    },
    Rule {
        id: "repr",
        summary: "`__repr__` and functions that are called after it or after `pprint`, and `__str__` and `__hash__` of \
                  dataclasses (attrs too).",
        example: (
            "class C:\n    def __repr__(self):\n        return 'C'\n    def __str__(self):\n        return 'c'",
            &["def __repr__(self):\n        return 'C'"],
        ),
        default: true,
        covers: |node, names| {
            if node.kind() != "function_definition" {
                return false;
            }
            let name = node.field("name").map_or("", Node::text);
            match name {
                _ if name.split('_').any(|part| matches!(part, "repr" | "pprint")) => true,
                "__str__" | "__hash__" => is_in_dataclass(node, names),
                _ => false,
            }
        },
    },
    Rule {
        id: "release",
        summary: "Statements that only give something back: `close()`, `flush()`, `detach()` \
                  without arguments, and `os.fsync`. What they leave open, a test seldom sees.",
        example: (
            "import os\na.close()\nos.fsync(b)\nif c:\n    d.flush()\ne.close(1)\nf = g.close()",
            &["a.close()", "os.fsync(b)", "if c:\n    d.flush()"],
        ),
        default: true,
        covers: |node, names| {
            is_statement_of(node, names, &["os.fsync", "os.close"])
                || (node.kind() == "expression_statement" && releases(node))
        },
    },
    Rule {
        id: "version",
        summary: "Assignments of literals to `__version__`, `VERSION`, `__author__` and the like.",
        example: ("__version__ = '1.2'\nLIMIT = 3", &["__version__ = '1.2'"]),
        default: true,
        covers: |node, _| {
            let Some(assignment) = node.named_children().next() else { return false };
            node.kind() == "expression_statement"
                && assignment.kind() == "assignment"
                && assignment.field("left").is_some_and(|left| {
                    [
                        "__version__",
                        "VERSION",
                        "version",
                        "__author__",
                        "__license__",
                        "__copyright__",
                        "__email__",
                    ]
                    .contains(&left.text())
                })
                && assignment.field("right").is_some_and(is_literal)
        },
    },
    Rule {
        id: "cast",
        summary: "The type that `typing.cast` is given.",
        example: ("from typing import cast\nx = cast('A', f(1))", &["'A'"]),
        default: true,
        covers: |node, names| {
            is_argument(node, names, |path, place, _| {
                place == 0 && matches!(path, "typing.cast" | "typing_extensions.cast")
            })
        },
    },
    Rule {
        id: "type-parameter",
        summary: "What type variables and new types are made of: the arguments of `TypeVar`, `ParamSpec`, \
                  `NewType` and the like.",
        example: (
            "import typing as t\nT = t.TypeVar('T', bound='C')\nx = f('T')",
            &["'T'", "bound='C'"],
        ),
        default: true,
        covers: |node, names| {
            const KINDS: [&str; 5] =
                ["TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "TypeAliasType"];
            is_argument(node, names, |path, _, _| {
                path.rsplit_once('.').is_some_and(|(module, name)| {
                    matches!(module, "typing" | "typing_extensions") && KINDS.contains(&name)
                })
            })
        },
    },
    Rule {
        id: "overload",
        summary: "Signatures under `@typing.overload`: no call ever meets them.",
        example: (
            "from typing import overload\n@overload\ndef f(a: int = 1): ...\ndef f(a=2): g(3)",
            &["@overload\ndef f(a: int = 1): ..."],
        ),
        default: true,
        covers: |node, names| {
            node.kind() == "decorated_definition"
                && decorators(node).any(|decorator| {
                    names.path(decorator).is_some_and(|path| {
                        matches!(path.as_str(), "typing.overload" | "typing_extensions.overload")
                    })
                })
        },
    },
    Rule {
        id: "table",
        summary: "Tables of data: a list, tuple, set or dict of 64 literals or more (and of such of them). What \
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
        default: true,
        covers: |node, _| {
            matches!(node.kind(), "list" | "tuple" | "set" | "dictionary")
                && node.named_children().filter(|entry| entry.kind() != "comment").count() >= TABLE
                && is_data(node)
        },
    },
    Rule {
        id: "cache-size",
        summary: "The size of a cache: the arguments of `lru_cache`, and `maxsize=`.",
        example: ("from functools import lru_cache\n@lru_cache(128)\ndef f(): pass", &["128"]),
        default: true,
        covers: |node, names| {
            is_argument(node, names, |path, _, name| {
                path == "functools.lru_cache"
                    || matches!(name, "maxsize" | "max_size" | "cache_size")
            })
        },
    },
    Rule {
        id: "timeout",
        summary: "How long is waited: `sleep(…)`, and numbers given as `timeout=` and the like.",
        example: (
            "from time import sleep\nsleep(0.1)\nf(1, timeout=5)",
            &["sleep(0.1)", "timeout=5"],
        ),
        default: true,
        covers: |node, names| {
            is_statement_of(
                node,
                names,
                &["time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep"],
            ) || (node.kind() == "keyword_argument"
                && node.field("name").is_some_and(|name| {
                    let name = name.text();
                    name == "timeout" || name.ends_with("_timeout") || name.starts_with("timeout_")
                })
                && node.field("value").is_some_and(is_literal))
        },
    },
];

/// Whether a statement gives a name the text that the next statement raises something with.
fn raises_next(statement: Node<'_>) -> bool {
    let Some(assignment) = statement.named_children().next() else { return false };
    let (Some(left), Some(right)) = (assignment.field("left"), assignment.field("right")) else {
        return false;
    };
    if assignment.kind() != "assignment" || left.kind() != "identifier" || !is_text(right) {
        return false;
    }
    let next = statement
        .parent()
        .and_then(|block| block.named_children().skip_while(|other| *other != statement).nth(1));
    next.filter(|next| next.kind() == "raise_statement").is_some_and(|raise| {
        let given = raise.preorder().filter(|node| node.kind() == "argument_list");
        given.flat_map(Node::named_children).any(|argument| argument.text() == left.text())
    })
}

/// Whether a text is an argument of what is raised, or of a function that reports an error.
fn is_said_of_an_error(text: Node<'_>) -> bool {
    const REPORTS: [&str; 6] = ["error", "_error", "fail", "abort", "die", "exit"];
    let call = || text.parent().filter(|around| around.kind() == "argument_list")?.parent();
    call().is_some_and(|call| {
        let function = call.field("function");
        let name = function.map(|function| function.field("attribute").unwrap_or(function));
        call.parent().is_some_and(|around| around.kind() == "raise_statement")
            || name.is_some_and(|name| REPORTS.contains(&name.text()))
    })
}

/// Whether a statement is a call without arguments that gives something back.
fn releases(statement: Node<'_>) -> bool {
    const METHODS: [&str; 3] = ["close", "flush", "detach"];
    statement_call(statement).is_some_and(|call| {
        let has_arguments = call
            .field("arguments")
            .is_some_and(|arguments| arguments.named_children().next().is_some());
        let method = call.field("function").and_then(|function| function.field("attribute"));
        !has_arguments && method.is_some_and(|method| METHODS.contains(&method.text()))
    })
}

/// Whether an expression compares what the interpreter or the system is, or asks for it.
fn is_of_platform(node: Node<'_>, names: &Names) -> bool {
    const KNOWN: [&str; 6] = [
        "sys.version_info",
        "sys.platform",
        "sys.implementation",
        "sys.hexversion",
        "os.name",
        "platform",
    ];
    let tells = |side: Node<'_>| {
        let value = side.unparenthesized();
        let value = value.field("value").filter(|_| value.kind() == "subscript").unwrap_or(value);
        let value = value.field("function").filter(|_| value.kind() == "call").unwrap_or(value);
        names.imported_path(value).is_some_and(|path| {
            let is_part = |known: &str| path == known || path.starts_with(&format!("{known}."));
            path != "platform" && KNOWN.iter().any(|known| is_part(known))
        })
    };
    match node.kind() {
        "comparison_operator" => node.named_children().any(tells),
        "call" => node.field("function").is_some_and(|function| {
            function.field("attribute").is_some_and(|name| name.text() == "startswith")
                && function.field("object").is_some_and(tells)
        }),
        _ => false,
    }
}

/// The call that a statement is, awaited or not.
fn statement_call(statement: Node<'_>) -> Option<Node<'_>> {
    let mut children = statement.named_children();
    let (value, None) = (children.next()?, children.next()) else { return None };
    let called = match value.kind() {
        "await" => value.named_children().next()?,
        _ => value,
    };
    (called.kind() == "call").then_some(called)
}

fn is_statement_of(node: Node<'_>, names: &Names, functions: &[&str]) -> bool {
    node.kind() == "expression_statement"
        && statement_call(node)
            .and_then(|call| names.called(call))
            .is_some_and(|path| functions.contains(&path.as_str()))
}

/// Whether a node is an argument of a call that `fits`: what is called, at which place, by which
/// name.
fn is_argument(node: Node<'_>, names: &Names, fits: impl Fn(&str, usize, &str) -> bool) -> bool {
    let Some(arguments) = node.parent().filter(|around| around.kind() == "argument_list") else {
        return false;
    };
    let Some(call) = arguments.parent() else { return false };
    let path = names.called(call).unwrap_or_default();
    let place = arguments.named_children().position(|argument| argument == node).unwrap_or(0);
    let name = node.field("name").filter(|_| node.kind() == "keyword_argument");
    fits(&path, place, name.map_or("", Node::text))
}

/// Whether an expression is a text: a literal, or one with something put into it.
fn is_text(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "concatenated_string" => true,
        "parenthesized_expression" => is_text(node.unparenthesized()),
        "binary_operator" => {
            let side = |name: &str| node.field(name).is_some_and(is_text);
            let operator = node.field("operator").map_or("", Node::token);
            (operator == "%" && side("left"))
                || (operator == "+" && (side("left") || side("right")))
        }
        "call" => node.field("function").is_some_and(|function| {
            function.field("attribute").is_some_and(|name| matches!(name.text(), "format" | "join"))
                && function.field("object").is_some_and(is_text)
        }),
        _ => false,
    }
}

fn is_literal(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "integer" | "float" | "none" | "concatenated_string" => true,
        "tuple" | "list" => node.named_children().all(is_literal),
        _ => false,
    }
}

/// Whether an expression is made of literals, however deep.
fn is_data(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "concatenated_string" => {
            node.preorder().all(|inner| inner.kind() != "interpolation")
        }
        "integer" | "float" | "none" | "true" | "false" | "ellipsis" | "comment" => true,
        "unary_operator" | "pair" | "list" | "tuple" | "set" | "dictionary" => {
            node.named_children().all(is_data)
        }
        _ => false,
    }
}

/// What decorates a definition, calls and all.
fn decorators(decorated: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    decorated
        .named_children()
        .filter(|child| child.kind() == "decorator")
        .filter_map(|decorator| decorator.named_children().next())
}

fn is_in_dataclass(method: Node<'_>, names: &Names) -> bool {
    let class = method.ancestors().find(|around| around.kind() == "class_definition");
    let decorated =
        class.and_then(Node::parent).filter(|around| around.kind() == "decorated_definition");
    decorated.is_some_and(|decorated| {
        decorators(decorated).any(|value| {
            let called =
                value.field("function").filter(|_| value.kind() == "call").unwrap_or(value);
            names.path(called).is_some_and(|path| DATACLASSES.contains(&path.as_str()))
        })
    })
}

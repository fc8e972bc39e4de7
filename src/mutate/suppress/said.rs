//! Rules for what is said to people, and to nobody else.
//!
//! Invariant: only texts and the statements that say them are covered.

use super::names::Names;
use super::rules::{RULE, Rule, decorators, is_keyword, is_statement_of, is_text, statement_call};
use crate::syntax::Node;

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

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "logging",
        summary: "Calls of loggers (what `logging.getLogger`, `structlog` or `loguru` gave, or an attribute \
                  called `logger` or `log`) that are statements, and the names of loggers.",
        example: (
            "import logging as l\nlog = l.getLogger('a')\nlog.info('x %s', 1)\nother.info('y')",
            &["l.getLogger('a')", "log.info('x %s', 1)"],
        ),
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
        ..RULE
    },
    Rule {
        id: "warnings",
        summary: "Calls of `warnings.warn` and its like, however it was imported, and `stacklevel=`.",
        example: (
            "from warnings import warn as w\nw('old', DeprecationWarning)\nwarn('b', stacklevel=2)",
            &["w('old', DeprecationWarning)", "stacklevel=2"],
        ),
        covers: |node, names| {
            is_statement_of(node, names, &["warnings.warn", "warnings.warn_explicit"])
                || is_keyword(node, |name| name == "stacklevel")
        },
        ..RULE
    },
    Rule {
        id: "print",
        summary: "Calls of the built-in `print` (and `pprint`) that are statements.",
        example: ("print('a', 1)\nx = print(2)", &["print('a', 1)"]),
        covers: |node, names| {
            is_statement_of(node, names, &["print", "pprint.pprint", "rich.print"])
        },
        ..RULE
    },
    Rule {
        id: "exception-message",
        summary: "Texts that an exception is raised with, also by way of a name (`msg = …` right before the `raise`), \
                  and those that are handed to a function called `error`, `fail`, `abort` or the like.",
        example: (
            "msg = f'no {a}'\nraise ValueError(msg)\nraise ValueError(f'no {a}', 1)\nparser.error('b')\nc = 'd'",
            &["msg = f'no {a}'", "f'no {a}'", "'b'"],
        ),
        covers: |node, _| match node.kind() {
            "expression_statement" => raises_next(node),
            _ => is_text(node) && is_said_of_an_error(node),
        },
        ..RULE
    },
    Rule {
        id: "assert-message",
        summary: "What an `assert` says when it fails.",
        example: ("assert a > 1, f'no {a + 2}'", &["f'no {a + 2}'"]),
        covers: |node, _| {
            node.parent().is_some_and(|around| {
                around.kind() == "assert_statement" && around.named_children().nth(1) == Some(node)
            })
        },
        ..RULE
    },
    Rule {
        id: "repr",
        summary: "`__repr__`, and `__str__` and `__hash__` of dataclasses (attrs too).",
        example: (
            "class C:\n    def __repr__(self):\n        return 'C'\n    def __str__(self):\n        return 'c'",
            &["def __repr__(self):\n        return 'C'"],
        ),
        covers: |node, names| match function_name(node) {
            "__repr__" => true,
            "__str__" | "__hash__" => is_in_dataclass(node, names),
            _ => false,
        },
        ..RULE
    },
    Rule {
        id: "shown",
        summary: "Functions that are called after `repr` or `pprint`, and every other `__hash__`.",
        example: (
            "def _repr_a(b):\n    return b\nclass C:\n    def __hash__(self):\n        return 1",
            &["def _repr_a(b):\n    return b", "def __hash__(self):\n        return 1"],
        ),
        minor: true,
        covers: |node, _| {
            let name = function_name(node);
            name == "__hash__" || name.split('_').any(|part| matches!(part, "repr" | "pprint"))
        },
        ..RULE
    },
];

/// The name of a function that is defined; none of any other node.
fn function_name(node: Node<'_>) -> &str {
    let is_one = node.kind() == "function_definition";
    node.field("name").filter(|_| is_one).map_or("", Node::text)
}

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

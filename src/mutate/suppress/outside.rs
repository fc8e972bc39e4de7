//! Rules for what hangs on the surroundings of a run: the system, files, time.
//!
//! Invariant: what is covered would need another machine, another interpreter or a clock to be seen.

use super::names::Names;
use super::rules::{RULE, Rule, is_argument, is_literal, is_statement_of, statement_call};
use crate::syntax::Node;

/// Keywords that say how much is moved at once.
const SIZES: [&str; 8] = [
    "chunk_size",
    "chunksize",
    "buffer_size",
    "bufsize",
    "buffering",
    "block_size",
    "blocksize",
    "batch_size",
];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "main",
        summary: "What stands under `if __name__ == '__main__'`.",
        example: (
            "if __name__ == '__main__':\n    f(1)\ng(2)",
            &["if __name__ == '__main__':\n    f(1)"],
        ),
        covers: |node, _| {
            node.kind() == "if_statement"
                && node.field("condition").is_some_and(|condition| {
                    let text = condition.unparenthesized().text();
                    text.contains("__name__") && text.contains("__main__")
                })
        },
        ..RULE
    },
    Rule {
        id: "platform",
        summary: "Conditions on the interpreter or the system (`sys.version_info`, `sys.platform`, `os.name`, \
                  `platform.system()` and the like): one interpreter sees one side of them.",
        example: (
            "import sys\nif sys.version_info >= (3, 11):\n    f(1)\nx = not PY3 or sys.platform == 'win32'\ny = platform.system() == 'a'\nif not x: f(2)",
            &["sys.version_info >= (3, 11)", "sys.platform == 'win32'", "not x"],
        ),
        covers: |node, names| {
            is_of_platform(node, names)
                || is_condition_on(node, &|name| names.hangs_on_platform(name))
        },
        ..RULE
    },
    Rule {
        id: "optional-import",
        summary: "What is done where a module is not installed: handlers of `ImportError` behind an import, and \
                  conditions on what they set. One environment sees one side of them.",
        example: (
            "try:\n    import a\nexcept ImportError:\n    a = None\nif a is None:\n    b(1)\nc = 2 if a else 3",
            &["except ImportError:\n    a = None", "a is None", "a"],
        ),
        covers: |node, names| match node.kind() {
            "except_clause" => handles_missing_module(node),
            _ => is_condition_on(node, &|name| names.hangs_on_import(name)),
        },
        minor: true,
        ..RULE
    },
    Rule {
        id: "time-zone",
        summary: "That the present time is asked for in UTC, and how far the machine's own zone is from it: a machine \
                  whose clock is in UTC, as that of most test runs is, cannot tell.",
        example: (
            "import time\nfrom datetime import datetime, timezone\na = datetime.now(timezone.utc)\nb = -time.timezone / 3600",
            &["timezone.utc", "-time.timezone / 3600"],
        ),
        minor: true,
        covers: |node, names| match node.kind() {
            "unary_operator" | "binary_operator" => is_offset_of_zone(node, names),
            _ => {
                is_argument(node, names, |path, _, _| path.ends_with("datetime.now"))
                    && is_utc(node)
            }
        },
        ..RULE
    },
    Rule {
        id: "release",
        summary: "Statements that only give something back: `close()`, `flush()`, `detach()` \
                  without arguments, and `os.fsync`. What they leave open, a test seldom sees.",
        example: (
            "import os\na.close()\nos.fsync(b)\nif c:\n    d.flush()\ne.close(1)\nf = g.close()",
            &["a.close()", "os.fsync(b)", "if c:\n    d.flush()"],
        ),
        covers: |node, names| {
            is_statement_of(node, names, &["os.fsync", "os.close"])
                || (node.kind() == "expression_statement" && releases(node))
        },
        minor: true,
        ..RULE
    },
    Rule {
        id: "cache-size",
        summary: "The size of a cache: the arguments of `lru_cache`, and `maxsize=`.",
        example: ("from functools import lru_cache\n@lru_cache(128)\ndef f(): pass", &["128"]),
        covers: |node, names| {
            is_argument(node, names, |path, _, name| {
                path == "functools.lru_cache"
                    || matches!(name, "maxsize" | "max_size" | "cache_size")
            })
        },
        ..RULE
    },
    Rule {
        id: "buffer-size",
        summary: "How much is moved at once: `chunk_size=`, `buffering=` and the like, and how much `read` reads.",
        example: ("g.read(8192); h(chunk_size=3)", &["8192", "chunk_size=3"]),
        minor: true,
        covers: |node, names| {
            is_argument(node, names, |_, _, name| SIZES.contains(&name)) || is_read_at_once(node)
        },
        ..RULE
    },
    Rule {
        id: "timeout",
        summary: "How long is waited: `sleep(…)`, and numbers given as `timeout=` and the like.",
        example: (
            "from time import sleep\nsleep(0.1)\nf(1, timeout=5)",
            &["sleep(0.1)", "timeout=5"],
        ),
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
        ..RULE
    },
];

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
pub(super) fn is_of_platform(node: Node<'_>, names: &Names) -> bool {
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

/// Whether a number is what `read` reads at once.
fn is_read_at_once(node: Node<'_>) -> bool {
    /// Nobody cuts what is read into pieces of this size for its own sake.
    const MUCH: usize = 1024;
    let call = || node.parent().filter(|around| around.kind() == "argument_list")?.parent();
    let method = || call()?.field("function")?.field("attribute");
    node.kind() == "integer"
        && node.text().replace('_', "").parse().is_ok_and(|size: usize| size >= MUCH)
        && method().is_some_and(|method| matches!(method.text(), "read" | "recv" | "readinto"))
}

/// Whether a handler is that of an import which may fail.
pub(super) fn handles_missing_module(clause: Node<'_>) -> bool {
    let names_it = clause
        .named_children()
        .take_while(|part| part.kind() != "block")
        .any(|part| part.text().contains("ImportError") || part.text().contains("ModuleNotFound"));
    let imports = || {
        let body = clause.parent()?.field("body")?;
        body.named_children().find(|part| part.kind().starts_with("import_"))
    };
    names_it && imports().is_some()
}

/// Whether a node is a condition, or a side of one, on a name of these: the name, `not` and it, or a comparison
/// of it.
fn is_condition_on(node: Node<'_>, is_one: &dyn Fn(&str) -> bool) -> bool {
    let names = |value: Node<'_>| value.kind() == "identifier" && is_one(value.text());
    let asks = match node.kind() {
        "identifier" => names(node),
        "not_operator" => {
            node.field("argument").is_some_and(|inner| names(inner.unparenthesized()))
        }
        "comparison_operator" => node.named_children().any(names),
        _ => false,
    };
    asks && node.parent().is_some_and(|around| match around.kind() {
        "if_statement" | "elif_clause" | "while_statement" => node.field_name() == "condition",
        "conditional_expression" => around.named_children().nth(1) == Some(node),
        "boolean_operator" | "not_operator" | "parenthesized_expression" => true,
        _ => false,
    })
}

/// Whether an argument is UTC.
fn is_utc(argument: Node<'_>) -> bool {
    let value = argument.field("value").filter(|_| argument.kind() == "keyword_argument");
    let text = value.unwrap_or(argument).text();
    text == "UTC" || text.ends_with("timezone.utc") || text.ends_with(".UTC")
}

/// Whether a number is made of how far the machine's zone is from UTC.
fn is_offset_of_zone(node: Node<'_>, names: &Names) -> bool {
    let is_offset = |value: Node<'_>| {
        let value = value.unparenthesized();
        let sign = value.field("argument").filter(|_| value.kind() == "unary_operator");
        let path = names.imported_path(sign.unwrap_or(value));
        path.is_some_and(|path| matches!(path.as_str(), "time.timezone" | "time.altzone"))
    };
    match node.kind() {
        "binary_operator" => node.named_children().any(is_offset),
        _ => is_offset(node),
    }
}

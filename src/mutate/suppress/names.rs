//! What names of a file mean: what they were imported from, and which hold a logger.
//!
//! Invariant: a name that the file binds itself is never taken for a built-in or an import, unless an
//! import binds it too.

use std::collections::{HashMap, HashSet};

use super::outside::{handles_missing_module, is_of_platform};
use crate::syntax::Node;

/// Functions that give loggers.
const LOGGERS: [&str; 5] = [
    "logging.getLogger",
    "logging.getLoggerClass",
    "structlog.get_logger",
    "structlog.getLogger",
    "loguru.logger.bind",
];
/// Names of attributes that hold loggers, wherever they were set.
const LOGGER_ATTRIBUTES: [&str; 4] = ["logger", "log", "_logger", "_log"];

/// The names of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What was imported, by the name that it has here: `w` is `warnings`, `warn` is `warnings.warn`.
    imported: HashMap<String, String>,
    /// Names that hold a logger.
    loggers: HashSet<String>,
    /// Names that functions, classes and assignments of the file bind.
    bound: HashSet<String>,
    /// Names that say whether a module is installed: a handler of `ImportError` binds them.
    of_imports: HashSet<String>,
    /// Names that hold what the interpreter or the system is.
    of_platform: HashSet<String>,
}

impl Names {
    /// Reads them from the root of a file.
    pub(super) fn of(root: Node<'_>) -> Self {
        let mut names = Self::default();
        for node in root.preorder() {
            match node.kind() {
                "import_statement" => names.import(node),
                "import_from_statement" => names.import_from(node),
                "function_definition" | "class_definition" => {
                    names.bound.extend(node.field("name").map(|name| name.text().to_owned()));
                }
                _ => {}
            }
        }
        for node in root.preorder().filter(|node| node.kind() == "assignment") {
            let (Some(left), Some(right)) = (node.field("left"), node.field("right")) else {
                continue;
            };
            if left.kind() != "identifier" {
                continue;
            }
            if is_bound_for_missing_module(node) {
                names.of_imports.insert(left.text().to_owned());
            }
            if tells_platform(right, &names) {
                names.of_platform.insert(left.text().to_owned());
            }
            let makes_logger = right.kind() == "call"
                && right
                    .field("function")
                    .and_then(|function| names.path(function))
                    .is_some_and(|path| LOGGERS.contains(&path.as_str()));
            if makes_logger {
                names.loggers.insert(left.text().to_owned());
            } else {
                names.bound.insert(left.text().to_owned());
            }
        }
        names
    }

    fn import(&mut self, statement: Node<'_>) {
        for child in statement.named_children() {
            match (child.field("name"), child.field("alias")) {
                (Some(name), Some(alias)) => {
                    self.imported.insert(alias.text().to_owned(), name.text().to_owned());
                }
                _ => {
                    // `import a.b` binds `a`.
                    let first = child.text().split('.').next().unwrap_or_default().to_owned();
                    self.imported.insert(first.clone(), first);
                }
            }
        }
    }

    fn import_from(&mut self, statement: Node<'_>) {
        let Some(module) = statement.field("module_name").map(Node::text) else { return };
        for child in statement.named_children().skip(1) {
            let (name, alias) = match (child.field("name"), child.field("alias")) {
                (Some(name), Some(alias)) => (name.text(), alias.text()),
                _ => (child.text(), child.text()),
            };
            self.imported.insert(alias.to_owned(), format!("{module}.{name}"));
        }
    }

    /// Whether a name says if a module is installed.
    pub(super) fn hangs_on_import(&self, name: &str) -> bool {
        self.of_imports.contains(name)
    }

    /// Whether a name says what the interpreter or the system is.
    pub(super) fn hangs_on_platform(&self, name: &str) -> bool {
        self.of_platform.contains(name)
    }

    /// The dotted path of a name or an attribute, from what it was imported; a built-in is its own
    /// name. `None` for what the file binds itself, and for what is no name.
    pub(super) fn path(&self, node: Node<'_>) -> Option<String> {
        match node.kind() {
            "identifier" => match self.imported.get(node.text()) {
                Some(path) => Some(path.clone()),
                None if self.bound.contains(node.text()) => None,
                None => Some(node.text().to_owned()),
            },
            "attribute" => {
                let object = self.path(node.field("object")?)?;
                Some(format!("{object}.{}", node.field("attribute")?.text()))
            }
            _ => None,
        }
    }

    /// The dotted path of an expression that begins with a name that was imported.
    pub(super) fn imported_path(&self, node: Node<'_>) -> Option<String> {
        let mut first = node;
        while let Some(object) = first.field("object") {
            first = object;
        }
        self.imported.contains_key(first.text()).then(|| self.path(node))?
    }

    /// The dotted path of what a call calls.
    pub(super) fn called(&self, call: Node<'_>) -> Option<String> {
        self.path(call.field("function").filter(|_| call.kind() == "call")?)
    }

    /// Whether an expression is a logger: a name that holds one, `logging` itself, an attribute that is
    /// called so, or a call that gives one.
    pub(super) fn is_logger(&self, node: Node<'_>) -> bool {
        match node.kind() {
            "identifier" => {
                let imported = self.imported.get(node.text());
                self.loggers.contains(node.text())
                    || imported.is_some_and(|path| {
                        let last = path.rsplit('.').next().unwrap_or_default();
                        path == "logging" || path == "loguru.logger" || is_logger_name(last)
                    })
            }
            "attribute" => {
                node.field("attribute").is_some_and(|name| LOGGER_ATTRIBUTES.contains(&name.text()))
            }
            "call" => self.makes_logger(node),
            _ => false,
        }
    }

    /// Whether a call gives a logger.
    pub(super) fn makes_logger(&self, call: Node<'_>) -> bool {
        self.called(call).is_some_and(|path| LOGGERS.contains(&path.as_str()))
    }
}

/// Whether something that is imported under this name is a logger.
fn is_logger_name(name: &str) -> bool {
    matches!(name, "logger" | "LOGGER" | "LOG" | "_logger")
}

/// Whether an assignment stands in the handler of an import which may fail.
fn is_bound_for_missing_module(assignment: Node<'_>) -> bool {
    assignment
        .ancestors()
        .take_while(|around| around.kind() != "function_definition")
        .any(|around| around.kind() == "except_clause" && handles_missing_module(around))
}

/// Whether a value says what the interpreter or the system is, alone or beside others.
fn tells_platform(value: Node<'_>, names: &Names) -> bool {
    let value = value.unparenthesized();
    match value.kind() {
        "not_operator" | "boolean_operator" => {
            value.named_children().any(|part| tells_platform(part, names))
        }
        _ => is_of_platform(value, names),
    }
}

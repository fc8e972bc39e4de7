//! Whether a function's text shows that a call of it may leave something changed behind.
//!
//! Invariant: code inside nested functions does not count, since a call runs none of it by itself.

use super::Module;
use super::tree::Node;
use crate::model::{Function, QualName};

/// Methods by which containers and their like are changed.
const CHANGE: [&str; 17] = [
    "add",
    "append",
    "appendleft",
    "clear",
    "connect",
    "discard",
    "extend",
    "insert",
    "pop",
    "popitem",
    "push",
    "register",
    "remove",
    "setdefault",
    "sort",
    "subscribe",
    "update",
];
/// Functions that may change anything.
const ANYTHING: [&str; 7] = ["delattr", "eval", "exec", "globals", "locals", "setattr", "vars"];
/// Decorators that keep nothing between calls.
const PLAIN: [&str; 7] = [
    "classmethod",
    "contextmanager",
    "contextlib.contextmanager",
    "functools.wraps",
    "property",
    "staticmethod",
    "wraps",
];

impl Module {
    /// Whether a call of the function `name` may change something that outlives it, as far as its
    /// own text tells; true for a function that is not there.
    pub fn may_leave_something(&self, name: &QualName) -> bool {
        let index = self.functions().iter().position(|function| function.key.name == *name);
        index.is_none_or(|index| {
            let function = &self.functions()[index];
            is_memoised(function, self) || changes_something(self.code(index).node, name)
        })
    }
}

/// Whether a decorator may keep what the function yields.
fn is_memoised(function: &Function, module: &Module) -> bool {
    let text = &module.source().text()[function.bytes.start.min(module.source().text().len())..];
    let decorators = text.lines().map(str::trim).take_while(|line| {
        !line.starts_with("def ") && !line.starts_with("async ") && !line.contains("lambda")
    });
    decorators.filter_map(|line| line.strip_prefix('@')).any(|line| {
        let name = line.split('(').next().unwrap_or_default().trim();
        !PLAIN.contains(&name)
    })
}

fn changes_something(function: Node<'_>, name: &QualName) -> bool {
    let mut until = 0;
    let is_new = name.simple() == "__init__" || name.simple() == "__post_init__";
    for node in function.preorder().skip(1) {
        if node.index() < until {
            continue;
        }
        match node.kind() {
            "function_definition" | "lambda" => until = node.until(),
            "global_statement" | "nonlocal_statement" | "delete_statement" => return true,
            "assignment" | "augmented_assignment" => {
                let Some(left) = node.field("left") else { continue };
                let outside = left.preorder().any(|part| match part.kind() {
                    "subscript" => true,
                    // What an object is given while it is made is nobody else's yet.
                    "attribute" => !(is_new && part.text().starts_with("self.")),
                    _ => false,
                });
                if outside {
                    return true;
                }
            }
            "expression_statement" => {
                let is_call = node.named_children().next().is_some_and(|inner| {
                    matches!(inner.kind(), "call" | "await")
                        && !inner.text().starts_with("super().")
                });
                if is_call {
                    return true;
                }
            }
            "call" => {
                let Some(called) = node.field("function") else { return true };
                let changes = match called.kind() {
                    "attribute" => called
                        .field("attribute")
                        .is_some_and(|method| CHANGE.contains(&method.text())),
                    _ => ANYTHING.contains(&called.text()),
                };
                if changes {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::Source;

    fn leaves(text: &str, name: &str) -> bool {
        let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
        Module::parse(source).unwrap().may_leave_something(&QualName::new(name))
    }

    #[test]
    fn what_only_computes_leaves_nothing() {
        let wrapper = "def f(g):\n    @wraps(g)\n    def w(*a):\n        SEEN.append(g)\n        \
                       return g(*a)\n    return w\n";
        for text in [
            wrapper,
            "def f(n):\n    \"\"\"Doc.\"\"\"\n    m = n + 1\n    return [m for m in range(n)]\n",
            "@staticmethod\ndef f(n): return max(n, 1)\n",
            "f = lambda n: n\n",
        ] {
            assert!(!leaves(text, "f"), "{text}");
        }
        let made = "class C:\n    def __init__(self, n):\n        super().__init__()\n        \
                    self.n = n\n";
        assert!(!leaves(made, "C.__init__"));
    }

    #[test]
    fn what_keeps_or_changes_something_is_told() {
        for body in [
            "ALL[n] = 1",
            "ALL.append(n)",
            "x = ALL.setdefault(n, 1)",
            "n.x = 1",
            "global N",
            "n.total += 1",
            "del n.x",
            "other(n)",
            "return setattr(n, 'x', 1)",
            "a, n.b = 1, 2",
        ] {
            assert!(leaves(&format!("def f(n):\n    {body}\n"), "f"), "{body}");
        }
        assert!(leaves("@cache\ndef f(n): return n\n", "f"));
        assert!(leaves("def f(n): return n\n", "gone"));
    }
}

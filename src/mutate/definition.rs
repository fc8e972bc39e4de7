//! `definition`: what stands around the code of functions and classes.
//!
//! Invariant: names and parameters stay. Most of these run at import, so their mutants are cold.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const DECORATOR: Operator = Operator {
    id: "definition/decorator",
    summary: "A decorator is removed.",
    why: "What the decorator adds makes no difference to any test.",
    skipped: "`overload`, `override`, `final`, `wraps`, `abstractmethod`, caches, and the setters of properties, without which the class is another.",
    default: false,
    telling: 4,
    examples: &[Example { before: "@a\ndef f(): b()", after: "\ndef f(): b()" }],
    kinds: &["decorator"],
    apply: |node, edits| {
        let Some(value) = node.named_children().next() else { return };
        let called = value.field("function").unwrap_or(value);
        let name = called.text().rsplit('.').next().unwrap_or_default();
        if !KEPT.contains(&name) && !node.text().contains(['\n', '\r']) {
            edits.push(Edit::cut(node.bytes()));
        }
    },
};

const KEPT: [&str; 12] = [
    "overload",
    "override",
    "final",
    "wraps",
    "abstractmethod",
    "cache",
    "lru_cache",
    "cached_property",
    "setter",
    "getter",
    "deleter",
    "no_type_check",
];

pub(super) const DEFAULT: Operator = Operator {
    id: "definition/default",
    summary: "The default value of a parameter becomes `None`.",
    why: "No test leaves the argument out, or none looks at what the default does.",
    skipped: "`None` itself.",
    default: false,
    telling: 3,
    examples: &[Example { before: "def f(a=1): b()", after: "def f(a=None): b()" }],
    kinds: &["default_parameter", "typed_default_parameter"],
    apply: |node, edits| {
        if let Some(value) = node.field("value")
            && value.unparenthesized().kind() != "none"
        {
            edits.push(Edit::expression(value, "None"));
        }
    },
};

pub(super) const BASE: Operator = Operator {
    id: "definition/base",
    summary: "One of several base classes is left out.",
    why: "What the class takes from it makes no difference to any test.",
    skipped: "Classes with one base; `Generic`, `Protocol`, `ABC`, `object` and keywords such as `metaclass=`.",
    default: false,
    telling: 2,
    examples: &[Example { before: "class C(A, B): b()", after: "class C(B): b()" }],
    kinds: &["class_definition"],
    apply: |node, edits| {
        let Some(bases) = node.field("superclasses") else { return };
        let all: Vec<Node<'_>> = bases.named_children().collect();
        let is_base = |base: &Node<'_>| {
            let name = base.field("value").unwrap_or(*base).text();
            !matches!(base.kind(), "keyword_argument" | "list_splat" | "dictionary_splat")
                && !["Generic", "Protocol", "ABC", "object"]
                    .contains(&name.rsplit('.').next().unwrap_or(name))
        };
        if all.iter().filter(|base| is_base(base)).count() < 2 {
            return;
        }
        for (place, base) in all.iter().enumerate().filter(|(_, base)| is_base(base)) {
            let bytes = match all.get(place + 1) {
                Some(next) => ByteSpan { start: base.start(), end: next.start() },
                None => ByteSpan { start: all[place - 1].end(), end: base.end() },
            };
            if !node.whole_text()[bytes.start..bytes.end].contains(['\n', '\r', '#']) {
                edits.push(Edit::cut(bytes));
            }
        }
    },
};

pub(super) const YIELD: Operator = Operator {
    id: "definition/yield",
    summary: "A yielded value becomes `None`.",
    why: "The test counts what comes out, and does not look at it.",
    skipped: "`yield` without a value, and `yield from`.",
    default: true,
    telling: 4,
    examples: &[Example { before: "yield a", after: "yield None" }],
    kinds: &["yield"],
    apply: |node, edits| {
        let is_from = node.token_child("from").is_some();
        if let Some(value) = node.named_children().next()
            && !is_from
            && value.kind() != "none"
        {
            edits.push(Edit::expression(value, "None"));
        }
    },
};

pub(super) const NEGATED: Operator = Operator {
    id: "definition/returns-not",
    summary: "A function that answers yes or no answers the other way round.",
    why: "No test asks for the answer.",
    skipped: "Functions whose name does not begin with `is_`, `has_`, `can_`, `should_` or the like, and that are not annotated with `bool`; comparisons and constants, which have operators of their own.",
    default: false,
    telling: 5,
    examples: &[Example {
        before: "def is_a(b): return c(b)",
        after: "def is_a(b): return not c(b)",
    }],
    kinds: &["return_statement"],
    apply: |node, edits| {
        let Some(value) = node.named_children().next() else { return };
        let Some(function) = node.ancestors().find(|around| around.kind() == "function_definition")
        else {
            return;
        };
        let name = function.field("name").map_or("", Node::text).trim_start_matches('_');
        let asks = ["is_", "has_", "can_", "should_", "was_", "may_", "must_", "needs_"];
        let is_bool = function.field("return_type").is_some_and(|kind| kind.text() == "bool");
        let is_plain = matches!(value.kind(), "identifier" | "attribute" | "call" | "subscript");
        if is_plain && (is_bool || asks.iter().any(|ask| name.starts_with(ask))) {
            edits.push(Edit::expression(value, format!("not {}", value.text())));
        }
    },
};

pub(super) const OVERRIDE: Operator = Operator {
    id: "definition/override",
    summary: "A method of a class with bases is removed.",
    why: "What it overrides, if it overrides anything, does as well for every test.",
    skipped: "Decorated methods, `__init__` and other methods with two underscores, and classes whose bases are `object`, `ABC`, `Generic`, `Protocol`, `Exception` or `Enum` only.",
    default: false,
    telling: 3,
    examples: &[Example {
        before: "class C(A):\n  def f(self):\n    b()",
        after: "class C(A):\n  pass\n",
    }],
    kinds: &["function_definition"],
    apply: |node, edits| {
        let name = node.field("name").map_or("", Node::text);
        if !name.starts_with("__") && is_in_class_with_bases(node) {
            edits.push(Edit::token(node, "pass"));
        }
    },
};

pub(super) const ATTRIBUTE: Operator = Operator {
    id: "definition/attribute",
    summary: "An attribute that a class with bases sets is not set.",
    why: "The value of the base, if it has one, does as well for every test.",
    skipped: "Annotated attributes, names with two underscores, and classes as for `definition/override`.",
    default: false,
    telling: 2,
    examples: &[Example { before: "class C(A):\n  x = 1", after: "class C(A):\n  pass" }],
    kinds: &["expression_statement"],
    apply: |node, edits| {
        let Some(value) = node.named_children().next() else { return };
        let Some(name) = value.field("left").filter(|_| value.kind() == "assignment") else {
            return;
        };
        let is_plain = name.kind() == "identifier"
            && !name.text().starts_with("__")
            && value.field("type").is_none()
            && !value.text().contains(['\n', '\r', ':']);
        if is_plain && is_in_class_with_bases(node) {
            edits.push(Edit::expression(value, "pass"));
        }
    },
};

/// Whether a statement stands in the body of a class that takes something from another.
fn is_in_class_with_bases(statement: Node<'_>) -> bool {
    let body = statement.parent().filter(|around| around.kind() == "block");
    let class = body.and_then(Node::parent).filter(|around| around.kind() == "class_definition");
    let Some(bases) = class.and_then(|class| class.field("superclasses")) else { return false };
    bases.named_children().any(|base| {
        let name = base.field("value").unwrap_or(base).text();
        base.kind() != "keyword_argument"
            && !["Generic", "Protocol", "ABC", "object", "Exception", "Enum"]
                .contains(&name.rsplit('.').next().unwrap_or(name))
    })
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn decorators_that_nobody_would_miss_stay() {
        let body = "@overload\n@a.setter\n@lru_cache(1)\n@a.b(c)\ndef f(): d()";
        assert_eq!(
            mutated_bodies(body, "definition/decorator"),
            ["@overload\n@a.setter\n@lru_cache(1)\n\ndef f(): d()"]
        );
    }

    #[test]
    fn every_base_goes_alone() {
        assert_eq!(
            mutated_bodies("class C(A, m.B, metaclass=M): d()", "definition/base"),
            ["class C(m.B, metaclass=M): d()", "class C(A, metaclass=M): d()"]
        );
        assert_eq!(mutated_bodies("class C(A, B): d()", "definition/base")[1], "class C(A): d()");
        assert_eq!(mutated_bodies("class C(A, Generic[T]): d()", "definition/base"), [""; 0]);
    }

    #[test]
    fn only_what_may_override_is_removed() {
        let body = "class C(A):\n  x = 1\n  y: int = 2\n  def __eq__(self, o): return 1\n  def f(self):\n    g = 2\n\
                    class D(ABC):\n  z = 3\n  def h(self): pass";
        let left = |operator: &str| -> Vec<String> {
            mutated_bodies(body, operator).iter().map(|text| text.replace('\n', "|")).collect()
        };
        let rest = "|class D(ABC):|  z = 3|  def h(self): pass";
        let kept = "  y: int = 2|  def __eq__(self, o): return 1|";
        assert_eq!(
            left("definition/override"),
            [format!("class C(A):|  x = 1|{kept}  pass|{rest}")]
        );
        assert_eq!(
            left("definition/attribute"),
            [format!("class C(A):|  pass|{kept}  def f(self):|    g = 2{rest}")]
        );
    }

    #[test]
    fn answers_are_turned_round() {
        let body = "def f(a) -> bool:\n  return a == 1 or b(a)\ndef _has_x(a): return a[0]";
        assert_eq!(
            mutated_bodies(body, "definition/returns-not"),
            ["def f(a) -> bool:\n  return a == 1 or b(a)\ndef _has_x(a): return not a[0]"]
        );
        assert_eq!(mutated_bodies("def f(a): return b", "definition/returns-not"), [""; 0]);
    }
}

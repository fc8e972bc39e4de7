//! `call`: the arguments of calls, and calls of a few builtins.
//!
//! Invariant: a call keeps at least one of its arguments, in their order.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const ARGUMENT_NONE: Operator = Operator {
    id: "call/argument-none",
    summary: "An argument becomes `None`.",
    why: "An argument that may be anything is one whose effect no test sees.",
    skipped: "`*args`, `**kwargs`, and `None` itself.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "f(a, b)", after: "f(None, b)" },
        Example { before: "f(key=a)", after: "f(key=None)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(arguments) = node.field("arguments") else { return };
        if arguments.kind() == "generator_expression" {
            edits.push(Edit::expression(arguments, "(None)"));
            return;
        }
        for argument in arguments.named_children() {
            let value = match argument.kind() {
                "keyword_argument" => argument.field("value"),
                "list_splat" | "dictionary_splat" => None,
                _ if argument.text().starts_with('*') => None,
                _ => Some(argument),
            };
            if let Some(value) = value
                && value.unparenthesized().kind() != "none"
            {
                edits.push(Edit::expression(value, "None"));
            }
        }
    },
};

pub(super) const ARGUMENT_REMOVED: Operator = Operator {
    id: "call/argument-removed",
    summary: "One of several arguments is removed.",
    why: "The default was right all along, or no test can tell.",
    skipped: "Calls with one argument.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "f(a, b)", after: "f(b)" },
        Example { before: "f(a, *b)", after: "f(a)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(arguments) = node.field("arguments") else { return };
        if arguments.kind() != "argument_list" || arguments.named_children().count() < 2 {
            return;
        }
        for argument in arguments.named_children() {
            edits.push(Edit::cut(with_comma(arguments, argument)));
        }
    },
};

/// The bytes of an argument with the comma and the blanks behind it; of the last argument, with
/// the comma before it.
fn with_comma(arguments: Node<'_>, argument: Node<'_>) -> ByteSpan {
    let commas = || arguments.children().filter(|child| child.token() == ",");
    let is_last = arguments.named_children().last() == Some(argument);
    if is_last {
        let before = commas().filter(|comma| comma.start() < argument.start()).last();
        return ByteSpan {
            start: before.map_or(argument.start(), Node::start),
            end: argument.end(),
        };
    }
    let behind = commas().find(|comma| comma.start() >= argument.end());
    let end = behind.map_or(argument.end(), Node::end);
    let rest = &arguments.whole_text()[end..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    ByteSpan { start: argument.start(), end: end + blanks }
}

pub(super) const BUILTIN: Operator = Operator {
    id: "call/builtin",
    summary: "`any` and `all`, `min` and `max` become each other.",
    why: "The one that differs from the other only where the elements do.",
    skipped: "Functions of other names.",
    default: true,
    telling: 4,
    examples: &[
        Example { before: "x = any(a)", after: "x = all(a)" },
        Example { before: "x = min(a, b)", after: "x = max(a, b)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(function) = node.field("function") else { return };
        let new = match function.text() {
            "any" => "all",
            "all" => "any",
            "min" => "max",
            "max" => "min",
            _ => return,
        };
        edits.push(Edit::token(function, new));
    },
};

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn the_last_argument_goes_with_the_comma_before_it() {
        assert_eq!(mutated_bodies("f(a, b,)", "call/argument-removed"), ["f(b,)", "f(a,)"]);
        assert_eq!(
            mutated_bodies("f(a, *b, c=1, **d)", "call/argument-removed"),
            ["f(*b, c=1, **d)", "f(a, c=1, **d)", "f(a, *b, **d)", "f(a, *b, c=1)"]
        );
        assert_eq!(mutated_bodies("f(a)", "call/argument-removed"), [""; 0]);
        assert_eq!(mutated_bodies("f(a, a)", "call/argument-removed"), ["f(a)"], "once");
    }

    #[test]
    fn a_bare_generator_is_replaced_whole() {
        assert_eq!(mutated_bodies("f(a for a in b)", "call/argument-none"), ["f(None)"]);
        assert_eq!(mutated_bodies("f(None, *a, k=None)", "call/argument-none"), [""; 0]);
    }
}

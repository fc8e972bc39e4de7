//! `exchange`: calls with their arguments exchanged, replaced by an argument, or by their like.
//!
//! Invariant: arguments stay as they are written; `await` stays before what it was before.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const ARGUMENTS: Operator = Operator {
    id: "exchange/arguments",
    summary: "Two neighbouring arguments change places.",
    why: "Arguments of one kind are mixed up easily; tests with equal values cannot tell.",
    skipped: "Keyword arguments, `*args`, arguments with the same text, and those that are literals of other kinds.",
    default: false,
    telling: 4,
    examples: &[
        Example { before: "f(a, b)", after: "f(b, a)" },
        Example { before: "x = f(1, 2, key=c)", after: "x = f(2, 1, key=c)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(arguments) = node.field("arguments") else { return };
        if arguments.kind() != "argument_list" {
            return;
        }
        let all: Vec<Node<'_>> = arguments.named_children().collect();
        for pair in all.windows(2) {
            let [first, second] = [pair[0], pair[1]];
            let is_plain = |argument: Node<'_>| {
                !matches!(argument.kind(), "keyword_argument" | "list_splat" | "dictionary_splat")
            };
            let between = &node.whole_text()[first.end()..second.start()];
            if !is_plain(first)
                || !is_plain(second)
                || first.text() == second.text()
                || !may_be_of_one_kind(first, second)
                || between.contains(['#', '\n', '\r'])
            {
                continue;
            }
            let bytes = ByteSpan { start: first.start(), end: second.end() };
            let text = format!("{}{between}{}", second.text(), first.text());
            edits.push(Edit::span(bytes, text));
        }
    },
};

pub(super) const FIRST: Operator = Operator {
    id: "exchange/first-argument",
    summary: "A call becomes its first argument.",
    why: "What the call does to the value makes no difference to any test.",
    skipped: "Calls that are statements, awaited calls, calls of classes, and calls whose first argument is a literal, `*args` or a keyword.",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = f(a, b)", after: "x = a" }],
    kinds: &["call"],
    apply: |node, edits| {
        let (Some(function), Some(arguments)) = (node.field("function"), node.field("arguments"))
        else {
            return;
        };
        let parent = node.parent().map_or("", Node::kind);
        let name = function.text().rsplit('.').next().unwrap_or_default();
        if arguments.kind() != "argument_list"
            || matches!(parent, "expression_statement" | "await" | "decorator" | "argument_list")
            || name.starts_with(char::is_uppercase)
        {
            return;
        }
        if let Some(first) = arguments.named_children().next()
            && matches!(first.kind(), "identifier" | "attribute" | "subscript" | "call")
        {
            edits.push(Edit::expression(node, first.text()));
        }
    },
};

pub(super) const METHOD: Operator = Operator {
    id: "exchange/method",
    summary: "A method of a collection or a string becomes its neighbour.",
    why: "The two differ for some values only, and no test has one of them.",
    skipped: "",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "a.append(b)", after: "a.extend(b)" },
        Example { before: "x = a.keys()", after: "x = a.values()" },
        Example { before: "x = a.strip()", after: "x = a.lstrip()" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let Some(name) = node.field("function").and_then(|function| function.field("attribute"))
        else {
            return;
        };
        for new in others(&METHODS, name.text()) {
            edits.push(Edit::token(name, new));
        }
    },
};

pub(super) const BUILTIN: Operator = Operator {
    id: "exchange/builtin",
    summary: "`sorted` becomes `list`, `sum` becomes `len`, `abs` goes, and so on.",
    why: "What the built-in function adds makes no difference to any test.",
    skipped: "Calls with keyword arguments.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "x = sorted(a)", after: "x = list(a)" },
        Example { before: "x = abs(a)", after: "x = (a)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        let (Some(function), Some(arguments)) = (node.field("function"), node.field("arguments"))
        else {
            return;
        };
        let all: Vec<Node<'_>> = arguments.named_children().collect();
        let is_plain = arguments.kind() == "argument_list"
            && all.len() == 1
            && !matches!(all[0].kind(), "keyword_argument" | "list_splat" | "dictionary_splat");
        if function.kind() != "identifier" || !is_plain {
            return;
        }
        if let Some((_, new)) = BUILTINS.iter().find(|(old, _)| *old == function.text()) {
            edits.push(Edit::token(function, *new));
        }
    },
};

/// What a method may be taken for.
const METHODS: [(&str, &str); 22] = [
    ("append", "extend"),
    ("extend", "append"),
    ("add", "discard"),
    ("discard", "add"),
    ("keys", "values"),
    ("values", "keys"),
    ("union", "intersection"),
    ("intersection", "union"),
    ("difference", "intersection"),
    ("symmetric_difference", "union"),
    ("issubset", "issuperset"),
    ("issuperset", "issubset"),
    ("strip", "lstrip"),
    ("strip", "rstrip"),
    ("lstrip", "strip"),
    ("rstrip", "strip"),
    ("isdigit", "isalpha"),
    ("isalpha", "isdigit"),
    ("capitalize", "title"),
    ("title", "capitalize"),
    ("appendleft", "append"),
    ("popleft", "pop"),
];

/// Functions of one argument; an empty name leaves the argument.
const BUILTINS: [(&str, &str); 9] = [
    ("sorted", "list"),
    ("reversed", "iter"),
    ("set", "list"),
    ("frozenset", "tuple"),
    ("sum", "len"),
    ("len", "sum"),
    ("abs", ""),
    ("round", "int"),
    ("int", "round"),
];

fn others<'t>(
    table: &'t [(&str, &'static str)],
    name: &'t str,
) -> impl Iterator<Item = &'static str> + 't {
    table.iter().filter(move |(old, _)| *old == name).map(|(_, new)| *new)
}

/// Whether two arguments may be of one kind: a string is never mixed up with a number.
fn may_be_of_one_kind(first: Node<'_>, second: Node<'_>) -> bool {
    let literal = |node: Node<'_>| match node.kind() {
        "string" | "concatenated_string" => Some("text"),
        "integer" | "float" => Some("number"),
        "true" | "false" => Some("flag"),
        "none" => Some("none"),
        "lambda" => Some("function"),
        "list" | "tuple" | "dictionary" | "set" => Some("collection"),
        _ => None,
    };
    match (literal(first), literal(second)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn only_plain_arguments_of_one_kind_change_places() {
        assert_eq!(mutated_bodies("f(a, b, *c)", "exchange/arguments"), ["f(b, a, *c)"]);
        assert_eq!(mutated_bodies("f(a, a)", "exchange/arguments"), [""; 0]);
        assert_eq!(mutated_bodies("f('a', 1)", "exchange/arguments"), [""; 0]);
        assert_eq!(mutated_bodies("f('a', b)", "exchange/arguments"), ["f(b, 'a')"]);
        assert_eq!(mutated_bodies("f(x for x in y)", "exchange/arguments"), [""; 0]);
    }

    #[test]
    fn a_call_that_makes_an_object_is_not_its_argument() {
        assert_eq!(mutated_bodies("x = Path(a)", "exchange/first-argument"), [""; 0]);
        assert_eq!(mutated_bodies("x = await f(a)", "exchange/first-argument"), [""; 0]);
        assert_eq!(mutated_bodies("x = m.f(a.b) + 1", "exchange/first-argument"), ["x = a.b + 1"]);
    }
}

//! What is never mutated.
//!
//! Invariant: nothing here depends on who asks; a skipped node is skipped with all that is in it.

use crate::syntax::Node;

/// Whether a node and all that is in it is left alone: docstrings and other strings that are
/// statements, annotations and type aliases, imports, `global` and `nonlocal`, `__all__`, format
/// specifiers, the keys of mapping patterns (they must stay distinct) and blocks under
/// `if TYPE_CHECKING:`.
pub(super) fn is_skipped(node: Node<'_>) -> bool {
    match node.kind() {
        "type"
        | "type_parameter"
        | "type_alias_statement"
        | "import_statement"
        | "import_from_statement"
        | "future_import_statement"
        | "global_statement"
        | "nonlocal_statement"
        | "format_specifier"
        | "print_statement" => true,
        "expression_statement" => is_skipped_statement(node),
        "block" => {
            node.parent().and_then(|parent| parent.field("condition")).is_some_and(|condition| {
                is_type_checking(condition) && node.field_name() == "consequence"
            })
        }
        _ => {
            node.field_name() == "key"
                && node.parent().is_some_and(|parent| parent.kind() == "dict_pattern")
        }
    }
}

/// Whether a condition is `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
pub(super) fn is_type_checking(condition: Node<'_>) -> bool {
    let condition = condition.unparenthesized();
    let name = condition.field("attribute").unwrap_or(condition);
    name.kind() == "identifier" && name.text() == "TYPE_CHECKING"
}

fn is_skipped_statement(statement: Node<'_>) -> bool {
    let Some(value) = statement.named_children().next() else { return false };
    match value.kind() {
        "string" | "concatenated_string" | "ellipsis" => true,
        "assignment" | "augmented_assignment" => {
            let names_exports = value.field("left").is_some_and(|left| left.text() == "__all__");
            let is_alias = value
                .field("type")
                .is_some_and(|annotation| annotation.text().ends_with("TypeAlias"));
            names_exports || is_alias
        }
        "call" => value
            .field("function")
            .and_then(|function| function.field("object"))
            .is_some_and(|object| object.text() == "__all__"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutants_of;

    #[test]
    fn declarations_are_left_alone() {
        for text in [
            "'''doc'''\n",
            "def f():\n    'doc' 'more'\n    ...\n",
            "x: List[1]\ndef f(a: 'A', *b: B[1]) -> 'C': pass\n",
            "type A = B[1]\nA: TypeAlias = B[1]\n",
            "class C[T: (1, 2)]: pass\n",
            "import a.b as c\nfrom a import b\nfrom __future__ import x\n",
            "__all__ = ['a']\n__all__ += ['b']\n__all__.append('c')\n",
            "def f():\n    global a\n    nonlocal b\n",
            "if TYPE_CHECKING:\n    x = 1\n",
            "if typing.TYPE_CHECKING:\n    x = 1\nelse:\n    pass\n",
            "match x:\n    case {1: a, 'b': c}: pass\n",
        ] {
            let found: Vec<_> = mutants_of(text).into_iter().map(|m| m.replacement).collect();
            assert_eq!(found, [""; 0], "{text}");
        }
    }

    #[test]
    fn what_stands_beside_a_declaration_is_mutated() {
        let count = |text: &str| mutants_of(text).len();
        assert!(count("if TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2\n") > 0);
        assert!(count("x: A[1] = 2\n") > 0);
        assert_eq!(count("f'{1:{2}}'.x\n"), count("f'{1}'.x\n"));
    }
}

//! `string`: string literals, each piece of an implicit concatenation on its own.
//!
//! Invariant: prefix and quotes stay, and escape sequences stay as they are.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const WRAP: Operator = Operator {
    id: "string/wrap",
    summary: "A string gets `XX` at both ends.",
    why: "A text that nobody checks may be a key, a header or a message that is wrong for ever.",
    skipped: "Docstrings and other strings that are statements.",
    default: true,
    telling: 2,
    examples: &[
        Example { before: "x = 'text'", after: "x = 'XXtextXX'" },
        Example { before: "x = f'{a}'", after: "x = f'XX{a}XX'" },
    ],
    kinds: &["string"],
    apply: |node, edits| {
        let Some(parts) = parts(node) else { return };
        let text = format!("{}XX{}XX{}", parts.start, parts.content, parts.end);
        edits.push(Edit::token(node, text));
    },
};

pub(super) const LOWER: Operator = Operator {
    id: "string/lower",
    summary: "A string on one line becomes lower-case.",
    why: "Case matters in keys, headers, formats and comparisons.",
    skipped: "F-strings, triple-quoted strings, escape sequences; strings that are lower-case already.",
    default: false,
    telling: 1,
    examples: &[Example { before: "x = 'Text\\N{DASH}'", after: "x = 'text\\N{DASH}'" }],
    kinds: &["string"],
    apply: |node, edits| change_case(node, |c| c.to_lowercase().collect(), edits),
};

pub(super) const UPPER: Operator = Operator {
    id: "string/upper",
    summary: "A string on one line becomes upper-case.",
    why: "Case matters in keys, headers, formats and comparisons.",
    skipped: "F-strings, triple-quoted strings, escape sequences; strings that are upper-case already.",
    default: false,
    telling: 1,
    examples: &[Example { before: "x = 'Text\\n'", after: "x = 'TEXT\\n'" }],
    kinds: &["string"],
    apply: |node, edits| change_case(node, |c| c.to_uppercase().collect(), edits),
};

struct Parts<'t> {
    start: &'t str,
    content: &'t str,
    end: &'t str,
}

fn parts(string: Node<'_>) -> Option<Parts<'_>> {
    let start = string.named_children().find(|child| child.kind() == "string_start")?;
    let end = string.named_children().find(|child| child.kind() == "string_end")?;
    let content = &string.whole_text()[start.end()..end.start()];
    Some(Parts { start: start.text(), content, end: end.text() })
}

fn change_case(string: Node<'_>, case: fn(char) -> String, edits: &mut Vec<Edit>) {
    let Some(parts) = parts(string) else { return };
    // Longer texts are templates, and f-strings hold names: there, case is no likely mistake.
    if parts.end.len() == 3 || parts.start.contains(['f', 'F', 't', 'T']) {
        return;
    }
    let is_raw = parts.start.contains(['r', 'R']);
    let is_bytes = parts.start.contains(['b', 'B']);
    let mut changed = String::with_capacity(parts.content.len());
    let mut rest = parts.content;
    while let Some(character) = rest.chars().next() {
        let length = if character == '\\' { escape_length(rest, is_raw) } else { 0 };
        if length > 0 {
            changed.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            if is_bytes && !character.is_ascii() {
                changed.push(character);
            } else {
                changed.push_str(&case(character));
            }
            rest = &rest[character.len_utf8()..];
        }
    }
    edits.push(Edit::token(string, format!("{}{changed}{}", parts.start, parts.end)));
}

/// The length of the escape sequence that `text` starts with.
fn escape_length(text: &str, is_raw: bool) -> usize {
    let second = text[1..].chars().next();
    let length = match second {
        None => 1,
        Some(c) if is_raw => 1 + c.len_utf8(),
        Some('x') => 4,
        Some('u') => 6,
        Some('U') => 10,
        Some('N') => text.find('}').map_or(2, |at| at + 1),
        Some(c) => 1 + c.len_utf8(),
    };
    if text.is_char_boundary(length) { length } else { text.len() }
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn escapes_keep_their_case() {
        let upper = |text: &str| mutated_bodies(text, "string/upper");
        assert_eq!(
            upper(r"x = 'a\x0ab\u00e9\U0001f600\N{dash}\n\'c'"),
            [r"x = 'A\x0aB\u00e9\U0001f600\N{dash}\n\'C'"]
        );
        assert_eq!(upper(r"x = r'\da'"), [r"x = r'\dA'"]);
        assert_eq!(upper("x = b'a'"), ["x = b'A'"]);
        assert_eq!(upper("x = '1'"), [""; 0]);
        assert_eq!(mutated_bodies("x = 'Aß'", "string/lower"), ["x = 'aß'"]);
    }

    #[test]
    fn every_piece_is_mutated_alone() {
        assert_eq!(
            mutated_bodies("x = ('a'\n  '')", "string/wrap"),
            ["x = ('XXaXX'\n  '')", "x = ('a'\n  'XXXX')"]
        );
        assert_eq!(mutated_bodies("x = '''a\nb'''", "string/wrap"), ["x = '''XXa\nbXX'''"]);
    }

    #[test]
    fn case_that_the_encoding_lacks_is_no_mutant() {
        use crate::model::RepoPath;
        use crate::syntax::{Module, Source};
        let bytes = b"# coding: latin-1\nx = '\xff'\n".to_vec();
        let module = Module::parse(Source::decode(RepoPath::new("m.py"), bytes).unwrap()).unwrap();
        let found =
            crate::mutate::mutants(&module, &|_| true, &crate::mutate::Selection::default());
        assert!(found.iter().all(|mutant| mutant.operator.as_str() != "string/upper"));
    }
}

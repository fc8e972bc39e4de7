//! String literals in one spelling, for fingerprints.
//!
//! Invariant: literals of one spelling have one value; quotes, the case of prefixes and the kind of
//! newlines in the file do not change it.

use super::tree::Node;

/// A `string` without replacement fields: its prefix and its content.
pub(super) fn whole(string: Node<'_>) -> String {
    let mut text = String::new();
    for child in string.named_children() {
        match child.kind() {
            "string_start" => text.push_str(&prefix(child.text())),
            "string_content" => text.push_str(&content(child)),
            _ => {}
        }
    }
    text
}

/// A string's prefix in one spelling, and a `'`, so that it cannot run into the content.
pub(super) fn prefix(start: &str) -> String {
    let mut letters: Vec<char> = start
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .filter(|c| *c != 'u')
        .collect();
    letters.sort_unstable();
    letters.into_iter().chain(['\'']).collect()
}

/// The content of a string with the newlines that CPython sees and, since formatters change the
/// quotes around it, without escapes of quotes.
pub(super) fn content(node: Node<'_>) -> String {
    let text = node.text().replace("\r\n", "\n").replace('\r', "\n");
    let is_raw = node
        .parent()
        .and_then(|string| string.children().next())
        .is_some_and(|start| start.text().contains(['r', 'R']));
    if is_raw || !text.contains('\\') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match rest.next() {
            Some(quote @ ('\'' | '"')) => plain.push(quote),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    fn spelling(literal: &str) -> String {
        let source = Source::decode(RepoPath::new("m.py"), format!("x = {literal}\n").into());
        let module = Module::parse(source.unwrap()).unwrap();
        let string = module.root().preorder().find(|node| node.kind() == "string");
        whole(string.unwrap())
    }

    #[test]
    fn quotes_and_prefixes_do_not_count_and_escapes_do() {
        assert_eq!(spelling(r#"'it\'s "a"'"#), spelling(r#"u"it's \"a\"""#));
        assert_eq!(spelling("Rb'a'"), spelling("bR\"\"\"a\"\"\""));
        assert_eq!(spelling("'''a\r\nb'''"), spelling("'''a\nb'''"));
        assert_ne!(spelling(r"r'\''"), spelling(r"'\''"));
        assert_ne!(spelling("'ra'"), spelling("r'a'"));
    }
}

//! Edits: what an operator wants replaced, and how that is fitted into the text around it.
//!
//! Invariant: a fitted edit keeps the number of lines, joins no two words, and puts no quote,
//! backslash or brace into an f-string's expression that Python before 3.12 would refuse there.

use crate::model::ByteSpan;
use crate::syntax::Node;

/// A replacement that an operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) bytes: ByteSpan,
    pub(super) replacement: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One expression for another: parentheses may be put around it.
    Expression,
    /// Anything else: parentheses may not.
    Verbatim,
    /// A part of a string's text, where a blank is a character like others.
    Text,
}

impl Edit {
    /// Puts an expression in the place of an expression.
    pub(super) fn expression(node: Node<'_>, replacement: impl Into<String>) -> Self {
        Self { bytes: node.bytes(), replacement: replacement.into(), form: Form::Expression }
    }

    /// Puts a token in the place of a token.
    pub(super) fn token(node: Node<'_>, replacement: impl Into<String>) -> Self {
        Self { bytes: node.bytes(), replacement: replacement.into(), form: Form::Verbatim }
    }

    /// Puts a text in the place of a range that is no node.
    pub(super) fn span(bytes: ByteSpan, replacement: impl Into<String>) -> Self {
        Self { bytes, replacement: replacement.into(), form: Form::Verbatim }
    }

    /// Puts a text in the place of a part of a string's text.
    pub(super) fn text(bytes: ByteSpan, replacement: impl Into<String>) -> Self {
        Self { bytes, replacement: replacement.into(), form: Form::Text }
    }

    /// Takes out a range where nothing need stand.
    pub(super) fn cut(bytes: ByteSpan) -> Self {
        Self { bytes, replacement: String::new(), form: Form::Verbatim }
    }

    /// Fits the edit of `node` (or of something in it) into its surroundings; `None` where that
    /// cannot be done.
    pub(super) fn fitted(mut self, node: Node<'_>) -> Option<Self> {
        let text = node.whole_text();
        let original = &text[self.bytes.start..self.bytes.end];
        let surroundings = Surroundings::of(node, self.bytes);
        self.keep_lines(original, surroundings.in_brackets);
        if self.replacement == original {
            return None;
        }
        if let Some(expression_start) = surroundings.interpolation {
            let refused = |c: char| {
                c == '\\' || c == '#' || (matches!(c, '\'' | '"') && !original.contains(c))
            };
            let opens = self.bytes.start == expression_start && self.replacement.starts_with('{');
            if opens || self.replacement.contains(refused) {
                return None;
            }
        }
        if self.form == Form::Text {
            return Some(self);
        }
        if joins(text[..self.bytes.start].chars().next_back(), self.replacement.chars().next()) {
            self.replacement.insert(0, ' ');
        }
        if joins(self.replacement.chars().next_back(), text[self.bytes.end..].chars().next()) {
            self.replacement.push(' ');
        }
        Some(self)
    }

    /// Adds the newlines that the original has more than the replacement, inside brackets.
    fn keep_lines(&mut self, original: &str, in_brackets: bool) {
        let newlines = newlines_of(original);
        let kept = newlines_of(&self.replacement).len();
        let Some(missing) = newlines.get(kept..).filter(|missing| !missing.is_empty()) else {
            return;
        };
        let missing = missing.concat();
        self.replacement = match self.form {
            Form::Expression if !in_brackets => format!("({}{missing})", self.replacement),
            _ => format!("{}{missing}", self.replacement),
        };
    }
}

/// Whether two neighbouring characters would make one word of two.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    // A quote after a word would turn the word into a string prefix.
    is_word(before) && (is_word(after) || matches!(after, Some('"' | '\'')))
}

/// The newlines in a text, each as it is spelled.
fn newlines_of(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            (b'\r' | b'\n', _) => 1,
            _ => 0,
        };
        if length > 0 {
            found.push(&text[at..at + length]);
        }
        at += length.max(1);
    }
    found
}

/// What an edit stands in.
struct Surroundings {
    /// Whether brackets around it let lines break.
    in_brackets: bool,
    /// Where the expression of the f-string around it starts.
    interpolation: Option<usize>,
}

impl Surroundings {
    fn of(node: Node<'_>, bytes: ByteSpan) -> Self {
        let mut found = Self { in_brackets: false, interpolation: None };
        let mut within = node;
        while let Some(child) = child_around(within, bytes) {
            within = child;
        }
        for around in std::iter::once(within).chain(within.ancestors()) {
            if around.is_statement() {
                break;
            }
            if around.kind() == "interpolation" {
                found.interpolation = around.field("expression").map(Node::start);
            }
            found.in_brackets = found.in_brackets || has_brackets_around(around, bytes);
        }
        found
    }
}

fn child_around(node: Node<'_>, bytes: ByteSpan) -> Option<Node<'_>> {
    node.children().find(|child| child.bytes().contains(bytes))
}

/// Whether a node's own brackets are around some bytes in it. An opening bracket is among the
/// first children of every rule that has one, and the closing one is then the last: no list need
/// be walked, however long.
fn has_brackets_around(node: Node<'_>, bytes: ByteSpan) -> bool {
    let closes = node.text().ends_with([')', ']', '}']) && bytes.end < node.end();
    closes
        && node
            .children()
            .take(4)
            .any(|child| matches!(child.token(), "(" | "[" | "{") && child.end() <= bytes.start)
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn lines_after_a_mutant_do_not_move() {
        assert_eq!(mutated_bodies("x = f(\n  1,\n)", "assignment/none"), ["x = (None\n\n)"]);
        assert_eq!(mutated_bodies("x = a + \\\n  b", "assignment/none"), ["x = (None\n)"]);
        assert_eq!(mutated_bodies("g([1,\r\n2])", "call/argument-none"), ["g(None\r\n)"]);
        assert_eq!(
            mutated_bodies("g(a, # x\n  b,\n  c)", "call/argument-removed"),
            ["g(# x\n  b,\n  c)", "g(a, # x\n  \n  c)", "g(a, # x\n  b\n)"]
        );
    }

    #[test]
    fn words_are_not_joined() {
        assert_eq!(mutated_bodies("return-x", "unary/remove-minus"), ["return x"]);
        assert_eq!(mutated_bodies("y = 1if(x)else 2", "condition/negate"), [""; 0]);
        assert_eq!(mutated_bodies("if(x): pass", "condition/negate"), ["if not (x): pass"]);
        assert_eq!(mutated_bodies("a = 1in(b)", "comparison/membership"), ["a = 1 not in(b)"]);
    }

    #[test]
    fn f_string_expressions_get_nothing_that_old_pythons_refuse() {
        assert_eq!(mutated_bodies("f'{(x := None)}'.y", "none/to-string"), [""; 0]);
        assert_eq!(mutated_bodies("a = f'{not {1}}'", "unary/remove-not"), [""; 0]);
        assert_eq!(mutated_bodies("a = f'{x[\"b\"]}'", "string/upper"), ["a = f'{x[\"B\"]}'"]);
        assert_eq!(mutated_bodies("a = f'{deepcopy(x)}'", "method/deepcopy"), [""; 0]);
    }
}

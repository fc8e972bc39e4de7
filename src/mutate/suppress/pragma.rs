//! Comments that say what is not to be mutated.
//!
//! Invariant: a comment covers the lines of its statement (of a compound one: all of it), or those
//! from `skip-start` to `skip-end`; what it is not understood to say, it does not say: it covers nothing
//! then, and counts as unused.

use globset::{Glob, GlobMatcher};

use crate::model::ByteSpan;
use crate::syntax::{Module, Node};

/// What a comment covers.
#[derive(Debug)]
pub(super) struct Pragma {
    /// The bytes that it covers.
    pub(super) bytes: ByteSpan,
    /// Which operators; all of them where it names none.
    operators: Vec<(String, Option<GlobMatcher>)>,
    /// As reports name it.
    pub(super) rule: String,
    /// Where the comment is.
    pub(super) at: usize,
    /// Whether it is one of mutdiff's, and not of another tool's.
    pub(super) is_own: bool,
    /// Whether it says why.
    pub(super) has_reason: bool,
}

impl Pragma {
    /// Whether it covers an operator.
    pub(super) fn covers(&self, operator: &str) -> bool {
        let group = operator.split('/').next().unwrap_or(operator);
        self.operators.is_empty()
            || self.operators.iter().any(|(word, glob)| {
                word == group || glob.as_ref().is_some_and(|glob| glob.is_match(operator))
            })
    }
}

/// What the text of a comment asks for.
enum Asked {
    Skip(Vec<String>, Name),
    Start(Name),
    End(Name),
    /// Something that mutdiff does not know.
    Unknown(Name),
}

/// How a comment is named, and what is known of it.
struct Name {
    rule: String,
    is_own: bool,
    has_reason: bool,
}

/// The pragmas of a file.
pub(super) fn pragmas(module: &Module) -> Vec<Pragma> {
    let text = module.source().text();
    let mut found = Vec::new();
    let mut open: Option<(usize, Name)> = None;
    let pragma = |bytes, operators, at, name: Name| {
        let Name { rule, is_own, has_reason } = name;
        Pragma { bytes, operators, rule, at, is_own, has_reason }
    };
    for comment in module.comments() {
        match asked(&text[comment.start..comment.end]) {
            None => {}
            Some(Asked::Start(name)) => open = open.or(Some((comment.start, name))),
            Some(Asked::End(end)) => match open.take() {
                Some((start, name)) => {
                    let bytes = ByteSpan { start, end: comment.end };
                    found.push(pragma(bytes, Vec::new(), start, name));
                }
                None => found.push(pragma(nothing(comment.start), Vec::new(), comment.start, end)),
            },
            Some(Asked::Unknown(name)) => {
                found.push(pragma(nothing(comment.start), Vec::new(), comment.start, name));
            }
            Some(Asked::Skip(words, name)) => {
                let operators = words
                    .into_iter()
                    .map(|word| {
                        let glob = Glob::new(&word).ok().map(|glob| glob.compile_matcher());
                        (word, glob)
                    })
                    .collect();
                let bytes = covered(module, comment.start);
                found.push(pragma(bytes, operators, comment.start, name));
            }
        }
    }
    if let Some((start, name)) = open {
        // To the end of the file would be all that somebody who mistypes `skip-end` has written.
        found.push(pragma(nothing(start), Vec::new(), start, name));
    }
    found
}

fn nothing(at: usize) -> ByteSpan {
    ByteSpan { start: at, end: at }
}

fn asked(comment: &str) -> Option<Asked> {
    let text = comment.trim_start_matches('#').trim();
    let lower = text.to_ascii_lowercase();
    for known in ["pragma: no mutate", "pragma: no cover"] {
        if lower.starts_with(known) || lower.contains(&format!("# {known}")) {
            let name = Name { rule: known.to_owned(), is_own: false, has_reason: false };
            return Some(Asked::Skip(Vec::new(), name));
        }
    }
    let at = text.find("mutdiff:")?;
    let rest = text[at + "mutdiff:".len()..].trim_start();
    let named = |word: &str, reason: &str| {
        let reason = reason.trim_start_matches([':', '-', ' ']).trim();
        let name = format!("mutdiff: {word}");
        let rule = if reason.is_empty() { name } else { format!("{name} ({reason})") };
        Name { rule, is_own: true, has_reason: !reason.is_empty() }
    };
    if let Some(reason) = rest.strip_prefix("skip-start") {
        return Some(Asked::Start(named("skip-start", reason)));
    }
    if let Some(reason) = rest.strip_prefix("skip-end") {
        return Some(Asked::End(named("skip-end", reason)));
    }
    // Only a comment that begins so is meant for mutdiff; others may speak of it.
    let unknown = || (at == 0).then(|| Asked::Unknown(named(rest, "")));
    let Some(rest) = rest.strip_prefix("skip") else { return unknown() };
    let (words, reason): (Vec<String>, _) = match rest.strip_prefix('[') {
        Some(list) => {
            let Some((list, reason)) = list.split_once(']') else { return unknown() };
            let words = list.split(',').map(|word| word.trim().to_owned());
            let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
            if words.is_empty() {
                return unknown();
            }
            (words, reason)
        }
        None if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-') => return unknown(),
        None => (Vec::new(), rest),
    };
    Some(Asked::Skip(words, named("skip", reason)))
}

/// What a comment covers that stands at an offset: the statements of its line, each to its end; on a
/// line of its own, the statement behind it.
fn covered(module: &Module, at: usize) -> ByteSpan {
    let source = module.source();
    let text = source.text();
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    let is_alone = text[line_start..at].trim().is_empty();
    let place = if is_alone {
        let rest = &text[at..];
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let behind = &rest[end..];
        at + end + (behind.len() - behind.trim_start().len())
    } else {
        line_start + (text[line_start..at].len() - text[line_start..at].trim_start().len())
    };
    let begins = |node: &Node<'_>| node.is_statement() && node.start() == place;
    // The outermost statement that begins there: a decorated function with its decorators.
    let outermost = module.root().preorder().find(begins);
    let inner = || {
        let around =
            |node: &Node<'_>| node.is_statement() && node.start() <= place && node.end() > place;
        module.root().preorder().filter(around).last()
    };
    match outermost.or_else(inner) {
        Some(node) => ByteSpan { start: node.start(), end: node.end() },
        None => ByteSpan { start: line_start, end: at },
    }
}

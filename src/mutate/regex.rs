//! `regex`: regular expressions that are written in calls of `re`.
//!
//! Invariant: a pattern that is valid stays valid; its groups keep their numbers and names.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::model::ByteSpan;
use crate::syntax::Node;

pub(super) const ANCHOR: Operator = Operator {
    id: "regex/anchor",
    summary: "An anchor (`^`, `$`, `\\b`, `\\A`, `\\Z`) is removed.",
    why: "The pattern takes more than it should, and no test has anything around what it wants.",
    skipped: "Patterns that are not raw strings and have a backslash, verbose ones, and those that are no literals.",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = re.compile(r'^a\\b')", after: "x = re.compile(r'a\\b')" }],
    kinds: &["call"],
    apply: |node, edits| {
        each(node, edits, |token, _| match token {
            "^" | "$" | "\\b" | "\\B" | "\\A" | "\\Z" => Some(String::new()),
            _ => None,
        });
    },
};

pub(super) const QUANTIFIER: Operator = Operator {
    id: "regex/quantifier",
    summary: "`*` and `+` become each other; `?` and `{n,m}` are removed.",
    why: "No test has the case of nothing, or of many.",
    skipped: "As `regex/anchor`; marks of laziness.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "x = re.match(r'\\d+', a)", after: "x = re.match(r'\\d*', a)" },
        Example { before: "x = re.match(r'ab?c', a)", after: "x = re.match(r'abc', a)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        each(node, edits, |token, before| {
            let is_quantifier =
                |token: &str| matches!(token, "*" | "+" | "?") || token.starts_with('{');
            match token {
                // `*?` and `++`: of the one before.
                _ if is_quantifier(before) => None,
                "*" => Some("+".to_owned()),
                "+" => Some("*".to_owned()),
                "?" => Some(String::new()),
                _ if token.starts_with('{') => Some(String::new()),
                _ => None,
            }
        });
    },
};

pub(super) const CLASS: Operator = Operator {
    id: "regex/class",
    summary: "A class of characters becomes all others: `\\d` `\\D`, `[a]` `[^a]`.",
    why: "The characters that are meant, and those that are not, are in no test.",
    skipped: "As `regex/anchor`.",
    default: false,
    telling: 4,
    examples: &[
        Example { before: "x = re.search(r'[ab]\\w', c)", after: "x = re.search(r'[^ab]\\w', c)" },
        Example { before: "x = re.search(r'[ab]\\w', c)", after: "x = re.search(r'[ab]\\W', c)" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        each(node, edits, |token, _| {
            let swapped = |other: &str| Some(other.to_owned());
            match token {
                "\\d" => swapped("\\D"),
                "\\D" => swapped("\\d"),
                "\\w" => swapped("\\W"),
                "\\W" => swapped("\\w"),
                "\\s" => swapped("\\S"),
                "\\S" => swapped("\\s"),
                _ if token.starts_with("[^") => Some(token.replacen("[^", "[", 1)),
                _ if token.starts_with('[') => Some(token.replacen('[', "[^", 1)),
                _ => None,
            }
        });
    },
};

pub(super) const LOOKAROUND: Operator = Operator {
    id: "regex/lookaround",
    summary: "A look ahead or behind demands the opposite.",
    why: "What must, or must not, stand beside the match is in no test.",
    skipped: "As `regex/anchor`.",
    default: false,
    telling: 3,
    examples: &[Example {
        before: "x = re.sub(r'a(?=b)', c, d)",
        after: "x = re.sub(r'a(?!b)', c, d)",
    }],
    kinds: &["call"],
    apply: |node, edits| {
        each(node, edits, |token, _| {
            let other = match token {
                "(?=" => "(?!",
                "(?!" => "(?=",
                "(?<=" => "(?<!",
                "(?<!" => "(?<=",
                _ => return None,
            };
            Some(other.to_owned())
        });
    },
};

pub(super) const ALTERNATIVE: Operator = Operator {
    id: "regex/alternative",
    summary: "An alternative is left out.",
    why: "No test has it.",
    skipped: "As `regex/anchor`; alternatives with groups in them.",
    default: false,
    telling: 3,
    examples: &[Example { before: "x = re.match(r'ab|cd', e)", after: "x = re.match(r'cd', e)" }],
    kinds: &["call"],
    apply: |node, edits| {
        let Some((content, offset)) = pattern(node) else { return };
        let Some(tokens) = tokens(content) else { return };
        for (start, end) in alternatives(&tokens, content) {
            let bytes = ByteSpan { start: offset + start, end: offset + end };
            edits.push(Edit::text(bytes, ""));
        }
    },
};

/// Functions of `re` whose first argument is a pattern.
const FUNCTIONS: [&str; 8] =
    ["compile", "match", "fullmatch", "search", "split", "sub", "subn", "findall"];

/// The text of the pattern that a call of `re` is given, and where it begins.
fn pattern(call: Node<'_>) -> Option<(&str, usize)> {
    let function = call.field("function")?;
    let is_re =
        function.field("object").is_some_and(|object| matches!(object.text(), "re" | "regex"));
    let name = function.field("attribute")?.text();
    if !is_re || !(FUNCTIONS.contains(&name) || name == "finditer") {
        return None;
    }
    let arguments = call.field("arguments")?;
    let is_verbose = ["VERBOSE", "re.X"].iter().any(|flag| arguments.text().contains(flag));
    let literal = arguments.named_children().next().filter(|first| first.kind() == "string")?;
    let start = literal.named_children().find(|child| child.kind() == "string_start")?;
    let end = literal.named_children().find(|child| child.kind() == "string_end")?;
    let content = &call.whole_text()[start.end()..end.start()];
    let is_raw = start.text().contains(['r', 'R']);
    let is_formatted = start.text().contains(['f', 'F', 't', 'T']);
    let is_plain = (is_raw || !content.contains('\\')) && !is_formatted;
    let is_one_line = !content.contains(['\n', '\r']);
    (is_plain && is_one_line && !is_verbose && !content.contains("(?x"))
        .then_some((content, start.end()))
}

/// Adds an edit for each token of the pattern that `change` has something else for; it is told the
/// token before, too.
fn each(call: Node<'_>, edits: &mut Vec<Edit>, change: impl Fn(&str, &str) -> Option<String>) {
    let Some((content, offset)) = pattern(call) else { return };
    let Some(tokens) = tokens(content) else { return };
    let mut before = "";
    for &(start, end) in &tokens {
        let token = &content[start..end];
        if let Some(new) = change(token, before) {
            let rest = &content[end..];
            // What follows a removed token must not be a quantifier of nothing.
            let is_orphaned = new.is_empty()
                && rest.starts_with(['*', '+', '?', '{'])
                && token != "?"
                && !token.starts_with('{');
            if !is_orphaned {
                let bytes = ByteSpan { start: offset + start, end: offset + end };
                edits.push(Edit::text(bytes, new));
            }
        }
        before = token;
    }
}

/// The tokens of a pattern, as places in it: characters, escapes, classes, quantifiers, openings of
/// groups. `None` for what is no pattern.
fn tokens(pattern: &str) -> Option<Vec<(usize, usize)>> {
    // The two parts of a group with a condition are no alternatives.
    if pattern.contains("(?(") {
        return None;
    }
    let bytes = pattern.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &pattern[at..];
        let length = match bytes[at] {
            b'\\' => 1 + rest[1..].chars().next()?.len_utf8(),
            b'[' => class_length(rest)?,
            b'{' => quantifier_length(rest),
            b'(' if rest.starts_with("(?") => opening_length(rest)?,
            _ => rest.chars().next()?.len_utf8(),
        };
        found.push((at, at + length));
        at += length;
    }
    Some(found)
}

fn class_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = if text.starts_with("[^") { 2 } else { 1 };
    // A bracket that stands first closes nothing.
    at += usize::from(bytes.get(at) == Some(&b']'));
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b']' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn quantifier_length(text: &str) -> usize {
    let end = text.find('}').unwrap_or(0);
    let inside = text.get(1..end).unwrap_or_default();
    let is_quantifier =
        !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    if is_quantifier && inside != "," { end + 1 } else { 1 }
}

fn opening_length(text: &str) -> Option<usize> {
    for opening in ["(?<=", "(?<!", "(?=", "(?!", "(?:", "(?>"] {
        if text.starts_with(opening) {
            return Some(opening.len());
        }
    }
    // Names, back references, flags, comments: up to what ends them.
    let end = text.find(['>', ')', ':'])?;
    Some(end + 1)
}

/// The alternatives that may go, each with one bar beside it.
fn alternatives(tokens: &[(usize, usize)], pattern: &str) -> Vec<(usize, usize)> {
    let text = |place: &(usize, usize)| &pattern[place.0..place.1];
    let mut found = Vec::new();
    // Where each open group begins, and its bars; the outermost is the pattern.
    let mut open: Vec<(usize, Vec<usize>, bool)> = vec![(0, Vec::new(), false)];
    let close = |group: (usize, Vec<usize>, bool), end: usize, found: &mut Vec<(usize, usize)>| {
        let (start, bars, has_groups) = group;
        if bars.is_empty() || has_groups {
            return;
        }
        for (place, bar) in bars.iter().enumerate() {
            let begins = if place == 0 { start } else { bars[place - 1] + 1 };
            found.push((begins, bar + 1));
        }
        found.push((bars[bars.len() - 1], end));
    };
    for place in tokens {
        match text(place) {
            "|" => open.last_mut().expect("the outermost stays").1.push(place.0),
            ")" if open.len() > 1 => {
                let group = open.pop().expect("there is one more");
                close(group, place.0, &mut found);
            }
            opening if opening.starts_with('(') && !opening.ends_with(')') => {
                // Only groups with numbers or names would be lost.
                if opening == "(" || opening.starts_with("(?P<") {
                    open.iter_mut().for_each(|group| group.2 = true);
                }
                open.push((place.1, Vec::new(), false));
            }
            _ => {}
        }
    }
    let outermost = open.remove(0);
    close(outermost, pattern.len(), &mut found);
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    fn after(pattern: &str, operator: &str) -> Vec<String> {
        let of = |body: &String| {
            body.trim_start_matches("re.match(r'").trim_end_matches("', s)").to_owned()
        };
        mutated_bodies(&format!("re.match(r'{pattern}', s)"), operator).iter().map(of).collect()
    }

    #[test]
    fn what_is_in_a_class_or_escaped_is_no_operator() {
        assert_eq!(after(r"^[$^+]\$\*$", "regex/anchor"), [r"[$^+]\$\*$", r"^[$^+]\$\*"]);
        assert_eq!(after(r"[+*]\+a+?", "regex/quantifier"), [r"[+*]\+a*?"]);
        assert_eq!(after(r"[]a]", "regex/class"), [r"[^]a]"]);
        assert_eq!(after(r"a{2,3}{x}", "regex/quantifier"), [r"a{x}"], "no quantifier");
    }

    #[test]
    fn alternatives_go_with_a_bar_and_groups_keep_their_numbers() {
        assert_eq!(after("a|b|c", "regex/alternative"), ["b|c", "a|c", "a|b"]);
        assert_eq!(after("x(?:a|b)y", "regex/alternative"), ["x(?:b)y", "x(?:a)y"]);
        assert_eq!(after("(a|b)|c", "regex/alternative"), ["(b)|c", "(a)|c"]);
        assert_eq!(after(r"a\|b[|]", "regex/alternative"), [""; 0]);
    }

    #[test]
    fn only_plain_literals_of_re_are_patterns() {
        for body in [
            "re.match('\\\\d', s)",
            "re.match(f'^{a}', s)",
            "m.match(r'^a', s)",
            "re.compile(r'^a b', re.VERBOSE)",
            "re.match(p, s)",
            "re.match(r'[', s)",
        ] {
            assert_eq!(mutated_bodies(body, "regex/anchor"), [""; 0], "{body}");
        }
        assert_eq!(mutated_bodies("re.match('^a', s)", "regex/anchor"), ["re.match('a', s)"]);
    }
}

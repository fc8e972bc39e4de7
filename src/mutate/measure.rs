//! `measure`: units of time, and the modes in which files are opened.
//!
//! Invariant: the call stays valid.

use super::edit::Edit;
use super::registry::{Example, Operator};
use crate::syntax::Node;

pub(super) const TIME: Operator = Operator {
    id: "measure/time-unit",
    summary: "A unit of `timedelta` becomes the next one.",
    why: "A wrong unit is a wrong limit by a large factor; tests with 0, or without a clock, cannot tell.",
    skipped: "Calls that name the other unit too.",
    default: true,
    telling: 4,
    examples: &[Example { before: "x = timedelta(hours=a)", after: "x = timedelta(minutes=a)" }],
    kinds: &["call"],
    apply: |node, edits| {
        if called(node) != Some("timedelta") {
            return;
        }
        let Some(arguments) = node.field("arguments") else { return };
        let names: Vec<Node<'_>> =
            arguments.named_children().filter_map(|argument| argument.field("name")).collect();
        for name in &names {
            let Some((_, new)) = UNITS.iter().find(|(old, _)| *old == name.text()) else {
                continue;
            };
            if names.iter().all(|other| other.text() != *new) {
                edits.push(Edit::token(*name, *new));
            }
        }
    },
};

const UNITS: [(&str, &str); 7] = [
    ("weeks", "days"),
    ("days", "hours"),
    ("hours", "minutes"),
    ("minutes", "seconds"),
    ("seconds", "minutes"),
    ("milliseconds", "seconds"),
    ("microseconds", "milliseconds"),
];

pub(super) const OPEN_MODE: Operator = Operator {
    id: "measure/open-mode",
    summary: "A file is opened for appending instead of writing, or the other way round.",
    why: "The difference shows only where the file is there already.",
    skipped: "Modes without `w` or `a`, and those that are no literal.",
    default: false,
    telling: 3,
    examples: &[
        Example { before: "open(a, 'w')", after: "open(a, 'a')" },
        Example { before: "open(a, mode='ab')", after: "open(a, mode='wb')" },
    ],
    kinds: &["call"],
    apply: |node, edits| {
        if called(node) != Some("open") {
            return;
        }
        let Some(arguments) = node.field("arguments") else { return };
        for (place, argument) in arguments.named_children().enumerate() {
            let value = match argument.field("name") {
                Some(name) if name.text() == "mode" => argument.field("value"),
                None if place < 2 => Some(argument),
                _ => None,
            };
            let Some(value) = value.filter(|value| value.kind() == "string") else { continue };
            let text = value.text();
            let is_mode = text.len() >= 3
                && text[1..text.len() - 1].bytes().all(|byte| b"wab+t".contains(&byte));
            if is_mode && text.contains('w') {
                edits.push(Edit::token(value, text.replace('w', "a")));
            } else if is_mode && text.contains('a') {
                edits.push(Edit::token(value, text.replace('a', "w")));
            }
        }
    },
};

/// The last part of the name of what a call calls.
fn called(call: Node<'_>) -> Option<&str> {
    let function = call.field("function")?;
    Some(function.field("attribute").unwrap_or(function).text())
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutated_bodies;

    #[test]
    fn a_unit_is_not_named_twice() {
        assert_eq!(
            mutated_bodies("x = timedelta(days=1, hours=2)", "measure/time-unit"),
            ["x = timedelta(days=1, minutes=2)"]
        );
        assert_eq!(mutated_bodies("x = f(days=1)", "measure/time-unit"), [""; 0]);
        assert_eq!(mutated_bodies("open(a, 'rb')", "measure/open-mode"), [""; 0]);
        assert_eq!(mutated_bodies("a.open('w')", "measure/open-mode"), ["a.open('a')"]);
    }
}

//! What the operators do, in the words of `docs/operators.md`.
//!
//! Invariant: the page itself is what is read, so no format says anything else.

use crate::model::OperatorId;

const PAGE: &str = include_str!("../../docs/operators.md");

/// An operator's entry on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it does, in a sentence or two.
    pub(super) sentence: &'static str,
    /// The same with examples, in Markdown.
    pub(super) markdown: &'static str,
}

/// The entry of an operator; `None` for one that this version does not have.
pub(super) fn entry(operator: &OperatorId) -> Option<Entry> {
    let heading = format!("### `{operator}`\n");
    let at = PAGE.find(&heading)? + heading.len();
    let rest = &PAGE[at..];
    let end = ["\n# ", "\n## ", "\n### "].iter().filter_map(|heading| rest.find(heading)).min();
    let markdown = rest[..end.unwrap_or(rest.len())].trim();
    let sentence = markdown.split("\n\n").next().unwrap_or(markdown);
    Some(Entry { sentence, markdown })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_what_stands_under_its_heading() {
        let entry = entry(&OperatorId::new("number/increment")).unwrap();
        assert!(entry.sentence.starts_with("A number becomes itself plus one"));
        assert!(entry.markdown.contains("+x = 0x100") && entry.markdown.ends_with("```"));
        assert!(!entry.markdown.contains("###") && !entry.markdown.contains("XXtext"));
    }

    #[test]
    fn an_unknown_operator_has_none() {
        assert_eq!(super::entry(&OperatorId::new("no/such`\n")), None);
    }

    #[test]
    fn every_operator_of_the_page_has_a_sentence() {
        let ids = PAGE.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        assert!(ids.clone().count() > 20);
        for id in ids {
            let entry = super::entry(&OperatorId::new(id)).unwrap();
            assert!(!entry.sentence.is_empty() && entry.markdown.ends_with("```"), "{id}");
        }
    }
}

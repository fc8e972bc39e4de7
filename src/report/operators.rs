//! What the operators do, in the words of `docs/operators.md`.
//!
//! Invariant: the page itself is what is read, so no format says anything else.

use std::collections::HashMap;
use std::sync::LazyLock;

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

/// How telling the survivors of an operator are, as its entry says; 0 for one that this version does
/// not have.
pub(super) fn telling(operator: &OperatorId) -> u8 {
    static OF: LazyLock<HashMap<&str, u8>> = LazyLock::new(|| {
        let entries = PAGE.split("\n### `").skip(1);
        let level = |text: &str| text.split_once("\nTelling: ")?.1.split(' ').next()?.parse().ok();
        entries.filter_map(|text| Some((text.split_once('`')?.0, level(text)?))).collect()
    });
    OF.get(operator.as_str()).copied().unwrap_or(0)
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
        assert_eq!(telling(&OperatorId::new("no/such`\n")), 0);
    }

    #[test]
    fn every_operator_of_the_page_has_a_sentence() {
        let ids = PAGE.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        assert!(ids.clone().count() > 20);
        for id in ids {
            let entry = super::entry(&OperatorId::new(id)).unwrap();
            assert!(!entry.sentence.is_empty() && entry.markdown.ends_with("```"), "{id}");
            assert!(telling(&OperatorId::new(id)) > 0, "{id}");
        }
    }
}

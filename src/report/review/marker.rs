//! Hidden marks in what we post, by which the next run knows it again.
//!
//! Invariant: a mark counts only where we put it: on the first line of a text, or at the beginning
//! of a table's row, where no text of the project can stand.

use crate::model::MutantId;

const SUMMARY: &str = "<!-- mutdiff:summary";
const REVIEW: &str = "<!-- mutdiff:review -->";
const MUTANT: &str = "<!-- mutdiff:mutant:";
const ROW: &str = "| <!-- mutdiff:row:";
const END: &str = " -->";
/// Most ids that a summary remembers.
const REMEMBERED: usize = 1500;

/// The mark of a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemarkMark {
    /// The mutant that it is about.
    pub(super) mutant: MutantId,
    /// Whether the remark says that it is settled.
    pub(super) settled: bool,
}

impl RemarkMark {
    /// The line that opens a remark.
    pub(super) fn line(&self) -> String {
        let state = if self.settled { ":settled" } else { "" };
        format!("{MUTANT}{}{state}{END}\n", self.mutant)
    }

    /// Reads it back.
    pub(super) fn of(body: &str) -> Option<Self> {
        let inner = first_line(body).strip_prefix(MUTANT)?.strip_suffix(END)?;
        let (id, settled) = match inner.strip_suffix(":settled") {
            Some(id) => (id, true),
            None => (inner, false),
        };
        id_of(id).map(|mutant| Self { mutant, settled })
    }
}

/// Whether a text is the mutant id of ours.
pub(super) fn id_of(text: &str) -> Option<MutantId> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == 16 && text.bytes().all(hexadecimal)).then(|| MutantId::from_text(text))
}

/// The line that opens the summary: the ids of all that was said on the pull request and still
/// holds. One of them that no longer stands was deleted by somebody, and is not said again.
pub(super) fn summary(said: &[MutantId]) -> String {
    let ids: Vec<&str> = said.iter().take(REMEMBERED).map(MutantId::as_str).collect();
    let gap = if ids.is_empty() { "" } else { " " };
    format!("{SUMMARY}{gap}{}{END}\n", ids.join(","))
}

/// What a summary says was said; `None` for what is no summary.
pub(super) fn said(body: &str) -> Option<Vec<MutantId>> {
    let inner = first_line(body).strip_prefix(SUMMARY)?.strip_suffix(END)?;
    if !(inner.is_empty() || inner.starts_with(' ')) {
        return None;
    }
    Some(inner.trim().split(',').filter_map(id_of).collect())
}

/// The line that opens a review.
pub(super) fn review() -> String {
    format!("{REVIEW}\n")
}

/// Whether a text is that of a review of ours.
pub(super) fn is_review(body: &str) -> bool {
    first_line(body) == REVIEW
}

/// The beginning of a row about a mutant.
pub(super) fn row(mutant: &MutantId) -> String {
    format!("{ROW}{mutant}{END} ")
}

/// The mutant that a row is about.
pub(super) fn of_row(line: &str) -> Option<MutantId> {
    let (id, _) = line.strip_prefix(ROW)?.split_once(END)?;
    id_of(id)
}

fn first_line(body: &str) -> &str {
    body.split('\n').next().unwrap_or(body).trim_end_matches('\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> MutantId {
        MutantId::from_text("0123456789abcdef")
    }

    #[test]
    fn marks_are_read_back() {
        for settled in [false, true] {
            let mark = RemarkMark { mutant: id(), settled };
            assert_eq!(RemarkMark::of(&format!("{}text", mark.line())), Some(mark));
        }
        assert_eq!(said(&summary(&[id(), id()])), Some(vec![id(), id()]));
        assert_eq!(said(&summary(&[])), Some(vec![]));
        assert_eq!(of_row(&format!("{}`a.py:3` | x |", row(&id()))), Some(id()));
        assert!(is_review(&format!("{}text", review())));
    }

    #[test]
    fn line_ends_of_a_browser_do_not_matter() {
        let body = RemarkMark { mutant: id(), settled: false }.line().replace('\n', "\r\n");
        assert!(RemarkMark::of(&body).is_some());
    }

    #[test]
    fn a_quoted_mark_is_none() {
        let mark = RemarkMark { mutant: id(), settled: false }.line();
        assert_eq!(RemarkMark::of(&format!("> {mark}")), None);
        assert_eq!(RemarkMark::of(&format!("see\n{mark}")), None);
        assert_eq!(RemarkMark::of("<!-- mutdiff:mutant:../etc -->"), None);
        assert_eq!(said("<!-- mutdiff:summaryx -->"), None);
    }
}

//! Which state of the repository the last report is of.
//!
//! Invariant: what was decided on one branch, or of one commit, is not put into the report of another.

use super::LabError;
use super::subject::Subject;
use crate::git::{Head, Repository};
use crate::model::{Notice, Report, Revision};
use crate::store::Store;

/// The note that says which.
const NOTE: &str = "state of the last report";

/// A branch, and the commit that was checked out; a line each, the first one empty where there is no branch.
fn state(repository: &Repository) -> Result<String, LabError> {
    Ok(format!("{}\n{}", repository.branch().unwrap_or_default(), repository.head_commit()?))
}

/// Writes down that the last report is of what is checked out.
pub(super) fn remember(repository: &Repository, store: &mut Store) -> Result<(), LabError> {
    Ok(store.put_note(NOTE, state(repository)?.as_bytes())?)
}

/// What the last report is of, if it is of another commit or branch than what is looked at now. Commits come
/// and go on a branch while somebody works on its survivors, so that these do not count.
fn other(subject: &Subject, store: &Store, last: &Report) -> Result<Option<String>, LabError> {
    let now = match &subject.head {
        Head::Commit(commit) => Some(commit),
        Head::WorkingTree => None,
    };
    if last.head.commit.as_ref() != now {
        let Revision { name, commit } = &last.head;
        return Ok(Some(match commit {
            None => format!("the {name}"),
            Some(commit) if commit == name => format!("{name:.10}"),
            Some(_) => name.clone(),
        }));
    }
    let then = store.note(NOTE)?.filter(|_| now.is_none());
    let Some(then) = then else { return Ok(None) };
    Ok(differing(&String::from_utf8_lossy(&then), &state(&subject.repository)?))
}

fn differing(then: &str, now: &str) -> Option<String> {
    let (branch, commit) = then.split_once('\n')?;
    let (branch_now, commit_now) = now.split_once('\n')?;
    if commit == commit_now || (!branch.is_empty() && branch == branch_now) {
        return None;
    }
    Some(if branch.is_empty() { format!("{commit:.10}") } else { branch.to_owned() })
}

/// Whether what is decided now may be put into the last report.
pub(super) fn is_same(subject: &Subject, store: &Store, last: &Report) -> Result<bool, LabError> {
    Ok(other(subject, store, last)?.is_none())
}

/// Says that the last report is of something else, and is replaced.
pub(super) fn notice(
    subject: &Subject,
    store: &Store,
    last: &Report,
) -> Result<Option<Notice>, LabError> {
    Ok(other(subject, store, last)?.map(|other| Notice {
        code: "other_state".into(),
        message: format!(
            "the last report is of {other}, and not of what is looked at now: from here on it holds only \
             what is decided here"
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_stays_the_same_with_its_commits_and_a_commit_whatever_it_is_called() {
        assert_eq!(differing("a\n1", "a\n2"), None);
        assert_eq!(differing("\n1", "a\n1"), None);
        assert_eq!(differing("a\n1", "b\n2"), Some("a".to_owned()));
        assert_eq!(differing("\n1", "\n2"), Some("1".to_owned()));
        assert_eq!(differing("a\n1", "\n2"), Some("a".to_owned()));
    }
}

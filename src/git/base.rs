//! What a change is measured against: the base and its merge base with the tested revision.
//!
//! Invariant: a base that was asked for (by flag or by `GITHUB_BASE_REF`) is taken or is an
//! error; nothing else silently stands in for it.

use git2::{ErrorCode, Oid};

use super::{GitError, Head, Repository, Tried};
use crate::model::Notice;

/// The base of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The ref or revision that was taken (`main`, `origin/main`, `v1.2`).
    pub name: String,
    /// The id of its commit.
    pub commit: String,
    /// The id of the newest commit that it shares with the tested revision.
    pub merge_base: String,
    /// What the reader should know about the choice.
    pub notices: Vec<Notice>,
}

impl Repository {
    /// Finds the base: `requested`, else `env_base_ref` (`GITHUB_BASE_REF`; an empty one counts
    /// as unset), else the default branch of `origin` or of another remote, else `main`, else
    /// `master`. A branch that exists only on `origin` is found there.
    ///
    /// # Errors
    ///
    /// [`GitError::BaseNotFound`], [`GitError::UnbornBranch`], [`GitError::NoMergeBase`] or
    /// [`GitError::ShallowClone`].
    pub fn base(
        &self,
        requested: Option<&str>,
        env_base_ref: Option<&str>,
        head: &Head,
    ) -> Result<Base, GitError> {
        // Before the base: with no commit there is nothing that any base could be compared with.
        let (head_name, head_oid) = match head {
            Head::WorkingTree => ("HEAD", self.checked_out()?),
            Head::Commit(revision) => (revision.as_str(), self.commit(revision)?.id()),
        };
        let mut tried = Vec::new();
        let (name, commit) =
            self.candidates(requested, env_base_ref.filter(|name| !name.is_empty()), &mut tried)?;
        let mut notices = Vec::new();
        if let (Some(asked), false) = (requested, tried.is_empty()) {
            notices.push(Notice {
                code: "base_from_remote".to_owned(),
                message: format!("there is no {asked} here; compared with {name}"),
            });
        }
        let merge_base = self.merge_base(&name, commit, head_name, head_oid)?;
        Ok(Base { name, commit: commit.to_string(), merge_base: merge_base.to_string(), notices })
    }

    fn candidates(
        &self,
        requested: Option<&str>,
        env_base_ref: Option<&str>,
        tried: &mut Vec<Tried>,
    ) -> Result<(String, Oid), GitError> {
        let names = if let Some(asked) = requested {
            vec![asked.to_owned(), format!("origin/{asked}")]
        } else if let Some(asked) = env_base_ref {
            vec![format!("origin/{asked}"), asked.to_owned()]
        } else {
            let mut names = self.default_branches(tried);
            names.extend(["main".to_owned(), "master".to_owned()]);
            names
        };
        for name in names {
            match self.commit(&name) {
                Ok(commit) => return Ok((name, commit.id())),
                Err(GitError::RevisionNotFound { why, .. }) => tried.push(Tried { name, why }),
                Err(error) => return Err(error),
            }
        }
        Err(GitError::BaseNotFound {
            tried: std::mem::take(tried),
            shallow: self.inner.is_shallow(),
        })
    }

    /// The branches that the remotes' HEADs point to, `origin`'s first.
    fn default_branches(&self, tried: &mut Vec<Tried>) -> Vec<String> {
        let mut heads: Vec<String> = self
            .inner
            .references_glob("refs/remotes/*/HEAD")
            .map(|mut found| found.names().flatten().map(str::to_owned).collect())
            .unwrap_or_default();
        heads.sort_by_key(|name| (name != "refs/remotes/origin/HEAD", name.clone()));
        if heads.is_empty() {
            tried.push(Tried {
                name: "origin/HEAD".to_owned(),
                why: "no remote's default branch is known here".to_owned(),
            });
        }
        let mut names = Vec::new();
        for head in heads {
            let found = self.inner.find_reference(&head);
            let target = found.as_ref().ok().and_then(|head| head.symbolic_target().ok().flatten());
            match target {
                Some(target) => {
                    names.push(target.strip_prefix("refs/remotes/").unwrap_or(target).to_owned());
                }
                None => names.push(head.trim_start_matches("refs/remotes/").to_owned()),
            }
        }
        names
    }

    fn merge_base(
        &self,
        base: &str,
        base_oid: Oid,
        head: &str,
        head_oid: Oid,
    ) -> Result<Oid, GitError> {
        if base_oid == head_oid {
            return Ok(head_oid);
        }
        self.inner.merge_base(base_oid, head_oid).map_err(|source| {
            let (base, head) = (base.to_owned(), head.to_owned());
            match source.code() {
                ErrorCode::NotFound if self.inner.is_shallow() => {
                    GitError::ShallowClone { base, head }
                }
                ErrorCode::NotFound => GitError::NoMergeBase { base, head },
                _ => self.failed("find the merge base", source),
            }
        })
    }
}

//! The merge commit that a forge makes of a pull request (`refs/pull/N/merge`).
//!
//! Invariant: only a merge commit that is checked out without a branch, and that a ref or the CI's
//! environment calls a pull request's, is taken for one.

use git2::Oid;

use super::{GitError, Repository};

/// A pull request's merge commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullMerge {
    /// The ref that names it (`refs/pull/7/merge`).
    pub name: String,
    /// Its first parent: the tip of the branch that the request is for; `None` in a clone that was
    /// cut off behind it.
    pub(super) base: Option<Oid>,
    /// The id of its second parent: the request's own head.
    pub head: Option<String>,
}

impl Repository {
    /// The pull request's merge commit that is checked out, if it is one. `reference` is the ref that
    /// the CI says it checked out.
    ///
    /// # Errors
    ///
    /// [`GitError::Libgit2`].
    pub fn pull_merge(&self, reference: Option<&str>) -> Result<Option<PullMerge>, GitError> {
        if !self.inner.head_detached().unwrap_or(false) {
            return Ok(None);
        }
        let head = self.checked_out()?;
        let commit = self.inner.find_commit(head);
        let commit = commit.map_err(|source| self.failed("read HEAD", source))?;
        // A shallow clone hides the parents, and their names are in the commit all the same.
        let parents: Vec<Oid> = String::from_utf8_lossy(commit.raw_header_bytes())
            .lines()
            .filter_map(|line| Oid::from_str(line.strip_prefix("parent ")?).ok())
            .collect();
        let [base, second] = parents[..] else { return Ok(None) };
        let Some(name) = reference
            .filter(|name| is_merge_ref(name))
            .map(str::to_owned)
            .or_else(|| self.merge_ref_at(head))
        else {
            return Ok(None);
        };
        let is_here = |oid: &Oid| self.inner.find_commit(*oid).is_ok();
        let base = Some(base).filter(is_here);
        let head = Some(second).filter(is_here).map(|oid| oid.to_string());
        Ok(Some(PullMerge { name, base, head }))
    }

    /// The ref of a pull request's merge that points to a commit, under the name that the forge has
    /// for it.
    fn merge_ref_at(&self, commit: Oid) -> Option<String> {
        ["refs/remotes/pull/*/merge", "refs/pull/*/merge"].into_iter().find_map(|glob| {
            let found = self.inner.references_glob(glob).ok()?;
            found.flatten().find_map(|reference| {
                let name = reference.name().ok()?.to_owned();
                (reference.target() == Some(commit))
                    .then(|| name.replacen("refs/remotes/", "refs/", 1))
            })
        })
    }
}

fn is_merge_ref(name: &str) -> bool {
    let number = name.strip_prefix("refs/pull/").and_then(|rest| rest.strip_suffix("/merge"));
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

#[cfg(test)]
mod tests {
    use crate::git::testing::TestRepo;

    /// A detached merge of `topic` into `main`.
    fn merged() -> TestRepo {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        repo.commit("first");
        repo.git(&["checkout", "-q", "-b", "topic"]);
        repo.write("a.py", "x = 2\n");
        repo.commit("second");
        repo.git(&["checkout", "-q", "--detach", "main"]);
        repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        repo
    }

    #[test]
    fn a_merge_is_a_pull_request_s_where_a_ref_or_the_environment_says_so() {
        let repo = merged();
        let opened = repo.open();
        assert_eq!(opened.pull_merge(None).unwrap(), None);
        assert_eq!(opened.pull_merge(Some("refs/heads/main")).unwrap(), None);
        let found = opened.pull_merge(Some("refs/pull/3/merge")).unwrap().unwrap();
        assert_eq!(found.name, "refs/pull/3/merge");
        assert_eq!(found.head, Some(opened.resolve("topic").unwrap()));
        repo.git(&["update-ref", "refs/remotes/pull/7/merge", "HEAD"]);
        assert_eq!(opened.pull_merge(None).unwrap().unwrap().name, "refs/pull/7/merge");
        repo.git(&["checkout", "-q", "main"]);
        assert_eq!(repo.open().pull_merge(Some("refs/pull/3/merge")).unwrap(), None);
    }
}

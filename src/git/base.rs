//! What a change is measured against: the base and its merge base with the tested revision.
//!
//! Invariant: a base that was asked for (by flag or by `GITHUB_BASE_REF`) is taken or is an
//! error; nothing else silently stands in for it.

use git2::{ErrorClass, ErrorCode, Oid};

use super::{GitError, Head, PullMerge, Repository, Tried};
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
    /// The id of a pull request's own head, where what is tested is its merge.
    pub pull_request_head: Option<String>,
    /// What the reader should know about the choice.
    pub notices: Vec<Notice>,
}

/// What the environment of a CI job says of the change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ci<'e> {
    /// `GITHUB_BASE_REF`: the branch that a pull request is for.
    pub base_ref: Option<&'e str>,
    /// `GITHUB_REF`: what was checked out.
    pub reference: Option<&'e str>,
}

/// Whether a revision is a commit's id, or the beginning of one.
fn is_hash(revision: &str) -> bool {
    revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Repository {
    /// Finds the base: `requested`, else the first parent of the merge commit that a forge made of a
    /// pull request, where that is what is tested, else `env_base_ref` (`GITHUB_BASE_REF`; an empty
    /// one counts as unset), else the default branch of `origin` or of another remote, else `main`, else
    /// `master`. A branch that exists only on `origin` is found there.
    ///
    /// # Errors
    ///
    /// [`GitError::BaseNotFound`], [`GitError::UnbornBranch`], [`GitError::NoMergeBase`] or
    /// [`GitError::ShallowClone`].
    pub fn base(&self, requested: Option<&str>, ci: Ci<'_>, head: &Head) -> Result<Base, GitError> {
        // Before the base: with no commit there is nothing that any base could be compared with.
        let (head_name, head_oid) = match head {
            Head::WorkingTree => ("HEAD", self.checked_out()?),
            Head::Commit(revision) => (revision.as_str(), self.commit(revision)?.id()),
        };
        let merge = match head {
            Head::WorkingTree => self.pull_merge(ci.reference)?,
            Head::Commit(_) => None,
        };
        if let (Some(merge), None) = (&merge, requested) {
            return self.first_parent(merge);
        }
        let env_base_ref = ci.base_ref;
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
        let is_hash = is_hash(&name);
        let merge_base = match self.merge_base(&name, commit, head_name, head_oid, &mut notices) {
            // Whoever names a commit by its id means that one.
            Err(GitError::ShallowClone { .. } | GitError::NoMergeBase { .. }) if is_hash => {
                notices.push(Notice {
                    code: "no_merge_base".to_owned(),
                    message: format!(
                        "{name} and {head_name} share no commit that is here, so the change is \
                         measured against {name} as it is: what others did there since counts too"
                    ),
                });
                commit
            }
            other => other?,
        };
        Ok(Base {
            name,
            commit: commit.to_string(),
            merge_base: merge_base.to_string(),
            pull_request_head: merge.and_then(|merge| merge.head),
            notices,
        })
    }

    fn first_parent(&self, merge: &PullMerge) -> Result<Base, GitError> {
        let name = format!("first parent of {}", merge.name);
        let Some(parent) = merge.base.filter(|&parent| self.inner.find_commit(parent).is_ok())
        else {
            let head = merge.name.clone();
            return Err(GitError::ShallowClone {
                base: "its first parent".into(),
                head,
                depth: Some(2),
            });
        };
        let commit = parent.to_string();
        let message = format!(
            "{} merges a pull request; compared with its first parent, the branch that it is for",
            merge.name
        );
        let notices = vec![Notice { code: "pull_request_merge".to_owned(), message }];
        let pull_request_head = merge.head.clone();
        Ok(Base { name, commit: commit.clone(), merge_base: commit, pull_request_head, notices })
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
        notices: &mut Vec<Notice>,
    ) -> Result<Oid, GitError> {
        if base_oid == head_oid {
            return Ok(head_oid);
        }
        let found = self.inner.merge_bases(base_oid, head_oid).map(|all| all.to_vec());
        let found = found.and_then(|all| match all[..] {
            [] => Err(git2::Error::new(ErrorCode::NotFound, ErrorClass::Merge, "no merge base")),
            [only] => Ok(only),
            [first, ..] => {
                notices.push(Notice {
                    code: "several_merge_bases".to_owned(),
                    message: format!(
                        "{base} and {head} have {} merge bases; compared with {first}",
                        all.len()
                    ),
                });
                Ok(first)
            }
        });
        found.map_err(|source| {
            let (base, head) = (base.to_owned(), head.to_owned());
            match source.code() {
                ErrorCode::NotFound if self.inner.is_shallow() => {
                    GitError::ShallowClone { base, head, depth: None }
                }
                ErrorCode::NotFound => GitError::NoMergeBase { base, head },
                _ => self.failed("find the merge base", source),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    /// `main` with one commit, and `topic` with one more, checked out.
    fn branched() -> (TestRepo, String) {
        let repo = TestRepo::new();
        repo.write("m.py", "x = 1\n");
        let first = repo.commit("first");
        repo.git(&["checkout", "-q", "-b", "topic"]);
        repo.write("m.py", "x = 2\n");
        repo.commit("second");
        (repo, first)
    }

    fn base(repo: &TestRepo, requested: Option<&str>, env: Option<&str>) -> Result<Base, GitError> {
        let ci = Ci { base_ref: env, ..Ci::default() };
        repo.open().base(requested, ci, &Head::WorkingTree)
    }

    fn tried(error: GitError) -> Vec<String> {
        let GitError::BaseNotFound { tried, .. } = error else { panic!("{error}") };
        tried.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_requested_base_is_taken_at_its_merge_base() {
        let (repo, first) = branched();
        repo.git(&["checkout", "-q", "main"]);
        repo.write("other.py", "");
        let tip = repo.commit("main goes on");
        repo.git(&["checkout", "-q", "topic"]);
        let found = base(&repo, Some("main"), Some("ignored")).unwrap();
        let expected = Base {
            name: "main".into(),
            commit: tip,
            merge_base: first,
            pull_request_head: None,
            notices: Vec::new(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_revision_may_stand_for_the_head() {
        let (repo, first) = branched();
        let head = Head::Commit(repo.open().resolve("topic~1").unwrap());
        let found = repo.open().base(Some("topic"), Ci::default(), &head).unwrap();
        assert_eq!((found.name.as_str(), found.merge_base), ("topic", first));
    }

    #[test]
    fn a_requested_base_that_is_missing_is_never_replaced() {
        let (repo, _) = branched();
        let error = base(&repo, Some("nowhere"), Some("main")).unwrap_err();
        let expected = ["nowhere (no such ref)", "origin/nowhere (no such ref)"];
        assert_eq!(tried(error), expected);
    }

    #[test]
    fn a_requested_branch_is_found_on_origin_and_said_so() {
        let (repo, first) = branched();
        let clone = repo.cloned(&["--branch", "topic"]);
        let found = base(&clone, Some("main"), None).unwrap();
        assert_eq!((found.name.as_str(), found.merge_base), ("origin/main", first));
        assert_eq!(found.notices[0].message, "there is no main here; compared with origin/main");
    }

    #[test]
    fn github_base_ref_prefers_origin() {
        let (repo, first) = branched();
        let clone = repo.cloned(&["--branch", "topic"]);
        clone.git(&["branch", "main", "topic"]);
        let found = base(&clone, None, Some("main")).unwrap();
        assert_eq!((found.name.as_str(), found.merge_base), ("origin/main", first));
        assert_eq!(found.notices, []);
        let local = base(&repo, None, Some("main")).unwrap();
        assert_eq!(local.name, "main");
        let error = base(&repo, None, Some("release")).unwrap_err();
        assert_eq!(tried(error), ["origin/release (no such ref)", "release (no such ref)"]);
    }

    #[test]
    fn an_empty_github_base_ref_is_unset() {
        let (repo, _) = branched();
        assert_eq!(base(&repo, None, Some("")).unwrap().name, "main");
    }

    #[test]
    fn the_default_is_the_remote_s_default_branch() {
        let (repo, _) = branched();
        let clone = repo.cloned(&[]);
        clone.git(&["branch", "main", "topic"]);
        assert_eq!(base(&clone, None, None).unwrap().name, "origin/topic");
        clone.git(&["remote", "rename", "origin", "upstream"]);
        clone.git(&["remote", "set-head", "upstream", "main"]);
        assert_eq!(base(&clone, None, None).unwrap().name, "upstream/main");
    }

    #[test]
    fn without_a_remote_it_is_main_or_master() {
        let (repo, _) = branched();
        assert_eq!(base(&repo, None, None).unwrap().name, "main");
        repo.git(&["branch", "-m", "main", "master"]);
        assert_eq!(base(&repo, None, None).unwrap().name, "master");
        repo.git(&["branch", "-m", "master", "trunk"]);
        assert_eq!(
            tried(base(&repo, None, None).unwrap_err()),
            [
                "origin/HEAD (no remote's default branch is known here)",
                "main (no such ref)",
                "master (no such ref)",
            ]
        );
    }

    #[test]
    fn a_dangling_remote_head_is_tried_and_named() {
        let (repo, _) = branched();
        repo.git(&["branch", "-m", "main", "trunk"]);
        repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"]);
        let error = base(&repo, None, None).unwrap_err();
        assert_eq!(tried(error)[0], "origin/gone (no such ref)");
    }

    #[test]
    fn the_base_may_be_the_head_itself() {
        let repo = TestRepo::new();
        repo.write("m.py", "x = 1\n");
        let only = repo.commit("first");
        let found = base(&repo, None, None).unwrap();
        assert_eq!((found.commit, found.merge_base), (only.clone(), only));
    }

    #[test]
    fn without_a_commit_there_is_no_base() {
        let repo = TestRepo::new();
        let error = base(&repo, Some("main"), None).unwrap_err();
        assert!(matches!(error, GitError::UnbornBranch { .. }));
    }

    #[test]
    fn unrelated_histories_have_no_merge_base() {
        let (repo, _) = branched();
        repo.git(&["checkout", "-q", "--orphan", "other"]);
        repo.commit("unrelated");
        let error = base(&repo, Some("main"), None).unwrap_err();
        assert!(matches!(
            error,
            GitError::NoMergeBase { base, head } if base == "main" && head == "HEAD"
        ));
    }

    #[test]
    fn a_shallow_clone_says_that_history_is_missing() {
        let (repo, _) = branched();
        repo.git(&["checkout", "-q", "main"]);
        repo.write("other.py", "");
        repo.commit("main goes on");
        let clone = repo.cloned(&["--depth", "1", "--no-single-branch", "--branch", "topic"]);
        let error = base(&clone, Some("origin/main"), None).unwrap_err();
        assert!(matches!(
            error,
            GitError::ShallowClone { base, head, depth: None } if base == "origin/main" && head == "HEAD"
        ));
        let clone = repo.cloned(&["--depth", "1", "--branch", "topic"]);
        let error = base(&clone, Some("main"), None).unwrap_err();
        assert!(matches!(error, GitError::BaseNotFound { shallow: true, .. }));
        let clone = repo.cloned(&["--depth", "2", "--no-single-branch", "--branch", "topic"]);
        assert!(base(&clone, Some("main"), None).is_ok());
    }

    #[test]
    fn a_commit_beyond_a_shallow_clone_is_not_found() {
        let (repo, first) = branched();
        let clone = repo.cloned(&["--depth", "1", "--branch", "topic"]);
        let error = clone.open().resolve("HEAD~1").unwrap_err();
        assert!(matches!(error, GitError::RevisionNotFound { .. }));
        let error = clone.open().resolve(&first).unwrap_err();
        let GitError::RevisionNotFound { why, .. } = error else { panic!("{error}") };
        assert_eq!(why, "no such commit in this clone");
    }
}

//! Where git looks for hooks, and whether a commit is here.
//!
//! Invariant: what `core.hooksPath` says holds, as git reads it; nothing is written.

use std::path::PathBuf;

use git2::Oid;

use super::{GitError, Repository};

impl Repository {
    /// The folder of the repository's hooks, which linked worktrees share.
    ///
    /// # Errors
    ///
    /// [`GitError::Libgit2`] where the configuration cannot be read.
    pub fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let config = self.inner.config().map_err(|e| self.failed("read the configuration", e))?;
        match config.get_path("core.hooksPath") {
            // From where git runs hooks: the root of the working tree.
            Ok(path) if !path.as_os_str().is_empty() => Ok(self.workdir().join(path)),
            _ => Ok(self.inner.commondir().join("hooks")),
        }
    }

    /// Whether an object of this id is here, and is a commit.
    pub fn has_commit(&self, id: &str) -> bool {
        Oid::from_str(id).is_ok_and(|id| self.inner.find_commit(id).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestRepo;

    #[test]
    fn hooks_are_where_the_configuration_says() {
        let repo = TestRepo::new();
        repo.write("a.py", "");
        let commit = repo.commit("a");
        let opened = repo.open();
        assert!(opened.hooks_dir().unwrap().ends_with(".git/hooks"));
        assert!(opened.has_commit(&commit));
        assert!(!opened.has_commit(&"1".repeat(40)) && !opened.has_commit("no id"));
        repo.git(&["config", "core.hooksPath", ".githooks"]);
        assert_eq!(repo.open().hooks_dir().unwrap(), opened.workdir().join(".githooks"));
    }
}

//! Contents at a commit: single files, and whole checkouts elsewhere.
//!
//! Invariant: an export writes nothing outside its directory, whatever the commit's tree holds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use git2::{FileMode, ObjectType};

use super::tree::{self, os_path};
use super::{GitError, Head, Repository};
use crate::model::RepoPath;

impl Repository {
    /// The id of a commit's tree: commits with the same files have the same.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`].
    pub fn tree_id(&self, commit: &str) -> Result<String, GitError> {
        Ok(self.tree(commit)?.id().to_string())
    }

    /// The bytes of a file at a commit; `None` where there is no file (nothing, a directory, a
    /// symbolic link, a submodule).
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`] for an unknown commit, [`GitError::Libgit2`].
    pub fn blob_at(&self, commit: &str, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let tree = self.tree(commit)?;
        match tree::at(&tree, path.as_str().as_bytes()) {
            Some(side) if side.is_file() => side.oid.map(|oid| self.blob(oid)).transpose(),
            _ => Ok(None),
        }
    }

    /// The bytes of a file of the tested revision; `None` where there is no regular file.
    ///
    /// # Errors
    ///
    /// As [`Repository::blob_at`]; [`GitError::File`] for a file that cannot be read.
    pub fn read(&self, head: &Head, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        match head {
            Head::Commit(commit) => self.blob_at(commit, path),
            Head::WorkingTree => {
                let path = self.workdir().join(path.as_str());
                match fs::symlink_metadata(&path) {
                    Ok(metadata) if metadata.is_file() => {
                        fs::read(&path).map(Some).map_err(|source| GitError::File { path, source })
                    }
                    Ok(_) => Ok(None),
                    Err(error) if is_absence(&error) => Ok(None),
                    Err(source) => Err(GitError::File { path, source }),
                }
            }
        }
    }

    /// Writes the files of a commit into `directory`, which must exist and be empty: the bytes as
    /// committed, executable bits and symbolic links kept, submodules as empty directories.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`], [`GitError::UnsafeEntry`] for a tree that no checkout may
    /// follow, [`GitError::File`] for what cannot be written.
    pub fn export(&self, commit: &str, directory: &Path) -> Result<(), GitError> {
        let tree = self.tree(commit)?;
        self.walk(&tree, &mut Vec::new(), &mut |path, entry| {
            if !is_safe(entry.name_bytes()) {
                return Err(GitError::UnsafeEntry {
                    commit: commit.to_owned(),
                    path: String::from_utf8_lossy(path).into_owned(),
                });
            }
            let target = directory.join(os_path(path));
            // Every call fails where something exists, so a symbolic link is never followed.
            let written = match (entry.kind(), tree::mode_of(entry)) {
                (Some(ObjectType::Tree | ObjectType::Commit), _) => fs::create_dir(&target),
                (_, FileMode::Link) => {
                    let link = self.blob(entry.id())?;
                    symlink(os_path(&link), &target)
                }
                (_, mode) => {
                    let content = self.blob(entry.id())?;
                    let mode = if mode == FileMode::BlobExecutable { 0o777 } else { 0o666 };
                    create(&target, mode).and_then(|mut file| file.write_all(&content))
                }
            };
            written.map_err(|source| GitError::File { path: target, source })
        })
    }
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_safe(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && !name.eq_ignore_ascii_case(b".git")
        && !name.contains(&b'/')
        && !name.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_read_at_a_commit_and_on_the_disk() {
        let repo = TestRepo::new();
        repo.write("pkg/m.py", "x = 1\n");
        let commit = repo.commit("first");
        repo.write("pkg/m.py", "x = 2\n");
        let opened = repo.open();
        let path = RepoPath::new("pkg/m.py");
        let at = |head: &Head| opened.read(head, &path).unwrap();
        assert_eq!(at(&Head::Commit(commit.clone())).as_deref(), Some(&b"x = 1\n"[..]));
        assert_eq!(at(&Head::WorkingTree).as_deref(), Some(&b"x = 2\n"[..]));
        for missing in ["pkg", "pkg/n.py", "pkg/m.py/x"] {
            let missing = RepoPath::new(missing);
            assert_eq!(opened.blob_at(&commit, &missing).unwrap(), None);
            assert_eq!(opened.read(&Head::WorkingTree, &missing).unwrap(), None);
        }
    }

    #[test]
    fn an_export_keeps_links_and_executable_bits_and_touches_nothing_else() {
        let repo = TestRepo::new();
        repo.write("pkg/m.py", "x = 1\r\n");
        repo.write("run.sh", "#!/bin/sh\n");
        fs::set_permissions(repo.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("pkg/m.py", repo.path().join("link.py")).unwrap();
        symlink("/etc", repo.path().join("outside")).unwrap();
        let commit = repo.commit("first");
        repo.write("pkg/m.py", "x = 2\n");
        repo.write("staged.py", "");
        repo.git(&["add", "staged.py"]);
        let index = fs::read(repo.path().join(".git/index")).unwrap();
        let before = repo.git(&["status", "--porcelain"]);

        let out = tempfile::tempdir().unwrap();
        repo.open().export(&commit, out.path()).unwrap();
        assert_eq!(fs::read(out.path().join("pkg/m.py")).unwrap(), b"x = 1\r\n");
        let mode = fs::metadata(out.path().join("run.sh")).unwrap().permissions().mode();
        assert_eq!(mode & 0o100, 0o100);
        assert_eq!(fs::read_link(out.path().join("link.py")).unwrap(), Path::new("pkg/m.py"));
        assert_eq!(fs::read_link(out.path().join("outside")).unwrap(), Path::new("/etc"));
        assert!(!out.path().join("staged.py").exists());
        assert_eq!(fs::read(repo.path().join(".git/index")).unwrap(), index);
        assert_eq!(repo.git(&["status", "--porcelain"]), before);
    }

    #[test]
    fn an_export_never_writes_over_a_file() {
        let repo = TestRepo::new();
        repo.write("m.py", "x = 1\n");
        let commit = repo.commit("first");
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("m.py"), "mine").unwrap();
        let error = repo.open().export(&commit, out.path()).unwrap_err();
        assert!(matches!(error, GitError::File { path, .. } if path.ends_with("m.py")));
        assert_eq!(fs::read(out.path().join("m.py")).unwrap(), b"mine");
    }

    #[test]
    fn a_tree_that_leads_outside_is_refused() {
        let repo = TestRepo::new();
        repo.write("m.py", "x = 1\n");
        repo.commit("first");
        let opened = repo.open();
        let blob = opened.inner.blob(b"evil").unwrap();
        // libgit2 builds no such tree, so its bytes are written by hand.
        let mut bytes = b"100644 ..\0".to_vec();
        bytes.extend_from_slice(blob.as_bytes());
        let tree = opened.inner.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap();
        let commit = repo.git(&["commit-tree", "-m", "evil", &tree.to_string()]);
        let out = tempfile::tempdir().unwrap();
        let error = opened.export(commit.trim(), out.path()).unwrap_err();
        assert!(matches!(error, GitError::UnsafeEntry { path, .. } if path == ".."));
    }

    #[test]
    fn submodules_are_empty_directories() {
        let repo = TestRepo::new();
        let commit = repo.commit("first");
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")]);
        repo.git(&["commit", "-q", "-m", "with a submodule"]);
        let out = tempfile::tempdir().unwrap();
        repo.open().export("HEAD", out.path()).unwrap();
        assert_eq!(fs::read_dir(out.path().join("sub")).unwrap().count(), 0);
    }
}

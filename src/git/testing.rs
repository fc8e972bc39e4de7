//! Real repositories in temporary directories, for the tests of this folder.
//!
//! Invariant: neither the user's nor the system's git configuration is read, by the `git` program
//! or by libgit2.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use tempfile::TempDir;

use super::Repository;

/// A repository on branch `main`, without a commit.
pub(super) struct TestRepo {
    dir: TempDir,
}

impl TestRepo {
    pub(super) fn new() -> Self {
        let repo = Self { dir: empty_dir() };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// `git clone` with `options` of this repository, through its real transport.
    pub(super) fn cloned(&self, options: &[&str]) -> Self {
        let dir = empty_dir();
        let url = format!("file://{}", self.path().display());
        let mut arguments = vec!["clone", "-q"];
        arguments.extend(options);
        arguments.extend([url.as_str(), "."]);
        let clone = Self { dir };
        clone.git(&arguments);
        clone
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn open(&self) -> Repository {
        Repository::discover(self.path()).expect("the repository was just made")
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    /// Commits everything and returns the commit's id.
    pub(super) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git here and returns what it printed.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .env("GIT_ALLOW_PROTOCOL", "file")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn empty_dir() -> TempDir {
    static HERMETIC: Once = Once::new();
    HERMETIC.call_once(|| {
        let levels = [
            git2::ConfigLevel::System,
            git2::ConfigLevel::Global,
            git2::ConfigLevel::XDG,
            git2::ConfigLevel::ProgramData,
        ];
        for level in levels {
            #[expect(unsafe_code, reason = "libgit2 keeps its search paths in a global")]
            // SAFETY: every test of this folder makes its directory here before it calls libgit2,
            // and `Once` makes the others wait.
            let set = unsafe { git2::opts::set_search_path(level, "/nonexistent") };
            set.expect("libgit2 knows the level");
        }
    });
    tempfile::tempdir().unwrap()
}

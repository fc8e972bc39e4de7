//! The diff, over real repositories.
//!
//! Invariant: every status is seen at least once, and nothing that a repository may hold panics.

use super::*;
use crate::git::testing::TestRepo;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

/// `status path <- old_path`, then the hunks.
fn shown(diff: &Diff) -> Vec<String> {
    let mut shown = Vec::new();
    for file in &diff.files {
        let mut line = format!("{:?} {}", file.status, file.path);
        if let Some(old) = &file.old_path {
            line.push_str(&format!(" <- {old}"));
        }
        for hunk in &file.hunks {
            let (old, new) = (hunk.old, hunk.new);
            line.push_str(&format!(" -{},{} +{},{}", old.start, old.len, new.start, new.len));
        }
        shown.push(line);
    }
    shown
}

/// The working tree against `base`.
fn dirty(repo: &TestRepo, base: &str) -> Diff {
    repo.open().diff(base, &Head::WorkingTree).unwrap()
}

#[test]
fn committed_staged_unstaged_and_untracked_changes_are_one_diff() {
    let repo = TestRepo::new();
    for name in ["committed", "staged", "unstaged", "both", "same", "reverted", "deleted"] {
        repo.write(&format!("{name}.py"), format!("{name} = 1\n"));
    }
    let base = repo.commit("first");
    repo.write("committed.py", "committed = 2\n");
    repo.write("reverted.py", "reverted = 2\n");
    repo.commit("second");
    repo.write("staged.py", "staged = 2\n");
    repo.write("both.py", "both = 2\n");
    repo.git(&["add", "-A"]);
    repo.write("both.py", "both = 2\nmore = 3\n");
    repo.write("unstaged.py", "unstaged = 2\n");
    repo.write("reverted.py", "reverted = 1\n");
    repo.write("new/untracked.py", "a\nb\n");
    repo.remove("deleted.py");
    let index = fs::read(repo.path().join(".git/index")).unwrap();
    let diff = dirty(&repo, &base);
    assert_eq!(
        shown(&diff),
        [
            "Modified both.py -1,1 +1,2",
            "Modified committed.py -1,1 +1,1",
            "Deleted deleted.py -1,1 +0,0",
            "Added new/untracked.py -0,0 +1,2",
            "Modified staged.py -1,1 +1,1",
            "Modified unstaged.py -1,1 +1,1",
        ]
    );
    let both = &diff.files[0];
    assert_eq!(both.old.as_deref(), Some(&b"both = 1\n"[..]));
    assert_eq!(both.new.as_deref(), Some(&b"both = 2\nmore = 3\n"[..]));
    assert_eq!(fs::read(repo.path().join(".git/index")).unwrap(), index);
}

#[test]
fn two_commits_are_compared_without_the_working_tree() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    repo.write("b.py", "x = 1\n");
    let base = repo.commit("first");
    repo.write("a.py", "x = 2\n");
    repo.remove("b.py");
    let head = repo.commit("second");
    repo.write("a.py", "x = 3\n");
    let diff = repo.open().diff(&base, &Head::Commit(head)).unwrap();
    assert_eq!(shown(&diff), ["Modified a.py -1,1 +1,1", "Deleted b.py -1,1 +0,0"]);
    assert_eq!(diff.files[0].new.as_deref(), Some(&b"x = 2\n"[..]));
}

#[test]
fn a_staged_deletion_of_a_file_still_on_the_disk_is_no_deletion() {
    let repo = TestRepo::new();
    repo.write("kept.py", "x = 1\n");
    repo.write("changed.py", "x = 1\n");
    let base = repo.commit("first");
    repo.git(&["rm", "-q", "--cached", "kept.py", "changed.py"]);
    repo.write("changed.py", "x = 2\n");
    assert_eq!(shown(&dirty(&repo, &base)), ["Modified changed.py -1,1 +1,1"]);
}

#[test]
fn a_file_announced_with_intent_to_add_is_added() {
    let repo = TestRepo::new();
    let base = repo.commit("first");
    repo.write("new.py", "x = 1\n");
    repo.git(&["add", "-N", "new.py"]);
    assert_eq!(shown(&dirty(&repo, &base)), ["Added new.py -0,0 +1,1"]);
}

#[test]
fn renames_are_followed_staged_or_not() {
    let body = "def f():\n    return 1\n\n\ndef g():\n    return 2\n";
    for stage in [true, false] {
        let repo = TestRepo::new();
        repo.write("old.py", body);
        let base = repo.commit("first");
        repo.remove("old.py");
        repo.write("pkg/new.py", body.replace("return 2", "return 3"));
        if stage {
            repo.git(&["add", "-A"]);
        }
        let diff = dirty(&repo, &base);
        assert_eq!(shown(&diff), ["Renamed pkg/new.py <- old.py -6,1 +6,1"]);
        assert_eq!(diff.files[0].old.as_deref(), Some(body.as_bytes()));
    }
}

#[test]
fn files_that_are_not_python_have_no_contents() {
    let repo = TestRepo::new();
    repo.write("a.toml", "a = 1\n");
    let base = repo.commit("first");
    repo.write("a.toml", "a = 2\n");
    repo.write("stub.pyi", "x: int\n");
    let diff = dirty(&repo, &base);
    assert_eq!(shown(&diff), ["Modified a.toml", "Added stub.pyi"]);
    assert!(diff.files.iter().all(|file| file.old.is_none() && file.new.is_none()));
}

#[test]
fn new_bytes_are_those_on_the_disk_whatever_git_converts() {
    let repo = TestRepo::new();
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("a.py", "a = 1\r\nb = 1\r\n");
    repo.write("same.py", "a = 1\r\n");
    let base = repo.commit("first");
    assert_eq!(dirty(&repo, &base).files, []);
    repo.write("a.py", "a = 1\r\nb = 2\r\n");
    // Its time stamp changes and its contents do not.
    repo.write("same.py", "a = 1\r\n");
    let diff = dirty(&repo, &base);
    assert_eq!(shown(&diff), ["Modified a.py -2,1 +2,1"]);
    assert_eq!(diff.files[0].old.as_deref(), Some(&b"a = 1\nb = 1\n"[..]));
    assert_eq!(diff.files[0].new.as_deref(), Some(&b"a = 1\r\nb = 2\r\n"[..]));
}

#[test]
fn an_executable_bit_is_no_change() {
    let repo = TestRepo::new();
    repo.write("run.py", "x = 1\n");
    let base = repo.commit("first");
    let path = repo.path().join("run.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(dirty(&repo, &base).files, []);
    let head = repo.commit("second");
    assert_eq!(repo.open().diff(&base, &Head::Commit(head)).unwrap().files, []);
}

#[test]
fn a_file_that_becomes_a_link_changes_its_type() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    repo.write("b.py", "y = 1\n");
    symlink("b.py", repo.path().join("link.py")).unwrap();
    let base = repo.commit("first");
    repo.remove("a.py");
    symlink("b.py", repo.path().join("a.py")).unwrap();
    repo.remove("link.py");
    repo.write("link.py", "z = 1\n");
    symlink("/nowhere", repo.path().join("new.py")).unwrap();
    let diff = dirty(&repo, &base);
    assert_eq!(
        shown(&diff),
        ["TypeChanged a.py -1,1 +0,0", "TypeChanged link.py -0,0 +1,1", "Added new.py",]
    );
    assert_eq!(diff.files[2].new, None);
}

#[test]
fn a_file_may_become_a_directory() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    let base = repo.commit("first");
    repo.remove("a.py");
    repo.write("a.py/inner.py", "unlike = 2\n");
    let diff = dirty(&repo, &base);
    assert_eq!(shown(&diff), ["Deleted a.py -1,1 +0,0", "Added a.py/inner.py -0,0 +1,1"]);
}

#[test]
fn a_moved_submodule_is_named() {
    let repo = TestRepo::new();
    let first = repo.commit("first");
    let at = |commit: &str| format!("160000,{commit},sub");
    repo.git(&["update-index", "--add", "--cacheinfo", &at(&first)]);
    repo.git(&["commit", "-q", "-m", "with a submodule"]);
    let base = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    assert_eq!(dirty(&repo, &base).files, []);
    repo.git(&["update-index", "--cacheinfo", &at(&base)]);
    assert_eq!(shown(&dirty(&repo, &base)), ["Submodule sub"]);
    assert_eq!(shown(&dirty(&repo, &first)), ["Submodule sub"]);
}

#[test]
fn a_nested_repository_is_skipped_and_said_so() {
    let repo = TestRepo::new();
    let base = repo.commit("first");
    repo.git(&["init", "-q", "nested"]);
    repo.write("nested/a.py", "x = 1\n");
    let diff = dirty(&repo, &base);
    assert_eq!(diff.files, []);
    assert_eq!(diff.skipped[0].path.as_str(), "nested/");
}

#[test]
fn names_that_are_not_utf8_are_skipped_and_said_so() {
    let repo = TestRepo::new();
    let base = repo.commit("first");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
    fs::write(repo.path().join(name), "x = 1\n").unwrap();
    repo.write("ok é.py", "x = 1\n");
    let diff = dirty(&repo, &base);
    assert_eq!(shown(&diff), ["Added ok é.py -0,0 +1,1"]);
    assert_eq!(diff.skipped[0].reason, "its name is not UTF-8");
}

#[test]
fn a_file_in_conflict_is_compared_as_it_is_on_the_disk() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    let base = repo.commit("first");
    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.write("a.py", "x = 2\n");
    repo.commit("other");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a.py", "x = 3\n");
    repo.commit("mine");
    // The merge fails, which `git` here would take for a failed test.
    repo.git(&["-c", "alias.try=!git merge -q other || true", "try"]);
    let diff = dirty(&repo, &base);
    assert_eq!(diff.files.len(), 1);
    assert_eq!(diff.files[0].status, ChangeStatus::Modified);
    let new = String::from_utf8(diff.files[0].new.clone().unwrap()).unwrap();
    assert!(new.starts_with("<<<<<<<"), "{new}");
    let files = repo.open().files(&Head::WorkingTree).unwrap();
    assert_eq!(files.entries.len(), 1);
}

#[test]
fn mutdiff_s_own_directory_is_no_part_of_the_project() {
    let repo = TestRepo::new();
    repo.write(".mutdiff/tracked.py", "x = 1\n");
    let base = repo.commit("first");
    repo.write(".mutdiff/tracked.py", "x = 2\n");
    repo.write(".mutdiff/new.py", "x = 1\n");
    assert_eq!(dirty(&repo, &base).files, []);
}

#[test]
fn an_unknown_merge_base_is_named() {
    let repo = TestRepo::new();
    repo.commit("first");
    let error = repo.open().diff(&"1".repeat(40), &Head::WorkingTree).unwrap_err();
    assert!(matches!(error, GitError::RevisionNotFound { .. }));
}

#[test]
fn a_linked_worktree_is_a_repository_too() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    let base = repo.commit("first");
    repo.git(&["worktree", "add", "-q", "linked"]);
    repo.write("linked/a.py", "x = 2\n");
    let linked = Repository::discover(&repo.path().join("linked")).unwrap();
    assert!(linked.workdir().ends_with("linked"));
    let diff = linked.diff(&base, &Head::WorkingTree).unwrap();
    assert_eq!(shown(&diff), ["Modified a.py -1,1 +1,1"]);
}

#[test]
fn a_change_that_keeps_size_and_time_is_found() {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n");
    let base = repo.commit("first");
    let path = repo.path().join("a.py");
    let times = fs::metadata(&path).unwrap().modified().unwrap();
    repo.write("a.py", "x = 2\n");
    fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
    assert_eq!(shown(&dirty(&repo, &base)), ["Modified a.py -1,1 +1,1"]);
}

#[test]
fn a_directory_that_became_a_link_holds_none_of_its_files() {
    let repo = TestRepo::new();
    repo.write("pkg/a.py", "x = 1\n");
    let base = repo.commit("first");
    fs::rename(repo.path().join("pkg"), repo.path().join("moved")).unwrap();
    symlink("moved", repo.path().join("pkg")).unwrap();
    assert_eq!(shown(&dirty(&repo, &base)), ["Renamed moved/a.py <- pkg/a.py", "Added pkg"]);
}

#[test]
fn many_changes_are_found_as_few_are() {
    let repo = TestRepo::new();
    let base = repo.commit("first");
    for number in 0..2_100 {
        repo.write(&format!("n{number}.txt"), "");
    }
    repo.write("pkg/__pycache__/a.pyc", "");
    assert_eq!(dirty(&repo, &base).files.len(), 2_100);
}

//! The hook itself: a script that git runs, and what becomes of one that was there before.
//!
//! Invariant: a hook that is not mutdiff's is never lost: it is set aside, runs first, and comes back
//! with `mutdiff hook uninstall`.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cli::hints::shell_word;

/// The name of the hook.
const NAME: &str = "pre-push";
/// What the hook that was there before is called.
const BEFORE: &str = "pre-push.before-mutdiff";
/// How mutdiff knows its own.
const MARK: &str = "# mutdiff hook";

/// What was done, or found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The hook is there; another one that was is run before it.
    Installed {
        /// The hook.
        path: PathBuf,
        /// Whether another one is run before it.
        chained: bool,
    },
    /// The hook is gone; another one is back.
    Removed {
        /// The hook.
        path: PathBuf,
        /// Whether another one is back.
        restored: bool,
    },
    /// There was no hook of mutdiff's.
    NotThere {
        /// Where one would be.
        path: PathBuf,
    },
}

/// What kept it from being done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScriptError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a hook, and one is set aside already.
    #[error("{} and {} are both there, and neither is mutdiff's", hook.display(), before.display())]
    TwoHooks {
        /// The hook.
        hook: PathBuf,
        /// The one that is set aside.
        before: PathBuf,
    },
}

/// The text of the hook.
fn script(program: &Path) -> String {
    let program = shell_word(&program.display().to_string());
    format!(
        r#"#!/bin/sh
{MARK}: `mutdiff hook uninstall` takes it away; `git push --no-verify` or MUTDIFF_SKIP_HOOK=1 leaves it out
refs=$(cat)
before="$(dirname -- "$0")/{BEFORE}"
if [ -x "$before" ]; then
    if [ -n "$refs" ]; then printf '%s\n' "$refs"; fi | "$before" "$@" || exit $?
fi
if [ -n "$MUTDIFF_SKIP_HOOK" ] || [ -z "$refs" ]; then exit 0; fi
program={program}
if [ ! -x "$program" ]; then program=mutdiff; fi
if ! command -v "$program" >/dev/null; then
    echo "mutdiff is not there any more, so nothing was tested; push with --no-verify, or remove $0" >&2
    exit 1
fi
printf '%s\n' "$refs" | "$program" hook run
"#
    )
}

/// Puts the hook into `folder`, for this program.
pub(super) fn install(folder: &Path, program: &Path) -> Result<Done, ScriptError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let (hook, before) = (folder.join(NAME), folder.join(BEFORE));
    if exists(&hook) && !is_ours(&hook)? {
        if exists(&before) {
            return Err(ScriptError::TwoHooks { hook, before });
        }
        fs::rename(&hook, &before).map_err(at(&hook))?;
    }
    // Beside it first: a push meanwhile finds the old one or the new one.
    let new = folder.join("pre-push.new");
    fs::write(&new, script(program)).map_err(at(&new))?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).map_err(at(&new))?;
    fs::rename(&new, &hook).map_err(at(&hook))?;
    Ok(Done::Installed { path: hook, chained: exists(&before) })
}

/// Takes the hook away, and puts back what was there before.
pub(super) fn uninstall(folder: &Path) -> Result<Done, ScriptError> {
    let (hook, before) = (folder.join(NAME), folder.join(BEFORE));
    if !exists(&hook) || !is_ours(&hook)? {
        return Ok(Done::NotThere { path: hook });
    }
    let restored = exists(&before);
    if restored {
        fs::rename(&before, &hook).map_err(at(&before))?;
    } else {
        fs::remove_file(&hook).map_err(at(&hook))?;
    }
    Ok(Done::Removed { path: hook, restored })
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_ours(hook: &Path) -> Result<bool, ScriptError> {
    match fs::read(hook) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).contains(MARK)),
        // A link to nothing is somebody's, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(hook)(error)),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ScriptError {
    let path = path.to_owned();
    move |source| ScriptError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_was_there_is_set_aside_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let hook = folder.path().join(NAME);
        fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
        let program = Path::new("/usr/bin/mutdiff");
        for _ in 0..2 {
            let done = install(folder.path(), program).unwrap();
            assert_eq!(done, Done::Installed { path: hook.clone(), chained: true });
        }
        assert!(fs::read_to_string(&hook).unwrap().contains(MARK));
        let done = uninstall(folder.path()).unwrap();
        assert_eq!(done, Done::Removed { path: hook.clone(), restored: true });
        assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
        assert_eq!(uninstall(folder.path()).unwrap(), Done::NotThere { path: hook });
    }

    #[test]
    fn a_second_hook_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(BEFORE), "one").unwrap();
        fs::write(folder.path().join(NAME), "two").unwrap();
        let error = install(folder.path(), Path::new("/m")).unwrap_err();
        assert!(matches!(error, ScriptError::TwoHooks { .. }));
        assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), "two");
    }

    #[test]
    fn a_path_with_a_space_stays_one_word() {
        assert!(script(Path::new("/a b/mutdiff")).contains("program='/a b/mutdiff'"));
    }
}

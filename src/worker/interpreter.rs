//! Choosing the Python interpreter and asking it what it is.
//!
//! Invariant: an [`Interpreter`] has answered; its version is one that the runtime supports.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::WorkerError;

/// A Python interpreter that has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// As it is started (not resolved: a venv is found through its own link).
    pub path: PathBuf,
    /// `3.13.0`.
    pub version: String,
    /// The implementation's cache tag, such as `cpython-313`.
    pub tag: String,
    /// Directories that hold installed distributions.
    pub site: Vec<PathBuf>,
    /// Whether `pytest` can be imported.
    pub pytest: bool,
}

const QUESTION: &str = "\
import importlib.util, json, sys, sysconfig
paths = sysconfig.get_paths()
site = sorted({p for p in (*sys.path, paths['purelib'], paths['platlib']) if p.endswith('-packages')})
print(json.dumps({'version': '.'.join(map(str, sys.version_info[:3])),
    'tag': sys.implementation.cache_tag, 'site': site, 'path': sys.executable,
    'pytest': importlib.util.find_spec('pytest') is not None}))";

/// Finds the interpreter to use.
///
/// `asked` wins; then the active virtual environment, `.venv` and `venv` in `repo`, and `python3`
/// and `python` on the path. The first that exists is used; if it does not run, that is an error,
/// since another one would not be what the user meant.
///
/// # Errors
/// When there is none, or the chosen one does not run or is too old.
pub fn find_interpreter(asked: Option<&Path>, repo: &Path) -> Result<Interpreter, WorkerError> {
    ask(&locate(asked, repo, env::var_os("VIRTUAL_ENV").as_deref())?, repo)
}

/// The path that [`find_interpreter`] would ask, without starting it.
pub(super) fn locate(
    asked: Option<&Path>,
    repo: &Path,
    active: Option<&OsStr>,
) -> Result<PathBuf, WorkerError> {
    if let Some(path) = asked {
        if path.components().count() == 1
            && let Some(found) = on_path(path.as_os_str())
        {
            return Ok(found);
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        return if absolute.is_file() {
            Ok(absolute)
        } else {
            Err(WorkerError::NoInterpreter { tried: vec![format!("--python {}", path.display())] })
        };
    }
    let mut tried = Vec::new();
    let environments = active
        .map(|active| ("the active environment", PathBuf::from(active)))
        .into_iter()
        .chain([("the repository's", repo.join(".venv")), ("the repository's", repo.join("venv"))]);
    for (whose, environment) in environments {
        let candidate = environment.join("bin/python");
        if candidate.is_file() {
            return Ok(candidate);
        }
        tried.push(format!("{whose} {}", candidate.display()));
    }
    for name in ["python3", "python"] {
        if let Some(found) = on_path(OsStr::new(name)) {
            return Ok(found);
        }
        tried.push(format!("{name} on PATH"));
    }
    Err(WorkerError::NoInterpreter { tried })
}

impl Interpreter {
    /// The interpreter that would be used, without starting it; see [`find_interpreter`].
    ///
    /// # Errors
    /// When there is none.
    pub fn locate(asked: Option<&Path>, repo: &Path) -> Result<PathBuf, WorkerError> {
        locate(asked, repo, env::var_os("VIRTUAL_ENV").as_deref())
    }

    /// Whether a file is Python to it. The file is compiled, and not run.
    pub fn compiles(&self, file: &Path) -> bool {
        const COMPILE: &str = "import sys; compile(open(sys.argv[1], 'rb').read(), 'file', 'exec')";
        let status = Command::new(&self.path)
            .args(["-I", "-S", "-c", COMPILE])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

fn ask(path: &Path, repo: &Path) -> Result<Interpreter, WorkerError> {
    let broken = |reason: String| WorkerError::NotAnInterpreter { path: path.to_owned(), reason };
    let output = Command::new(path)
        .args(["-c", QUESTION])
        .current_dir(repo)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| broken(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().next_back().unwrap_or("it printed nothing").to_owned();
        return Err(broken(format!("{}: {last}", output.status)));
    }
    #[derive(Deserialize)]
    struct Answer {
        version: String,
        tag: String,
        site: Vec<PathBuf>,
        pytest: bool,
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|error| broken(error.to_string()))?;
    let mut parts = answer.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    if (parts.next(), parts.next()) < (Some(3), Some(10)) {
        return Err(WorkerError::UnsupportedVersion {
            path: path.to_owned(),
            version: answer.version,
        });
    }
    Ok(Interpreter {
        path: path.to_owned(),
        version: answer.version,
        tag: answer.tag,
        site: answer.site,
        pytest: answer.pytest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_active_environment_wins_over_the_repositorys() {
        let scratch = tempfile::tempdir().unwrap();
        for name in ["active", "repo/.venv"] {
            let bin = scratch.path().join(name).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("python"), "").unwrap();
        }
        let repo = scratch.path().join("repo");
        let active = scratch.path().join("active");
        assert_eq!(
            locate(None, &repo, Some(active.as_os_str())).unwrap(),
            active.join("bin/python")
        );
        assert_eq!(locate(None, &repo, None).unwrap(), repo.join(".venv/bin/python"));
    }

    #[test]
    fn an_asked_for_interpreter_that_is_missing_is_not_replaced_by_another() {
        let error = locate(Some(Path::new("/nowhere/python")), Path::new("."), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no python interpreter found; tried --python /nowhere/python"
        );
    }
}

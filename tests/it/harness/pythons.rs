//! The Pythons of this machine, each with a virtual environment that holds pytest.
//!
//! Invariant: an environment is made once under `target/test-venvs/`, under a lock, and is used
//! only when it was finished. What it holds beside pytest is in its name and its mark.
//!
//! `MUTDIFF_TEST_PYTHONS` (interpreters, separated by colons) replaces the search.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// The pytest that every environment holds.
const PYTEST: &str = "pytest==9.2.0";

/// An interpreter of a virtual environment with pytest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    /// `3.12.1`.
    pub(crate) version: String,
    /// The environment's interpreter.
    pub(crate) path: PathBuf,
    /// The interpreter that the environment was made from: it has no pytest of ours.
    pub(crate) base: PathBuf,
}

impl Python {
    /// Where the environment's commands are.
    pub(crate) fn bin(&self) -> &Path {
        self.path.parent().expect("an interpreter lies in a folder")
    }

    /// Whether it is of this version (`3.12`) or a later one.
    pub(crate) fn is_at_least(&self, version: &str) -> bool {
        minor(&self.version) >= minor(version)
    }

    /// The same Python with more than pytest: an environment called `name`, with `requirements`
    /// (one a line, pinned), made once.
    pub(crate) fn with(&self, name: &str, requirements: &str) -> Self {
        prepare(self.version.clone(), self.base.clone(), Some((name, requirements)))
    }

    /// What `python3` is, or the first that was asked for.
    pub(crate) fn usual() -> &'static Self {
        pythons().first().expect("there is a Python")
    }
}

/// All Pythons that tests run on: the usual one first, then the others by version.
pub(crate) fn pythons() -> &'static [Python] {
    static FOUND: LazyLock<Vec<Python>> = LazyLock::new(|| {
        let pythons: Vec<Python> = interpreters()
            .into_iter()
            .map(|(version, base)| prepare(version, base, None))
            .collect();
        assert!(!pythons.is_empty(), "no CPython 3.10 or later found: install python3");
        pythons
    });
    &FOUND
}

/// Version and path of the interpreters: one a minor version, the usual one first.
fn interpreters() -> Vec<(String, PathBuf)> {
    if let Some(asked) = env::var_os("MUTDIFF_TEST_PYTHONS") {
        let ask = |path: PathBuf| {
            let found = ask(&path);
            found.unwrap_or_else(|| panic!("{} is no CPython 3.10 or later", path.display()))
        };
        return env::split_paths(&asked).map(ask).collect();
    }
    let usual = ask(Path::new("python3"));
    let mut others = BTreeMap::new();
    for path in candidates() {
        if let Some((version, path)) = ask(&path) {
            others.entry(minor(&version)).or_insert((version, path));
        }
    }
    if let Some((version, _)) = &usual {
        others.remove(&minor(version));
    }
    usual.into_iter().chain(others.into_values()).collect()
}

/// Whether `MUTDIFF_TEST_PYTHONS` says which Pythons to use.
pub(crate) fn every_python_is_asked_for() -> bool {
    env::var_os("MUTDIFF_TEST_PYTHONS").is_some()
}

/// Where further interpreters may be: pyenv's, and `python3.X` on the path.
fn candidates() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let versions = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    let mut found: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            (10..=13).any(|minor| name.to_string_lossy().starts_with(&format!("3.{minor}.")))
        })
        .map(|entry| entry.path().join("bin/python3"))
        .collect();
    found.sort();
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        // The shims of pyenv stand for the versions that were listed above.
        if folder.components().all(|part| part.as_os_str() != OsStr::new(".pyenv")) {
            found.extend((10..=13).map(|minor| folder.join(format!("python3.{minor}"))));
        }
    }
    found.retain(|path| path.is_file());
    found
}

/// The version and the true path of an interpreter, if it is a CPython that mutdiff supports.
fn ask(path: &Path) -> Option<(String, PathBuf)> {
    let question = "import platform, sys\n\
        print(platform.python_implementation(), platform.python_version())\n\
        print(getattr(sys, '_base_executable', sys.executable) or sys.executable)";
    let output = scrubbed(path).args(["-c", question]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (first, executable) = text.trim_end().split_once('\n')?;
    let (implementation, version) = first.split_once(' ')?;
    let supported = implementation == "CPython" && minor(version) >= (3, 10);
    supported.then(|| (version.to_owned(), PathBuf::from(executable)))
}

fn minor(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Makes the environment, unless it is there.
fn prepare(version: String, base: PathBuf, more: Option<(&str, &str)>) -> Python {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target/tmp has a parent");
    let all = target.join("test-venvs");
    fs::create_dir_all(&all).expect("target/ can be written to");
    let name = more.map_or(version.clone(), |(name, _)| format!("{version}-{name}"));
    let folder = all.join(&name);
    let path = folder.join("bin/python");
    // Another test process (another binary, another checkout with the same target) may be at it.
    let lock = File::create(all.join(format!("{name}.lock"))).expect("target/ can be written");
    lock.lock().expect("a file under target/ can be locked");
    let packages: Vec<&str> = more.into_iter().flat_map(|(_, more)| more.lines()).collect();
    let packages = [&[PYTEST], packages.as_slice()].concat();
    let contents = format!("{} {}\n", base.display(), packages.join(" "));
    let mark = folder.join("complete");
    if fs::read_to_string(&mark).ok().as_ref() != Some(&contents) {
        let _ = fs::remove_dir_all(&folder);
        install(&base, &folder, &packages);
        fs::write(&mark, contents).expect("the environment was just made");
    }
    drop(lock);
    Python { version, path, base }
}

fn install(base: &Path, folder: &Path, packages: &[&str]) {
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut venv = scrubbed(base);
    let made = done(venv.args(["-m", "venv"]).arg(folder));
    let made =
        made.and_then(|()| done(scrubbed(&folder.join("bin/python")).args(pip).args(packages)));
    let Err(first) = made else { return };
    // Debian has `venv` without `ensurepip`: an older pip may still serve.
    let _ = fs::remove_dir_all(folder);
    let mut venv = scrubbed(base);
    done(venv.args(["-m", "venv", "--without-pip"]).arg(folder))
        .and_then(|()| {
            let mut old = scrubbed(base);
            old.args(["-m", "pip", "--python"]).arg(folder.join("bin/python")).args(&pip[2..]);
            done(old.args(packages))
        })
        .unwrap_or_else(|second| {
            panic!(
                "cannot make a virtual environment with {packages:?} (on Debian: apt-get install \
                 python3-venv)\n{first}\n{second}"
            )
        });
}

fn done(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(Output { status, stdout, stderr }) => Err(format!(
            "{command:?}: {status}\n{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        )),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// A command of Python's without what the user has set for it; pip's own settings (a mirror, a
/// certificate) stay.
fn scrubbed(python: &Path) -> Command {
    let mut command = Command::new(python);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") || name == "VIRTUAL_ENV" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

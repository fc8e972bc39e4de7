//! Changed files that no function can be tied to: none of them goes unnamed.
//!
//! Invariant: every changed file that is no Python is in one notice, with what follows of it.

use super::changed_tests::listed;
use crate::config::{Invalidates, ProjectConfig};
use crate::model::{Notice, RepoPath};

/// The codes of the notices.
pub(super) const CODES: [&str; 3] = ["untied_files", "tied_files", "harmless_files"];

/// What kind of file it is, for the reader.
fn kind(path: &RepoPath) -> &'static str {
    let name = path.file_name();
    let dependencies = name.starts_with("requirements")
        || name.starts_with("constraints")
        || name.ends_with(".lock")
        || matches!(
            name,
            "pyproject.toml"
                | "setup.cfg"
                | "Pipfile"
                | "environment.yml"
                | "environment.yaml"
                | "package-lock.json"
                | "pdm.toml"
                | ".python-version"
        );
    let configuration = [".ini", ".cfg", ".toml", ".yml", ".yaml", ".env"]
        .iter()
        .any(|ending| name.ends_with(ending));
    match () {
        () if dependencies => "dependencies",
        () if configuration => "configuration",
        () => "data",
    }
}

/// What is said of the changed files that are no Python.
pub(super) fn notices(config: &ProjectConfig, changed: &[RepoPath]) -> Vec<Notice> {
    let (mut untied, mut tied, mut harmless) = (Vec::new(), Vec::new(), Vec::new());
    for path in changed {
        match config.invalidates(path) {
            Invalidates::Everything => untied.push(format!("{path} ({})", kind(path))),
            Invalidates::Files(files) => {
                let to: Vec<&str> = files.iter().map(|glob| glob.glob().glob()).collect();
                tied.push(format!("{path} ({})", to.join(", ")));
            }
            Invalidates::Nothing => harmless.push(path.to_string()),
        }
    }
    let mut notices = Vec::new();
    let mut add = |code: &str, files: &[String], before: &str, behind: &str| {
        if !files.is_empty() {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let message = format!("{before}: {}{behind}", listed(&files));
            notices.push(Notice { code: code.to_owned(), message });
        }
    };
    add(
        "untied_files",
        &untied,
        "changed files that no function can be tied to were not tested",
        ". No verdict from before them is used; what they change is seen by a run with --scope all",
    );
    add(
        "tied_files",
        &tied,
        "changed files, with the code that the configuration ties them to",
        "",
    );
    add("harmless_files", &harmless, "changed files that put no verdict in question", "");
    notices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingsFile;

    #[test]
    fn every_file_is_named_once_with_what_follows_of_it() {
        let config =
            SettingsFile::find(None, Some("[invalidates]\n'*.sql' = ['db.py']\n")).unwrap();
        let config = ProjectConfig::read(config.as_ref()).unwrap();
        let files = ["uv.lock", "tox.ini", "a.json", "q.sql", "README.md"].map(RepoPath::new);
        let said: Vec<String> = notices(&config, &files)
            .into_iter()
            .map(|notice| format!("{}: {}", notice.code, notice.message))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        untied_files: changed files that no function can be tied to were not tested: uv.lock (dependencies), tox.ini (configuration), a.json (data). No verdict from before them is used; what they change is seen by a run with --scope all
        tied_files: changed files, with the code that the configuration ties them to: q.sql (db.py)
        harmless_files: changed files that put no verdict in question: README.md
        ");
    }
}

//! The settings that tell pytest which tests there are and how they run, wherever they are kept.
//!
//! Invariant: two texts with equal settings select the same tests in the same way; what else such a
//! file says does not count.

use toml::{Table, Value};

use crate::model::RepoPath;

/// What a file says to pytest, in one spelling; `None` for a file that pytest does not read.
pub fn runner_settings(path: &RepoPath, text: &str) -> Option<String> {
    match path.file_name() {
        "pytest.ini" | ".pytest.ini" | "pytest.toml" | ".pytest.toml" => {
            Some(lines(text).collect::<Vec<_>>().join("\n"))
        }
        "pyproject.toml" => Some(table(text)),
        "tox.ini" => Some(joined(text, "[pytest]")),
        "setup.cfg" => Some(joined(text, "[tool:pytest]")),
        _ => None,
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with(['#', ';']))
}

/// The lines of a section without comments and blank ones; `None` where the section is not there.
pub(super) fn section<'t>(text: &'t str, header: &str) -> Option<impl Iterator<Item = &'t str>> {
    let mut lines = lines(text);
    lines.find(|line| *line == header)?;
    Some(lines.take_while(|line| !line.starts_with('[')))
}

fn joined(text: &str, header: &str) -> String {
    section(text, header).map(|lines| lines.collect::<Vec<_>>().join("\n")).unwrap_or_default()
}

/// The table of pytest; all of a text that is no TOML.
fn table(text: &str) -> String {
    let Ok(whole) = text.parse::<Table>() else { return text.to_owned() };
    let pytest = whole.get("tool").and_then(|tool| tool.get("pytest"));
    pytest.map(|table: &Value| format!("{table:?}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Option<String> {
        runner_settings(&RepoPath::new(path), text)
    }

    #[test]
    fn only_what_pytest_reads_counts() {
        for (path, plain, same, other) in [
            (
                "pyproject.toml",
                "[tool.pytest.ini_options]\naddopts = '-q'\n",
                "# note\n[project]\nname = 'x'\n[tool.pytest]\nini_options = {addopts = \"-q\"}\n",
                "[tool.pytest.ini_options]\naddopts = '-k one'\n",
            ),
            (
                "sub/setup.cfg",
                "[tool:pytest]\naddopts = -q\n",
                "[metadata]\nname = x\n[tool:pytest]\n# note\naddopts = -q  \n\n[flake8]\na = 1\n",
                "[tool:pytest]\naddopts =\n  -k one\n",
            ),
            ("tox.ini", "[pytest]\na = 1\n", "[tox]\nb = 2\n[pytest]\na = 1\n", "[tox]\nb = 2\n"),
            ("pytest.ini", "[pytest]\na = 1\n", "; note\n[pytest]\n\na = 1\n", "[pytest]\na = 2\n"),
        ] {
            assert_eq!(said(path, plain), said(path, same), "{path}");
            assert_ne!(said(path, plain), said(path, other), "{path}");
        }
        assert_eq!(said("requirements.txt", "pytest\n"), None);
    }
}

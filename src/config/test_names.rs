//! What a project calls its files of tests: pytest's `python_files`.
//!
//! Invariant: only a name that speaks of tests by itself counts. `*.py` or `test*.py` fit code that is
//! shipped, too, and what is taken for a test is not mutated.

use toml::{Table, Value};

use super::runner_settings::section;

/// Where pytest looks for its settings at the root of a project, the first that has any holds.
const FILES: [&str; 7] = [
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
];

/// Names of files: `check_*.py`, `*_tests.py`, `specs.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    start: String,
    /// What stands behind the `*`; `None` for a whole name.
    end: Option<String>,
}

impl NamePattern {
    /// `None` for a pattern that may fit any code.
    fn new(pattern: &str) -> Option<Self> {
        let stem = pattern.strip_suffix(".py")?;
        if stem.contains(['/', '?', '[']) || stem.matches('*').count() > 1 {
            return None;
        }
        let Some((start, end)) = stem.split_once('*') else {
            let whole = Self { start: pattern.to_owned(), end: None };
            return Some(whole).filter(|_| !stem.is_empty());
        };
        let ends_a_word = start.is_empty() || start.ends_with(['_', '-']);
        let begins_a_word = end.is_empty() || end.starts_with(['_', '-']) || starts_upper(end);
        let says_something = start.len() + end.len() > 1;
        (ends_a_word && begins_a_word && says_something)
            .then(|| Self { start: start.to_owned(), end: Some(format!("{end}.py")) })
    }

    /// Whether a file of that name is one.
    pub fn fits(&self, name: &str) -> bool {
        match &self.end {
            None => name == self.start,
            Some(end) => name.strip_prefix(&self.start).is_some_and(|rest| rest.ends_with(end)),
        }
    }
}

fn starts_upper(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
}

/// The names that pytest's settings at the root of a project give to files of tests; `read` has the text
/// of a file there.
///
/// # Errors
///
/// Those of `read`.
pub fn test_names<E>(
    mut read: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Vec<NamePattern>, E> {
    for file in FILES {
        let Some(text) = read(file)? else { continue };
        let said = match file {
            "pytest.toml" | ".pytest.toml" => {
                Some(of_table(&text, &["pytest"]).unwrap_or_default())
            }
            "pyproject.toml" => of_table(&text, &["tool", "pytest", "ini_options"])
                .or_else(|| of_table(&text, &["tool", "pytest"])),
            "setup.cfg" => of_section(&text, "[tool:pytest]"),
            "tox.ini" => of_section(&text, "[pytest]"),
            _ => Some(of_section(&text, "[pytest]").unwrap_or_default()),
        };
        if let Some(words) = said {
            return Ok(words.iter().filter_map(|word| NamePattern::new(word)).collect());
        }
    }
    Ok(Vec::new())
}

/// The words of `python_files` in a table; `None` where the table is not there.
fn of_table(text: &str, path: &[&str]) -> Option<Vec<String>> {
    let whole: Table = text.parse().ok()?;
    let mut table = &whole;
    for name in path {
        table = table.get(*name)?.as_table()?;
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Some(match table.get("python_files") {
        Some(Value::String(text)) => words(text),
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).flat_map(words).collect()
        }
        _ => Vec::new(),
    })
}

/// The words of `python_files` in a section; `None` where the section is not there.
fn of_section(text: &str, header: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut inside = false;
    for line in section(text, header)? {
        let value = if line.starts_with([' ', '\t']) {
            line
        } else {
            let (name, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
            inside = name.trim_end() == "python_files";
            value
        };
        if inside {
            words.extend(value.split_whitespace().map(str::to_owned));
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn fits(files: &[(&str, &str)], name: &str) -> bool {
        let read = |file: &str| {
            let found = files.iter().find(|(known, _)| *known == file);
            Ok::<_, Infallible>(found.map(|(_, text)| (*text).to_owned()))
        };
        test_names(read).unwrap().iter().any(|pattern| pattern.fits(name))
    }

    #[test]
    fn names_are_those_of_the_first_file_that_speaks_to_pytest() {
        let ini = (
            "pytest.ini",
            "[pytest]\n# python_files = no_*.py\npython_files =\n  check_*.py\n  *_spec.py\nx = a_*.py\n",
        );
        let toml = (
            "pyproject.toml",
            "[tool.pytest.ini_options]\npython_files = ['verify_*.py', 'all.py']\n",
        );
        let old = (
            "setup.cfg",
            "[metadata]\nname = x\n[tool:pytest]\npython_files: *Checks.py\n\n[a]\npython_files=b_*.py\n",
        );
        for (files, name) in [
            (&[ini, toml][..], "check_a.py"),
            (&[ini], "a_spec.py"),
            (&[toml, old], "verify_it.py"),
            (&[toml], "all.py"),
            (&[("pyproject.toml", "[project]\n"), old], "MyChecks.py"),
            (&[("tox.ini", "[pytest]\npython_files = s_*.py t_*.py\n")], "t_1.py"),
            (&[("pytest.toml", "[pytest]\npython_files = 'c_*.py'\n")], "c_1.py"),
        ] {
            assert!(fits(files, name), "{files:?} {name}");
        }
        assert!(!fits(&[ini, toml], "verify_it.py"));
        assert!(!fits(&[ini], "no_a.py") && !fits(&[ini], "a_1.py") && !fits(&[old], "b_1.py"));
        assert!(!fits(&[("pytest.ini", ""), toml], "verify_it.py"));
        assert!(!fits(&[("pyproject.toml", "[[")], "a.py"));
    }

    #[test]
    fn a_pattern_that_may_fit_any_code_is_none() {
        for pattern in
            ["*.py", "*", "test*.py", "*s.py", "a*b*.py", "src/*_x.py", "te?t_*.py", "_*.py", ".py"]
        {
            assert_eq!(NamePattern::new(pattern), None, "{pattern}");
        }
    }
}

//! Variables of the environment that are written like settings and are none: `MUTDIFF_BUDGT`.
//!
//! Invariant: they are named and never an error, since they may be meant for another mutdiff.

use std::ffi::OsStr;

use clap::{Command, CommandFactory};

use super::keys::{names, variable_of};
use crate::cli::args::Cli;
use crate::config::nearest;

/// Variables that are read by others than settings: credentials, the hook, and mutdiff's own build and tests.
const OTHERS: [&str; 14] = [
    "MUTDIFF_COMMIT",
    "MUTDIFF_CORPUS",
    "MUTDIFF_CORPUS_DEEP",
    "MUTDIFF_GITHUB_TOKEN",
    "MUTDIFF_OPTIONS",
    "MUTDIFF_SCENARIO",
    "MUTDIFF_SHOW_SAME",
    "MUTDIFF_SKIP_HOOK",
    "MUTDIFF_TEST_PYTHON",
    "MUTDIFF_TEST_PYTHONS",
    "MUTDIFF_UPDATE_DOCS",
    "MUTDIFF_UPDATE_SCENARIOS",
    "MUTDIFF_WRITE_DOCS",
    "MUTDIFF_WRITE_EXAMPLES",
];

/// A sentence for each of the process's variables that looks like a setting and is none.
pub(in crate::cli) fn strangers() -> Vec<String> {
    let variables = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    said(&Cli::command(), variables.map(|(name, _)| name))
}

fn said(whole: &Command, variables: impl Iterator<Item = impl AsRef<OsStr>>) -> Vec<String> {
    let known: Vec<String> = names(whole).into_iter().map(variable_of).collect();
    let of_ours = |name: &str| known.iter().any(|known| known == name) || OTHERS.contains(&name);
    let mut found: Vec<String> = variables
        .filter_map(|name| name.as_ref().to_str().map(str::to_owned))
        .filter(|name| name.starts_with("MUTDIFF_") && !of_ours(name))
        .collect();
    found.sort_unstable();
    let sentence = |name: String| match nearest(&name, known.iter().map(String::as_str)) {
        Some(meant) => format!("warning: {name} means nothing to mutdiff; did you mean {meant}?"),
        None => format!("warning: {name} means nothing to mutdiff"),
    };
    found.into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_no_setting_is_named_with_the_nearest_that_is() {
        let said = said(
            &Cli::command(),
            [
                "MUTDIFF_BUDGT",
                "MUTDIFF_BUDGET",
                "MUTDIFF_GITHUB_TOKEN",
                "_MUTDIFF_CHILD",
                "MUTDIFF_TEST_PYTHONS",
                "HOME",
            ]
            .iter(),
        );
        assert_eq!(
            said,
            ["warning: MUTDIFF_BUDGT means nothing to mutdiff; did you mean MUTDIFF_BUDGET?"]
        );
    }
}

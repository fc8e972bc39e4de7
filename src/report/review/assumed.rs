//! A pull request as the report alone tells of it, for a dry run that asks nobody.
//!
//! Invariant: nothing stands on it, and its diff holds the lines around the mutants of changed
//! functions only; what is planned on it is never sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::patch::Side;
use crate::model::{ChangedFile, PullRequest, Reason, RepoPath, Report};

/// The pull request, open and with this head.
pub fn assumed(report: &Report, number: u64, head: &str) -> PullRequest {
    let mut lines: BTreeMap<&RepoPath, BTreeMap<u32, String>> = BTreeMap::new();
    for mutant in &report.mutants {
        if mutant.reasons.iter().any(|reason| matches!(reason, Reason::Changed)) {
            let file = lines.entry(&mutant.function.path).or_default();
            for (number, text) in Side::old(&mutant.diff).texts() {
                file.entry(number).or_insert_with(|| text.to_owned());
            }
        }
    }
    let file = |(path, lines): (&RepoPath, BTreeMap<u32, String>)| ChangedFile {
        path: path.clone(),
        patch: Some(patch(&lines)),
    };
    PullRequest {
        number,
        head: head.to_owned(),
        open: true,
        files: lines.into_iter().map(file).collect(),
        ..PullRequest::default()
    }
}

/// A patch that adds these lines, a hunk for each run of them.
fn patch(lines: &BTreeMap<u32, String>) -> String {
    let known: BTreeSet<u32> = lines.keys().copied().collect();
    let mut out = String::new();
    for (&number, text) in lines {
        if !known.contains(&(number - 1)) {
            let count = (number..).take_while(|line| known.contains(line)).count();
            writeln!(out, "@@ -0,0 +{number},{count} @@").expect("a String takes all");
        }
        writeln!(out, "+{text}").expect("a String takes all");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::review::{Limits, plan};
    use crate::report::sample;

    #[test]
    fn mutants_of_changed_functions_are_on_lines_and_callers_are_not() {
        let report = sample::report();
        let pull = assumed(&report, 7, "c0ffee");
        let paths: Vec<&str> = pull.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["shop/cart.py"]);
        let plan = plan(&report, &pull, Limits { remarks: 10, on_lines: true });
        assert!(plan.on_lines > 0 && plan.standing == 0, "{plan:?}");
    }

    #[test]
    fn runs_of_lines_are_hunks() {
        let lines = BTreeMap::from([(3, "a".into()), (4, "b".into()), (9, "c".into())]);
        assert_eq!(patch(&lines), "@@ -0,0 +3,2 @@\n+a\n+b\n@@ -0,0 +9,1 @@\n+c\n");
    }
}

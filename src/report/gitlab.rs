//! GitLab's code-quality report.
//!
//! Invariant: an entry a finding; a path and a message are text whatever they hold.

use serde::Serialize;

use crate::model::Report;

use super::escape::{cut, visible};
use super::findings::{Finding, findings};
use super::mutants::sentence;
use super::prose::{count, line_list};

/// Characters of a path: no system has a longer one.
const PATH: usize = 4096;
/// Characters of a description.
const DESCRIPTION: usize = 500;

#[derive(Debug, Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// The findings as GitLab reads them, indented, a newline at the end.
pub fn write(report: &Report) -> String {
    let issues: Vec<Issue> = findings(report).iter().map(issue).collect();
    let mut text = serde_json::to_string_pretty(&issues).expect("plain data");
    text.push('\n');
    text
}

fn issue(finding: &Finding<'_>) -> Issue {
    let mutant = finding.mutant;
    let description = if finding.is_unreached() {
        format!(
            "No test reaches {} of {} ({} would go unnoticed)",
            line_list(&finding.lines()),
            visible(&cut(mutant.function.name.as_str(), DESCRIPTION / 2)),
            count(finding.unreached.len(), "mutant")
        )
    } else {
        sentence(mutant)
    };
    let lines = finding.span().lines();
    Issue {
        description: cut(&description, DESCRIPTION).into_owned(),
        check_name: cut(&finding.rule(), DESCRIPTION).into_owned(),
        fingerprint: finding.fingerprint.clone(),
        severity: if finding.is_new() { "major" } else { "minor" },
        location: Location {
            path: cut(mutant.function.path.as_str(), PATH).into_owned(),
            lines: Lines { begin: lines.first.get(), end: lines.last.get() },
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    #[test]
    fn every_finding_is_an_entry_with_what_gitlab_asks_for() {
        let issues: Vec<Value> = serde_json::from_str(&write(&sample::report())).unwrap();
        assert_eq!(issues.len(), 3);
        let severities: Vec<_> = issues.iter().map(|i| i["severity"].as_str().unwrap()).collect();
        assert_eq!(severities, ["major", "major", "minor"]);
        assert_eq!(issues[1]["location"]["lines"], serde_json::json!({"begin": 17, "end": 21}));
        assert_eq!(issues[0]["check_name"], "comparison/boundary");
        let prints: std::collections::BTreeSet<_> =
            issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), 3);
    }
}

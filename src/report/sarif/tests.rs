//! SARIF logs of the sample report and of reports beyond the limits.
//!
//! Invariant: the official schema is read by `tests/it/readers.rs`; here is what it cannot say.

use std::collections::BTreeSet;

use super::*;
use crate::model::{DecidedMutant, LineNo, MutantId, QualName, Reason};
use crate::report::sample;

fn results(report: &Report) -> Vec<SarifResult> {
    build(report).results().to_vec()
}

#[test]
fn survivors_and_unreached_functions_are_results() {
    let report = sample::report();
    let rules: Vec<_> = results(&report).iter().map(|r| (r.rule_id.clone(), r.level)).collect();
    assert_eq!(
        rules,
        [
            ("comparison/boundary".to_owned(), Level::Warning),
            (NO_TESTS.to_owned(), Level::Warning),
            ("comparison/boundary".to_owned(), Level::Note),
        ]
    );
    let unreached = &results(&report)[1];
    assert!(unreached.message.text.starts_with("No test reaches lines 17–18, 21 of Cart.total"));
}

#[test]
fn a_callers_survivor_has_the_changed_callee_beside_it() {
    let found = results(&sample::report());
    let related = &found[2].related_locations[0];
    assert_eq!(related.physical_location.artifact_location.uri, "shop/cart.py");
    assert_eq!(related.physical_location.region.as_ref().unwrap().start_line, 10);
    assert!(found[2].message.text.ends_with("it reaches [Cart.total](1), which changed."));
    assert!(found[0].related_locations.is_empty());
}

#[test]
fn fingerprints_part_the_mutants_of_a_line_and_survive_moved_lines() {
    let mut report = sample::report();
    let key = sample::key("cart", "f");
    let mut second = sample::mutant(&key, 3, ("1", "2"));
    second.id = MutantId::derive(&key, &second.operator, 99);
    report.mutants = vec![sample::mutant(&key, 3, ("1", "2")), second];
    let before: Vec<_> = results(&report).into_iter().map(|r| r.partial_fingerprints).collect();
    assert_ne!(before[0], before[1]);
    for mutant in &mut report.mutants {
        mutant.span.start.line = LineNo::new(40).unwrap();
        mutant.span.end.line = LineNo::new(40).unwrap();
    }
    let after: Vec<_> = results(&report).into_iter().map(|r| r.partial_fingerprints).collect();
    assert_eq!(before, after);
}

#[test]
fn at_most_five_thousand_results_are_kept_the_nearest_first() {
    let mut report = sample::report();
    let near = sample::key("near", "f");
    let far = sample::mutant(&sample::key("far", "g"), 1, ("1", "2"));
    let caller = Reason::CallerOf { function: near.clone(), distance: 3, seen: true };
    let far = DecidedMutant { reasons: vec![caller], ..far };
    report.mutants = vec![far; 5_100];
    report.mutants.push(sample::mutant(&near, 1, ("1", "2")));
    let log = build(&report);
    assert_eq!(log.results().len(), RESULTS);
    let first = &log.results()[0].locations[0].physical_location.artifact_location;
    assert_eq!(first.uri, "shop/near.py");
    assert_eq!(log.runs[0].properties.left_out, 101);
    let told = &log.runs[0].invocations[0].tool_execution_notifications[0].message.text;
    assert_eq!(told, "101 results farther from the change are left out");
}

#[test]
fn a_log_stays_below_ten_megabytes() {
    let mut report = sample::report();
    let long = "é\u{1F600}".repeat(300);
    let mut mutant = sample::mutant(&sample::key("a", &long), 1, (&long, &long));
    mutant.diff = format!("@@ -1 +1 @@\n{}", format!("-{long}\n").repeat(30));
    mutant.tests = vec![crate::model::TestId::new(&long); 20];
    report.mutants = vec![mutant; 400];
    let text = write(&report);
    assert!(text.len() < 10_000_000, "{}", text.len());
    assert!(build(&report).runs[0].properties.left_out > 0);
}

#[test]
fn a_name_makes_no_link() {
    let mut report = sample::report();
    let key = FunctionKey::new(
        crate::model::RepoPath::new("a b/ü.py"),
        QualName::new("[click](http://e.x)"),
    );
    let mut mutant = sample::mutant(&key, 1, ("[a](b)", "c"));
    mutant.reasons = vec![Reason::CallerOf { function: key.clone(), distance: 1, seen: true }];
    report.mutants = vec![mutant];
    let result = &results(&report)[0];
    assert_eq!(result.message.text.matches("](").count(), 1, "{:?}", result.message);
    assert!(result.message.text.contains("](1)"));
    assert_eq!(result.locations[0].physical_location.artifact_location.uri, "a%20b/%C3%BC.py");
}

#[test]
fn every_result_has_a_rule_with_texts_and_its_own_fingerprint() {
    let log = build(&sample::report());
    let rules = &log.runs[0].tool.driver.rules;
    let mut seen = BTreeSet::new();
    for result in log.results() {
        let rule = &rules[result.rule_index];
        assert_eq!(rule.id, result.rule_id);
        assert!(rule.help.markdown.as_ref().is_some_and(|text| !text.is_empty()));
        assert!(seen.insert(&result.partial_fingerprints.mutdiff));
    }
    assert!(rules[0].help.markdown.as_ref().unwrap().contains("```diff"));
}

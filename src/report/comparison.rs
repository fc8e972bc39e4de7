//! Two reports compared: which gaps opened, which closed, which stayed.
//!
//! Invariant: a mutant is compared with itself, by its id; every gap of either report is in
//! exactly one list.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::{DecidedMutant, MutantId, Report, Verdict};

/// A mutant whose standing differs, or that is a gap in both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<'r> {
    /// As the old report has it; `None` where it has not.
    pub old: Option<&'r DecidedMutant>,
    /// As the new report has it; `None` where it has not.
    pub new: Option<&'r DecidedMutant>,
}

impl<'r> Pair<'r> {
    /// The newer of the two.
    pub fn mutant(&self) -> &'r DecidedMutant {
        self.new.or(self.old).expect("a pair has a mutant")
    }
}

/// What became of the gaps (survivors, and mutants that no test reaches) between two reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison<'r> {
    /// Gaps now that were none: noticed before, undecided, or not there.
    pub opened: Vec<Pair<'r>>,
    /// Gaps before that a test notices now.
    pub closed: Vec<Pair<'r>>,
    /// Gaps before whose mutant is gone: the code is, or is out of scope.
    pub gone: Vec<Pair<'r>>,
    /// Gaps before that are not decided now (timeout, not run, suppressed, …).
    pub undecided: Vec<Pair<'r>>,
    /// Gaps then and now.
    pub stayed: Vec<Pair<'r>>,
}

fn is_gap(mutant: &DecidedMutant) -> bool {
    matches!(mutant.verdict, Verdict::Survived | Verdict::NoTests)
}

/// Compares two reports.
pub fn compare<'r>(old: &'r Report, new: &'r Report) -> Comparison<'r> {
    let before: HashMap<&MutantId, &DecidedMutant> =
        old.mutants.iter().map(|mutant| (&mutant.id, mutant)).collect();
    let now: HashMap<&MutantId, &DecidedMutant> =
        new.mutants.iter().map(|mutant| (&mutant.id, mutant)).collect();
    let mut found = Comparison::default();
    for mutant in new.mutants.iter().filter(|mutant| is_gap(mutant)) {
        let old = before.get(&mutant.id).copied();
        let list = if old.is_some_and(is_gap) { &mut found.stayed } else { &mut found.opened };
        list.push(Pair { old, new: Some(mutant) });
    }
    for mutant in old.mutants.iter().filter(|mutant| is_gap(mutant)) {
        let new = now.get(&mutant.id).copied();
        let list = match new.map(|new| &new.verdict) {
            None => &mut found.gone,
            Some(Verdict::Killed { .. }) => &mut found.closed,
            Some(Verdict::Survived | Verdict::NoTests) => continue,
            Some(_) => &mut found.undecided,
        };
        list.push(Pair { old: Some(mutant), new });
    }
    found
}

#[derive(Serialize)]
struct View<'r> {
    version: u32,
    old_score: Option<f64>,
    new_score: Option<f64>,
    opened: Vec<Entry<'r>>,
    closed: Vec<Entry<'r>>,
    gone: Vec<Entry<'r>>,
    undecided: Vec<Entry<'r>>,
    stayed: Vec<Entry<'r>>,
}

#[derive(Serialize)]
struct Entry<'r> {
    id: &'r str,
    path: &'r str,
    function: &'r str,
    operator: &'r str,
    line: u32,
    original: &'r str,
    replacement: &'r str,
    old: Option<&'static str>,
    new: Option<&'static str>,
}

/// The comparison as indented JSON, a newline at its end.
pub fn write(old: &Report, new: &Report) -> String {
    let found = compare(old, new);
    let view = View {
        version: 1,
        old_score: old.score,
        new_score: new.score,
        opened: entries(&found.opened),
        closed: entries(&found.closed),
        gone: entries(&found.gone),
        undecided: entries(&found.undecided),
        stayed: entries(&found.stayed),
    };
    let mut text = serde_json::to_string_pretty(&view).expect("plain data");
    text.push('\n');
    text
}

fn entries<'r>(pairs: &[Pair<'r>]) -> Vec<Entry<'r>> {
    pairs.iter().map(entry).collect()
}

fn entry<'r>(pair: &Pair<'r>) -> Entry<'r> {
    let mutant = pair.mutant();
    Entry {
        id: mutant.id.as_str(),
        path: mutant.function.path.as_str(),
        function: mutant.function.name.as_str(),
        operator: mutant.operator.as_str(),
        line: mutant.span.start.line.get(),
        original: &mutant.original,
        replacement: &mutant.replacement,
        old: pair.old.map(|mutant| mutant.verdict.word()),
        new: pair.new.map(|mutant| mutant.verdict.word()),
    }
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use super::*;
    use crate::report::sample;

    /// The sample and a later report: one gap opened, one closed, one gone, one undecided.
    pub(in crate::report) fn two() -> (Report, Report) {
        let old = sample::report();
        let mut new = old.clone();
        new.mutants[0].verdict = Verdict::Killed { by: sample::test("test_new") };
        new.mutants[1].verdict = Verdict::Survived;
        new.mutants[2].verdict = Verdict::Timeout { test: sample::test("test_new") };
        new.mutants.remove(3);
        (old, new)
    }

    #[test]
    fn every_gap_is_in_one_list() {
        let (old, new) = two();
        let found = compare(&old, &new);
        let counts = [&found.opened, &found.closed, &found.gone, &found.undecided, &found.stayed]
            .map(Vec::len);
        assert_eq!(counts, [1, 1, 1, 1, 2]);
        assert_eq!(found.opened[0].mutant().id, old.mutants[1].id);
    }

    #[test]
    fn a_report_compared_with_itself_has_only_what_stayed() {
        let report = sample::report();
        let found = compare(&report, &report);
        assert_eq!(found, Comparison { stayed: found.stayed.clone(), ..Comparison::default() });
        assert_eq!(found.stayed.len(), 5);
    }

    #[test]
    fn the_comparison_is_data_too() {
        let (old, new) = two();
        let value: serde_json::Value = serde_json::from_str(&write(&old, &new)).unwrap();
        assert_eq!(
            (&value["opened"][0]["old"], &value["opened"][0]["new"]),
            (&"killed".into(), &"survived".into())
        );
        assert_eq!(value["gone"][0]["new"], serde_json::Value::Null);
    }
}

//! The findings of a report, for formats with an entry a finding.
//!
//! Invariant: a survivor is a finding, and so are all unreached mutants of a function together;
//! nearest to the change first; no two findings have the same fingerprint, and one keeps its own
//! when lines move.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::model::{ChangeOfVerdict, DecidedMutant, FunctionKey, LineRange, Report, Span, Verdict};

use super::escape::visible;
use super::mutants::id;
use super::surfaced::nearness;

/// The rule of functions with lines that no test reaches.
pub(super) const NO_TESTS: &str = "mutdiff/no-tests";

/// A survivor, or the mutants of a function that no test reaches.
pub(super) struct Finding<'r> {
    /// The mutant, or the first of them.
    pub(super) mutant: &'r DecidedMutant,
    /// All mutants of the function that no test reaches; empty for a survivor.
    pub(super) unreached: Vec<&'r DecidedMutant>,
    /// What finds it again in a later report.
    pub(super) fingerprint: String,
}

/// The findings of a report.
pub(super) fn findings(report: &Report) -> Vec<Finding<'_>> {
    let mut found: Vec<Finding<'_>> = Vec::new();
    let mut unreached: HashMap<&FunctionKey, usize> = HashMap::new();
    let finding = |mutant| Finding { mutant, unreached: Vec::new(), fingerprint: String::new() };
    for mutant in &report.mutants {
        match mutant.verdict {
            Verdict::Survived => found.push(finding(mutant)),
            Verdict::NoTests => {
                let at = *unreached.entry(&mutant.function).or_insert_with(|| {
                    found.push(finding(mutant));
                    found.len() - 1
                });
                found[at].unreached.push(mutant);
            }
            _ => {}
        }
    }
    found.sort_by_key(|finding| nearness(finding.mutant));
    // Ids differ in what mutdiff writes; a forged report may repeat one.
    let mut taken: HashMap<String, usize> = HashMap::new();
    for finding in &mut found {
        let own = finding.own_fingerprint();
        let times = taken.entry(own.clone()).or_default();
        *times += 1;
        finding.fingerprint = if *times == 1 { own } else { format!("{own}-{times}") };
    }
    found
}

impl Finding<'_> {
    /// Whether it is about lines that no test reaches.
    pub(super) fn is_unreached(&self) -> bool {
        !self.unreached.is_empty()
    }

    /// Whether the change brought it.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.mutant.change, Some(ChangeOfVerdict::New | ChangeOfVerdict::Regressed))
    }

    /// The operator, or [`NO_TESTS`].
    pub(super) fn rule(&self) -> String {
        if self.is_unreached() {
            NO_TESTS.to_owned()
        } else {
            visible(self.mutant.operator.as_str()).into_owned()
        }
    }

    /// The lines of its mutants.
    pub(super) fn lines(&self) -> Vec<LineRange> {
        if self.is_unreached() {
            self.unreached.iter().map(|mutant| mutant.span.lines()).collect()
        } else {
            vec![self.mutant.span.lines()]
        }
    }

    /// From the first of its mutants' places to the last.
    pub(super) fn span(&self) -> Span {
        let first = self.unreached.iter().map(|m| m.span.start).min();
        let last = self.unreached.iter().map(|m| m.span.end).max();
        let span = self.mutant.span;
        Span { start: first.unwrap_or(span.start), end: last.unwrap_or(span.end), ..span }
    }

    /// A survivor's is its mutant's id. That of unreached lines is their function's, so that one
    /// mutant more or less does not make another finding of it.
    fn own_fingerprint(&self) -> String {
        if !self.is_unreached() {
            return id(self.mutant);
        }
        let function = &self.mutant.function;
        let mut hash = Sha256::new();
        for part in [function.path.as_str(), function.name.as_str(), NO_TESTS] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

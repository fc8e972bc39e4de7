//! What became of a mutant that a remark of ours is about.
//!
//! Invariant: a run that did not decide a mutant changes nothing about its remark.

use std::fmt;

use super::markdown::span;
use super::remark::NAME;
use crate::model::{Conclusion, MutantId, Report, Verdict};

/// Why a remark no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// A test notices the mutant.
    Noticed(String),
    /// Tests do not end with it.
    EndsNever,
    /// It is no mutant any more: the same code, no code, or suppressed.
    NoMutant,
    /// The code that it was about is no part of the change any more.
    Gone,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noticed(test) => write!(f, "{} notices it now.", span(test, NAME)),
            Self::EndsNever => f.write_str("With it, a test does not end now."),
            Self::NoMutant => f.write_str("There is nothing left in it to test."),
            Self::Gone => f.write_str("The code is no longer there, or no longer changed."),
        }
    }
}

/// Where a mutant stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// No test notices it.
    Unnoticed,
    /// It is settled.
    Settled(Settled),
    /// This run did not decide it.
    Unknown,
}

/// What the report says of a mutant.
pub(super) fn fate(report: &Report, id: &MutantId) -> Fate {
    let Some(mutant) = report.mutants.iter().find(|mutant| mutant.id == *id) else {
        return match report.conclusion {
            Conclusion::Passed | Conclusion::Failed | Conclusion::NothingToTest => {
                Fate::Settled(Settled::Gone)
            }
            Conclusion::TestsFail
            | Conclusion::NothingDecided
            | Conclusion::Interrupted
            | Conclusion::Listed => Fate::Unknown,
        };
    };
    match &mutant.verdict {
        Verdict::Survived | Verdict::NoTests => Fate::Unnoticed,
        Verdict::Killed { by } => Fate::Settled(Settled::Noticed(by.as_str().to_owned())),
        Verdict::Timeout { .. } => Fate::Settled(Settled::EndsNever),
        Verdict::Equivalent | Verdict::Suppressed { .. } | Verdict::Invalid { .. } => {
            Fate::Settled(Settled::NoMutant)
        }
        Verdict::NotRun { .. } | Verdict::Error { .. } => Fate::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_verdict_has_its_fate() {
        let report = sample::report();
        let fates: Vec<&str> = report
            .mutants
            .iter()
            .map(|mutant| match fate(&report, &mutant.id) {
                Fate::Unnoticed => "unnoticed",
                Fate::Settled(_) => "settled",
                Fate::Unknown => "unknown",
            })
            .collect();
        assert_eq!(
            fates.join(" "),
            "unnoticed settled unnoticed unnoticed unnoticed settled unnoticed settled settled \
             unknown settled unknown"
        );
    }

    #[test]
    fn a_mutant_is_gone_only_where_the_run_was_whole() {
        let mut report = sample::report();
        let id = report.mutants.remove(0).id;
        assert_eq!(fate(&report, &id), Fate::Settled(Settled::Gone));
        report.conclusion = Conclusion::Interrupted;
        assert_eq!(fate(&report, &id), Fate::Unknown);
    }
}

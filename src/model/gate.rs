//! The gate: which mutants make a run fail.
//!
//! Invariant: a run that was cut short holds no gate but `none`, unless it is asked to; a mutant in
//! changed code that could not be decided counts against it as a survivor does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ChangeOfVerdict, Counts, DecidedMutant, NotRunReason, Reason, Verdict};

/// What makes a run fail: `new`, `all`, `score=80` or `none`, and `,partial` behind it for a run
/// that may be cut short by its budget.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gate {
    /// Which mutants count.
    pub kind: GateKind,
    /// Whether mutants that the budget left out may pass.
    pub partial: bool,
}

/// Which mutants count.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum GateKind {
    /// Those that no test notices in changed code, and those that the base's tests noticed.
    #[default]
    New,
    /// All that no test notices.
    All,
    /// None by itself: the share of noticed mutants must be at least so many percent.
    Score(f64),
    /// None.
    None,
}

/// Why a text is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no gate: new, all, none or score=PERCENT is needed, and `,partial` may follow")]
pub struct GateError(String);

impl Gate {
    /// Whether the verdicts make the run fail.
    pub fn fails(&self, counts: &Counts, mutants: &[DecidedMutant]) -> bool {
        if self.kind == GateKind::None {
            return false;
        }
        self.is_cut_short(mutants)
            || mutants.iter().any(|mutant| self.counts(mutant))
            || self.misses(counts)
    }

    /// Whether a score is asked for, and the counts have less. Neither side is rounded: 29 of 100
    /// meets 29 %, though `0.29 * 100.0` does not.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn misses(&self, counts: &Counts) -> bool {
        let counted = counts.killed + counts.survived + counts.no_tests;
        matches!(self.kind, GateKind::Score(least)
            if counted > 0 && (counts.killed as f64) * 100.0 < least * counted as f64)
    }

    /// Whether mutants that were left out keep the run from passing.
    pub fn is_cut_short(&self, mutants: &[DecidedMutant]) -> bool {
        let left_out = Verdict::NotRun { reason: NotRunReason::Budget };
        !self.partial && mutants.iter().any(|mutant| mutant.verdict == left_out)
    }

    /// Whether one mutant makes the run fail.
    pub fn counts(&self, mutant: &DecidedMutant) -> bool {
        let is_error = matches!(mutant.verdict, Verdict::Error { .. });
        match self.kind {
            GateKind::New => {
                matches!(mutant.change, Some(ChangeOfVerdict::New | ChangeOfVerdict::Regressed))
                    || (is_error && in_changed_code(mutant))
            }
            GateKind::All => mutant.verdict.is_unnoticed() || is_error,
            GateKind::Score(_) => is_error && in_changed_code(mutant),
            GateKind::None => false,
        }
    }
}

fn in_changed_code(mutant: &DecidedMutant) -> bool {
    mutant.reasons.iter().any(|reason| matches!(reason, Reason::Changed))
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            GateKind::New => f.write_str("new")?,
            GateKind::All => f.write_str("all")?,
            GateKind::Score(least) => write!(f, "score={least}")?,
            GateKind::None => f.write_str("none")?,
        }
        f.write_str(if self.partial { ",partial" } else { "" })
    }
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let (word, partial) =
            text.strip_suffix(",partial").map_or((text, false), |word| (word, true));
        let kind = match word {
            "new" => GateKind::New,
            "all" => GateKind::All,
            "none" => GateKind::None,
            _ => {
                let percent = word.strip_prefix("score=").map(|n| n.trim_end_matches('%'));
                let percent = percent.and_then(|percent| percent.parse::<f64>().ok());
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                GateKind::Score(percent.ok_or_else(|| GateError(text.to_owned()))?)
            }
        };
        Ok(Self { kind, partial })
    }
}

impl TryFrom<String> for Gate {
    type Error = GateError;

    fn try_from(text: String) -> Result<Self, GateError> {
        text.parse()
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        gate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    fn mutant(verdict: Verdict, change: Option<ChangeOfVerdict>) -> DecidedMutant {
        let mut mutant = sample::report().mutants.swap_remove(0);
        mutant.verdict = verdict;
        mutant.change = change;
        mutant
    }

    fn fails(text: &str, mutants: &[DecidedMutant]) -> bool {
        gate(text).fails(&Counts::of(mutants), mutants)
    }

    #[test]
    fn gates_are_written_as_they_are_read() {
        for text in ["new", "all", "none", "score=80", "score=66.7,partial", "new,partial"] {
            assert_eq!(gate(text).to_string(), text);
        }
        for text in ["", "New", "score=", "score=101", "score=nan", "partial", "new,part"] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_known_or_unseen_counts_for_all_only() {
        for change in [ChangeOfVerdict::Known, ChangeOfVerdict::Unseen] {
            let survivor = [mutant(Verdict::Survived, Some(change))];
            assert!(!fails("new", &survivor) && fails("all", &survivor), "{change:?}");
        }
        for change in [ChangeOfVerdict::New, ChangeOfVerdict::Regressed] {
            let survivor = [mutant(Verdict::NoTests, Some(change))];
            assert!(fails("new", &survivor) && !fails("none", &survivor), "{change:?}");
        }
    }

    #[test]
    fn what_the_budget_left_out_is_no_pass_unless_that_is_asked_for() {
        let left_out = [mutant(Verdict::NotRun { reason: NotRunReason::Budget }, None)];
        for text in ["new", "all", "score=0"] {
            assert!(fails(text, &left_out), "{text}");
            assert!(!fails(&format!("{text},partial"), &left_out), "{text}");
        }
        assert!(!fails("none", &left_out));
    }

    #[test]
    fn the_score_is_what_counts_for_a_score() {
        let survived = || mutant(Verdict::Survived, Some(ChangeOfVerdict::New));
        let by = crate::model::TestId::new("t.py::test");
        let mutants = [mutant(Verdict::Killed { by }, None), survived()];
        assert!(fails("score=50.1", &mutants) && !fails("score=50", &mutants));
    }

    #[test]
    fn no_score_passes_or_fails_by_rounding() {
        let misses = |text: &str, killed, survived| {
            gate(text).misses(&Counts { killed, survived, ..Counts::default() })
        };
        assert!(misses("score=80", 7999, 2001) && !misses("score=80", 8, 2));
        assert!(misses("score=100", 99_999, 1) && !misses("score=100", 7, 0));
        for killed in 0..=100 {
            assert!(!misses(&format!("score={killed}"), killed, 100 - killed), "{killed}");
        }
    }

    #[test]
    fn an_error_in_changed_code_fails_every_gate_but_none() {
        let error = [mutant(Verdict::Error { message: "x".into() }, None)];
        assert!(["new", "all", "score=0"].iter().all(|text| fails(text, &error)));
        assert!(!fails("none", &error));
    }
}

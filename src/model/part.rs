//! What part of a whole run a report is of.
//!
//! Invariant: a report without a part is of a whole run; one with a part is never taken for one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ContentHash, Report, Timings};

/// What part of a run was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Part {
    /// Mutants that were asked for by their ids.
    Chosen,
    /// A shard's.
    Shard(Box<ShardPart>),
}

/// A shard of a run: the `number`-th of `of`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// More machines than anybody has.
    pub const MOST: u32 = 1000;
}

/// Why a text is no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a shard is written K/N, such as 2/4: K from 1 to N, and N at most {}", Shard::MOST)]
pub struct ShardError;

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (number, of) = text.split_once('/').ok_or(ShardError)?;
        let parse = |text: &str| text.trim().parse::<u32>().map_err(|_| ShardError);
        let (number, of) = (parse(number)?, parse(of)?);
        let is_one = (1..=of).contains(&number) && of <= Self::MOST;
        is_one.then_some(Self { number, of }).ok_or(ShardError)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// What a shard did, and what tells that others belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardPart {
    /// Which.
    #[serde(flatten)]
    pub shard: Shard,
    /// What the plan rests on.
    pub plan: PlanIdentity,
    /// A digest of all mutants of the run and of who decides each; `None` where the run ended before
    /// they were known.
    pub assignment: Option<String>,
    /// How many mutants the whole run has, duplicates among them.
    pub mutants: usize,
    /// Where each mutant of the report stands among them, from 0.
    pub positions: Vec<usize>,
    /// Where each of its duplicates stands.
    pub duplicates: Vec<usize>,
    /// [`Report::digest`], as the shard wrote it down.
    #[serde(default)]
    pub digest: String,
}

impl Report {
    /// A digest of all that a report says, but for times and the texts of files.
    pub fn digest(&self) -> String {
        let mut plain = self.clone();
        (plain.timings, plain.score, plain.sources) = (Timings::default(), None, Vec::new());
        for mutant in &mut plain.mutants {
            mutant.milliseconds = 0.0;
        }
        if let Some(Part::Shard(part)) = &mut plain.part {
            part.digest.clear();
        }
        let json = serde_json::to_vec(&plain).expect("plain data has a JSON form");
        ContentHash::of(&json).to_string()
    }

    /// Writes its digest down, if it is a shard's.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        if matches!(self.part, Some(Part::Shard(_))) {
            let found = self.digest();
            if let Some(Part::Shard(part)) = &mut self.part {
                part.digest = found;
            }
        }
        self
    }
}

/// What must be the same for shards to be of one run, each as a commit, a digest or a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanIdentity {
    /// mutdiff's version.
    pub mutdiff: String,
    /// The commit that the change is measured against.
    pub base: String,
    /// The files that are tested.
    pub head: String,
    /// How far the run looks.
    pub scope: String,
    /// Operators and rules of suppression.
    pub operators: String,
    /// Interpreter, distributions, runner and its arguments; empty where there was nothing to test.
    pub environment: String,
}

impl PlanIdentity {
    /// The first thing in which two plans differ.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        [
            (&self.mutdiff, &other.mutdiff, "version of mutdiff"),
            (&self.base, &other.base, "base"),
            (&self.head, &other.head, "tested files"),
            (&self.scope, &other.scope, "scope or limits"),
            (&self.operators, &other.operators, "operators or rules of suppression"),
            (&self.environment, &other.environment, "environment or arguments for the tests"),
        ]
        .into_iter()
        .find_map(|(one, other, name)| (one != other).then_some(name))
    }
}

/// How the mutants of a run are dealt out: what `mutdiff plan` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShardPlan {
    /// Mutants and expected milliseconds of work of each shard.
    pub shards: Vec<(usize, f64)>,
    /// Mutants whose stored verdict is expected to hold.
    pub standing: usize,
    /// Mutants that were decided before, in this state of the code or another.
    pub decided_before: usize,
    /// Tests with a trace in the store.
    pub tests: usize,
    /// Tests side by side on each machine.
    pub jobs: usize,
    /// Milliseconds that starting and collecting took in the last run, if that is known.
    pub start_up: Option<f64>,
    /// A digest of the durations and verdicts that the plan rests on.
    pub state: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for text in ["0/4", "5/4", "1", "1/0", "a/b", "1/1001", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_differs_is_named() {
        let one = PlanIdentity { base: "a".into(), ..PlanIdentity::default() };
        let other = PlanIdentity { base: "b".into(), ..PlanIdentity::default() };
        assert_eq!(one.difference(&other), Some("base"));
        assert_eq!(one.difference(&one), None);
    }
}

//! The part of a run that one machine does of several: `--shard K/N`.
//!
//! Invariant: who decides what follows from the tree, the options and the store as it was before the run;
//! it is remembered, so that the shards of one plan may also run one after another on one store.

use std::collections::{BTreeMap, HashMap};

use globset::Glob;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::environment::Environment;
use super::planning::{Foundations, Plan, Planned, Route};
use super::run::Run;
use super::scoping::Known;
use super::standing::standing;
use super::subject::Subject;
use super::{LabError, alike};
use crate::config::Options;
use crate::model::{ContentHash, MutantId, PlanIdentity, Shard, ShardPart, TestId};
use crate::schedule::shards;
use crate::store::Store;

/// The note of the plans that this store has seen.
const NOTE: &str = "shards";
/// How many of them are kept.
const KEPT: usize = 4;
/// What a fork of the warm process costs, in microseconds.
const FORK: u64 = 6_000;
/// What a fresh import costs where nothing is known of it.
const IMPORT: u64 = 150_000;
/// What a test takes of which nothing is known.
const TEST: u64 = 5_000;
/// Most mutants are killed before all of their tests have run.
const SHARE: u64 = 3;

/// What the store knew of times before the run.
#[derive(Debug, Default)]
pub(super) struct Times(HashMap<TestId, u64>);

impl Times {
    /// Reads them: tests that the run traces itself have other times on each machine.
    pub(super) fn find(store: &Store) -> Result<Self, LabError> {
        let tests = store.tests()?;
        Ok(Self(tests.into_iter().map(|test| (test.id, test.microseconds)).collect()))
    }

    /// Tests of which a time is known.
    pub(super) fn tests(&self) -> usize {
        self.0.len()
    }

    /// What a mutant is expected to cost, in microseconds, and why.
    pub(super) fn expected(
        &self,
        store: &Store,
        planned: &Planned,
        (known, foundations): (&Known, &Foundations),
    ) -> Result<Expected, LabError> {
        let (tests, start) = match &planned.route {
            Route::Nobody => return Ok(Expected::Nothing),
            Route::Hot(tests) => (tests, FORK),
            Route::Cold(tests) => (tests, IMPORT),
        };
        if standing(store, planned, foundations)?.is_some() {
            return Ok(Expected::Stands);
        }
        if let Some(before) = store.latest_verdict(&planned.mutant.id)? {
            return Ok(Expected::AsBefore(microseconds(before.milliseconds)));
        }
        let time = |&test: &usize| {
            let id = &known.trace.tests()[test].summary.id;
            self.0.get(id).copied().unwrap_or(TEST)
        };
        let all = tests.iter().map(time).fold(0, u64::saturating_add);
        Ok(Expected::ByTests(start.saturating_add(all / SHARE)))
    }
}

/// What a mutant is expected to cost, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// No test runs.
    Nothing,
    /// Its stored verdict holds.
    Stands,
    /// It was decided in another state of the code, and took this.
    AsBefore(u64),
    /// By its tests.
    ByTests(u64),
}

impl Expected {
    /// The time.
    pub(super) fn cost(self) -> u64 {
        match self {
            Self::Nothing | Self::Stands => 0,
            Self::AsBefore(time) | Self::ByTests(time) => time,
        }
    }
}

/// A time in milliseconds as a whole number; one below 0 is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, at least 0")]
pub(super) fn microseconds(milliseconds: f64) -> u64 {
    (milliseconds.max(0.0) * 1000.0) as u64
}

/// Who decides what: the shard (from 0) of each mutant, in the order of the plan.
pub(super) fn dealt(costs: &[u64], mutants: &[Planned], of: usize) -> Vec<usize> {
    shards(costs, |number| &mutants[number].mutant.function, of)
}

/// A plan that this store has seen.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    key: String,
    /// The mutants of each shard.
    shards: Vec<Vec<MutantId>>,
}

/// The shard that a run does.
#[derive(Debug)]
pub(super) struct Sharding {
    shard: Shard,
    identity: PlanIdentity,
    times: Times,
}

impl Sharding {
    /// Before anything is traced; `None` for a run that is not sharded.
    pub(super) fn begin(
        options: &Options,
        subject: &Subject,
        environment: Option<&Environment>,
        store: &Store,
    ) -> Result<Option<Self>, LabError> {
        let Some(shard) = options.shard else { return Ok(None) };
        let identity = identity(options, subject, environment);
        Ok(Some(Self { shard, identity, times: Times::find(store)? }))
    }

    /// What is said of a run that ended before its mutants were known.
    pub(super) fn part(&self) -> ShardPart {
        ShardPart {
            shard: self.shard,
            plan: self.identity.clone(),
            assignment: None,
            mutants: 0,
            positions: Vec::new(),
            duplicates: Vec::new(),
            digest: String::new(),
        }
    }

    /// What is said of a change that holds nothing to mutate.
    pub(super) fn of_nothing(&self) -> ShardPart {
        ShardPart { assignment: Some(digest_of(&[], &[])), ..self.part() }
    }

    /// Leaves the shard's own mutants in the plan. `stands` tells which mutant stands for each, where
    /// that is known; then who decides what is remembered.
    pub(super) fn narrow(
        &self,
        store: &mut Store,
        plan: &mut Plan,
        known: &Known,
        stands: Option<&[usize]>,
    ) -> Result<ShardPart, LabError> {
        let of = self.shard.of as usize;
        let mut seen = remembered(store)?;
        let key = self.key();
        let mut dealt = match seen.iter().find(|plan| plan.key == key) {
            Some(before) => again(before, &plan.mutants, of),
            None => {
                let mut costs = Vec::with_capacity(plan.mutants.len());
                for planned in &plan.mutants {
                    let about = (known, &plan.foundations);
                    costs.push(self.times.expected(store, planned, about)?.cost());
                }
                for (number, &stand) in stands.into_iter().flatten().enumerate() {
                    if stand != number {
                        costs[number] = 0;
                    }
                }
                let dealt = dealt(&costs, &plan.mutants, of);
                if stands.is_some() {
                    let mut shards = vec![Vec::new(); of];
                    for (planned, &shard) in plan.mutants.iter().zip(&dealt) {
                        shards[shard].push(planned.mutant.id.clone());
                    }
                    seen.insert(0, Remembered { key, shards });
                    seen.truncate(KEPT);
                    let bytes = serde_json::to_vec(&seen).expect("plain data has a JSON form");
                    store.put_note(NOTE, &bytes)?;
                }
                dealt
            }
        };
        // Those that compile to the same code are decided by one of them.
        if let Some(stands) = stands {
            dealt = stands.iter().map(|&number| dealt[number]).collect();
        }
        let assignment = digest_of(&plan.mutants, &dealt);
        let own = self.shard.number as usize - 1;
        let positions = (0..dealt.len()).filter(|&at| dealt[at] == own).collect();
        let mutants = dealt.len();
        let mut shard = dealt.into_iter();
        plan.mutants.retain(|_| shard.next() == Some(own));
        Ok(ShardPart { assignment: Some(assignment), mutants, positions, ..self.part() })
    }

    fn key(&self) -> String {
        let json = serde_json::to_vec(&(&self.identity, self.shard.of));
        ContentHash::of(&json.expect("plain data has a JSON form")).to_string()
    }
}

/// Which mutant stands for each of the run's: those that are decided together may not be parted.
pub(super) fn classes(
    run: &Run<'_>,
    subject: &Subject,
    store: &Store,
    plan: &Plan,
) -> Result<Vec<usize>, LabError> {
    let mut digests = Vec::with_capacity(plan.mutants.len());
    for planned in &plan.mutants {
        let stored = standing(store, planned, &plan.foundations)?;
        digests.push(stored.and_then(|stored| stored.code));
    }
    let is_asked = |&number: &usize| {
        digests[number].is_none() && plan.mutants[number].mutant.suppressed.is_none()
    };
    let todo: Vec<usize> = (0..plan.mutants.len()).filter(is_asked).collect();
    if !todo.is_empty() {
        for (number, code) in alike::ask(run, subject, &plan.mutants, &todo)? {
            digests[number] = Some(code.digest);
        }
    }
    Ok(alike::folded(&plan.mutants, &digests))
}

/// What stands for all mutants of a run and who decides each.
fn digest_of(mutants: &[Planned], dealt: &[usize]) -> String {
    let mut hash = Sha256::new();
    for (planned, shard) in mutants.iter().zip(dealt) {
        hash.update(planned.mutant.id.as_str().as_bytes());
        hash.update((*shard as u64).to_le_bytes());
    }
    ContentHash::new(hash.finalize().into()).to_string()
}

fn remembered(store: &Store) -> Result<Vec<Remembered>, LabError> {
    let bytes = store.note(NOTE)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// A plan that was made before, for the mutants that there are now. One that was not there then falls
/// to a shard by its id, which depends on nothing else.
fn again(before: &Remembered, mutants: &[Planned], of: usize) -> Vec<usize> {
    let known: BTreeMap<&MutantId, usize> = before
        .shards
        .iter()
        .enumerate()
        .flat_map(|(shard, ids)| ids.iter().map(move |id| (id, shard)))
        .collect();
    let by_id = |id: &MutantId| {
        let digest = ContentHash::of(id.as_str().as_bytes());
        usize::from(digest.as_bytes()[0]) * 256 + usize::from(digest.as_bytes()[1])
    };
    let shard = |planned: &Planned| {
        let id = &planned.mutant.id;
        known.get(id).copied().unwrap_or_else(|| by_id(id) % of)
    };
    mutants.iter().map(shard).collect()
}

/// What must be the same for shards to be of one run. Limits of memory and the number of jobs may be
/// each machine's own.
pub(super) fn identity(
    options: &Options,
    subject: &Subject,
    environment: Option<&Environment>,
) -> PlanIdentity {
    let mut files = Sha256::new();
    for (path, content) in subject.files.iter().chain(&subject.data).chain(subject.prose()) {
        files.update(path.as_str().as_bytes());
        files.update([0]);
        files.update(content.as_bytes());
    }
    let mut operators = Sha256::new();
    operators.update([u8::from(subject.selection.requires_reasons())]);
    operators.update(format!("{:?}", options.type_check));
    for id in subject.selection.ids() {
        operators.update(id.as_bytes());
        operators.update([0]);
    }
    let depth = options.depth.map_or(String::new(), |depth| format!(" to depth {depth}"));
    let failing = if options.allow_failing { ", failing tests left out" } else { "" };
    let excluded: Vec<&str> = options.exclude.iter().map(Glob::glob).collect();
    let excluded = if excluded.is_empty() {
        String::new()
    } else {
        format!(" without {}", excluded.join(", "))
    };
    let deadline = &options.deadline;
    PlanIdentity {
        mutdiff: env!("CARGO_PKG_VERSION").to_owned(),
        base: subject.base.merge_base.clone(),
        head: ContentHash::new(files.finalize().into()).to_string(),
        scope: format!(
            "{}{depth}{failing}{excluded}, deadline {} × + {:?}",
            options.scope, deadline.factor, deadline.floor
        ),
        operators: ContentHash::new(operators.finalize().into()).to_string(),
        environment: environment.map(|found| found.key.0.clone()).unwrap_or_default(),
    }
}

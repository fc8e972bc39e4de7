//! What a run would do, without doing it: `mutdiff --list` and `mutdiff plan`.
//!
//! Invariant: starts no Python; what is not traced yet is not known, and that is said.

use sha2::{Digest, Sha256};

use super::against::AgainstBase;
use super::assembling::{Parts, decided, not_run, report};
use super::change::Change;
use super::choosing::Chosen;
use super::clock::Clock;
use super::deciding::Decision;
use super::environment::Environment;
use super::planning::{Plan, Planned, plan};
use super::running::{known, narrowed};
use super::scoping::{Known, scope};
use super::sharding::{Expected, Sharding, Times, dealt, microseconds};
use super::subject::Subject;
use super::{Events, LabError, showing};
use crate::config::Options;
use crate::model::{
    Conclusion, ContentHash, NotRunReason, Notice, Part, Phase, Report, Shard, ShardPlan,
};
use crate::schedule::how_many;
use crate::store::Store;

/// What is known before a run.
struct Prepared {
    subject: Subject,
    store: Store,
    change: Change,
    known: Known,
    plan: Plan,
    parts: Parts,
    sharding: Option<Sharding>,
}

/// `weighed` plans say which stored verdicts hold, too.
fn prepare(options: &Options, weighed: bool, events: &dyn Events) -> Result<Prepared, LabError> {
    events.phase(Phase::Plan, None);
    let (mut subject, mut store) = Subject::open(options)?;
    let change = Change::find(options, &subject)?;
    subject.load_functions(&mut store)?;
    let environment = Environment::remembered(options, &subject, &store)?;
    let sharding = Sharding::begin(options, &subject, environment.as_ref(), &store)?;
    let known = known(&subject, &store)?;
    let mut parts = Parts { conclusion: Some(Conclusion::Listed), ..Parts::default() };
    if known.trace.tests().is_empty() {
        parts.notices.push(Notice {
            code: "no_trace".into(),
            message: "no tests were traced here yet, so callers are not known: a run finds them"
                .into(),
        });
    }
    let chosen = Chosen::find(options, &mut subject, &store)?;
    let scoped = scope(options, &mut subject, &change, &known)?;
    parts.notices.extend(scoped.notices);
    parts.calls = scoped.calls;
    let functions = narrowed(scoped.functions, chosen.as_ref(), &mut parts);
    let environment = environment.filter(|_| weighed || sharding.is_some());
    if environment.is_some() {
        subject.load_leads(&mut store)?;
    }
    let plan =
        plan(options, &mut subject, environment.as_ref(), &functions, &known, chosen.as_ref())?;
    Ok(Prepared { subject, store, change, known, plan, parts, sharding })
}

/// The plan: scope with reasons, mutants; starts no Python.
///
/// # Errors
/// When the repository, its base or the store cannot be read.
pub fn list(options: &Options, events: &dyn Events) -> Result<Report, LabError> {
    let mut clock = Clock::start();
    let Prepared { subject, mut store, change, known, mut plan, mut parts, sharding } =
        prepare(options, false, events)?;
    if let Some(sharding) = sharding {
        let part = sharding.narrow(&mut store, &mut plan, &known, None)?;
        parts.part = Some(Part::Shard(Box::new(part)));
    }
    let turn = not_run(NotRunReason::NotAsked);
    let against = AgainstBase::default();
    let listed = |mutant: &Planned| match mutant.suppressed() {
        Some(verdict) => decided(mutant, &Decision { verdict, ..turn.clone() }, false, &against),
        None => decided(mutant, &turn, false, &against),
    };
    parts.mutants = plan.mutants.iter().map(listed).collect();
    parts.functions = plan.functions;
    parts.notices.extend(plan.notices);
    Ok(report(options, &subject, &change, parts, &mut clock))
}

/// How many shards are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShardCount {
    /// So many.
    Given(u32),
    /// As many as let each machine end within so many milliseconds.
    Target(f64),
}

/// How the mutants of a run would be dealt out, by what the store knows.
///
/// # Errors
/// As [`list`]; [`LabError::NoTimes`] where a target is given and nothing is known of times.
pub fn plan_shards(
    options: &Options,
    count: ShardCount,
    events: &dyn Events,
) -> Result<ShardPlan, LabError> {
    let Prepared { subject, store, known, plan, .. } = prepare(options, true, events)?;
    let times = Times::find(&store)?;
    if times.tests() == 0 && matches!(count, ShardCount::Target(_)) {
        return Err(LabError::NoTimes { root: subject.root });
    }
    let mut found = ShardPlan { tests: times.tests(), ..ShardPlan::default() };
    let mut costs = Vec::with_capacity(plan.mutants.len());
    let mut state = Sha256::new();
    for planned in &plan.mutants {
        let expected = times.expected(&store, planned, (&known, &plan.foundations))?;
        found.standing += usize::from(expected == Expected::Stands);
        found.decided_before += usize::from(matches!(expected, Expected::AsBefore(_)));
        costs.push(expected.cost());
        state.update(planned.mutant.id.as_str().as_bytes());
        state.update(expected.cost().to_le_bytes());
    }
    found.state = ContentHash::new(state.finalize().into()).to_string();
    found.jobs = options.jobs.get();
    found.start_up = start_up(&store);
    let total: u64 = costs.iter().sum();
    let of = match count {
        ShardCount::Given(of) => of as usize,
        ShardCount::Target(target) => {
            // Where starting alone takes longer, more machines would not help.
            let free = (target - found.start_up.unwrap_or(0.0)).max(target / 4.0);
            let most = plan.mutants.len().clamp(1, MOST_JOBS.min(Shard::MOST as usize));
            how_many(total, microseconds(free * found.jobs as f64), most)
        }
    };
    found.shards = vec![(0, 0.0); of.max(1)];
    for (shard, cost) in dealt(&costs, &plan.mutants, of).into_iter().zip(costs) {
        let (mutants, milliseconds) = &mut found.shards[shard];
        *mutants += 1;
        *milliseconds += std::time::Duration::from_micros(cost).as_secs_f64() * 1000.0;
    }
    Ok(found)
}

/// As many jobs as a matrix of GitHub's may have.
const MOST_JOBS: usize = 256;

/// What starting and collecting took in the last run that did.
fn start_up(store: &Store) -> Option<f64> {
    let last = showing::read(&store.last_report().ok()??.json).ok()?;
    let is_it = |phase: Phase| matches!(phase, Phase::StartUp | Phase::Collection);
    let phases = last.timings.phases.iter().filter(|time| is_it(time.phase));
    let sum: f64 = phases.map(|time| time.milliseconds).sum();
    (sum > 0.0).then_some(sum)
}

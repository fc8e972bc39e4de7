//! The reports of shards, put together as the report of the whole run.
//!
//! Invariant: every mutant of the run is in it once, in the order of the run; shards of another run, and a
//! missing one, are errors and never a report.

use std::collections::BTreeMap;

use crate::model::{
    Conclusion, Counts, DecidedMutant, DuplicateMutant, Gate, Notice, Part, Phase, PhaseTime,
    Report, Shard, ShardPart, Timings,
};

/// The notice of a shard whose gate can be judged of the whole only.
pub const GATE_OF_A_SHARD: &str = "gate_of_a_shard";

/// Why reports are not put together. Reports are called by the names that they were given with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no report to merge")]
    Nothing,
    /// A report of a whole run, or of mutants that were asked for.
    #[error("{name} is not the report of a shard")]
    NotAShard {
        /// Which.
        name: String,
    },
    /// Shards of different runs.
    #[error("{one} and {other} are of different plans: they have not the same {what}")]
    Mixed {
        /// Of one run.
        one: String,
        /// Of the other.
        other: String,
        /// In what they differ.
        what: &'static str,
    },
    /// Shards that dealt out different mutants.
    #[error("{one} and {other} are of one plan, and did not find the same mutants")]
    OtherMutants {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// A report that was changed after its shard had written it.
    #[error("{name} was edited: {what}")]
    Edited {
        /// Which.
        name: String,
        /// How that shows.
        what: &'static str,
    },
    /// A report whose mutants do not fit its own plan.
    #[error("{name} is damaged: its mutants are not those of its shard")]
    Damaged {
        /// Which.
        name: String,
    },
    /// Shards that were not given.
    #[error("missing: shard {}", list(missing))]
    Missing {
        /// Which.
        missing: Vec<Shard>,
    },
}

fn list(shards: &[Shard]) -> String {
    shards.iter().map(Shard::to_string).collect::<Vec<_>>().join(", ")
}

/// A report of a shard.
struct Of<'r> {
    name: &'r str,
    report: &'r Report,
    part: &'r ShardPart,
}

/// A mutant, as a report has it.
enum Place<'r> {
    Mutant(&'r DecidedMutant),
    Duplicate(&'r DuplicateMutant),
}

/// The report of the whole, judged by `gate`, or by that of the shards.
///
/// # Errors
///
/// [`MergeError`].
pub fn merged(reports: &[(String, Report)], gate: Option<Gate>) -> Result<Report, MergeError> {
    let shards = chosen(reports, gate)?;
    let whole = shards.iter().find(|of| of.part.assignment.is_some()).unwrap_or(&shards[0]);
    let mut places: Vec<Option<Place<'_>>> = (0..whole.part.mutants).map(|_| None).collect();
    for of in shards.iter().filter(|of| of.part.assignment.is_some()) {
        if of.part.assignment != whole.part.assignment {
            let (one, other) = (whole.name.to_owned(), of.name.to_owned());
            return Err(MergeError::OtherMutants { one, other });
        }
        let damaged = || MergeError::Damaged { name: of.name.to_owned() };
        let ShardPart { positions, duplicates, .. } = of.part;
        let Report { mutants, duplicates: folded, .. } = of.report;
        if positions.len() != mutants.len() || duplicates.len() != folded.len() {
            return Err(damaged());
        }
        let mutants = positions.iter().zip(mutants.iter().map(Place::Mutant));
        let folded = duplicates.iter().zip(folded.iter().map(Place::Duplicate));
        for (&at, found) in mutants.chain(folded) {
            let place = places.get_mut(at).filter(|place| place.is_none()).ok_or_else(damaged)?;
            *place = Some(found);
        }
    }
    let ended = [Conclusion::TestsFail, Conclusion::Interrupted]
        .into_iter()
        .find(|early| shards.iter().any(|of| of.report.conclusion == *early));
    if ended.is_none() && places.iter().any(Option::is_none) {
        return Err(MergeError::Damaged { name: whole.name.to_owned() });
    }
    let mut report = Report { part: None, ..whole.report.clone() };
    (report.mutants, report.duplicates) = (Vec::new(), Vec::new());
    for place in places.into_iter().flatten() {
        match place {
            Place::Mutant(mutant) => report.mutants.push(mutant.clone()),
            Place::Duplicate(duplicate) => report.duplicates.push(duplicate.clone()),
        }
    }
    report.gate = gate.unwrap_or(report.gate);
    for of in &shards {
        unite(&mut report, of.report);
    }
    report.notices.retain(|notice| notice.code != GATE_OF_A_SHARD);
    report.timings = timings(shards.iter().map(|of| &of.report.timings));
    report.counts = Counts { duplicates: report.duplicates.len(), ..Counts::of(&report.mutants) };
    report.score = report.counts.score();
    report.conclusion = ended.unwrap_or_else(|| {
        Conclusion::of(report.gate, &report.counts, &report.mutants, &report.skipped_files)
    });
    Ok(report)
}

/// One report of each shard, by number. Where one was run again, the report that says more counts, and
/// among equals the one that was named last.
fn chosen(reports: &[(String, Report)], gate: Option<Gate>) -> Result<Vec<Of<'_>>, MergeError> {
    let mut first: Option<Of<'_>> = None;
    let mut found: BTreeMap<u32, Of<'_>> = BTreeMap::new();
    for (name, report) in reports {
        let Some(Part::Shard(part)) = &report.part else {
            return Err(MergeError::NotAShard { name: name.clone() });
        };
        let of = || Of { name, report, part };
        let first = first.get_or_insert_with(of);
        let is_judged_alike = gate.is_some() || first.report.gate == report.gate;
        let other_count = first.part.shard.of != part.shard.of;
        let what = other_count
            .then_some("number of shards")
            .or_else(|| first.part.plan.difference(&part.plan))
            .or_else(|| (!is_judged_alike).then_some("gate"));
        if let Some(what) = what {
            let (one, other) = (first.name.to_owned(), name.clone());
            return Err(MergeError::Mixed { one, other, what });
        }
        // Behind the plans: another version of mutdiff may write another digest.
        let counts = Counts { duplicates: report.duplicates.len(), ..Counts::of(&report.mutants) };
        let what = if counts != report.counts {
            Some("its counts are not those of its mutants")
        } else if part.digest != report.digest() {
            Some("it does not say what its shard found")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(MergeError::Edited { name: name.clone(), what });
        }
        let says_less = |known: &Of<'_>| left_open(known) < left_open(&of());
        if !found.get(&part.shard.number).is_some_and(says_less) {
            found.insert(part.shard.number, of());
        }
    }
    let of = first.ok_or(MergeError::Nothing)?.part.shard.of;
    let missing: Vec<Shard> = (1..=of)
        .filter(|number| !found.contains_key(number))
        .map(|number| Shard { number, of })
        .collect();
    if missing.is_empty() {
        Ok(found.into_values().collect())
    } else {
        Err(MergeError::Missing { missing })
    }
}

/// How much a report leaves open: whether it ended early, and how many mutants had no turn.
fn left_open(of: &Of<'_>) -> (bool, usize) {
    let Counts { not_run, error, .. } = of.report.counts;
    (of.part.assignment.is_none(), not_run + error)
}

/// Adds what is not in the report yet.
fn unite(report: &mut Report, other: &Report) {
    fn add<T: Clone>(to: &mut Vec<T>, from: &[T], is_same: impl Fn(&T, &T) -> bool) {
        for item in from {
            if !to.iter().any(|known| is_same(known, item)) {
                to.push(item.clone());
            }
        }
    }
    add(&mut report.notices, &other.notices, |a: &Notice, b| a == b);
    add(&mut report.failing_tests, &other.failing_tests, |a, b| a.test == b.test);
    add(&mut report.sources, &other.sources, |a, b| a.path == b.path);
    for skipped in &other.skipped_files {
        match report.skipped_files.iter_mut().find(|known| known.path == skipped.path) {
            Some(known) => known.holds_change |= skipped.holds_change,
            None => report.skipped_files.push(skipped.clone()),
        }
    }
}

/// Shards run side by side: the wall time is that of the longest, and work is summed.
fn timings<'t>(all: impl Iterator<Item = &'t Timings>) -> Timings {
    let mut whole = Timings::default();
    let mut phases: Vec<(Phase, f64)> = Vec::new();
    for timings in all {
        whole.wall_milliseconds = whole.wall_milliseconds.max(timings.wall_milliseconds);
        whole.jobs += timings.jobs;
        for time in &timings.phases {
            match phases.iter_mut().find(|(phase, _)| *phase == time.phase) {
                Some((_, sum)) => *sum += time.milliseconds,
                None => phases.push((time.phase, time.milliseconds)),
            }
        }
        whole.collection = whole.collection.or_else(|| timings.collection.clone());
    }
    whole.phases =
        phases.into_iter().map(|(phase, milliseconds)| PhaseTime { phase, milliseconds }).collect();
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NotRunReason, PlanIdentity, Verdict};
    use crate::report::sample;

    /// The sample's mutants dealt out by turns.
    fn shards(of: u32) -> Vec<(String, Report)> {
        let whole = sample::report();
        (1..=of)
            .map(|number| {
                let mut report = whole.clone();
                let positions: Vec<usize> = (0..whole.mutants.len())
                    .filter(|at| at % of as usize == number as usize - 1)
                    .collect();
                let duplicates = if number == of { vec![whole.mutants.len()] } else { Vec::new() };
                report.duplicates.truncate(duplicates.len());
                report.mutants = positions.iter().map(|&at| whole.mutants[at].clone()).collect();
                report.counts = Counts::of(&report.mutants);
                report.part = Some(Part::Shard(Box::new(ShardPart {
                    shard: Shard { number, of },
                    plan: PlanIdentity { base: "b".into(), ..PlanIdentity::default() },
                    assignment: Some("a".into()),
                    mutants: whole.mutants.len() + whole.duplicates.len(),
                    positions,
                    duplicates,
                    digest: String::new(),
                })));
                let duplicates = report.duplicates.len();
                report.counts.duplicates = duplicates;
                (format!("{number}.json"), report.sealed())
            })
            .collect()
    }

    fn part(report: &mut Report) -> &mut ShardPart {
        match &mut report.part {
            Some(Part::Shard(part)) => part,
            _ => panic!("a shard"),
        }
    }

    /// As a shard would have written it.
    fn seal(report: &mut Report) {
        let duplicates = report.duplicates.len();
        report.counts = Counts { duplicates, ..Counts::of(&report.mutants) };
        *report = report.clone().sealed();
    }

    #[test]
    fn an_edited_report_is_refused_by_its_name() {
        let said = |change: fn(&mut Report)| {
            let mut reports = shards(2);
            change(&mut reports[1].1);
            merged(&reports, None).unwrap_err().to_string()
        };
        let edited = "2.json was edited: it does not say what its shard found";
        assert_eq!(
            said(|r| r.mutants[0].verdict = Verdict::Equivalent),
            "2.json was edited: its counts are not those of its mutants"
        );
        assert_eq!(said(|r| r.counts.killed += 1), said(|r| r.counts.reused += 1));
        assert_eq!(
            said(|r| {
                r.mutants[0].verdict = Verdict::Equivalent;
                r.counts = Counts { duplicates: r.counts.duplicates, ..Counts::of(&r.mutants) };
            }),
            edited
        );
        assert_eq!(said(|r| r.mutants[0].id = crate::model::MutantId::from_text("00")), edited);
        assert_eq!(said(|r| r.mutants[1].change = None), edited);
        assert_eq!(said(|r| r.conclusion = Conclusion::NothingToTest), edited);
        assert_eq!(said(|r| part(r).digest.clear()), edited);
        // Times may be rounded, and texts of files come later.
        let mut reports = shards(2);
        reports[1].1.mutants[0].milliseconds += 0.5;
        reports[1].1.sources.clear();
        assert!(merged(&reports, None).is_ok());
    }

    #[test]
    fn shards_in_any_order_are_the_whole() {
        let whole = sample::report();
        for of in 1..=16 {
            let mut reports = shards(of);
            reports.reverse();
            let merged = merged(&reports, None).unwrap();
            assert_eq!(merged.mutants, whole.mutants);
            assert_eq!(merged.duplicates, whole.duplicates);
            assert_eq!((merged.counts, merged.score), (whole.counts, whole.score));
            assert_eq!(merged.conclusion, whole.conclusion);
            assert_eq!(merged.functions, whole.functions);
            assert_eq!((merged.notices, merged.part), (whole.notices.clone(), None));
        }
    }

    #[test]
    fn missing_shards_are_named() {
        let mut reports = shards(4);
        reports.remove(2);
        reports.remove(0);
        let error = merged(&reports, None).unwrap_err();
        assert_eq!(error.to_string(), "missing: shard 1/4, 3/4");
        assert_eq!(merged(&[], None), Err(MergeError::Nothing));
    }

    #[test]
    fn shards_of_different_plans_are_refused_and_what_differs_is_said() {
        let said = |change: fn(&mut Report)| {
            let mut reports = shards(2);
            change(&mut reports[1].1);
            seal(&mut reports[1].1);
            merged(&reports, None).unwrap_err().to_string()
        };
        insta::assert_snapshot!(said(|r| part(r).plan.base = "c".into()), @"1.json and 2.json are of different plans: they have not the same base");
        insta::assert_snapshot!(said(|r| part(r).shard.of = 3), @"1.json and 2.json are of different plans: they have not the same number of shards");
        insta::assert_snapshot!(said(|r| r.gate = "all".parse().unwrap()), @"1.json and 2.json are of different plans: they have not the same gate");
        insta::assert_snapshot!(said(|r| part(r).assignment = Some("b".into())), @"1.json and 2.json are of one plan, and did not find the same mutants");
        insta::assert_snapshot!(said(|r| { r.mutants.pop(); }), @"2.json is damaged: its mutants are not those of its shard");
        insta::assert_snapshot!(said(|r| part(r).positions[0] = 0), @"2.json is damaged: its mutants are not those of its shard");
        insta::assert_snapshot!(said(|r| r.part = None), @"2.json is not the report of a shard");
        insta::assert_snapshot!(said(|r| r.part = Some(Part::Chosen)), @"2.json is not the report of a shard");
    }

    #[test]
    fn a_gate_of_the_merge_s_own_replaces_those_of_the_shards() {
        let mut reports = shards(2);
        reports[1].1.gate = "all".parse().unwrap();
        seal(&mut reports[1].1);
        let whole = merged(&reports, Some("none".parse().unwrap())).unwrap();
        assert_eq!(whole.conclusion, Conclusion::Passed);
    }

    #[test]
    fn of_a_shard_that_was_run_again_the_report_that_says_more_counts() {
        let reports = shards(2);
        let mut died = reports[0].clone();
        for mutant in &mut died.1.mutants {
            mutant.verdict = Verdict::NotRun { reason: NotRunReason::Interrupted };
        }
        seal(&mut died.1);
        let expected = merged(&reports, None).unwrap();
        for all in
            [[vec![died.clone()], reports.clone()].concat(), [reports.clone(), vec![died]].concat()]
        {
            assert_eq!(merged(&all, None).unwrap().mutants, expected.mutants);
        }
    }

    #[test]
    fn tests_that_fail_on_one_machine_fail_the_whole() {
        let mut reports = shards(2);
        let failing = &mut reports[1].1;
        failing.conclusion = Conclusion::TestsFail;
        failing.mutants.clear();
        *part(failing) = ShardPart {
            assignment: None,
            positions: Vec::new(),
            mutants: 0,
            duplicates: Vec::new(),
            ..part(failing).clone()
        };
        failing.duplicates.clear();
        seal(failing);
        assert_eq!(merged(&reports, None).unwrap().conclusion, Conclusion::TestsFail);
    }
}

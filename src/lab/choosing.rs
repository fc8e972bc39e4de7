//! The mutants that a run was asked for by their ids: `mutdiff run ID…`.
//!
//! Invariant: what is found is a mutant of the present code; an id that fits several, or none, ends the
//! run before anything is started.

use std::collections::{BTreeMap, BTreeSet};

use super::subject::Subject;
use super::{LabError, report_state, showing};
use crate::config::Options;
use crate::model::{
    Conclusion, Counts, DecidedMutant, FunctionKey, MutantId, Notice, Reason, Reasons, RepoPath,
    Report, ScopedFunction,
};
use crate::mutate;
use crate::store::Store;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    ids: BTreeSet<MutantId>,
    functions: BTreeMap<FunctionKey, Reasons>,
    /// What the reader should know of them.
    pub notices: Vec<Notice>,
}

impl Chosen {
    /// Finds them: in the last report, as `mutdiff show` does, else among all mutants of the project.
    /// `None` where none was asked for.
    pub(super) fn find(
        options: &Options,
        subject: &mut Subject,
        store: &Store,
    ) -> Result<Option<Self>, LabError> {
        if options.only.is_empty() {
            return Ok(None);
        }
        let mut chosen = Self::default();
        let last = match last(store) {
            Some(last) => {
                chosen.notices.extend(report_state::notice(subject, store, &last)?);
                last.all_mutants()
            }
            None => Vec::new(),
        };
        let mut everything: Option<BTreeMap<MutantId, FunctionKey>> = None;
        for id in &options.only {
            let known: Vec<&DecidedMutant> =
                last.iter().filter(|m| m.id.as_str().starts_with(id.as_str())).collect();
            let known = match known.as_slice() {
                [] => None,
                [one] => Some(*one),
                several => {
                    let candidates = several.iter().map(|mutant| mutant.id.clone()).collect();
                    return Err(LabError::AmbiguousMutant { id: id.clone(), candidates });
                }
            };
            if let Some(known) = known {
                chosen.take_known(subject, known)?;
                continue;
            }
            let everything = match &mut everything {
                Some(found) => found,
                None => everything.insert(all(subject)?),
            };
            let is_meant =
                |(found, _): &(&MutantId, &FunctionKey)| found.as_str().starts_with(id.as_str());
            let found: Vec<_> = everything.iter().filter(is_meant).collect();
            match found.as_slice() {
                [] => return Err(LabError::UnknownMutant { id: id.clone() }),
                [(found, function)] => {
                    chosen.ids.insert((*found).clone());
                    chosen.functions.entry((*function).clone()).or_default();
                }
                several => {
                    let candidates = several.iter().map(|(id, _)| (*id).clone()).collect();
                    return Err(LabError::AmbiguousMutant { id: id.clone(), candidates });
                }
            }
        }
        Ok(Some(chosen))
    }

    /// A mutant of the last run, if the present code has it.
    fn take_known(&mut self, subject: &mut Subject, known: &DecidedMutant) -> Result<(), LabError> {
        let path = &known.function.path;
        let module = if subject.files.contains_key(path) { subject.module(path)? } else { None };
        let now = module.and_then(|module| {
            let in_function = |key: &FunctionKey| *key == known.function;
            mutate::mutants(&module, &in_function, &subject.selection)
                .into_iter()
                .find(|mutant| mutant.id == known.id)
        });
        let Some(now) = now else {
            let (id, function) = (known.id.clone(), known.function.to_string());
            return Err(LabError::MutantGone { id, function });
        };
        if (&now.original, &now.replacement) != (&known.original, &known.replacement) {
            self.notices.push(Notice {
                code: "other_mutant".into(),
                message: format!(
                    "{} is another mutant than in the last run, since {} has changed: `{}` for \
                     `{}`, and no more `{}` for `{}`",
                    known.id,
                    known.function.name,
                    now.replacement,
                    now.original,
                    known.replacement,
                    known.original
                ),
            });
        }
        self.ids.insert(known.id.clone());
        self.functions.insert(known.function.clone(), known.reasons.clone());
        Ok(())
    }

    /// Whether a mutant was asked for.
    pub(super) fn has(&self, id: &MutantId) -> bool {
        self.ids.contains(id)
    }

    /// Their functions, with the reasons of the present scope where they are in it.
    pub(super) fn functions(&self, scope: Vec<ScopedFunction>) -> Vec<ScopedFunction> {
        let mut found: Vec<ScopedFunction> = scope
            .into_iter()
            .filter(|scoped| self.functions.contains_key(&scoped.function))
            .collect();
        let inside: BTreeSet<FunctionKey> =
            found.iter().map(|scoped| scoped.function.clone()).collect();
        let outside = self.functions.iter().filter(|(function, _)| !inside.contains(*function));
        found.extend(outside.map(|(function, reasons)| ScopedFunction {
            function: function.clone(),
            reasons: if reasons.is_empty() { vec![Reason::Asked] } else { reasons.clone() },
            changed_lines: Vec::new(),
        }));
        found
    }
}

/// The report of the last run, if there is one that can be read.
fn last(store: &Store) -> Option<Report> {
    let last = store.last_report().ok()??;
    showing::read(&last.json).ok()
}

/// Every mutant of the project.
fn all(subject: &mut Subject) -> Result<BTreeMap<MutantId, FunctionKey>, LabError> {
    let paths: Vec<RepoPath> =
        subject.files.keys().filter(|path| subject.is_mutated(path)).cloned().collect();
    let mut found = BTreeMap::new();
    for path in paths {
        let Some(module) = subject.module(&path)? else { continue };
        let mutants = mutate::mutants(&module, &|_| true, &subject.selection);
        found.extend(mutants.into_iter().map(|mutant| (mutant.id, mutant.function)));
    }
    Ok(found)
}

/// The last report with what became of the mutants that were asked for, so that the others can still
/// be shown and chosen; `report` itself where the last one is of something else.
pub(super) fn joined(
    subject: &Subject,
    store: &Store,
    report: &Report,
) -> Result<Report, LabError> {
    let Some(mut last) = last(store) else { return Ok(report.clone()) };
    if !report_state::is_same(subject, store, &last)? {
        return Ok(report.clone());
    }
    let same_base = last.base.commit == report.base.commit;
    for decided in &report.mutants {
        match last.mutants.iter_mut().find(|known| known.id == decided.id) {
            Some(known) => {
                let change = match (same_base, decided.verdict.is_unnoticed()) {
                    (true, _) => decided.change,
                    (false, true) => known.change,
                    (false, false) => None,
                };
                *known = DecidedMutant { change, ..decided.clone() };
            }
            None if last.duplicates.iter().any(|known| known.id == decided.id) => {}
            None => last.mutants.push(decided.clone()),
        }
    }
    for scoped in &report.functions {
        if last.functions.iter().all(|known| known.function != scoped.function) {
            last.functions.push(scoped.clone());
        }
    }
    last.counts = Counts { duplicates: last.duplicates.len(), ..Counts::of(&last.mutants) };
    last.score = last.counts.score();
    if matches!(
        last.conclusion,
        Conclusion::Passed | Conclusion::Failed | Conclusion::NothingToTest
    ) {
        last.conclusion =
            Conclusion::of(last.gate, &last.counts, &last.mutants, &last.skipped_files);
    }
    Ok(last)
}

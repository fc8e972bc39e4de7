//! Verdicts against the base's: what is new, what has got worse, what was so before.
//!
//! Invariant: a base's verdict is taken for a mutant only if it was recorded for the very tree of
//! the merge base, and for the same replacement at the same place; in a file that changed, the same
//! place is a line that did not.

use std::collections::HashMap;

use super::LabError;
use super::change::{BaseSide, Change};
use super::planning::{Planned, is_changed};
use super::subject::Subject;
use crate::git::{Head, Hunk};
use crate::model::{
    ChangeOfVerdict, DecidedMutant, LineRange, Mutant, MutantId, OperatorId, Position, QualName,
    RepoPath, Report, Verdict,
};
use crate::mutate::{self, Selection};
use crate::store::{MutantText, RecordedMutant, Store};

/// What the base's tests noticed, by the present ids of mutants.
#[derive(Debug, Default)]
pub(super) struct AgainstBase {
    noticed: HashMap<MutantId, bool>,
}

impl AgainstBase {
    /// Looks the mutants up in the record of the merge base's tree.
    pub(super) fn find(
        subject: &Subject,
        change: &Change,
        store: &Store,
        mutants: &[Planned],
    ) -> Result<Self, LabError> {
        let tree = subject.repository.tree_id(&subject.base.merge_base)?;
        if store.recorded(&tree, std::iter::empty())?.is_none() {
            return Ok(Self::default());
        }
        let mut places: HashMap<&RepoPath, HashMap<Place, MutantId>> = HashMap::new();
        let mut at_base: Vec<(&Mutant, MutantId)> = Vec::new();
        for planned in mutants {
            let mutant = &planned.mutant;
            let path = &mutant.function.path;
            let id = match change.base_side(path) {
                Some(side) => {
                    let places =
                        places.entry(path).or_insert_with(|| places_of(side, &subject.selection));
                    places.get(&Place::of(mutant, mutant.span.start, mutant.span.end)).cloned()
                }
                None if change.has_no_base_side(path) => None,
                None => Some(mutant.id.clone()),
            };
            at_base.extend(id.map(|id| (mutant, id)));
        }
        let recorded = store.recorded(&tree, at_base.iter().map(|(_, id)| id))?.unwrap_or_default();
        let noticed = at_base.into_iter().filter_map(|(mutant, id)| {
            let known = recorded.get(&id)?;
            let text = MutantText::of(&mutant.original, &mutant.replacement);
            (known.text == text).then(|| (mutant.id.clone(), known.noticed))
        });
        Ok(Self { noticed: noticed.collect() })
    }

    /// How a verdict compares; `None` where there is nothing to say.
    pub(super) fn compare(&self, planned: &Planned, verdict: &Verdict) -> Option<ChangeOfVerdict> {
        let at_base = self.noticed.get(&planned.mutant.id);
        match (verdict.is_unnoticed(), at_base) {
            (true, Some(true)) => Some(ChangeOfVerdict::Regressed),
            (true, Some(false)) => Some(ChangeOfVerdict::Known),
            (true, None) if is_changed(&planned.reasons) => Some(ChangeOfVerdict::New),
            (true, None) => Some(ChangeOfVerdict::Unseen),
            (false, Some(false)) => {
                matches!(verdict, Verdict::Killed { .. }).then_some(ChangeOfVerdict::Fixed)
            }
            (false, _) => None,
        }
    }
}

/// Records the verdicts of a run on a committed state, for changes that begin there.
pub(super) fn record(
    subject: &Subject,
    store: &mut Store,
    report: &Report,
) -> Result<(), LabError> {
    let Some(tree) = committed_tree(subject)? else { return Ok(()) };
    let duplicates = report.duplicates.iter().filter_map(|one| recordable(&report.as_mutant(one)?));
    let mutants: Vec<RecordedMutant> =
        report.mutants.iter().filter_map(recordable).chain(duplicates).collect();
    if !mutants.is_empty() {
        store.record(&tree, &mutants)?;
    }
    Ok(())
}

/// The tree that is tested, if it is a commit's: nothing in the working tree differs from it.
fn committed_tree(subject: &Subject) -> Result<Option<String>, LabError> {
    let repository = &subject.repository;
    let commit = match &subject.head {
        Head::Commit(commit) => commit.clone(),
        Head::WorkingTree => {
            let commit = repository.head_commit()?;
            if !repository.changed_paths(&commit, &subject.head)?.is_empty() {
                return Ok(None);
            }
            commit
        }
    };
    Ok(Some(repository.tree_id(&commit)?))
}

fn recordable(mutant: &DecidedMutant) -> Option<RecordedMutant> {
    let noticed = match mutant.verdict {
        Verdict::Killed { .. } | Verdict::Timeout { .. } => true,
        Verdict::Survived | Verdict::NoTests => false,
        _ => return None,
    };
    let text = MutantText::of(&mutant.original, &mutant.replacement);
    Some(RecordedMutant { id: mutant.id.clone(), text, noticed })
}

/// What makes a mutant of one side the same as one of the other.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    function: QualName,
    operator: OperatorId,
    start: Position,
    end: Position,
    text: MutantText,
}

impl Place {
    fn of(mutant: &Mutant, start: Position, end: Position) -> Self {
        Self {
            function: mutant.function.name.clone(),
            operator: mutant.operator.clone(),
            start,
            end,
            text: MutantText::of(&mutant.original, &mutant.replacement),
        }
    }
}

/// The mutants of a file at the base, by where they are now; those on lines that changed are left
/// out.
fn places_of(side: &BaseSide, selection: &Selection) -> HashMap<Place, MutantId> {
    let mut places = HashMap::new();
    for mutant in mutate::mutants(&side.module, &|_| true, selection) {
        let (first, last) = mutant.statement_lines;
        let Some(shift) = shift(&side.hunks, LineRange { first, last }) else { continue };
        let moved = |position: Position| {
            let line = i64::from(position.line.get()) + shift;
            let line = u32::try_from(line).ok().and_then(crate::model::LineNo::new)?;
            Some(Position { line, ..position })
        };
        if let (Some(start), Some(end)) = (moved(mutant.span.start), moved(mutant.span.end)) {
            places.insert(Place::of(&mutant, start, end), mutant.id);
        }
    }
    places
}

/// By how many lines unchanged lines have moved; `None` if one of them is gone, or others came
/// between them.
fn shift(hunks: &[Hunk], lines: LineRange) -> Option<i64> {
    let (first, last) = (lines.first.get(), lines.last.get());
    let mut shift = 0;
    for hunk in hunks {
        let (start, len) = (hunk.old.start, hunk.old.len);
        // An empty side lies behind its line.
        let (begins, ends) = if len == 0 { (start + 1, start) } else { (start, start + len - 1) };
        if ends < first {
            shift += i64::from(hunk.new.len) - i64::from(len);
        } else if begins <= last {
            return None;
        }
    }
    Some(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::HunkSide;
    use crate::model::LineNo;

    fn hunk(old: (u32, u32), new: (u32, u32)) -> Hunk {
        let side = |(start, len)| HunkSide { start, len };
        Hunk { old: side(old), new: side(new) }
    }

    fn lines(first: u32, last: u32) -> LineRange {
        LineRange { first: LineNo::new(first).unwrap(), last: LineNo::new(last).unwrap() }
    }

    #[test]
    fn lines_move_with_what_came_and_went_above_them() {
        let hunks = [hunk((2, 0), (3, 2)), hunk((5, 1), (7, 0)), hunk((9, 1), (10, 4))];
        assert_eq!(shift(&hunks, lines(1, 2)), Some(0));
        assert_eq!(shift(&hunks, lines(3, 4)), Some(2));
        assert_eq!(shift(&hunks, lines(6, 8)), Some(1));
        assert_eq!(shift(&hunks, lines(10, 10)), Some(4));
    }

    #[test]
    fn changed_lines_have_no_place_and_neither_has_what_was_torn_apart() {
        let hunks = [hunk((2, 0), (3, 2)), hunk((5, 1), (7, 0))];
        assert_eq!(shift(&hunks, lines(2, 3)), None);
        assert_eq!(shift(&hunks, lines(5, 5)), None);
        assert_eq!(shift(&hunks, lines(4, 6)), None);
    }
}

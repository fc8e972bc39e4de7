//! Duplicates: mutants of a function that compile to the same code, of which one is decided.
//!
//! Invariant: only mutants that the same tests decide in the same way are taken for one another, and
//! which of them stands for the others hangs on their places alone; without a digest none is folded.

use std::collections::HashMap;

use super::LabError;
use super::deciding::Decision;
use super::planning::{Planned, Route};
use super::run::Run;
use super::subject::Subject;
use crate::model::{ByteSpan, DuplicateMutant, FunctionKey, Verdict};
use crate::worker::{CodeDigest, MutantMessage, code_digests};

/// What each mutant of the plan compiles to, where that is known.
pub(super) type Digests = Vec<Option<String>>;

/// Asks what mutants compile to; those with the original's code are told by their verdict.
pub(super) fn ask(
    run: &Run<'_>,
    subject: &Subject,
    mutants: &[Planned],
    todo: &[usize],
) -> Result<Vec<(usize, CodeDigest)>, LabError> {
    let files: Vec<String> = subject.files.keys().map(|path| path.as_str().to_owned()).collect();
    let messages: Vec<&MutantMessage> =
        todo.iter().map(|&number| &mutants[number].message).collect();
    let interpreter = &run.environment.interpreter;
    let found = code_digests(interpreter, run.directory, &subject.root, &files, &messages)?;
    Ok(todo.iter().copied().zip(found).filter_map(|(number, code)| Some((number, code?))).collect())
}

/// For each mutant, the one that stands for it, or itself.
pub(super) fn folded(mutants: &[Planned], digests: &Digests) -> Vec<usize> {
    let mut first: HashMap<Class<'_>, usize> = HashMap::new();
    let mut order: Vec<usize> = (0..mutants.len()).collect();
    order.sort_by_key(|&number| {
        let mutant = &mutants[number].mutant;
        (&mutant.function.path, mutant.text.start, mutant.text.end, &mutant.operator, &mutant.id)
    });
    let mut stands: Vec<usize> = (0..mutants.len()).collect();
    for number in order {
        let planned = &mutants[number];
        let Some(digest) = &digests[number] else { continue };
        if planned.mutant.suppressed.is_some() {
            continue;
        }
        stands[number] = *first.entry(Class::of(planned, digest)).or_insert(number);
    }
    stands
}

/// What mutants that are taken for one another share.
#[derive(PartialEq, Eq, Hash)]
struct Class<'p> {
    function: &'p FunctionKey,
    unit: Option<ByteSpan>,
    digest: &'p str,
    is_hot: bool,
    tests: &'p [usize],
    reaching: &'p [usize],
}

impl<'p> Class<'p> {
    fn of(planned: &'p Planned, digest: &'p str) -> Self {
        let mutant = &planned.mutant;
        Self {
            function: &mutant.function,
            unit: mutant.unit.as_ref().map(|unit| unit.bytes),
            digest,
            is_hot: matches!(planned.route, Route::Hot(_)),
            tests: planned.route.tests(),
            reaching: &planned.reaching,
        }
    }
}

/// What is known of one mutant of a class holds for all that are not decided yet. Decisions that an
/// earlier run made are told by the flag, and stay.
pub(super) fn shared(stands: &[usize], decisions: &mut [Option<(Decision, bool)>]) -> Vec<usize> {
    let mut known: HashMap<usize, usize> = HashMap::new();
    for (number, &class) in stands.iter().enumerate() {
        if decisions[number].is_some() {
            known.entry(class).or_insert(number);
        }
    }
    let mut given = Vec::new();
    for (number, class) in stands.iter().enumerate() {
        if decisions[number].is_none()
            && let Some(&from) = known.get(class)
        {
            let decision = decisions[from].as_ref().map(|(decision, reused)| {
                (Decision { milliseconds: 0.0, ..decision.clone() }, *reused)
            });
            decisions[number] = decision;
            given.push(number);
        }
    }
    given
}

/// Whether a mutant is reported under the one that stands for it: both have the same kind of verdict.
pub(super) fn is_duplicate(number: usize, stands: &[usize], verdicts: &[&Verdict]) -> bool {
    stands[number] != number && verdicts[number].word() == verdicts[stands[number]].word()
}

/// A mutant as it is reported under another.
pub(super) fn duplicate(planned: &Planned, of: &Planned) -> DuplicateMutant {
    let mutant = &planned.mutant;
    DuplicateMutant {
        id: mutant.id.clone(),
        function: mutant.function.clone(),
        operator: mutant.operator.clone(),
        span: mutant.span,
        original: mutant.original.clone(),
        replacement: mutant.replacement.clone(),
        diff: planned.diff.clone(),
        duplicate_of: of.mutant.id.clone(),
    }
}

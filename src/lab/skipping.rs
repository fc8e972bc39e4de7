//! The comment that leaves a mutant out: where it goes, and what it does.
//!
//! Invariant: nothing is written here; what is proposed has been tried: the code is the same but for a
//! comment, and the mutant is suppressed by it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::LabError;
use crate::git::{Head, Repository};
use crate::model::{DecidedMutant, LineNo, Mutant, MutantId, RepoPath};
use crate::mutate::{self, Selection};
use crate::syntax::{Module, Source};

/// A comment behind a line may make it so long.
const WIDTH: usize = 100;

/// Why there is no such comment.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SkipError {
    /// A comment must say why.
    #[error("a reason is needed")]
    NoReason,
    /// The file is another than the report speaks of.
    #[error("{path} is not what it was when mutant {id} was decided")]
    Changed {
        /// The file.
        path: RepoPath,
        /// The mutant.
        id: MutantId,
    },
    /// No comment could be put there.
    #[error("there is no place for a comment at {path}:{line}")]
    NoPlace {
        /// The file.
        path: RepoPath,
        /// Where the mutant is.
        line: LineNo,
    },
}

/// A file with one comment more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkipEdit {
    /// The file on disk.
    pub file: PathBuf,
    /// Its bytes now.
    pub before: Vec<u8>,
    /// Its bytes with the comment.
    pub after: Vec<u8>,
    /// The line with the comment.
    pub line: LineNo,
    /// That line, without its end.
    pub text: String,
    /// The mutants that it suppresses, the one that was asked for among them.
    pub suppresses: usize,
}

/// The comment that leaves out `mutant` for a reason, in the working tree around `repo`.
///
/// # Errors
/// [`SkipError`].
pub fn skip_edit(repo: &Path, mutant: &DecidedMutant, reason: &str) -> Result<SkipEdit, LabError> {
    let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(SkipError::NoReason.into());
    }
    let repository = Repository::discover(repo)?;
    let path = mutant.function.path.clone();
    let changed = || SkipError::Changed { path: path.clone(), id: mutant.id.clone() };
    let before = repository.read(&Head::WorkingTree, &path)?.ok_or_else(changed)?;
    let module = parse(&path, before.clone())?;
    let old = mutants(&module, mutant);
    let own = old.iter().find(|found| found.id == mutant.id).ok_or_else(changed)?;
    if own.original != mutant.original || own.replacement != mutant.replacement {
        return Err(changed().into());
    }
    let comment = format!("# mutdiff: skip[{}]: {reason}", mutant.operator);
    let mut best: Option<SkipEdit> = None;
    for (text, line) in candidates(&module, own, &comment) {
        let source = module.source();
        if !source.can_encode(&text) {
            continue;
        }
        let after = source.encode(&text);
        let Ok(edited) = parse(&path, after.clone()) else { continue };
        let fingerprints = |module: &Module| -> Vec<_> {
            module.functions().iter().map(|f| (f.key.clone(), f.fingerprint)).collect()
        };
        if fingerprints(&edited) != fingerprints(&module) {
            continue;
        }
        let new = mutants(&edited, mutant);
        let suppressed = |mutants: &[Mutant]| -> BTreeSet<MutantId> {
            mutants.iter().filter(|m| m.suppressed.is_some()).map(|m| m.id.clone()).collect()
        };
        let (was, is) = (suppressed(&old), suppressed(&new));
        if was.contains(&mutant.id) || !is.contains(&mutant.id) {
            continue;
        }
        let suppresses = is.difference(&was).count();
        if best.as_ref().is_none_or(|best| suppresses < best.suppresses) {
            best = Some(SkipEdit {
                file: repository.workdir().join(path.as_str()),
                before: before.clone(),
                after,
                line,
                text: edited.source().line_text(line).to_owned(),
                suppresses,
            });
        }
    }
    let line = mutant.span.start.line;
    best.ok_or_else(|| SkipError::NoPlace { path: path.clone(), line }.into())
}

fn parse(path: &RepoPath, bytes: Vec<u8>) -> Result<Module, LabError> {
    Ok(Source::decode(path.clone(), bytes).and_then(Module::parse)?)
}

/// All mutants of the file that the operator yields.
fn mutants(module: &Module, like: &DecidedMutant) -> Vec<Mutant> {
    let mut found = mutate::mutants(module, &|_| true, &Selection::full());
    found.retain(|mutant| mutant.operator == like.operator);
    found
}

/// Texts with the comment, and its line: behind the mutant's lines where that is not too long, else on
/// a line of its own before the statement.
fn candidates(module: &Module, mutant: &Mutant, comment: &str) -> Vec<(String, LineNo)> {
    let source = module.source();
    let text = source.text();
    let behind = |line: LineNo| {
        let end = source.line_start(line) + source.line_text(line).len();
        (format!("{}  {comment}{}", &text[..end], &text[end..]), line)
    };
    let fits = |line: LineNo| source.line_text(line).chars().count() + comment.len() + 2 <= WIDTH;
    let own_line = || {
        let (first, _) = mutant.statement_lines;
        let start = source.line_start(first);
        let line = source.line_text(first);
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = text[start + line.len()..].chars().take_while(|c| matches!(c, '\r' | '\n'));
        let end = match end.take(2).collect::<String>().as_str() {
            "\r\n" => "\r\n",
            end if end.starts_with('\r') => "\r",
            _ => "\n",
        };
        (format!("{}{indent}{comment}{end}{}", &text[..start], &text[start..]), first)
    };
    let lines = mutant.span.lines();
    let last = lines.last.get().max(mutant.statement_lines.1.get());
    let all = (lines.first.get()..=last).filter_map(LineNo::new);
    let (short, long): (Vec<LineNo>, Vec<LineNo>) = all.partition(|line| fits(*line));
    short
        .into_iter()
        .map(behind)
        .chain(std::iter::once_with(own_line))
        .chain(long.into_iter().map(behind))
        .collect()
}

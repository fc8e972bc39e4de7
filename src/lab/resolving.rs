//! From the numbers of a trace to files, lines and functions.
//!
//! Invariant: a code object that belongs to no parsed function is left out, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::Functions;
use crate::model::{CodePoint, FunctionKey, LineNo, LineSet, RepoPath};
use crate::syntax::resolve;
use crate::worker::{CodeRow, TraceRecord};

/// The caller of code that no project code called.
const NOBODY: u64 = 0xffff_ffff;

/// Resolves the numbers of one warm process.
#[derive(Debug)]
pub(super) struct Resolver<'s> {
    functions: &'s Functions,
    files: &'s [RepoPath],
    known: Vec<Option<FunctionKey>>,
}

/// What numbers came to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Lines by file.
    pub lines: LineSet,
    /// Functions entered.
    pub entered: Vec<FunctionKey>,
    /// Caller → callee pairs.
    pub edges: Vec<(FunctionKey, FunctionKey)>,
    /// Files that processes out of reach may have run.
    pub beyond: Vec<RepoPath>,
}

impl<'s> Resolver<'s> {
    /// For a process that was given `files` and knows `codes`.
    pub(super) fn new(functions: &'s Functions, files: &'s [RepoPath], codes: &[CodeRow]) -> Self {
        let mut resolver = Self { functions, files, known: Vec::new() };
        resolver.known = codes.iter().map(|row| resolver.function(row)).collect();
        resolver
    }

    /// How many code objects the process knew.
    pub(super) fn known_codes(&self) -> usize {
        self.known.len()
    }

    /// The function that a code object belongs to.
    pub(super) fn function(&self, row: &CodeRow) -> Option<FunctionKey> {
        let (file, line, name) = row;
        let path = self.files.get(*file)?;
        let point =
            CodePoint { path: path.clone(), first_line: LineNo::new(*line)?, name: name.clone() };
        resolve(self.functions.of(path)?, &point).map(|function| function.key.clone())
    }

    /// Resolves a trace.
    pub(super) fn resolve(&self, trace: &TraceRecord) -> Resolved {
        let late: Vec<Option<FunctionKey>> =
            trace.codes.iter().map(|row| self.function(row)).collect();
        let function = |number: u64| -> Option<&FunctionKey> {
            let number = usize::try_from(number).ok()?;
            let found = match number.checked_sub(self.known.len()) {
                None => self.known.get(number),
                Some(beyond) => late.get(beyond),
            };
            found?.as_ref()
        };
        let mut entered = BTreeSet::new();
        let mut edges = BTreeSet::new();
        for edge in &trace.edges {
            let (caller, callee) = (edge >> 32, edge & NOBODY);
            let Some(callee) = function(callee) else { continue };
            entered.insert(callee);
            if caller != NOBODY
                && let Some(caller) = function(caller)
                && caller != callee
            {
                edges.insert((caller, callee));
            }
        }
        Resolved {
            lines: self.lines(&trace.lines),
            entered: entered.into_iter().cloned().collect(),
            edges: edges.into_iter().map(|(a, b)| (a.clone(), b.clone())).collect(),
            beyond: trace.beyond.iter().filter_map(|&file| self.files.get(file).cloned()).collect(),
        }
    }

    /// Resolves packed lines.
    pub(super) fn lines(&self, packed: &[u64]) -> LineSet {
        let mut lines: BTreeMap<usize, Vec<LineNo>> = BTreeMap::new();
        for number in packed {
            let file = usize::try_from(number >> 32).unwrap_or(usize::MAX);
            let line = u32::try_from(number & NOBODY).ok().and_then(LineNo::new);
            if let Some(line) = line {
                lines.entry(file).or_default().push(line);
            }
        }
        lines
            .into_iter()
            .filter_map(|(file, lines)| Some((self.files.get(file)?.clone(), lines)))
            .collect()
    }
}

//! The reasons of one function, and how near they are to the change.
//!
//! Invariant: a function has one reason of each kind at most, nearest first.

use std::collections::{BTreeMap, BTreeSet};

use super::callers::Reaches;
use super::modules::{Use, Users};
use crate::model::{FunctionKey, Reason, Reasons, RepoPath, TestChange, TestId};

/// What the other files of this folder found.
pub(super) struct Found<'a> {
    pub(super) changed: BTreeSet<FunctionKey>,
    pub(super) callers: BTreeMap<FunctionKey, Reaches>,
    /// Functions that no test enters and that mention a changed one.
    pub(super) mentions: Option<&'a BTreeMap<FunctionKey, FunctionKey>>,
    /// `None` where users are not looked for.
    pub(super) users: Option<&'a Users>,
    pub(super) covered: BTreeMap<&'a FunctionKey, (TestChange, &'a TestId)>,
    /// Files that the configuration ties to changed ones, with those.
    pub(super) tied: Option<&'a BTreeMap<RepoPath, RepoPath>>,
}

impl Found<'_> {
    /// The reasons of a function; empty where it is in scope for none.
    pub(super) fn reasons(&self, function: &FunctionKey) -> Reasons {
        let mut reasons = Vec::new();
        if self.changed.contains(function) {
            reasons.push(Reason::Changed);
        }
        if let Some(Reaches { function, distance }) = self.callers.get(function) {
            let (function, distance) = (function.clone(), *distance);
            reasons.push(Reason::CallerOf { function, distance, seen: true });
        } else if let Some(mentioned) = self.mentions.and_then(|all| all.get(function)) {
            let function = mentioned.clone();
            reasons.push(Reason::CallerOf { function, distance: 1, seen: false });
        }
        if let Some(Use { path, names }) = self.users.and_then(|users| users.of(function)) {
            let names = names.into_iter().collect();
            reasons.push(Reason::ImportsChangedModule { path, names });
        }
        if let Some(path) = self.tied.and_then(|tied| tied.get(&function.path)) {
            reasons.push(Reason::TiedToChangedFile { path: path.clone() });
        }
        if let Some((how, test)) = self.covered.get(function) {
            reasons.push(Reason::CoveredByChangedTest { test: (*test).clone(), how: *how });
        }
        reasons
    }
}

/// Smaller is nearer: changed lines, changed functions, callers by distance, the rest.
pub(super) fn nearness(reason: Option<&Reason>, has_changed_lines: bool) -> (u8, u32) {
    match reason {
        Some(Reason::Changed) => (u8::from(!has_changed_lines), 0),
        Some(Reason::CallerOf { distance, seen: true, .. }) => (2, *distance),
        Some(Reason::ImportsChangedModule { .. }) => (3, 0),
        Some(Reason::TiedToChangedFile { .. }) => (4, 0),
        Some(Reason::CoveredByChangedTest { .. }) => (5, 0),
        // Nothing but `no tests` comes of these.
        Some(Reason::CallerOf { .. }) => (6, 0),
        Some(Reason::Asked) | None => (7, 0),
    }
}

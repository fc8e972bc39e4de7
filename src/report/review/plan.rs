//! The plan: a report against what stands on the pull request.
//!
//! Invariant: every finding is in one place: on a line, in a table's row, or in the summary's rest;
//! remarks stand on lines of the diff only.

use std::collections::{BTreeMap, BTreeSet};

use super::marker::{self, RemarkMark};
use super::patch::Side;
use super::place::place;
use super::settled::{Fate, fate};
use super::{remark, summary, table};
use crate::model::{
    Action, DecidedMutant, LineComment, LineNo, MutantId, NewReview, Place, PullRequest, RepoPath,
    Report,
};
use crate::report::surfaced::{A_FILE, Remark, Told, remarks};

/// Comments that one request may carry: GitHub refuses more than it can take in at once.
const A_REQUEST: usize = 30;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Remarks that stand on lines of the pull request at once.
    pub remarks: usize,
    /// Whether remarks may stand on lines; not, where GitHub refused the lines.
    pub on_lines: bool,
}

/// What to do, in this order, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What to do.
    pub actions: Vec<Action>,
    /// Findings that stand already.
    pub standing: usize,
    /// Findings that are told on a line now.
    pub on_lines: usize,
    /// Findings that are told in a table now.
    pub in_table: usize,
    /// Findings that only the summary lists.
    pub in_summary: usize,
}

/// What is told on the pull request already.
#[derive(Default)]
struct Standing {
    /// Mutants of remarks and rows that hold.
    told: BTreeSet<MutantId>,
    /// Remarks that hold, a file.
    in_file: BTreeMap<RepoPath, usize>,
    /// Lines on which they stand.
    lines: BTreeSet<(RepoPath, LineNo)>,
    /// Remarks that hold.
    remarks: usize,
    /// Rows that hold, a file.
    rows: BTreeMap<RepoPath, usize>,
}

/// Plans the review of `report` on `pull`.
pub fn plan(report: &Report, pull: &PullRequest, limits: Limits) -> Plan {
    let found = remarks(report);
    let mut plan = Plan::default();
    let mut standing = Standing::default();
    plan_standing_remarks(report, pull, &found, &mut plan, &mut standing);
    plan_standing_rows(report, pull, &mut plan, &mut standing);

    let old = pull.comments.iter().filter(|comment| comment.ours);
    let old = old.filter_map(|comment| Some((comment, marker::said(&comment.body)?))).next();
    let remembered: Vec<MutantId> = old
        .iter()
        .flat_map(|(_, said)| said)
        .filter(|id| still_said(report, id))
        .cloned()
        .collect();
    // What was said, holds, and does not stand was deleted by somebody who did not want it.
    let known: BTreeSet<MutantId> = standing.told.iter().chain(&remembered).cloned().collect();

    let news = news(&found, pull, limits, &known, &mut standing);
    plan.standing = standing.told.len();
    plan.on_lines = news.comments.len();
    plan.in_table = news.rows.len();
    plan.in_summary = news.rest.len();

    let mut said: Vec<MutantId> = known.into_iter().collect();
    said.extend(news.comments.iter().map(|comment| comment.mutant.clone()));
    said.extend(news.rows.iter().map(|mutant| mutant.id.clone()));
    said.sort();

    let body = summary::body(report, &pull.head, &said, &news.rest);
    let nothing = said.is_empty() && news.rest.is_empty();
    plan.actions.extend(reviews(&pull.head, news));
    match old {
        Some((comment, _)) if comment.body.trim_end() == body.trim_end() => {}
        Some((comment, _)) => plan.actions.push(Action::EditSummary { id: comment.id, body }),
        None if nothing => {}
        None => plan.actions.push(Action::NewSummary { body }),
    }
    plan
}

fn still_said(report: &Report, id: &MutantId) -> bool {
    !matches!(fate(report, id), Fate::Settled(_))
}

fn plan_standing_remarks(
    report: &Report,
    pull: &PullRequest,
    found: &[Remark<'_>],
    plan: &mut Plan,
    standing: &mut Standing,
) {
    for there in pull.remarks.iter().filter(|there| there.ours && there.in_reply_to.is_none()) {
        let Some(mark) = RemarkMark::of(&there.body) else { continue };
        match fate(report, &mark.mutant) {
            Fate::Settled(_) if mark.settled => continue,
            Fate::Settled(how) => {
                let body = remark::settled(&mark, &there.body, &how);
                let answered = pull.remarks.iter().any(|other| other.in_reply_to == Some(there.id));
                plan.actions.push(if answered {
                    Action::EditRemark { id: there.id, body }
                } else {
                    Action::DeleteRemark { id: there.id, otherwise: body }
                });
                continue;
            }
            Fate::Unnoticed if mark.settled => {
                if let Some(body) = unsettled(report, found, &mark.mutant) {
                    plan.actions.push(Action::EditRemark { id: there.id, body });
                }
            }
            Fate::Unnoticed | Fate::Unknown => {}
        }
        standing.told.insert(mark.mutant);
        standing.remarks += 1;
        *standing.in_file.entry(there.path.clone()).or_default() += 1;
        standing.lines.extend(there.line.map(|line| (there.path.clone(), line)));
    }
}

/// The text of a remark whose mutant came back.
fn unsettled(report: &Report, found: &[Remark<'_>], id: &MutantId) -> Option<String> {
    let mutant = report.mutants.iter().find(|mutant| mutant.id == *id)?;
    let alone = Remark { mutant, beside: Vec::new() };
    let remark = found.iter().find(|remark| remark.mutant.id == *id).unwrap_or(&alone);
    Some(remark::body(mutant, remark))
}

fn plan_standing_rows(
    report: &Report,
    pull: &PullRequest,
    plan: &mut Plan,
    standing: &mut Standing,
) {
    let ours = pull.reviews.iter().filter(|there| there.ours && marker::is_review(&there.body));
    for there in ours {
        let (mut settled, mut unnoticed) = (BTreeSet::new(), BTreeSet::new());
        for (id, was_settled) in table::rows(&there.body) {
            match fate(report, &id) {
                Fate::Settled(_) => _ = settled.insert(id),
                Fate::Unnoticed => _ = unnoticed.insert(id),
                Fate::Unknown if was_settled => {}
                Fate::Unknown => _ = standing.told.insert(id),
            }
        }
        let body = table::updated(&there.body, &settled, &unnoticed);
        if body != there.body {
            plan.actions.push(Action::EditReview { id: there.id, body });
        }
        for mutant in report.mutants.iter().filter(|mutant| unnoticed.contains(&mutant.id)) {
            *standing.rows.entry(mutant.function.path.clone()).or_default() += 1;
        }
        standing.told.append(&mut unnoticed);
    }
}

/// What is told for the first time.
#[derive(Default)]
struct News<'r> {
    comments: Vec<LineComment>,
    rows: Vec<&'r DecidedMutant>,
    rest: Vec<&'r DecidedMutant>,
}

fn news<'r>(
    found: &[Remark<'r>],
    pull: &PullRequest,
    limits: Limits,
    known: &BTreeSet<MutantId>,
    standing: &mut Standing,
) -> News<'r> {
    let diffs: BTreeMap<&RepoPath, Side> = pull
        .files
        .iter()
        .filter_map(|file| Some((&file.path, Side::new(file.patch.as_deref()?))))
        .collect();
    let mut news = News::default();
    let mut told = Told::default();
    for remark in found {
        let all = || std::iter::once(remark.mutant).chain(remark.beside.iter().copied());
        let is_told = told.takes(remark);
        if all().any(|mutant| known.contains(&mutant.id)) {
            continue;
        }
        if !is_told {
            news.rest.push(remark.mutant);
            continue;
        }
        let path = remark.path();
        let on_diff = |mutant: &'r DecidedMutant| Some((mutant, place(mutant, diffs.get(path)?)?));
        match all().find_map(on_diff).filter(|_| limits.on_lines) {
            None if standing.takes_row(path) => news.rows.push(remark.mutant),
            None => news.rest.push(remark.mutant),
            Some((mutant, place)) if standing.takes(path, place, limits) => {
                news.comments.push(LineComment {
                    mutant: mutant.id.clone(),
                    path: path.clone(),
                    place,
                    body: remark::body(mutant, remark),
                });
            }
            Some((mutant, _)) => news.rest.push(mutant),
        }
    }
    news
}

impl Standing {
    /// Whether there is room for one more on the line; if so, it is counted.
    fn takes(&mut self, path: &RepoPath, place: Place, limits: Limits) -> bool {
        let in_file = self.in_file.entry(path.clone()).or_default();
        let line = (path.clone(), place.line);
        if self.remarks >= limits.remarks || *in_file >= A_FILE || self.lines.contains(&line) {
            return false;
        }
        self.remarks += 1;
        *in_file += 1;
        self.lines.insert(line);
        true
    }

    /// The same for one more row about a file.
    fn takes_row(&mut self, path: &RepoPath) -> bool {
        let all: usize = self.rows.values().sum();
        let in_file = self.rows.entry(path.clone()).or_default();
        if all >= table::ROWS || *in_file >= A_FILE {
            return false;
        }
        *in_file += 1;
        true
    }
}

/// The reviews that carry the comments, the first with the table too.
fn reviews(head: &str, news: News<'_>) -> Vec<Action> {
    if news.comments.is_empty() && news.rows.is_empty() {
        return Vec::new();
    }
    let mut body = Some(table::body(head, news.comments.len(), &news.rows));
    let mut left = news.comments.into_iter().peekable();
    let mut reviews = Vec::new();
    while body.is_some() || left.peek().is_some() {
        let more = || format!("{}mutdiff, continued.\n", marker::review());
        reviews.push(Action::Review(NewReview {
            commit: head.to_owned(),
            body: body.take().unwrap_or_else(more),
            comments: left.by_ref().take(A_REQUEST).collect(),
        }));
    }
    reviews
}

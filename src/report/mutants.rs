//! What there is to say about one mutant, in words that several formats share.
//!
//! Invariant: nothing here is escaped; each format escapes what it takes.

use crate::model::{DecidedMutant, NotRunReason, Reason, Verdict};

use super::escape::{cut, cut_lines, visible, visible_lines};
use super::prose::{count, line_list};

/// Characters of a mutated text in a title.
const SNIPPET: usize = 40;

/// Characters of an id: ours have 16, a forged report may have any.
const ID: usize = 64;
/// Characters of a message or a list of reasons.
const TEXT: usize = 2_000;
/// Characters of a function's name.
const NAME: usize = 200;

/// The mutant's id.
pub(super) fn id(mutant: &DecidedMutant) -> String {
    visible(&cut(mutant.id.as_str(), ID)).into_owned()
}

/// The name of the mutant's function.
pub(super) fn function(mutant: &DecidedMutant) -> String {
    visible(&cut(mutant.function.name.as_str(), NAME)).into_owned()
}

/// What a verdict has to say beside its word.
pub(super) fn detail(verdict: &Verdict) -> Option<String> {
    Some(match verdict {
        Verdict::Killed { by } => format!("by {by}"),
        Verdict::Timeout { test } => format!("{test} did not end"),
        Verdict::Suppressed { rule } => format!("by rule {rule}"),
        Verdict::Invalid { message } | Verdict::Error { message } => message.clone(),
        Verdict::NotRun { reason: NotRunReason::Budget } => "the budget was used up".to_owned(),
        Verdict::NotRun { reason: NotRunReason::Interrupted } => {
            "the run was interrupted".to_owned()
        }
        Verdict::NotRun { reason: NotRunReason::OutOfReach } => {
            "only a python process with -I, -S or -E may reach it, which takes no mutant along"
                .to_owned()
        }
        Verdict::NotRun { reason: NotRunReason::NotAsked }
        | Verdict::Survived
        | Verdict::NoTests
        | Verdict::Equivalent => return None,
    })
}

/// The word of a verdict, with what it has to say.
pub(super) fn verdict(verdict: &Verdict) -> String {
    match detail(verdict) {
        Some(detail) => format!("{}: {}", verdict.word(), visible(&cut(&detail, TEXT))),
        None => verdict.word().to_owned(),
    }
}

/// A text of the mutant's on one line, cut to a few characters.
pub(super) fn snippet(text: &str) -> String {
    if text.is_empty() {
        return "(nothing)".to_owned();
    }
    cut(&visible(&cut(text, SNIPPET)), SNIPPET).into_owned()
}

/// `original → replacement`, each cut to a few characters.
pub(super) fn edit(mutant: &DecidedMutant) -> String {
    format!("{} → {}", snippet(&mutant.original), snippet(&mutant.replacement))
}

/// The hunks of the mutant's diff, without the headers that name the file.
pub(super) fn hunks(mutant: &DecidedMutant) -> &str {
    let diff = mutant.diff.as_str();
    if diff.starts_with("@@") {
        return diff;
    }
    diff.find("\n@@").map_or(diff, |at| &diff[at + 1..])
}

/// The hunks with invisible characters spelled out, at most so many lines and columns of them.
pub(super) fn shown_hunks(mutant: &DecidedMutant, lines: usize, columns: usize) -> String {
    visible_lines(&cut_lines(hunks(mutant), lines, columns)).into_owned()
}

/// The reasons in words, nearest first.
pub(super) fn reasons(mutant: &DecidedMutant) -> String {
    let words: Vec<String> = mutant.reasons.iter().map(Reason::to_string).collect();
    visible(&cut(&words.join("; "), TEXT)).into_owned()
}

/// How many tests ran and noticed nothing, `named` of them by name; a line in words.
pub(super) fn unnoticed(mutant: &DecidedMutant, named: usize) -> String {
    let tests = &mutant.tests;
    match tests.len() {
        0 => "no test ran".to_owned(),
        n => {
            let mut names: Vec<String> =
                tests.iter().take(named).map(|test| visible(test.as_str()).into_owned()).collect();
            if n > named {
                names.push(format!("{} more", n - named));
            }
            format!("{} ran and noticed nothing: {}", count(n, "test"), names.join(", "))
        }
    }
}

/// One sentence for a finding: what was done to the code and who did not notice.
pub(super) fn sentence(mutant: &DecidedMutant) -> String {
    let (from, to) = (snippet(&mutant.original), snippet(&mutant.replacement));
    let name = function(mutant);
    match &mutant.verdict {
        Verdict::Survived => {
            let ran = match mutant.tests.len() {
                0 => "no test".to_owned(),
                1 => "the 1 test that reaches it does not".to_owned(),
                n => format!("none of the {n} tests that reach it does"),
            };
            format!("{name}: replace {from} by {to}, and a test should fail; {ran}")
        }
        Verdict::NoTests => format!(
            "{name}: no test reaches {}, so nothing would notice {from} becoming {to}",
            line_list(&[mutant.span.lines()])
        ),
        other => format!("{name}: {from} → {to}: {}", verdict(other)),
    }
}

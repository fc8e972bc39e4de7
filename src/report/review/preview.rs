//! A plan as text, for `--dry-run`.
//!
//! Invariant: every text that would be sent is shown whole, with nothing in it that a terminal acts on.

use std::fmt::Write as _;

use super::plan::Plan;
use crate::model::{Action, NewReview};
use crate::report::escape::visible_lines;

/// What would be done, an action a paragraph.
pub fn preview(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.actions.is_empty() {
        out.push_str("Nothing is to be done: what stands is what there is to say.\n");
    }
    for action in &plan.actions {
        let text = match action {
            Action::EditRemark { id, body } => titled(&format!("edit remark {id}"), body),
            Action::DeleteRemark { id, .. } => {
                format!("--- delete remark {id}, unless somebody answers it\n")
            }
            Action::EditReview { id, body } => titled(&format!("edit review {id}"), body),
            Action::Review(review) => new_review(review),
            Action::EditSummary { id, body } => titled(&format!("edit summary {id}"), body),
            Action::NewSummary { body } => titled("post the summary", body),
        };
        out.push_str(&visible_lines(&text));
    }
    out
}

fn new_review(review: &NewReview) -> String {
    let mut out = titled(&format!("post a review of {}", review.commit), &review.body);
    for comment in &review.comments {
        let start = comment.place.start.map(|start| format!("{start}–")).unwrap_or_default();
        let title = format!("with a remark on {}:{start}{}", comment.path, comment.place.line);
        out.push_str(&titled(&title, &comment.body));
    }
    out
}

fn titled(title: &str, body: &str) -> String {
    let mut out = String::new();
    // A path in a title may hold a line end.
    writeln!(out, "--- {}", title.replace('\n', "\\n")).expect("a String takes all");
    out.push_str(body);
    if !body.ends_with('\n') {
        out.push('\n');
    }
    out
}

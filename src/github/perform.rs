//! Does one action to a pull request.
//!
//! Invariant: what somebody deleted meanwhile is no error; a remark that somebody answered meanwhile
//! is not deleted.

use http::Method;
use serde_json::{Value, json};

use super::{Client, GithubError, Repository};
use crate::model::{Action, LineComment, NewReview};

impl Client {
    /// Does it.
    ///
    /// # Errors
    ///
    /// GitHub refuses it, or does not answer.
    pub fn perform(
        &self,
        repository: &Repository,
        number: u64,
        action: &Action,
    ) -> Result<(), GithubError> {
        let route = repository.route();
        let pull = format!("{route}/pulls/{number}");
        let remark = |id: &u64| format!("{route}/pulls/comments/{id}");
        let comment = |id: &u64| format!("{route}/issues/comments/{id}");
        match action {
            Action::EditRemark { id, body } => self.edit("edit a remark", &remark(id), body),
            Action::DeleteRemark { id, otherwise } => {
                if self.is_answered(repository, number, *id)? {
                    return self.edit("edit a remark", &remark(id), otherwise);
                }
                let what = "delete a remark";
                let deleted = self.send(what, &Method::DELETE, &remark(id), None);
                self.unless_gone(what, &remark(id), deleted.map(|_| ()))
            }
            Action::EditReview { id, body } => {
                let route = format!("{pull}/reviews/{id}");
                let body = json!({ "body": body });
                self.send("edit a review", &Method::PUT, &route, Some(&body)).map(|_| ())
            }
            Action::Review(review) => {
                let route = format!("{pull}/reviews");
                let body = new_review(review);
                self.send("post a review", &Method::POST, &route, Some(&body)).map(|_| ())
            }
            Action::EditSummary { id, body } => self.edit("edit the summary", &comment(id), body),
            Action::NewSummary { body } => {
                let route = format!("{route}/issues/{number}/comments");
                let body = json!({ "body": body });
                self.send("post the summary", &Method::POST, &route, Some(&body)).map(|_| ())
            }
        }
    }

    fn edit(&self, what: &'static str, route: &str, body: &str) -> Result<(), GithubError> {
        let sent = self.send(what, &Method::PATCH, route, Some(&json!({ "body": body })));
        self.unless_gone(what, route, sent.map(|_| ()))
    }

    /// GitHub says 404 of what is not there and of what a token may not touch; reading tells.
    fn unless_gone(
        &self,
        what: &'static str,
        route: &str,
        result: Result<(), GithubError>,
    ) -> Result<(), GithubError> {
        match result {
            Err(GithubError::Forbidden { status: 404, message, .. }) => {
                match self.get(what, route) {
                    Err(GithubError::Forbidden { status: 404, .. }) => Ok(()),
                    Ok(_) => Err(GithubError::Forbidden { what, status: 404, message }),
                    Err(error) => Err(error),
                }
            }
            other => other,
        }
    }
}

fn new_review(review: &NewReview) -> Value {
    let mut body = json!({
        "commit_id": review.commit,
        "event": "COMMENT",
        "body": review.body,
    });
    if !review.comments.is_empty() {
        body["comments"] = review.comments.iter().map(line_comment).collect();
    }
    body
}

fn line_comment(comment: &LineComment) -> Value {
    let mut json = json!({
        "path": comment.path.as_str(),
        "line": comment.place.line.get(),
        "side": "RIGHT",
        "body": comment.body,
    });
    if let Some(start) = comment.place.start {
        json["start_line"] = start.get().into();
        json["start_side"] = "RIGHT".into();
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineNo, MutantId, Place, RepoPath};

    #[test]
    fn a_remark_on_one_line_has_no_start() {
        let line = |number| LineNo::new(number).unwrap();
        let mut comment = LineComment {
            mutant: MutantId::from_text("0"),
            path: RepoPath::new("a.py"),
            place: Place { start: None, line: line(3) },
            body: "b".into(),
        };
        assert_eq!(
            line_comment(&comment),
            json!({"path": "a.py", "line": 3, "side": "RIGHT", "body": "b"})
        );
        comment.place.start = Some(line(2));
        let json = line_comment(&comment);
        assert_eq!((&json["start_line"], &json["start_side"]), (&json!(2), &json!("RIGHT")));
    }
}

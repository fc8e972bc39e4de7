//! What stands in the repository, what persons and pushes do to it, and what a request does.
//!
//! Invariant: a request that GitHub refuses changes nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::api::Operation;
use super::http::{Request, Response};
use super::{answers, diff};

/// The longest body that GitHub takes, in characters.
const BODY: usize = 65_536;
/// The most comments of a review.
const AT_ONCE: usize = 32;

/// Who is behind a token.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The name.
    pub(crate) login: String,
    /// Whether GitHub says so: an app's token has no user.
    pub(crate) has_user: bool,
    /// Whether it may write.
    pub(crate) can_write: bool,
}

/// A remark on a line, or an answer to one.
#[derive(Debug, Clone)]
pub(crate) struct Remark {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) path: String,
    pub(crate) start: Option<u64>,
    /// `None` when the diff no longer has it.
    pub(crate) line: Option<u64>,
    pub(crate) body: String,
    pub(crate) in_reply_to: Option<u64>,
    pub(super) review: u64,
    /// What stood on the line when it was written.
    text: String,
}

/// A review, or a comment of the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
}

/// A file of the diff.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) previous: Option<String>,
    pub(crate) status: String,
    pub(crate) patch: Option<String>,
}

/// The repository `octo/shop` and its pull request number 7.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) tokens: BTreeMap<String, Account>,
    pub(crate) open: bool,
    pub(crate) head: String,
    /// `owner:branch` that it comes from.
    pub(crate) from: String,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) reviews: Vec<Posted>,
    pub(crate) comments: Vec<Posted>,
    /// Heads that it had.
    pub(super) heads: Vec<String>,
    next: u64,
}

impl World {
    /// An open pull request, and a token of a workflow that may write: `secret-good`.
    pub(crate) fn new(head: &str) -> Self {
        let bot = Account { login: "github-actions[bot]".into(), has_user: false, can_write: true };
        Self {
            tokens: BTreeMap::from([("secret-good".to_owned(), bot)]),
            open: true,
            head: head.to_owned(),
            from: "octo:change".to_owned(),
            files: BTreeMap::new(),
            remarks: Vec::new(),
            reviews: Vec::new(),
            comments: Vec::new(),
            heads: vec![head.to_owned()],
            next: 100,
        }
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A push: another head, another diff. Remarks stay on lines that are still there.
    pub(crate) fn push(&mut self, head: &str, files: BTreeMap<String, File>) {
        self.head = head.to_owned();
        self.heads.push(head.to_owned());
        self.files = files;
        for remark in &mut self.remarks {
            let file = self.files.iter().find(|(path, file)| {
                **path == remark.path || file.previous.as_ref() == Some(&remark.path)
            });
            let patch = file.and_then(|(path, file)| {
                remark.path.clone_from(path);
                file.patch.as_deref()
            });
            remark.line = patch.and_then(|patch| diff::moved(patch, &remark.text));
            remark.start = None;
        }
    }

    /// Somebody answers the remark on a line.
    pub(crate) fn reply(&mut self, line: u64, author: &str, body: &str) {
        let id = self.id();
        let to = self.remarks.iter().find(|r| r.line == Some(line) && r.in_reply_to.is_none());
        let to = to.expect("there is a remark on the line").clone();
        let (author, body) = (author.to_owned(), body.to_owned());
        self.remarks.push(Remark { id, author, body, in_reply_to: Some(to.id), ..to });
    }

    /// Somebody deletes the remark on a line; answers stay.
    pub(crate) fn delete(&mut self, line: u64) {
        let of_line = |r: &Remark| r.line == Some(line) && r.in_reply_to.is_none();
        let at = self.remarks.iter().position(of_line).expect("there is a remark on the line");
        self.remarks.remove(at);
    }

    /// Somebody writes a comment.
    pub(crate) fn comment(&mut self, author: &str, body: &str) {
        let id = self.id();
        self.comments.push(Posted { id, author: author.to_owned(), body: body.to_owned() });
    }

    /// Does what a request asks for.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        operation: &Operation,
        wrongs: &mut Vec<String>,
    ) -> Response {
        let token = request.headers.get("authorization").map(|text| {
            text.strip_prefix("Bearer ").or(text.strip_prefix("token ")).unwrap_or_default()
        });
        let account = match token.map(|token| self.tokens.get(token).cloned()) {
            Some(None) => return Response::error(401, "Bad credentials"),
            Some(account) => account,
            None => None,
        };
        if operation.path.get("owner").is_some_and(|owner| owner != "octo")
            || operation.path.get("repo").is_some_and(|repo| repo != "shop")
            || ["pull_number", "issue_number"]
                .iter()
                .any(|name| operation.path.get(*name).is_some_and(|number| number != "7"))
        {
            return Response::error(404, "Not Found");
        }
        if request.method == "GET" {
            return answers::read(self, request, operation, account.as_ref());
        }
        match account {
            None => Response::error(401, "Requires authentication"),
            Some(account) if !account.can_write => {
                Response::error(403, "Resource not accessible by integration")
            }
            Some(account) => self.write(request, operation, &account.login, wrongs),
        }
    }

    fn write(
        &mut self,
        request: &Request,
        operation: &Operation,
        author: &str,
        wrongs: &mut Vec<String>,
    ) -> Response {
        let body = request.body["body"].as_str().unwrap_or_default().to_owned();
        if body.chars().count() > BODY {
            return Response::error(422, "Validation Failed: body is too long");
        }
        let words = operation.name.replace("/repos/{owner}/{repo}/", "");
        let author = author.to_owned();
        let mut of_another = |owner: &str| {
            if owner != author {
                wrongs.push(format!("{words} of {owner} by {author}"));
            }
        };
        match words.as_str() {
            "POST pulls/{pull_number}/reviews" => self.review(&request.body, &author),
            "PUT pulls/{pull_number}/reviews/{review_id}" => {
                let id = operation.number("review_id");
                let Some(review) = self.reviews.iter_mut().find(|review| review.id == id) else {
                    return Response::error(404, "Not Found");
                };
                of_another(&review.author);
                review.body = body;
                Response::of(200, answers::review(review, &self.head))
            }
            "PATCH pulls/comments/{comment_id}" => {
                let id = operation.number("comment_id");
                let Some(remark) = self.remarks.iter_mut().find(|remark| remark.id == id) else {
                    return Response::error(404, "Not Found");
                };
                of_another(&remark.author);
                remark.body = body;
                Response::of(200, answers::remark(remark, &self.head))
            }
            "DELETE pulls/comments/{comment_id}" => {
                let id = operation.number("comment_id");
                let Some(at) = self.remarks.iter().position(|remark| remark.id == id) else {
                    return Response::error(404, "Not Found");
                };
                of_another(&self.remarks[at].author);
                self.remarks.remove(at);
                Response::of(204, Value::Null)
            }
            "POST issues/{issue_number}/comments" => {
                if body.is_empty() {
                    return Response::error(422, "Validation Failed");
                }
                let posted = Posted { id: self.id(), author, body };
                self.comments.push(posted.clone());
                Response::of(201, answers::comment(&posted))
            }
            "PATCH issues/comments/{comment_id}" => {
                let id = operation.number("comment_id");
                let Some(comment) = self.comments.iter_mut().find(|comment| comment.id == id)
                else {
                    return Response::error(404, "Not Found");
                };
                of_another(&comment.author);
                comment.body = body;
                Response::of(200, answers::comment(comment))
            }
            other => panic!("the stand-in does not know {other}"),
        }
    }

    /// One comment that does not fit, and all of it is refused.
    fn review(&mut self, body: &Value, author: &str) -> Response {
        let refuse = |what: &str| {
            let mut response = Response::error(422, "Unprocessable Entity");
            response.body["errors"] = serde_json::json!([what]);
            response
        };
        let comments = body["comments"].as_array().cloned().unwrap_or_default();
        let text = body["body"].as_str().unwrap_or_default();
        if body["event"] != "COMMENT" {
            return refuse("the stand-in takes comments only");
        }
        if text.is_empty() {
            return refuse("Body can't be blank");
        }
        if body["commit_id"].as_str().is_none_or(|commit| !self.heads.iter().any(|h| h == commit)) {
            return refuse("The commit_id is not part of the pull request");
        }
        if comments.len() > AT_ONCE {
            return refuse("was submitted too quickly");
        }
        let mut remarks = Vec::new();
        let review = self.id();
        for comment in &comments {
            let path = comment["path"].as_str().unwrap_or_default();
            let (start, line) = (comment["start_line"].as_u64(), comment["line"].as_u64());
            let text = comment["body"].as_str().unwrap_or_default();
            if text.is_empty() || text.chars().count() > BODY {
                return refuse("Body is too long or blank");
            }
            let patch = self.files.get(path).and_then(|file| file.patch.as_deref());
            let (Some(patch), Some(line)) = (patch, line) else {
                return refuse("Path could not be resolved");
            };
            if comment["side"] != "RIGHT" || !diff::takes(patch, start, line) {
                return refuse("Pull request review thread line must be part of the diff");
            }
            remarks.push(Remark {
                id: 0,
                author: author.to_owned(),
                path: path.to_owned(),
                start,
                line: Some(line),
                body: text.to_owned(),
                in_reply_to: None,
                review,
                text: diff::text(patch, line).unwrap_or_default(),
            });
        }
        for mut remark in remarks {
            remark.id = self.id();
            self.remarks.push(remark);
        }
        let posted = Posted { id: review, author: author.to_owned(), body: text.to_owned() };
        self.reviews.push(posted.clone());
        Response::of(200, answers::review(&posted, &self.head))
    }
}

/// What a reader of the pull request sees, and what is hidden in it.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# Pull request 7, {}, at {}",
            if self.open { "open" } else { "closed" },
            self.head
        )?;
        for comment in &self.comments {
            writeln!(f, "\n## Comment of {}\n\n{}", comment.author, comment.body.trim_end())?;
        }
        for review in &self.reviews {
            writeln!(f, "\n## Review of {}\n\n{}", review.author, review.body.trim_end())?;
            let of_review = |remark: &&Remark| remark.review == review.id;
            for remark in self.remarks.iter().filter(of_review) {
                let start = remark.start.map(|line| format!("{line}–")).unwrap_or_default();
                let line = remark.line.map_or("outdated".to_owned(), |line| line.to_string());
                let kind = if remark.in_reply_to.is_some() { "Answer" } else { "Remark" };
                writeln!(
                    f,
                    "\n### {kind} of {} on {}:{start}{line}\n\n{}",
                    remark.author,
                    remark.path,
                    remark.body.trim_end()
                )?;
            }
        }
        Ok(())
    }
}

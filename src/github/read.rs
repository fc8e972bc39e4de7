//! A pull request as GitHub tells it, in plain data.
//!
//! Invariant: a remark counts as ours only if the account behind the token wrote it; where GitHub
//! does not say who that is (a workflow's own token), only if a bot did: no person can pass for us.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::Answer;
use super::{Client, GithubError, Repository, Subject};
use crate::model::{ChangedFile, LineNo, Posted, PullRequest, RepoPath, StandingRemark};

/// Things on a page.
const PAGE: usize = 100;
/// Pages that are read: GitHub itself ends lists of files at 3,000.
const PAGES: usize = 50;

/// What became of the search for the pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This is it, and it has the head that it should.
    Pull(u64),
    /// It is closed.
    Closed,
    /// Its head is not what was tested.
    Moved {
        /// What it is.
        head: String,
    },
    /// No open pull request comes from the branch that was tested.
    None,
}

/// Who we are.
enum Account {
    Login(String),
    SomeBot,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    state: String,
    head: Head,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    #[serde(default)]
    patch: Option<String>,
}

/// A comment of any kind, and a review.
#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    in_reply_to_id: Option<u64>,
}

impl Client {
    /// Finds the pull request, and checks its head where one is demanded.
    ///
    /// # Errors
    ///
    /// What GitHub answers is not what was asked for.
    pub fn find(&self, repository: &Repository, subject: &Subject) -> Result<Found, GithubError> {
        const WHAT: &str = "read the pull request";
        let route = repository.route();
        let (pull, demanded) = match subject {
            Subject::Number { number, head } => {
                let answer = self.get(WHAT, &format!("{route}/pulls/{number}"))?;
                (parsed::<Pull>(WHAT, answer.json)?, head.clone())
            }
            Subject::Branch { owner, branch, head } => {
                let from = encoded(&format!("{owner}:{branch}"));
                let list = format!("{route}/pulls?state=open&head={from}&per_page={PAGE}");
                let pulls: Vec<Pull> = parsed(WHAT, self.get(WHAT, &list)?.json)?;
                let mut pulls = pulls.into_iter();
                let Some(first) = pulls.next() else { return Ok(Found::None) };
                let exact = std::iter::once(&first).chain(pulls.as_slice());
                // A branch may go into several others; the number of the one tested is not told.
                match exact.filter(|pull| pull.head.sha == *head).min_by_key(|pull| pull.number) {
                    Some(pull) if pull.state == "open" => return Ok(Found::Pull(pull.number)),
                    _ => return Ok(Found::Moved { head: first.head.sha }),
                }
            }
        };
        if pull.state != "open" {
            return Ok(Found::Closed);
        }
        match demanded {
            Some(demanded) if demanded != pull.head.sha => Ok(Found::Moved { head: pull.head.sha }),
            _ => Ok(Found::Pull(pull.number)),
        }
    }

    /// Reads all that stands on a pull request.
    ///
    /// # Errors
    ///
    /// What GitHub answers is not what was asked for.
    pub fn read(&self, repository: &Repository, number: u64) -> Result<PullRequest, GithubError> {
        const WHAT: &str = "read the pull request";
        let route = format!("{}/pulls/{number}", repository.route());
        let pull: Pull = parsed(WHAT, self.get(WHAT, &route)?.json)?;
        let account = self.account()?;
        let files: Vec<File> = self.all("read the files", &format!("{route}/files"))?;
        let remarks = self.remarks(repository, number, &account)?;
        let reviews = self.all("read the reviews", &format!("{route}/reviews"))?;
        let conversation = format!("{}/issues/{number}/comments", repository.route());
        let comments = self.all("read the conversation", &conversation)?;
        let posted = |comments: Vec<Comment>| {
            comments.into_iter().map(|comment| comment.posted(&account)).collect()
        };
        let file =
            |file: File| ChangedFile { path: RepoPath::new(file.filename), patch: file.patch };
        Ok(PullRequest {
            number: pull.number,
            head: pull.head.sha,
            open: pull.state == "open",
            files: files.into_iter().map(file).collect(),
            remarks,
            reviews: posted(reviews),
            comments: posted(comments),
        })
    }

    /// Whether somebody answers a remark.
    pub(super) fn is_answered(
        &self,
        repository: &Repository,
        number: u64,
        remark: u64,
    ) -> Result<bool, GithubError> {
        let route = format!("{}/pulls/{number}/comments", repository.route());
        let comments: Vec<Comment> = self.all("read the remarks", &route)?;
        Ok(comments.iter().any(|comment| comment.in_reply_to_id == Some(remark)))
    }

    fn remarks(
        &self,
        repository: &Repository,
        number: u64,
        account: &Account,
    ) -> Result<Vec<StandingRemark>, GithubError> {
        let route = format!("{}/pulls/{number}/comments", repository.route());
        let comments: Vec<Comment> = self.all("read the remarks", &route)?;
        let remark = |comment: Comment| StandingRemark {
            id: comment.id,
            ours: account.wrote(&comment),
            in_reply_to: comment.in_reply_to_id,
            path: RepoPath::new(comment.path.unwrap_or_default()),
            line: comment.line.and_then(LineNo::new),
            body: text(comment.body),
        };
        Ok(comments.into_iter().map(remark).collect())
    }

    fn account(&self) -> Result<Account, GithubError> {
        match self.send("read the account", &Method::GET, "/user", None) {
            Ok(answer) => {
                Ok(Account::Login(parsed::<User>("read the account", answer.json)?.login))
            }
            // The token of a workflow or of an app has no user; without a token there is none.
            Err(GithubError::Forbidden { .. } | GithubError::Unauthorized { .. }) => {
                Ok(Account::SomeBot)
            }
            Err(error) => Err(error),
        }
    }

    /// All pages of a list.
    fn all<T: for<'a> Deserialize<'a>>(
        &self,
        what: &'static str,
        route: &str,
    ) -> Result<Vec<T>, GithubError> {
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let route = format!("{route}?per_page={PAGE}&page={page}");
            let Answer { json, more } = self.get(what, &route)?;
            found.append(&mut parsed::<Vec<T>>(what, json)?);
            if !more {
                break;
            }
        }
        Ok(found)
    }
}

impl Account {
    fn wrote(&self, comment: &Comment) -> bool {
        comment.user.as_ref().is_some_and(|user| match self {
            Self::Login(login) => user.login == *login,
            Self::SomeBot => user.kind == "Bot",
        })
    }
}

impl Comment {
    fn posted(self, account: &Account) -> Posted {
        Posted { id: self.id, ours: account.wrote(&self), body: text(self.body) }
    }
}

/// A body as it was sent: somebody who edited it in a browser left other line ends in it.
fn text(body: Option<String>) -> String {
    body.unwrap_or_default().replace("\r\n", "\n")
}

fn parsed<T: for<'a> Deserialize<'a>>(what: &'static str, json: Value) -> Result<T, GithubError> {
    serde_json::from_value(json)
        .map_err(|error| GithubError::Unexpected { what, why: error.to_string() })
}

/// Text as part of a query.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(login: &str, kind: &str) -> Comment {
        let json = serde_json::json!({"id": 1, "user": {"login": login, "type": kind}});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_person_cannot_pass_for_us() {
        let us = Account::Login("octo".into());
        assert!(us.wrote(&by("octo", "User")) && !us.wrote(&by("eve", "Bot")));
        assert!(Account::SomeBot.wrote(&by("github-actions[bot]", "Bot")));
        assert!(!Account::SomeBot.wrote(&by("eve[bot]", "User")));
        let deleted = Comment { user: None, ..by("", "") };
        assert!(!us.wrote(&deleted) && !Account::SomeBot.wrote(&deleted));
    }

    #[test]
    fn a_branch_is_text_in_a_query() {
        assert_eq!(encoded("eve:a&b=ü/#"), "eve%3Aa%26b%3D%C3%BC%2F%23");
    }
}

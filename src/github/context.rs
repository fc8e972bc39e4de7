//! Which pull request, on which GitHub: from the command line and from the event that started us.
//!
//! Invariant: what is named on the command line comes first; under `workflow_run` the pull request
//! must have the head of the run that the event tells of, whoever names it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use http::Uri;
use serde_json::Value;

use super::GithubError;

/// Longest event that is read; GitHub's own limit is 25 MB.
const EVENT: u64 = 32 << 20;

/// A repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    owner: String,
    name: String,
}

impl Repository {
    /// The beginning of its routes.
    pub(super) fn route(&self) -> String {
        format!("/repos/{}/{}", self.owner, self.name)
    }
}

impl FromStr for Repository {
    type Err = GithubError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.len() <= 100
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        match text.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(GithubError::BadRepository(text.chars().take(120).collect())),
        }
    }
}

/// Where the API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Uri);

impl ApiUrl {
    /// As an address.
    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether it is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The host and the port.
    pub(super) fn host(&self) -> String {
        self.0.authority().map(ToString::to_string).unwrap_or_default()
    }
}

impl FromStr for ApiUrl {
    type Err = GithubError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || GithubError::BadApi(text.chars().take(200).collect());
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| bad())?;
        let authority = uri.authority().ok_or_else(bad)?.as_str();
        if authority.contains('@') || uri.query().is_some() {
            return Err(bad());
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_loopback(uri.host().unwrap_or_default()) => Ok(Self(uri)),
            Some("http") => Err(GithubError::Cleartext(text.to_owned())),
            _ => Err(bad()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Which pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The one with this number.
    Number {
        /// The number.
        number: u64,
        /// The head that it must have, where the event says so.
        head: Option<String>,
    },
    /// The open one from a branch, which must have this head.
    Branch {
        /// Who owns the branch's repository.
        owner: String,
        /// The branch.
        branch: String,
        /// The head.
        head: String,
    },
}

/// What the command line names.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `owner/name`.
    pub repository: Option<String>,
    /// The number of the pull request.
    pub number: Option<u64>,
}

/// Which pull request, on which GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The API.
    pub api: ApiUrl,
    /// The repository that the pull request is to be merged into.
    pub repository: Repository,
    /// The pull request.
    pub subject: Subject,
}

impl Context {
    /// Finds out from the command line, the environment and the event's file.
    ///
    /// # Errors
    ///
    /// Nothing names a repository or a pull request, or what names it cannot be read.
    pub fn find(
        given: &Given,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, GithubError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let api = set("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
        let repository = given.repository.clone().or_else(|| set("GITHUB_REPOSITORY"));
        let event = set("GITHUB_EVENT_PATH").map(PathBuf::from);
        let of_event = match (&event, given) {
            // The event is about another repository's pull requests.
            (Some(_), Given { repository: Some(named), .. })
                if set("GITHUB_REPOSITORY").is_some_and(|own| own != *named) =>
            {
                None
            }
            (Some(path), _) => subject(path, set("GITHUB_EVENT_NAME").as_deref())?,
            (None, _) => None,
        };
        Ok(Self {
            api: api.parse()?,
            repository: repository.ok_or(GithubError::NoRepository)?.parse()?,
            subject: joined(given.number, of_event).ok_or(GithubError::NoPullRequest)?,
        })
    }
}

/// The pull request that is named, with the head that the event demands of it.
fn joined(number: Option<u64>, of_event: Option<Subject>) -> Option<Subject> {
    match (number, of_event) {
        (None, of_event) => of_event,
        (Some(number), Some(Subject::Branch { head, .. })) => {
            Some(Subject::Number { number, head: Some(head) })
        }
        (Some(number), Some(Subject::Number { number: other, head })) if number == other => {
            Some(Subject::Number { number, head })
        }
        (Some(number), _) => Some(Subject::Number { number, head: None }),
    }
}

/// The pull request that an event is about; `None` for events that are about none.
fn subject(path: &Path, name: Option<&str>) -> Result<Option<Subject>, GithubError> {
    let failed = |source| GithubError::EventFile { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).map_err(failed)?.take(EVENT).read_to_string(&mut text).map_err(failed)?;
    let missing = |what| GithubError::Event { path: path.to_owned(), what };
    let event: Value = serde_json::from_str(&text).map_err(|_| missing("readable content"))?;
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let commit = |value: &Value| text(value).filter(|sha| is_commit(sha));
    if name == Some("workflow_run") || event["workflow_run"].is_object() {
        let run = &event["workflow_run"];
        return Ok(Some(Subject::Branch {
            owner: text(&run["head_repository"]["owner"]["login"])
                .ok_or_else(|| missing("owner of the run's repository"))?,
            branch: text(&run["head_branch"]).ok_or_else(|| missing("branch of the run"))?,
            head: commit(&run["head_sha"]).ok_or_else(|| missing("commit of the run"))?,
        }));
    }
    let pull = &event["pull_request"];
    if !pull.is_object() {
        return Ok(None);
    }
    Ok(Some(Subject::Number {
        number: pull["number"].as_u64().ok_or_else(|| missing("number of the pull request"))?,
        head: Some(commit(&pull["head"]["sha"]).ok_or_else(|| missing("head commit"))?),
    }))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "0123456789012345678901234567890123456789";

    fn find(event: &str, name: &str, given: Given) -> Result<Context, GithubError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), event).unwrap();
        Context::find(&given, &|variable| match variable {
            "GITHUB_EVENT_PATH" => Some(file.path().display().to_string()),
            "GITHUB_EVENT_NAME" => Some(name.to_owned()),
            "GITHUB_REPOSITORY" => Some("octo/shop".to_owned()),
            _ => None,
        })
    }

    fn pull_event() -> String {
        format!(r#"{{"pull_request": {{"number": 7, "head": {{"sha": "{HEAD}"}}}}}}"#)
    }

    fn run_event() -> String {
        format!(
            r#"{{"workflow_run": {{"head_sha": "{HEAD}", "head_branch": "fix/it",
                "head_repository": {{"owner": {{"login": "eve"}}}}, "pull_requests": []}}}}"#
        )
    }

    #[test]
    fn a_pull_request_event_names_its_number_and_head() {
        let context = find(&pull_event(), "pull_request", Given::default()).unwrap();
        let head = Some(HEAD.to_owned());
        assert_eq!(context.subject, Subject::Number { number: 7, head });
        assert_eq!(context.repository.route(), "/repos/octo/shop");
        assert_eq!(context.api, "https://api.github.com".parse().unwrap());
    }

    #[test]
    fn under_workflow_run_the_head_of_the_run_counts_whoever_names_the_number() {
        let context = find(&run_event(), "workflow_run", Given::default()).unwrap();
        let (owner, branch, head) = ("eve".to_owned(), "fix/it".to_owned(), HEAD.to_owned());
        assert_eq!(context.subject, Subject::Branch { owner, branch, head: head.clone() });
        let given = Given { number: Some(9), repository: None };
        let context = find(&run_event(), "workflow_run", given).unwrap();
        assert_eq!(context.subject, Subject::Number { number: 9, head: Some(head) });
    }

    #[test]
    fn events_without_what_they_should_have_are_errors() {
        let of = |event: &str, name| find(event, name, Given::default()).unwrap_err().to_string();
        assert!(of("{}", "push").contains("no pull request is named"));
        assert!(of("[", "push").contains("readable content"));
        assert!(of("{}", "workflow_run").contains("owner of the run's repository"));
        assert!(of(&pull_event().replace("01", "zz"), "pull_request").contains("head commit"));
        assert!(of(r#"{"pull_request": {"number": "7"}}"#, "pull_request").contains("number"));
    }

    #[test]
    fn another_repository_is_not_what_the_event_is_about() {
        let given = Given { number: Some(7), repository: Some("octo/other".into()) };
        let context = find(&pull_event(), "pull_request", given).unwrap();
        assert_eq!(context.subject, Subject::Number { number: 7, head: None });
    }

    #[test]
    fn names_of_repositories_hold_nothing_that_a_route_would_act_on() {
        for bad in ["", "a", "a/b/c", "a/..", "a b/c", "a/b?x", "../a", "a/b#c", "a/%2e"] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
        assert!("octo-org/shop.py_2".parse::<Repository>().is_ok());
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        for good in ["https://ghe.example/api/v3/", "http://127.0.0.1:81", "http://[::1]:81"] {
            assert!(good.parse::<ApiUrl>().is_ok(), "{good}");
        }
        for bad in ["http://ghe.example", "ftp://a", "ghe", "https://u:p@ghe", "https://a/?b"] {
            assert!(bad.parse::<ApiUrl>().is_err(), "{bad}");
        }
    }
}

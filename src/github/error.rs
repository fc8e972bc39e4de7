//! What can go wrong between us and GitHub.
//!
//! Invariant: no message holds a token, and what GitHub said is cut short.

use std::path::PathBuf;
use std::time::Duration;

/// Why a pull request was not read, or not written to.
#[derive(Debug, thiserror::Error)]
pub enum GithubError {
    /// The token has characters that none has.
    #[error("the token in the environment is not one of GitHub's")]
    BadToken,
    /// No repository is known.
    #[error("no repository is named")]
    NoRepository,
    /// A name that no repository has.
    #[error("`{0}` names no repository")]
    BadRepository(String),
    /// No pull request is known.
    #[error("no pull request is named")]
    NoPullRequest,
    /// The event's file cannot be read.
    #[error("cannot read the event in {}", path.display())]
    EventFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The event lacks what such an event has.
    #[error("the event in {} has no {what}", path.display())]
    Event {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// The API's address is none.
    #[error("`{0}` is no address of an API")]
    BadApi(String),
    /// The API's address would show the token to the network.
    #[error("`{0}` is not encrypted; the token would be sent for all to read")]
    Cleartext(String),
    /// The client cannot be set up.
    #[error("cannot set up the connection: {0}")]
    SetUp(String),
    /// GitHub does not take the token (401).
    #[error("GitHub does not take the token: {message}")]
    Unauthorized {
        /// What it said.
        message: String,
    },
    /// GitHub does not let us (403, 404).
    #[error("GitHub does not let us {what} ({status}: {message})")]
    Forbidden {
        /// What we wanted to do.
        what: &'static str,
        /// The status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// GitHub does not take what was sent (other statuses from 400 on).
    #[error("GitHub refuses to {what} ({status}: {message})")]
    Rejected {
        /// What we wanted to do.
        what: &'static str,
        /// The status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// A limit of GitHub's that does not end soon.
    #[error("GitHub's limit of requests is used up for {}", seconds(*wait))]
    Limited {
        /// How long it lasts.
        wait: Duration,
    },
    /// GitHub answers with errors of its own.
    #[error("GitHub failed to {what} ({status})")]
    Unavailable {
        /// What we wanted to do.
        what: &'static str,
        /// The status.
        status: u16,
    },
    /// No answer came.
    #[error("cannot reach {host} to {what}: {why}")]
    Unreachable {
        /// Whom.
        host: String,
        /// What we wanted to do.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Something was sent, and what became of it is not known.
    #[error("it is not known whether GitHub did {what}: {why}")]
    Uncertain {
        /// What we wanted to do.
        what: &'static str,
        /// What came instead of an answer.
        why: String,
    },
    /// An answer that is none.
    #[error("GitHub's answer to {what} cannot be read: {why}")]
    Unexpected {
        /// What we wanted to do.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl GithubError {
    /// Whether the token may do less than was asked of it, or nothing.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Forbidden { .. })
    }

    /// Whether it is for want of an answer, which another run may get.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Limited { .. }
                | Self::Unavailable { .. }
                | Self::Unreachable { .. }
                | Self::Uncertain { .. }
                | Self::Unexpected { .. }
                | Self::Rejected { .. }
        )
    }
}

fn seconds(wait: Duration) -> String {
    let seconds = wait.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

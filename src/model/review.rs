//! A pull request as a review sees it: what stands on it, and what is to be done to it.
//!
//! Invariant: texts that come from the pull request are kept as they are; only what is in an
//! [`Action`] is ever sent.

use super::{LineNo, MutantId, RepoPath};

/// What stands on a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The commit at the head of its branch.
    pub head: String,
    /// Whether it is open.
    pub open: bool,
    /// The files of its diff.
    pub files: Vec<ChangedFile>,
    /// Remarks on lines, replies too.
    pub remarks: Vec<StandingRemark>,
    /// The texts of reviews.
    pub reviews: Vec<Posted>,
    /// The comments of the conversation.
    pub comments: Vec<Posted>,
}

/// A file of a pull request's diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path on the new side.
    pub path: RepoPath,
    /// Its hunks; `None` where the diff is too large or the file is binary.
    pub patch: Option<String>,
}

/// A remark that stands on a line, or an answer to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRemark {
    /// GitHub's number for it.
    pub id: u64,
    /// Whether we wrote it.
    pub ours: bool,
    /// The remark that it answers.
    pub in_reply_to: Option<u64>,
    /// The file.
    pub path: RepoPath,
    /// The line now; `None` when the diff no longer has it.
    pub line: Option<LineNo>,
    /// The text.
    pub body: String,
}

/// The text of a review, or a comment of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// GitHub's number for it.
    pub id: u64,
    /// Whether we wrote it.
    pub ours: bool,
    /// The text.
    pub body: String,
}

/// One thing to do to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Give a remark of ours another text.
    EditRemark {
        /// Which.
        id: u64,
        /// The text.
        body: String,
    },
    /// Delete a remark of ours; where somebody has answered by then, give it `otherwise` instead.
    DeleteRemark {
        /// Which.
        id: u64,
        /// The text that says that it is settled.
        otherwise: String,
    },
    /// Give a review of ours another text.
    EditReview {
        /// Which.
        id: u64,
        /// The text.
        body: String,
    },
    /// Post a review.
    Review(NewReview),
    /// Give the summary another text.
    EditSummary {
        /// Which comment it is.
        id: u64,
        /// The text.
        body: String,
    },
    /// Post the summary.
    NewSummary {
        /// The text.
        body: String,
    },
}

/// A review to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// The commit that it is about.
    pub commit: String,
    /// Its text.
    pub body: String,
    /// Its remarks.
    pub comments: Vec<LineComment>,
}

/// A remark to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineComment {
    /// The mutant that it is about.
    pub mutant: MutantId,
    /// The file.
    pub path: RepoPath,
    /// The lines on the new side of the diff.
    pub place: Place,
    /// The text.
    pub body: String,
}

/// Lines on the new side of a diff, within one hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first, where there are several: smaller than `line`.
    pub start: Option<LineNo>,
    /// The last, or the only one.
    pub line: LineNo,
}

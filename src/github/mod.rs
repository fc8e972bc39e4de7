//! GitHub's API: reads a pull request, and does to it what it is told.
//!
//! Invariant: nothing is worded here, every text comes from above; the runtime of the client runs
//! in the calling thread alone, and only while a request is under way.

mod client;
mod context;
mod error;
mod perform;
mod read;
mod retry;
mod token;
mod transport;

pub use client::Client;
pub use context::{ApiUrl, Context, Given, Repository, Subject};
pub use error::GithubError;
pub use read::Found;
pub use retry::Pace;
pub use token::Token;

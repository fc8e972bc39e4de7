//! What all steps of a run share.
//!
//! Invariant: it is made once a run, and only borrowed from then on.

use std::sync::atomic::AtomicBool;

use super::Events;
use super::environment::Environment;
use crate::config::Options;
use crate::worker::RunDirectory;

/// What all steps of a run share.
#[derive(Clone, Copy)]
pub(super) struct Run<'r> {
    /// What is asked.
    pub options: &'r Options,
    /// The interpreter and runner.
    pub environment: &'r Environment,
    /// The run's own directory.
    pub directory: &'r RunDirectory,
    /// Whom to tell.
    pub events: &'r dyn Events,
    /// Whether to stop.
    pub interrupted: &'r AtomicBool,
}

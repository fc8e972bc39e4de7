//! What the tests stand on: interpreters, projects in temporary repositories, runs of the binary.
//!
//! Invariant: every command starts from an empty environment (`commands::clean`).

mod commands;
mod processes;
mod projects;
mod pythons;

pub(crate) use commands::{Running, Ran, clean};
pub(crate) use processes::processes_of;
pub(crate) use projects::{Project, expected, fixture_names, verdicts};
pub(crate) use pythons::{Python, pythons};

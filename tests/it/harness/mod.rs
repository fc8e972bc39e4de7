//! What the tests stand on: interpreters, projects in temporary repositories, runs of the binary.
//!
//! Invariant: every command starts from an empty environment (`commands::clean`).

mod commands;
mod fake_python;
pub(crate) mod github;
mod processes;
mod projects;
mod pythons;
pub(crate) mod reports;
mod review_run;
mod scenarios;

pub(crate) use commands::{Ran, Running, clean};
pub(crate) use fake_python::FakePython;
pub(crate) use processes::processes_of;
pub(crate) use projects::{
    Project, expected, fixture_arguments, fixture_names, fixture_pythons, verdicts,
};
pub(crate) use pythons::{Python, pythons};
pub(crate) use review_run::ReviewRun;
pub(crate) use scenarios::play;

//! mutdiff: mutation testing for the functions a change touches, and for their callers.
//!
//! The pipeline, a layer a paragraph; a file imports from lower layers and its own folder only:
//!
//! 1. `cli` turns arguments into [`config`] options, and errors into hints and exit codes.
//! 2. `lab` conducts a run: baseline, trace, mutants, report.
//! 3. `scope`, [`mutate`] and `schedule` are pure: which functions, which mutants, which tests in
//!    which order.
//! 4. `git`, [`syntax`], `store` and `worker` each wrap one thing of the world: libgit2,
//!    tree-sitter, SQLite, the Python processes.
//! 5. [`model`] is the plain data that all of them speak of.
//!
//! `report` renders a [`model::Report`], and plans the review of a pull request; `github` carries such
//! a plan out. Both see the model only.

pub mod cli;
pub mod config;
pub mod git;
pub mod github;
pub mod lab;
pub mod model;
pub mod mutate;
pub mod report;
pub mod schedule;
pub mod scope;
pub mod store;
pub mod syntax;
pub mod worker;

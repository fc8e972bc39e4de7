//! What is known of the store without asking what is in it.
//!
//! Invariant: plain data; the JSON forms are those of `mutdiff store status` and `mutdiff store scope`.

use std::path::PathBuf;

use serde::Serialize;

use super::{FunctionKey, TestId};

/// What a store's file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// There is none yet.
    Missing,
    /// One of this mutdiff's schema.
    Current,
    /// One of an older schema: the next run begins anew.
    Older,
    /// One of a newer schema.
    Newer,
    /// Another database.
    Foreign,
}

/// The store of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// The database.
    pub path: PathBuf,
    /// What it is.
    pub state: StoreState,
    /// The version of its schema, where it is a store.
    pub schema: Option<i64>,
    /// The version that this mutdiff reads and writes.
    pub known_schema: i64,
    /// Its size with its logs, in bytes.
    pub bytes: u64,
    /// When it was last written, in seconds since 1970.
    pub written: Option<i64>,
    /// What its trace was made in; `None` before the first one.
    pub environment: Option<StoreEnvironment>,
    /// What it holds, where it can be read.
    pub counts: Option<StoreCounts>,
}

/// What a trace was made in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreEnvironment {
    /// What stands for all of it.
    pub key: String,
    /// mutdiff's version.
    pub mutdiff: String,
    /// The interpreter's version.
    pub python: String,
    /// Where the interpreter is.
    pub interpreter: String,
    /// The runner's name.
    pub runner: String,
    /// What the runner is handed.
    pub arguments: Vec<String>,
    /// How many distributions are installed.
    pub distributions: usize,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StoreCounts {
    /// Files.
    pub files: u64,
    /// Functions of these.
    pub functions: u64,
    /// Tests with a trace.
    pub tests: u64,
    /// Caller → callee edges.
    pub edges: u64,
    /// Mutants with a verdict.
    pub mutants: u64,
    /// Verdicts: one for each state of the code that a mutant was decided in.
    pub verdicts: u64,
}

/// What a change of functions would touch, by the trace alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredScope {
    /// The functions that were asked about.
    pub functions: Vec<FunctionKey>,
    /// Who calls them, at any distance, the nearest first; what the tests begin with is left out.
    pub callers: Vec<StoredCaller>,
    /// The tests that enter any of these or of those, in the order of collection.
    pub tests: Vec<TestId>,
}

/// A function from which others are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredCaller {
    /// The caller.
    pub function: FunctionKey,
    /// How many calls away it is, at least 1.
    pub distance: u32,
    /// Which function of those asked about it is nearest to.
    pub reaches: FunctionKey,
}

/// What was removed from a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCleared {
    /// The database that is gone.
    pub path: PathBuf,
    /// What it held, where it could be read.
    pub counts: Option<StoreCounts>,
    /// Bytes that are free now, cached bytecode included.
    pub bytes: u64,
}

//! The options that say how tests are run.
//!
//! Invariant: shared by every command that runs tests, and the same on each.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use globset::Glob;

use crate::config::{
    DeadlineOptions, Options, RunnerKind, default_memory_limit, exclude_pattern, memory_size,
};
use crate::model::{Gate, GateKind, ScopeKind, TypeChecker};

/// How tests are run.
#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// Tests that run side by side; default: the number of cores
    #[arg(long, short, value_name = "N", value_parser = jobs, help_heading = "Tests")]
    jobs: Option<NonZeroUsize>,
    /// The interpreter; default: the active virtual environment's, that of .venv or venv in the
    /// repository, python3
    #[arg(long, value_name = "PATH", help_heading = "Tests")]
    python: Option<PathBuf>,
    /// The test runner; default: pytest where it can be imported, else unittest
    #[arg(long, value_enum, help_heading = "Tests")]
    runner: Option<RunnerArg>,
    /// What to hand the runner: all that follows, options too, so it comes last (or write it
    /// behind `--`)
    #[arg(
        long,
        value_name = "ARGS",
        num_args = 0..,
        allow_hyphen_values = true,
        help_heading = "Tests"
    )]
    tests: Vec<String>,
    /// The same as `--tests ARGS…`
    #[arg(last = true, value_name = "ARGS", hide = true, conflicts_with = "tests")]
    rest: Vec<String>,
    /// Which mutation operators are on: ids, groups or patterns such as comparison,*/none; `default` and
    /// `full` stand for many, `-` before a word switches it off (docs/operators.md)
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        allow_hyphen_values = true,
        help_heading = "Change"
    )]
    operators: Vec<String>,
    /// Which rules of suppression hold, in the same way
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        allow_hyphen_values = true,
        help_heading = "Change"
    )]
    suppress: Vec<String>,
    /// Files and folders that are not mutated, as patterns: src/vendored,*_pb2.py. What they call, and who
    /// calls them, is followed all the same
    #[arg(
        long,
        value_name = "PATTERNS",
        value_delimiter = ',',
        value_parser = exclude_pattern,
        help_heading = "Change"
    )]
    exclude: Vec<Glob>,
    /// Leave out mutants that a type checker rejects: it runs once, over copies of the mutated files
    #[arg(long, value_name = "CHECKER", value_enum, help_heading = "Change")]
    type_check: Option<CheckerArg>,
    /// Leave out tests that fail without a mutant, instead of stopping
    #[arg(long, help_heading = "Tests")]
    allow_failing: bool,
    /// A test may take FACTOR times its usual time under a mutant, and the floor on top
    #[arg(long, value_name = "FACTOR", value_parser = factor, default_value = "10", help_heading = "Tests")]
    deadline_factor: f64,
    /// The floor, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "2", help_heading = "Tests")]
    deadline_floor: Duration,
    /// A test, with all that it starts, may grow by SIZE (512M, 2G) over what importing took; default:
    /// 2G, or a quarter of the machine's memory if that is less
    #[arg(long, value_name = "SIZE", value_parser = memory_size, help_heading = "Tests")]
    memory_limit: Option<u64>,
}

impl TestArgs {
    /// The options of a look at all of the working tree as it is.
    pub(in crate::cli) fn everything(&self, repo: PathBuf) -> Options {
        Options {
            base: Some("HEAD".to_owned()),
            scope: ScopeKind::All,
            gate: Gate { kind: GateKind::None, partial: false },
            ..self.options(repo)
        }
    }

    /// Options for `repo` with these, and every default beside them.
    pub(super) fn options(&self, repo: PathBuf) -> Options {
        Options {
            jobs: self.jobs.unwrap_or_else(cores),
            python: self.python.clone(),
            runner: self.runner.map(RunnerKind::from),
            tests: if self.rest.is_empty() { self.tests.clone() } else { self.rest.clone() },
            operators: self.operators.clone(),
            suppress: self.suppress.clone(),
            exclude: self.exclude.clone(),
            type_check: self.type_check.map(TypeChecker::from),
            allow_failing: self.allow_failing,
            memory_limit: self.memory_limit.unwrap_or_else(default_memory_limit),
            deadline: DeadlineOptions { factor: self.deadline_factor, floor: self.deadline_floor },
            ..default_options(repo)
        }
    }
}

/// Options for `repo` with every default.
pub(in crate::cli) fn default_options(repo: PathBuf) -> Options {
    Options {
        repo,
        base: None,
        head: None,
        scope: ScopeKind::Callers,
        depth: None,
        jobs: cores(),
        python: None,
        runner: None,
        tests: Vec::new(),
        operators: Vec::new(),
        suppress: Vec::new(),
        exclude: Vec::new(),
        type_check: None,
        allow_failing: false,
        memory_limit: default_memory_limit(),
        deadline: DeadlineOptions::default(),
        gate: Gate::default(),
        budget: None,
        only: Vec::new(),
        shard: None,
        reuse: false,
    }
}

/// The cores that this process may use.
fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CheckerArg {
    Mypy,
    Pyright,
    Ty,
    Pyrefly,
}

impl From<CheckerArg> for TypeChecker {
    fn from(checker: CheckerArg) -> Self {
        match checker {
            CheckerArg::Mypy => Self::Mypy,
            CheckerArg::Pyright => Self::Pyright,
            CheckerArg::Ty => Self::Ty,
            CheckerArg::Pyrefly => Self::Pyrefly,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RunnerArg {
    /// From the project's environment
    Pytest,
    /// Of the standard library
    Unittest,
}

impl From<RunnerArg> for RunnerKind {
    fn from(runner: RunnerArg) -> Self {
        match runner {
            RunnerArg::Pytest => Self::Pytest,
            RunnerArg::Unittest => Self::Unittest,
        }
    }
}

pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "a number of jobs, at least 1, is needed".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor >= 1.0 => Ok(factor),
        _ => Err("a number that is at least 1 is needed".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds, at least 0, is needed".to_owned())
}

/// A number of hours, minutes and seconds: `5m`, `1h30m`, `90s`, `90`.
pub(super) fn time_span(text: &str) -> Result<Duration, String> {
    let needed = || "a time such as 90s, 5m or 1h30m is needed".to_owned();
    let mut seconds = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| needed())?;
        let unit = rest[end..].chars().next();
        seconds += number
            * match unit {
                None | Some('s') => 1.0,
                Some('m') => 60.0,
                Some('h') => 3600.0,
                Some(_) => return Err(needed()),
            };
        rest = &rest[end + unit.map_or(0, char::len_utf8)..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(needed)
}

//! The Python side: finding an interpreter, starting the warm process, running tests in forks.
//!
//! Invariant: no test code runs in a process that a later test is forked from, and every process
//! started here is gone when its owner is dropped.

mod alike;
mod error;
mod footprint;
mod interpreter;
#[cfg(test)]
mod live_tests;
mod memory;
mod process;
mod protocol;
mod reap;
#[cfg(test)]
mod runaway_tests;
mod runtime;
mod slot;
mod type_check;

pub use alike::{CodeDigest, code_digests};
pub use error::WorkerError;
pub use interpreter::{Interpreter, find_interpreter};
pub use process::{Collected, Mode, Process, ProcessOptions};
pub use protocol::{
    CodeRow, MutantMessage, Record, RunOrder, TestRecord, TraceRecord, UnitMessage,
};
pub use reap::{be_no_subreaper, become_subreaper, kill_strays};
pub use runtime::RunDirectory;
pub use slot::{Ended, Slot, SlotRun, SlotTimes};
pub use type_check::{CHECKER_LIMIT, TypeFault, type_faults};

//! The binary: hands the arguments to `cli` and exits with the code it returns.
//!
//! Invariant: nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    mutdiff::cli::main().into()
}

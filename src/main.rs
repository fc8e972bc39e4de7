//! The binary: hands the arguments to `cli` and exits with the code it returns.
//!
//! Invariant: nothing is decided here.

fn main() {}

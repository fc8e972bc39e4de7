//! What a change selects, and what is said of it: a file of scenarios a test.
//!
//! Invariant: the data decides, not this file.

use crate::harness::play;

#[test]
fn a_changed_function_is_in_scope_and_one_that_only_looks_different_is_not() {
    play("functions");
}

//! What a change selects, and what is said of it: a file of scenarios a test.
//!
//! Invariant: the data decides, not this file.

use crate::harness::play;

#[test]
fn a_changed_function_is_in_scope_and_one_that_only_looks_different_is_not() {
    play("functions");
}

#[test]
fn changed_names_of_modules_and_classes_reach_their_users() {
    play("module_code");
}

#[test]
fn callers_are_reached_however_they_call() {
    play("calls");
}

#[test]
fn changed_tests_put_in_question_what_they_entered_at_the_base() {
    play("tests");
}

#[test]
fn tests_that_are_no_code_are_compared_with_the_base_as_well() {
    play("tests_beside_code");
}

#[test]
fn files_that_no_function_can_be_tied_to_are_named_with_what_they_invalidate() {
    play("untied");
}

#[test]
fn repositories_are_compared_as_people_and_ci_leave_them() {
    play("git");
}

#[test]
fn changed_tests_of_unittest_put_in_question_what_they_entered_at_the_base() {
    play("tests_unittest");
}

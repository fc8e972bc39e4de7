//! Every mutant of every fixture, on a Python of each tracing path: the verdicts are those of
//! `expected.json`, which brute force agreed with when it was written (`tests/regenerate_expected.py`).
//!
//! Invariant: the data decides, not this file; one Python's verdicts are every Python's.

use std::collections::BTreeSet;

use crate::harness::{
    Project, Ran, expected, fixture_arguments, fixture_names, fixture_pythons, processes_of,
    verdicts,
};

/// The fixtures that have a test below.
const TESTED: [&str; 23] = [
    "at_import",
    "at_import_hooks",
    "basics",
    "c_extensions",
    "callers",
    "concurrency",
    "concurrency_plugins",
    "demo",
    "fixtures_scope",
    "hypothesis",
    "meddling",
    "plugins",
    "processes",
    "programs",
    "runaways",
    "source_bytes",
    "source_new",
    "source_scopes",
    "state",
    "subprocess_child",
    "timeouts",
    "unguarded",
    "unittest_basics",
];

#[expect(clippy::print_stdout, reason = "told with --nocapture, and when a test fails")]
fn decides_as_expected(name: &str) {
    let expected = expected(name);
    for python in fixture_pythons(name) {
        let project = Project::fixture(name, python);
        let before = project.snapshot();
        let ran = Ran::of(project.main_job(&[]).args(fixture_arguments(name)));
        let at = format!("{name} on {}", python.version);
        assert!(matches!(ran.code, Some(0 | 1)), "{at}: {ran}");
        let report = project.report();
        let found = verdicts(&report);
        let mut differences = Vec::new();
        for function in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            let (wanted, got) = (expected.get(function), found.get(function));
            let keys = wanted.into_iter().chain(got).flat_map(|of_function| of_function.keys());
            for key in keys.collect::<BTreeSet<_>>() {
                let of = |side: Option<&_>| -> Option<String> {
                    let side: Option<&std::collections::BTreeMap<String, String>> = side;
                    side?.get(key).cloned()
                };
                if of(wanted) != of(got) {
                    differences.push(format!(
                        "{function}: {key}: expected {}, got {}",
                        of(wanted).as_deref().unwrap_or("no mutant"),
                        of(got).as_deref().unwrap_or("no mutant"),
                    ));
                }
            }
        }
        assert!(differences.is_empty(), "{at}:\n{}\n{ran}", differences.join("\n"));
        assert_eq!(report.python, python.version);
        assert_eq!(processes_of(project.everything()), [], "{at}: processes outlive the run");
        assert_eq!(project.snapshot(), before, "{at}: the working tree was written to");
        println!("{at}: {} mutants in {:?}", report.counts.mutants, ran.took);
    }
}

#[test]
fn every_fixture_has_a_test() {
    assert_eq!(fixture_names(), TESTED);
}

#[test]
fn functions_of_every_kind_take_their_mutants() {
    decides_as_expected("basics");
}

#[test]
fn code_that_runs_at_import_is_decided_cold() {
    decides_as_expected("at_import");
}

#[test]
fn hooks_of_the_import_are_decided_cold() {
    decides_as_expected("at_import_hooks");
}

#[test]
fn callers_through_library_frames_are_in_scope() {
    decides_as_expected("callers");
}

#[test]
fn the_demo_has_each_kind_of_finding() {
    decides_as_expected("demo");
}

#[test]
fn lines_of_a_fixtures_set_up_belong_to_every_test_that_uses_it() {
    decides_as_expected("fixtures_scope");
}

#[test]
fn mutants_are_in_force_in_children_of_tests() {
    decides_as_expected("subprocess_child");
}

#[test]
fn functions_that_run_in_workers_only_are_decided_however_those_start_and_die() {
    decides_as_expected("processes");
}

#[test]
fn programs_that_tests_start_take_the_mutant_along_or_say_that_they_cannot() {
    decides_as_expected("programs");
}

#[test]
fn a_runner_script_without_a_guard_is_collected_and_not_run() {
    decides_as_expected("unguarded");
}

#[test]
fn endless_tests_end_as_timeout_and_not_as_killed() {
    decides_as_expected("timeouts");
}

#[test]
fn what_tests_do_to_their_own_process_changes_no_verdict() {
    decides_as_expected("meddling");
}

#[test]
fn runaways_are_stopped_at_their_limits_and_disturb_no_other_mutant() {
    decides_as_expected("runaways");
}

#[test]
fn unittest_is_served_as_pytest_is() {
    decides_as_expected("unittest_basics");
}

#[test]
fn the_bytes_of_a_file_do_not_move_its_mutants() {
    decides_as_expected("source_bytes");
}

#[test]
fn mutants_keep_the_scope_of_their_names() {
    decides_as_expected("source_scopes");
}

#[test]
fn new_syntax_is_mutated_where_python_has_it() {
    decides_as_expected("source_new");
}

#[test]
fn what_tests_leave_behind_changes_no_verdict() {
    decides_as_expected("state");
}

#[test]
fn hypothesis_finds_with_a_mutant_what_it_finds_in_a_plain_run() {
    decides_as_expected("hypothesis");
}

#[test]
fn mutants_are_in_force_in_threads_and_tasks() {
    decides_as_expected("concurrency");
}

#[test]
fn mutants_are_in_force_under_asynchronous_runners() {
    decides_as_expected("concurrency_plugins");
}

#[test]
fn extension_modules_are_loaded_once_in_each_process() {
    decides_as_expected("c_extensions");
}

#[test]
fn options_and_plugins_of_a_project_change_no_verdict() {
    decides_as_expected("plugins");
}

"""Deliberate defects in what mutdiff guarantees, and the test that must fail with each.

Invariant: the text occurs once in its file, and `docs/testing.md` lists every defect
(`python tests/defects.py --check`).
"""

from __future__ import annotations

from dataclasses import dataclass

PYTHON = "src/worker/python/_mutdiff/"


@dataclass(frozen=True)
class Defect:
    """A defect as an edit of one file."""

    title: str
    file: str
    text: str
    replacement: str
    #: `test_file.py::test` of `tests/runtime/`, `file::test` of `tests/it/`, or a unit test's path.
    test: str
    #: Only on Pythons before this one.
    before: tuple[int, int] | None = None


FORK = """\
            pid = fork()
            if pid == 0:
                try:
                    child.enter()
                    link.close()
                    self._run_child(child, order, scratch)
                finally:
                    kept.exit_now(0)
            forked = kept.monotonic()
            status = _wait(pid, link)
"""
NO_FORK = """\
            self._run_child(child, order, scratch)
            forked = kept.monotonic()
            status = 0
"""
EXPECTED_FAILURE = (
    "        if item.stash.get(self._xfailed, None) or isinstance(error, self._special):"
)

DEFECTS = [
    Defect(
        "a failure behind other tests is not confirmed",
        "src/lab/deciding.rs",
        "(position, self.alone(lane, heat, rest[position])?)",
        "(position, Alone::Fails)",
        "proofs::a_failure_behind_other_tests_that_vanishes_alone_is_no_kill",
    ),
    Defect(
        "killers are not run again without a mutant",
        "src/lab/running.rs",
        "engine.verify_killers()?;",
        "",
        "stale::a_test_that_also_fails_without_a_mutant_kills_nothing",
    ),
    Defect(
        "a fixture's lines are the first test's only",
        PYTHON + "child.py",
        "of_fixtures[key] for key in runner.shared_fixtures(number) if key in of_fixtures",
        "of_fixtures[key] for key in ()",
        "test_tracers.py::test_a_wide_fixture_belongs_to_every_test_that_uses_it",
    ),
    Defect(
        "lines reached at import are ignored",
        PYTHON + "server.py",
        'message["lines"] = sorted(recording.lines)',
        'message["lines"] = []',
        "fixtures::code_that_runs_at_import_is_decided_cold",
    ),
    Defect(
        "the start-up hook of spawned processes is dropped",
        "src/worker/python/site/sitecustomize.py",
        "try:\n    _join()\n",
        "try:\n    pass\n",
        "test_children.py::test_a_child_runs_the_mutant",
    ),
    Defect(
        "hits are written when a process exits",
        PYTHON + "hits.py",
        "        _USED.pack_into(self._map, 0, end)",
        "        import atexit\n"
        "        atexit.register(lambda: _USED.pack_into(self._map, 0, self._at))",
        "test_processes.py::test_no_line_of_a_child_is_lost",
    ),
    Defect(
        "a fault of the runtime counts as a kill",
        "src/lab/deciding.rs",
        "                return Step::Settled(Verdict::Error { message: why.clone() });",
        "                let _ = why;\n                return Step::Failed(0);",
        "lab::step_tests::a_fault_of_the_runtime_is_an_error_and_no_kill",
    ),
    Defect(
        "tests run in the slot's own process, which goes on",
        PYTHON + "server.py",
        FORK,
        NO_FORK,
        "test_meddling.py::test_a_fork_knows_nothing_of_the_tests_and_the_mutant_before_it",
    ),
    Defect(
        "the process group of a child is not killed",
        PYTHON + "server.py",
        "        # The child is dead and not reaped yet, so its number still names its own group.\n"
        "        _kill_session(pid)\n",
        "",
        "test_meddling.py::test_what_a_test_leaves_in_its_group_is_killed",
    ),
    Defect(
        "`xfail(strict)` is forgotten",
        PYTHON + "pytest_phases.py",
        EXPECTED_FAILURE,
        EXPECTED_FAILURE.replace("if item", "if error is not None and item"),
        "test_pytest_runner.py::test_outcomes_are_those_of_a_plain_run",
    ),
    Defect(
        "only the first of several function objects is swapped",
        PYTHON + "swap.py",
        "        for function in candidates:\n",
        "        for function in candidates[:1]:\n",
        "test_swap.py::test_every_function_of_the_same_code_takes_the_mutant",
    ),
    Defect(
        "a child that crashed counts as finished",
        "src/worker/slot.rs",
        "            None => Ended::Crashed { position },",
        "            None => Ended::Finished,",
        "fixtures::what_tests_do_to_their_own_process_changes_no_verdict",
    ),
    Defect(
        "a test beyond its deadline counts as a failure",
        "src/lab/deciding.rs",
        "        if matches!(alone, Alone::TimesOut) {",
        "        if false && matches!(alone, Alone::TimesOut) {",
        "outcomes::timeout_is_not_counted_as_killed",
    ),
    Defect(
        "a survivor need not have been reached",
        "src/lab/deciding.rs",
        "        if self.reached(lane, heat, &all)? {",
        "        if self.reached(lane, heat, &all)? || true {",
        "fixtures::functions_of_every_kind_take_their_mutants",
    ),
    Defect(
        "the memory of a test is not watched",
        "src/worker/slot.rs",
        "self.is_too_large(header.pid, name).then_some(Killed::OutOfMemory)",
        "(false && self.is_too_large(header.pid, name)).then_some(Killed::OutOfMemory)",
        "worker::runaway_tests::a_test_that_grows_beyond_the_limit_is_killed",
    ),
    Defect(
        "what has left its test's session is not looked for",
        "src/worker/slot.rs",
        "        reap::kill_strays_of(&name);\n",
        "",
        "worker::runaway_tests::a_daemon_is_gone_when_its_test_is",
    ),
    Defect(
        "a verdict does not rest on its tests' functions",
        "src/lab/basis.rs",
        "    hash.update(did.0);\n",
        "    let _ = did;\n",
        "second_run::a_helper_two_calls_away_is_part_of_what_a_verdict_rests_on",
    ),
    Defect(
        "a verdict does not rest on what its tests may come to run with a mutant",
        "src/lab/basis.rs",
        "    hash.update(may_run);\n",
        "    let _ = may_run;\n",
        "stale::a_function_that_only_a_mutated_run_enters_is_part_of_what_a_verdict_rests_on",
    ),
    Defect(
        "a module that nothing imports any more counts as imported",
        "src/lab/imports.rs",
        "stays(path) && imported.contains(path);",
        "stays(path);",
        "collection::a_module_that_nothing_imports_any_more_counts_as_not_imported",
    ),
    Defect(
        "a verdict does not rest on the limits",
        "src/lab/basis.rs",
        "        hash.update(limits.as_bytes());\n",
        "        let _ = limits;\n",
        "limits::verdicts_of_other_limits_are_not_used",
    ),
    Defect(
        "tokens are left in the environment",
        "src/worker/process.rs",
        "        command.env_remove(name);\n",
        "        let _ = name;\n",
        "isolation::tokens_are_not_in_the_environment_of_tests",
    ),
    Defect(
        "each test runs twice",
        PYTHON + "child.py",
        "            record: dict[str, Any] = {\n",
        "            runner.run(number, following)\n            record: dict[str, Any] = {\n",
        "processes::a_test_runs_exactly_as_often_as_intended_and_never_in_a_worker",
    ),
    Defect(
        "a signal handler of mutdiff's own in the tests' process",
        PYTHON + "child.py",
        "        kept.setsid()\n",
        "        kept.setsid()\n        __import__('signal').signal(15, lambda *_: None)\n",
        "test_processes.py::test_no_handler_is_replaced",
    ),
    Defect(
        "a test's own trace function takes the place of mutdiff's",
        PYTHON + "following.py",
        "        _settrace(self._own if function is None else _both(self._own, function))\n",
        "        _settrace(function)\n",
        "test_tracers.py::test_a_debugger_in_a_test_hides_nothing_and_sees_all",
        before=(3, 12),
    ),
    Defect(
        "lines of an earlier test in the same fork stay unseen",
        PYTHON + "child.py",
        "            hits.read_into(recording.lines, recording.edges)\n"
        "            whole = recording\n"
        "            if shared:\n"
        "                tracer.forget()\n",
        "            hits.read_into(recording.lines, recording.edges)\n"
        "            whole = recording\n"
        "            if shared:\n",
        "test_tracers.py::test_each_test_of_a_shared_fork_has_its_own_lines",
    ),
    Defect(
        "a free variable that a mutant drops is lost",
        PYTHON + "mutation.py",
        "    if any(True for _ in _lacking(old, new)):\n",
        "    if False:\n",
        "test_mutation.py::test_a_dropped_free_variable_stays_free",
    ),
    Defect(
        "a mutant's lines are counted from the function's first",
        PYTHON + "mutation.py",
        "    blank = unit.first_line - 1 - len(headers)\n",
        "    blank = 0\n",
        "test_mutation.py::test_a_unit_compiles_as_in_its_file",
    ),
    Defect(
        "the cold route leaves the mutant out",
        PYTHON + "mutation.py",
        "    mutated = text[: mutant.start] + mutant.text.encode() + text[mutant.end :]\n",
        "    mutated = text\n",
        "test_imports.py::test_code_that_runs_at_import_is_decided_cold",
    ),
    Defect(
        "a file that changes while mutdiff runs is not noticed",
        PYTHON + "mutation.py",
        "    if hashlib.sha256(data).hexdigest() != mutant.digest:\n",
        "    if False:\n",
        "test_imports.py::test_a_file_that_changed_is_told",
    ),
    Defect(
        "the comments of any account count as ours",
        "src/github/read.rs",
        "Self::Login(login) => user.login == *login,",
        "Self::Login(_) => true,",
        "review_scenarios::a_token_of_a_person",
    ),
    Defect(
        "a review whose answer is lost is sent again",
        "src/github/client.rs",
        "if *method == Method::POST && !is_unsent {",
        "if false && !is_unsent {",
        "review::a_review_whose_answer_is_lost_is_not_posted_twice",
    ),
    Defect(
        "remarks go by the number of the line alone",
        "src/report/review/place.rs",
        "let holds = |line: &u32| diff.text(*line).is_some_and(|there| same(there, text));",
        "let holds = |line: &u32| diff.text(*line).is_some();",
        "review_scenarios::a_base_that_moved",
    ),
    Defect(
        "a remark that somebody answers meanwhile is deleted",
        "src/github/perform.rs",
        "if self.is_answered(repository, number, *id)? {",
        "if !self.is_answered(repository, number, *id)? && false {",
        "review::an_answer_that_comes_in_between_keeps_the_remark",
    ),
    Defect(
        "what somebody deleted is said again",
        "src/report/review/plan.rs",
        "standing.told.iter().chain(&remembered).cloned().collect();",
        "standing.told.iter().cloned().collect();",
        "review_scenarios::people_answer_and_delete",
    ),
    Defect(
        "a run of another workflow may name any pull request",
        "src/github/context.rs",
        "Some(Subject::Number { number, head: Some(head) })\n",
        "Some(Subject::Number { number, head: Some(head).filter(|_| false) })\n",
        "github::context::tests::under_workflow_run_the_head_of_the_run_counts_whoever_names_the_number",
    ),
    Defect(
        "names stand in a remark as they are",
        "src/report/review/remark.rs",
        "let function = span(mutant.function.name.as_str(), NAME);",
        "let function = mutant.function.name.to_string();",
        "report::review::tests::hostile_text_stays_text",
    ),
    Defect(
        "what a test did before it was traced anew is forgotten",
        "src/store/past.rs",
        'FROM test WHERE outcome IN (0, 2)";',
        'FROM test WHERE outcome IN (9)";',
        "scenarios::changed_tests_put_in_question_what_they_entered_at_the_base",
    ),
    Defect(
        "a test that is skipped counts as one that ran",
        "src/lab/tracer.rs",
        "                let ran = summary.outcome != TestOutcome::Skipped;\n",
        "                let ran = true;\n",
        "scenarios::changed_tests_of_unittest_put_in_question_what_they_entered_at_the_base",
    ),
    Defect(
        "calls that tests made at the base are not followed",
        "src/lab/base_tests.rs",
        "flat_map(|test| &test.edges) {\n",
        "flat_map(|test| &test.edges).take(0) {\n",
        "scenarios::callers_are_reached_however_they_call",
    ),
    Defect(
        "callers of the users of changed names are not followed",
        "src/scope/select.rs",
        "        if nearer && !changed.contains(&caller) {\n",
        "        if nearer && changed.contains(&caller) {\n",
        "scenarios::changed_names_of_modules_and_classes_reach_their_users",
    ),
    Defect(
        "a changed override reaches its own callers alone",
        "src/scope/kin.rs",
        "        self.overridden.get(method)\n",
        "        self.overridden.get(method).filter(|all| all.is_empty())\n",
        "scenarios::callers_are_reached_however_they_call",
    ),
    Defect(
        "names that come to or leave `__all__` reach nobody",
        "src/scope/spread.rs",
        "                    public.chain(&change.exported)\n",
        "                    public.chain(change.exported.iter().take(0))\n",
        "scenarios::changed_names_of_modules_and_classes_reach_their_users",
    ),
    Defect(
        "a mark of a whole file of tests concerns none of them",
        "src/lab/changed_tests/differing.rs",
        "|= OF_THE_FILE.iter().any(|name| names.names.contains(*name));\n",
        "|= names.names.is_empty();\n",
        "scenarios::changed_tests_put_in_question_what_they_entered_at_the_base",
    ),
    Defect(
        "that nobody knows what changed tests did is not said",
        "src/lab/changed_tests/mod.rs",
        "        if self.unknown.is_empty() {\n",
        "        if self.unknown.len() < 99 {\n",
        "scenarios::changed_tests_put_in_question_what_they_entered_at_the_base",
    ),
    Defect(
        "a caller that no test reaches is not looked for",
        "src/lab/scoping.rs",
        "        |key: &FunctionKey| !at_import.contains(key) && known",
        "        |key: &FunctionKey| at_import.contains(key) && known",
        "scenarios::a_changed_function_is_in_scope_and_one_that_only_looks_different_is_not",
    ),
    Defect(
        "a file that nobody spoke of invalidates nothing",
        "src/config/project.rs",
        "            None => Invalidates::Everything,\n",
        "            None => Invalidates::Nothing,\n",
        "scenarios::files_that_no_function_can_be_tied_to_are_named_with_what_they_invalidate",
    ),
    Defect(
        "a verdict does not rest on files that are tied to its code",
        "src/lab/basis.rs",
        "            hash.update(subject.tied_digest(path));\n",
        "",
        "scenarios::files_that_no_function_can_be_tied_to_are_named_with_what_they_invalidate",
    ),
    Defect(
        "a file that invalidates nothing goes unnamed when nothing is run",
        "src/lab/running.rs",
        "    report.notices.extend(untied);\n",
        "",
        "scenarios::files_that_no_function_can_be_tied_to_are_named_with_what_they_invalidate",
    ),
    Defect(
        "a verdict does not rest on submodules",
        "src/lab/subject.rs",
        "            subject.data.insert(submodule.path.clone(), state);\n",
        "            let _ = state;\n",
        "scenarios::repositories_are_compared_as_people_and_ci_leave_them",
    ),
    Defect(
        "the merge commit of a pull request is compared with the branch",
        "src/git/base.rs",
        "        if let (Some(merge), None) = (&merge, requested) {\n",
        "        if let (Some(merge), Some(_)) = (&merge, requested) {\n",
        "scenarios::repositories_are_compared_as_people_and_ci_leave_them",
    ),
    Defect(
        "lines of a pull request's head are those of its merge",
        "src/git/lines.rs",
        "            if hunk.old.start < lines.first.get() {\n",
        "            if hunk.old.start < 1 {\n",
        "scenarios::repositories_are_compared_as_people_and_ci_leave_them",
    ),
    Defect(
        "a bar in a cell of the summary starts another cell",
        "src/report/escape.rs",
        """.replace('|', "\\\\|")""",
        "",
        "report::tests::text_of_the_project_stays_text_in_every_format",
    ),
    Defect(
        "a line end in an annotation starts another command",
        "src/report/escape.rs",
        """.replace('\\n', "%0A")""",
        "",
        "report::tests::text_of_the_project_stays_text_in_every_format",
    ),
    Defect(
        "a name on the HTML page is not escaped",
        "src/report/html/view.rs",
        "    let name = html(&cut(node.key.name.as_str(), NAME));",
        "    let name = cut(node.key.name.as_str(), NAME).into_owned();",
        "report::html::tests::names_open_no_tag",
    ),
    Defect(
        "a SARIF fingerprint is the line",
        "src/report/findings.rs",
        "return id(self.mutant);",
        "return self.mutant.span.start.line.to_string();",
        "report::sarif::tests::fingerprints_part_the_mutants_of_a_line_and_survive_moved_lines",
    ),
    Defect(
        "a mutant that is asked for by its id has its stored verdict",
        "src/lab/book.rs",
        "                None if reuse => {",
        "                None if reuse || true => {",
        "chosen::a_survivor_is_tried_again_after_a_test_was_written_and_the_others_stay",
    ),
    Defect(
        "a store forgets who decides what",
        "src/lab/sharding.rs",
        "store.put_note(NOTE, &bytes)?;",
        "let _ = bytes;",
        "shards::shards_may_run_one_after_another_on_one_store_and_one_of_them_again",
    ),
    Defect(
        "mutants of the same code fall to several shards",
        "src/lab/sharding.rs",
        "dealt = stands.iter().map(|&number| dealt[number]).collect();",
        "let _ = stands;",
        "shards::mutants_that_compile_to_the_same_code_fall_to_one_shard",
    ),
    Defect(
        "a missing shard is passed over",
        "src/report/merging.rs",
        "    if missing.is_empty() {",
        "    if !found.is_empty() {",
        "report::merging::tests::missing_shards_are_named",
    ),
    Defect(
        "a report of a shard that was edited counts",
        "src/report/merging.rs",
        "part.digest != report.digest()",
        "part.digest.is_empty()",
        "report::merging::tests::an_edited_report_is_refused_by_its_name",
    ),
    Defect(
        "the hook takes the settings that are checked out",
        "src/cli/settings/layers.rs",
        "&Head::Commit(commit.to_owned())",
        "&[Head::Commit(commit.to_owned()), Head::WorkingTree][1]",
        "hook::each_pushed_commit_is_tested_with_the_settings_that_it_has",
    ),
    Defect(
        "what is decided on one branch is put into the report of another",
        "src/lab/report_state.rs",
        "Ok(other(subject, store, last)?.is_none())",
        "other(subject, store, last).map(|_| true)",
        "chosen::what_is_decided_on_another_branch_is_not_put_into_the_last_report",
    ),
    Defect(
        "mutants of the same code are all run",
        "src/lab/alike.rs",
        "        stands[number] = *first.entry(",
        "        let _ = *first.entry(",
        "plan::mutants_that_compile_to_the_same_code_are_decided_and_counted_once",
    ),
    Defect(
        "what a type checker says of the original is held against mutants",
        "src/lab/type_checked.rs",
        "known| !known.contains(&(fault.line, plain(fault))));",
        "known| known.len() < usize::MAX);",
        "type_checked::what_a_checker_rejects_is_invalid_and_what_it_says_of_the_original_is_not_held_against_a_mutant",
    ),
    Defect(
        "a type checker is waited for without end",
        "src/worker/type_check.rs",
        "            Ok(None) if began.elapsed() > limit => {",
        "            Ok(None) if began.elapsed() > 100 * limit => {",
        "worker::type_check::tests::a_checker_that_does_not_end_is_ended",
    ),
    Defect(
        "a condition with an `else` is taken for a guard",
        "src/mutate/suppress/same.rs",
        '    if statement.field("alternative").is_some() {',
        "    if false {",
        "mutate::suppress::tests::what_only_looks_the_same_is_not_suppressed",
    ),
]

//! Runs on several machines: `--shard K/N`, `mutdiff plan`, `mutdiff merge`.
//!
//! Invariant: seen through the reports: together the shards say what one run says.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use mutdiff::config::{DeadlineOptions, Options, RunnerKind};
use mutdiff::lab::{self, Events};
use mutdiff::model::{
    Conclusion, DecidedMutant, Gate, MutantId, Notice, Part, Phase, Report, ScopeKind, Shard,
    TestId, Verdict,
};
use mutdiff::report::json;

use crate::harness::{Project, Python, Ran};

struct Silent;

impl Events for Silent {
    fn phase(&self, _: Phase, _: Option<usize>) {}
    fn advance(&self, _: usize) {}
    fn decided(&self, _: &DecidedMutant) {}
    fn notice(&self, _: &Notice) {}
}

fn options(project: &Project, shard: Shard) -> Options {
    Options {
        repo: project.root(),
        base: Some("main".into()),
        head: None,
        scope: ScopeKind::Callers,
        depth: None,
        jobs: NonZeroUsize::MIN,
        python: Some(project.python.path.clone()),
        runner: Some(RunnerKind::Pytest),
        tests: Vec::new(),
        operators: Vec::new(),
        suppress: Vec::new(),
        exclude: Vec::new(),
        type_check: None,
        allow_failing: false,
        memory_limit: 1 << 30,
        deadline: DeadlineOptions::default(),
        gate: Gate::default(),
        budget: None,
        only: Vec::new(),
        shard: Some(shard),
        reuse: false,
    }
}

/// Runs a shard; where its report is, and what it says.
fn shard(project: &Project, shard: &str, arguments: &[&str]) -> (PathBuf, Report, Option<i32>) {
    let ran = Ran::of(project.main_job(&["--shard", shard]).args(arguments));
    let report = project.report();
    let path = project.home().join(format!("{}.json", shard.replace('/', "-of-")));
    std::fs::write(&path, json::write(&report)).expect("writable");
    (path, report, ran.code)
}

fn merge(project: &Project, code: i32, paths: &[PathBuf], arguments: &[&str]) -> (Ran, Report) {
    let target = project.home().join("merged.json");
    let _ = std::fs::remove_file(&target);
    let mut command = project.mutdiff(&["merge"]);
    command.args(paths).args(arguments).arg("--report").arg(format!("json={}", target.display()));
    let ran = Ran::of(&mut command).expect(code);
    (ran, project.report_at(&target))
}

fn clear(project: &Project) {
    Ran::of(&mut project.mutdiff(&["store", "clear"])).expect(0);
}

/// A report without what differs from run to run.
fn essence(report: &Report) -> Report {
    let mut report = report.clone();
    report.timings = Default::default();
    report.counts.reused = 0;
    for mutant in &mut report.mutants {
        mutant.milliseconds = 0.0;
        mutant.reused = false;
        // Which of several killers runs first follows from what its neighbours were killed by.
        mutant.tests.clear();
        if let Verdict::Killed { by } = &mut mutant.verdict {
            *by = TestId::new("");
        }
    }
    report
}

/// Compares two reports, and says little where they differ.
fn assert_same(one: &Report, other: &Report) {
    let (one, other) = (essence(one), essence(other));
    let pairs = one.mutants.iter().zip(&other.mutants);
    for (one, other) in pairs {
        assert_eq!(one, other);
    }
    assert_eq!(one.mutants.len(), other.mutants.len());
    assert_eq!(one.duplicates, other.duplicates);
    assert_eq!(one.counts, other.counts);
    assert_eq!(one.notices, other.notices);
    assert_eq!(one.functions, other.functions);
    assert!(one == other, "they differ in the rest");
}

fn ids(report: &Report) -> BTreeSet<MutantId> {
    let duplicates = report.duplicates.iter().map(|duplicate| &duplicate.id);
    report.mutants.iter().map(|mutant| &mutant.id).chain(duplicates).cloned().collect()
}

#[test]
fn machines_with_empty_stores_together_say_what_one_run_says() {
    let project = Project::fixture("callers", Python::usual());
    let (ran, whole) = project.run(1, &["--jobs", "1"]);
    assert_eq!(whole.part, None);
    let (mut paths, mut stores) = (Vec::new(), Vec::new());
    for number in ["2/2", "1/2"] {
        clear(&project);
        let (path, report, _) = shard(&project, number, &["--jobs", "1"]);
        assert!(report.counts.mutants < whole.counts.mutants);
        paths.push(path);
        let store = project.home().join(format!("{}.db", &number[..1]));
        let target = store.display().to_string();
        Ran::of(&mut project.mutdiff(&["store", "export", &target])).expect(0);
        stores.push(target);
    }
    let (merged_ran, merged) = merge(&project, 1, &paths, &[]);
    assert_same(&merged, &whole);
    // But for its second line, which says how long it took.
    let last = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(last(&merged_ran.stdout), last(&ran.stdout));
    // Joined, their stores know all that one run knows.
    merge(&project, 1, &paths, &["--store", &stores[0], &stores[1]]);
    let (_, again) = project.run(1, &["--jobs", "1"]);
    let anew: Vec<String> = again
        .mutants
        .iter()
        .filter(|m| !m.reused && !matches!(m.verdict, Verdict::Suppressed { .. }))
        .map(|mutant| format!("{} {} {}", mutant.function, mutant.operator, mutant.verdict))
        .collect();
    assert_eq!(anew, [""; 0]);
    assert!(essence(&again).mutants == essence(&whole).mutants);
}

#[test]
fn shards_may_run_one_after_another_on_one_store_and_one_of_them_again() {
    let project = Project::fixture("callers", Python::usual());
    let mut paths = Vec::new();
    let mut seen = BTreeSet::new();
    let mut all = 0;
    for number in ["1/3", "2/3", "3/3"] {
        let (path, report, _) = shard(&project, number, &[]);
        let Some(Part::Shard(part)) = &report.part else { panic!("no shard: {report:?}") };
        all = part.mutants;
        assert!(ids(&report).is_disjoint(&seen), "a mutant was decided twice");
        seen.extend(ids(&report));
        paths.push(path);
    }
    assert_eq!(seen.len(), all);
    let refused = |paths: &[PathBuf]| {
        let mut command = project.mutdiff(&["merge"]);
        Ran::of(command.args(paths)).expect(2)
    };
    refused(&paths[..2]).says("missing: shard 3/3").says("--shard 3/3");
    let (path, _, _) = shard(&project, "2/3", &[]);
    paths[1] = path;
    let (_, merged) = merge(&project, 1, &paths, &[]);
    assert_eq!(ids(&merged), seen);
    let (_, whole) = project.run(1, &[]);
    assert!(essence(&merged).mutants == essence(&whole).mutants);
    // Of another tree, it is a shard of another run.
    project.write("lib/new.py", "def new():\n    return 1\n");
    let (path, _, _) = shard(&project, "3/3", &[]);
    refused(&[paths[0].clone(), paths[1].clone(), path]).says("not the same tested files");
}

#[test]
fn the_shards_of_every_count_are_the_whole() {
    let project = Project::fixture("callers", Python::usual());
    let (_, whole) = project.run(1, &[]);
    for of in 1..=16 {
        let mut seen = BTreeSet::new();
        for number in 1..=of {
            let options = options(&project, Shard { number, of });
            let report = lab::list(&options, &Silent).unwrap();
            assert!(ids(&report).is_disjoint(&seen), "{number}/{of}");
            seen.extend(ids(&report));
        }
        assert_eq!(seen, ids(&whole), "of {of}");
    }
}

#[test]
fn a_plan_is_a_matrix_and_says_what_it_rests_on() {
    let project = Project::fixture("callers", Python::usual());
    let plan = |arguments: &[&str]| {
        let python = project.python.path.display().to_string();
        let mut command = project.mutdiff(&["plan", "--base", "main", "--python", &python]);
        Ran::of(command.args(arguments))
    };
    plan(&["--target", "5m"]).expect(2).says("nothing tells how long").says("mutdiff record");
    plan(&["--shards", "3"]).expect(0).says("rests on nothing");
    let matrix = plan(&["--shards", "3", "--format", "json"]).expect(0);
    assert_eq!(matrix.stdout, "{\"shard\":[\"1/3\",\"2/3\",\"3/3\"]}\n");
    project.run(1, &[]);
    plan(&["--shards", "2"]).expect(0).says("should still hold").says("2/2");
    let one = plan(&["--target", "5m", "--format", "json"]).expect(0);
    assert_eq!(one.stdout, "{\"shard\":[\"1/1\"]}\n");
}

#[test]
fn a_score_is_judged_of_the_whole() {
    let project = Project::fixture("callers", Python::usual());
    let mut paths = Vec::new();
    for number in ["1/2", "2/2"] {
        let (path, report, code) = shard(&project, number, &["--gate", "score=100"]);
        assert_eq!((report.conclusion, code), (Conclusion::Passed, Some(0)));
        paths.push(path);
    }
    let (ran, merged) = merge(&project, 1, &paths, &[]);
    ran.says("at least 100 % is asked for");
    assert!(merged.notices.iter().all(|notice| notice.code != "gate_of_a_shard"));
    merge(&project, 0, &paths, &["--gate", "none"]);
    let report = paths[0].display().to_string();
    let review = ["review", "--from", &report, "--dry-run"];
    Ran::of(&mut project.mutdiff(&review)).expect(2).says("a part of a run");
}

#[test]
fn mutants_that_compile_to_the_same_code_fall_to_one_shard() {
    // `a[-2]` twice, by two operators.
    let function = |number: u32| format!("def f{number}(a):\n    return a[-{number}]\n\n\n");
    let code: String = (1..=6).map(function).collect();
    let test = "import m\n\n\ndef test_m():\n    for n in range(1, 7):\n        getattr(m, f\"f{n}\")(range(9))\n";
    let project = Project::of(&[("m.py", ""), ("test_m.py", test)], &[("m.py", &code)]);
    let operators = ["--jobs", "1", "--operators", "full"];
    let (_, whole) = project.run(1, &operators);
    assert!(!whole.duplicates.is_empty(), "{:?}", whole.counts);
    let mut paths = Vec::new();
    for number in ["1/3", "2/3", "3/3"] {
        clear(&project);
        let (path, report, _) = shard(&project, number, &operators);
        let Some(Part::Shard(part)) = &report.part else { panic!("no shard") };
        assert_eq!(part.duplicates.len(), report.duplicates.len());
        paths.push(path);
    }
    let (_, merged) = merge(&project, 1, &paths, &[]);
    assert_same(&merged, &whole);
}

#[test]
fn a_report_that_was_edited_is_refused_by_its_name() {
    let project = Project::fixture("callers", Python::usual());
    let (path, report, _) = shard(&project, "1/1", &[]);
    merge(&project, 1, std::slice::from_ref(&path), &[]);
    let text = std::fs::read_to_string(&path).unwrap();
    let id = &report.mutants[0].id;
    for (old, new, says) in [
        ("\"survived\": ", "\"survived\": 1", "its counts are not those of its mutants"),
        (id.as_str(), "0000000000000000", "it does not say what its shard found"),
        ("\"change\": \"new\"", "\"change\": \"known\"", "it does not say what its shard found"),
    ] {
        assert!(text.contains(old), "{old}");
        std::fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let mut command = project.mutdiff(&["merge"]);
        let ran = Ran::of(command.arg(&path)).expect(2);
        ran.says("1-of-1.json was edited: ").says(says).says("run that shard again");
    }
}

#[test]
fn a_recording_may_be_dealt_out_and_its_stores_are_what_one_recording_leaves() {
    let project = Project::fixture("callers", Python::usual());
    let python = project.python.path.display().to_string();
    let record = |arguments: &[&str]| {
        let mut command = project.mutdiff(&["record", "--python", &python]);
        Ran::of(command.args(arguments))
    };
    record(&["--shard", "1/2"]).expect(2).says("--decide");
    let mut stores = Vec::new();
    for number in ["1/2", "2/2"] {
        clear(&project);
        record(&["--decide", "--shard", number]).expect(0);
        let store = project.home().join(format!("{}.db", &number[..1])).display().to_string();
        Ran::of(&mut project.mutdiff(&["store", "export", &store])).expect(0);
        stores.push(store);
    }
    clear(&project);
    let mut merge = project.mutdiff(&["merge", "--store"]);
    Ran::of(merge.args(&stores)).expect(0).says("verdicts were added to those of");
    // Nothing is left to be decided, and a change that begins here is compared with it.
    let all = ["--base", "HEAD", "--scope", "all", "--gate", "none"];
    Ran::of(&mut project.main_job_of(false, &all)).expect(0);
    let whole = project.report();
    assert!(whole.counts.mutants > 0);
    assert_eq!(whole.counts.reused + whole.counts.suppressed, whole.counts.mutants);
}

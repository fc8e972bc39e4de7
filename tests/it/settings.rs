//! Settings: flags over environment over file over defaults, and what is said of bad ones.
//!
//! Invariant: what `mutdiff config` shows is what a run does.

use mutdiff::model::{Conclusion, ScopeKind};

use crate::harness::{Project, Ran};

const BEFORE: &str = "def f(x):\n    return x\n\n\ndef g(x):\n    return x * 2\n";
const AFTER: &str = "def f(x):\n    return x + 1\n\n\ndef g(x):\n    return x * 2\n";
/// Nothing looks at `g`; nothing strict at `f`.
const TEST: &str = "import m\n\n\ndef test_f():\n    m.f(1)\n";

fn project(settings: &[(&str, &str)]) -> Project {
    let mut files = vec![("m.py", BEFORE), ("test_m.py", TEST)];
    files.extend(settings);
    Project::of(&files, &[("m.py", AFTER)])
}

fn shown(project: &Project, key: &str, environment: &[(&str, &str)]) -> (String, String) {
    let mut command = project.mutdiff(&["config", "--format", "json"]);
    let ran = Ran::of(command.envs(environment.iter().copied())).expect(0);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let all = found["settings"].as_array().expect("settings are a list");
    let setting = all.iter().find(|setting| setting["key"] == key).expect("the key is shown");
    let text = |name: &str| setting[name].as_str().expect("values are texts").to_owned();
    (text("value"), text("origin"))
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file_and_that_over_the_default() {
    let project = project(&[("mutdiff.toml", "gate = \"none\"\nscope = \"functions\"\n")]);
    let (_, of_file) = project.run(0, &[]);
    assert_eq!((of_file.conclusion, of_file.scope), (Conclusion::Passed, ScopeKind::Functions));
    let variable = [("MUTDIFF_GATE", "new"), ("MUTDIFF_SCOPE", "")];
    let ran = Ran::of(project.main_job(&[]).envs(variable)).expect(1);
    ran.says("failed: ");
    let ran = Ran::of(project.main_job(&["--gate", "none"]).envs(variable)).expect(0);
    ran.says("passed: ");
    let at = |environment: &[(&str, &str)], key| shown(&project, key, environment);
    assert_eq!(at(&[], "gate"), ("none".into(), "mutdiff.toml".into()));
    assert_eq!(at(&variable, "gate"), ("new".into(), "MUTDIFF_GATE".into()));
    assert_eq!(at(&variable, "scope"), ("functions".into(), "mutdiff.toml".into()));
    assert_eq!(at(&[], "deadline-floor"), ("2".into(), "default".into()));
}

#[test]
fn lists_and_switches_are_settings_too() {
    let text = "[tool.mutdiff]\nreport = [\"json=one.json\", \"badge=two.json\"]\n\
                tests = [\"test_m.py\", \"-k\", \"not missing\"]\nallow-failing = true\n";
    let project = project(&[("pyproject.toml", text)]);
    let python = project.python.path.display().to_string();
    let plain = ["--base", "main", "--python", &python];
    Ran::of(&mut project.mutdiff(&plain)).expect(1).says("survived");
    assert!(project.root().join("two.json").exists());
    // A flag takes the place of the whole list.
    let ran = Ran::of(&mut project.main_job(&["--report", "json=three.json"])).expect(1);
    ran.says("survived");
    assert!(project.root().join("three.json").exists());
    let off = [("MUTDIFF_ALLOW_FAILING", "off"), ("MUTDIFF_TESTS", "-k 'no such'")];
    assert_eq!(
        shown(&project, "allow-failing", &off),
        ("false".into(), "MUTDIFF_ALLOW_FAILING".into())
    );
    assert_eq!(shown(&project, "tests", &off), ("-k no such".into(), "MUTDIFF_TESTS".into()));
    assert_eq!(shown(&project, "allow-failing", &[]), ("true".into(), "pyproject.toml".into()));
}

#[test]
fn bad_settings_are_errors_that_name_where_they_stand_and_what_was_meant() {
    for (text, says) in [
        ("gat = \"all\"\n", &["mutdiff.toml: unknown key `gat`", "did you mean `gate`?"][..]),
        ("gate = \"some\"\n", &["mutdiff.toml: ", "score=PERCENT"]),
        ("scope = \"near\"\n", &["mutdiff.toml: ", "callers"]),
        ("jobs = 0\n", &["mutdiff.toml: ", "at least 1"]),
        ("jobs = [1]\n", &["mutdiff.toml: `jobs` needs a text or a number"]),
        ("allow-failing = 1\n", &["`allow-failing` needs true or false"]),
        ("report = \"json=a\"\n", &["`report` needs a list of texts"]),
        ("gate = \n", &["mutdiff.toml: "]),
        ("[invalidates]\n\"a[\" = \"nothing\"\n", &["mutdiff.toml: `a[` is no pattern"]),
    ] {
        let project = project(&[("mutdiff.toml", text)]);
        let ran = Ran::of(&mut project.mutdiff(&["--base", "main"])).expect(2);
        says.iter().fold(ran, |ran, part| ran.says(part));
    }
    let project = project(&[]);
    for (name, value, says) in [
        ("MUTDIFF_GATE", "some", "MUTDIFF_GATE: "),
        ("MUTDIFF_TIMINGS", "maybe", "MUTDIFF_TIMINGS: `maybe` is no true or false"),
        ("MUTDIFF_TESTS", "-k 'open", "MUTDIFF_TESTS: "),
    ] {
        Ran::of(project.main_job(&[]).env(name, value)).expect(2).says(says);
    }
}

#[test]
fn settings_in_two_files_are_an_error_and_a_change_of_mutdiffs_own_file_keeps_verdicts() {
    let both = [("mutdiff.toml", "gate = \"all\"\n"), ("pyproject.toml", "[tool.mutdiff]\n")];
    Ran::of(&mut project(&both).main_job(&[])).expect(2).says("both hold settings");
    let project = project(&[("mutdiff.toml", "gate = \"none\"\n")]);
    project.run(0, &[]);
    project.write("mutdiff.toml", "gate = \"all\"\n");
    let (_, report) = project.run(1, &[]);
    assert_eq!(report.counts.reused + report.counts.suppressed, report.counts.mutants);
}

#[test]
fn a_setting_of_a_conflicting_flag_gives_way() {
    let project = project(&[("mutdiff.toml", "quiet = true\n")]);
    Ran::of(&mut project.main_job(&["--verbose"])).expect(1).says("test_m.py::test_f");
}

#[test]
fn what_a_run_refuses_is_refused_where_settings_are_shown() {
    for (text, says) in [
        ("operators = { enable = [\"comparsion\"] }\n", "`comparsion`; near: comparison"),
        ("suppress = { disable = [\"loging\"] }\n", "no rule is called `loging`; near: logging"),
        ("[invalidates]\n\"a[\" = \"nothing\"\n", "mutdiff.toml: `a[` is no pattern"),
        ("require-reasons = 1\n", "`require-reasons` needs true or false"),
    ] {
        let project = project(&[("mutdiff.toml", text)]);
        for arguments in [&["config"][..], &["--base", "main"]] {
            Ran::of(&mut project.mutdiff(arguments)).expect(2).says(says);
        }
    }
    let project = project(&[]);
    let mut command = project.mutdiff(&["config"]);
    let ran = Ran::of(command.env("MUTDIFF_OPERATORS", "numbr")).expect(2);
    ran.says("called `numbr`; near: number");
}

#[test]
fn a_variable_that_is_no_setting_is_named_and_a_file_that_cannot_be_read_is_an_error() {
    let project = project(&[]);
    let said = "MUTDIFF_BUDGT means nothing to mutdiff; did you mean MUTDIFF_BUDGET?";
    for arguments in [&["config"][..], &["--list", "--base", "main"]] {
        let mut command = project.mutdiff(arguments);
        command.env("MUTDIFF_BUDGT", "1s").env("MUTDIFF_TEST_PYTHONS", "").env("MUTDIFF_X", "");
        Ran::of(&mut command).expect(0).says(said).never_says("MUTDIFF_X");
    }
    // A link is followed, by whoever reads it.
    let elsewhere = project.home().join("settings.toml");
    std::fs::write(&elsewhere, "suppress = { enable = [\"nothing\"] }\n").expect("it is new");
    let own = project.root().join("mutdiff.toml");
    std::os::unix::fs::symlink(&elsewhere, &own).expect("it is new");
    for arguments in [&["config"][..], &["--list", "--base", "main"]] {
        Ran::of(&mut project.mutdiff(arguments)).expect(2).says("no rule is called `nothing`");
    }
    std::fs::remove_file(&own).expect("it is there");
    std::fs::create_dir(project.root().join("mutdiff.toml")).expect("it is new");
    for arguments in [&["config"][..], &["--list", "--base", "main"]] {
        let ran = Ran::of(&mut project.mutdiff(arguments)).expect(2);
        ran.says("mutdiff.toml cannot be read: ").says("directory");
    }
}

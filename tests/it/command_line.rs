//! The binary's manners: streams, exit codes, pipes that close.
//!
//! Invariant: these tests start no Python and need no repository.

use std::process::{Command, Output, Stdio};

fn mutdiff(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mutdiff"));
    command.args(arguments).env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    mutdiff(arguments).output().expect("the binary was just built")
}

#[test]
fn usage_errors_exit_with_2_and_leave_standard_output_empty() {
    for arguments in [
        &["--no-such-option"][..],
        &["--report", "xml=report.xml"],
        &["--report", "json=/no/such/directory/report.json"],
        &["--repo", "/no/such/directory"],
        &["show", "not-an-id"],
        &["--base", "main", "demo"],
    ] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.starts_with("error: "), "{arguments:?}: {message}");
        assert!(!message.contains('\x1b'), "{arguments:?}: {message}");
    }
}

#[test]
fn a_missing_directory_of_a_report_is_told_before_the_run() {
    let output = output(&["--report", "json=/no/dir/report.json", "--repo", "/no/repo"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        message,
        "error: cannot write a report to /no/dir/report.json: there is no directory /no/dir\n\
         hint: make it first: mkdir -p /no/dir\n"
    );
}

#[test]
fn help_and_version_are_results() {
    for (option, word) in [("--help", "Exit codes"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = output(&[option]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains(word));
    }
}

#[test]
fn the_version_says_what_decides_whether_two_mutdiffs_understand_each_other() {
    let said = |option| String::from_utf8(output(&[option]).stdout).unwrap();
    assert_eq!(said("-V"), concat!("mutdiff ", env!("CARGO_PKG_VERSION"), "\n"));
    let long = said("--version");
    let lines = [
        format!("mutdiff {}", env!("CARGO_PKG_VERSION")),
        format!("store schema: {}", mutdiff::store::VERSION),
        format!("report schema: {}", mutdiff::model::REPORT_VERSION),
    ];
    for line in &lines {
        assert!(long.lines().any(|found| found == line), "{line}: {long}");
    }
    assert!(long.contains("commit: ") && long.contains("features: pytest"), "{long}");
}

#[test]
fn there_are_completions_for_every_shell_that_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = output(&["completions", shell]);
        assert_eq!(ran.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(ran.stdout).unwrap();
        for word in ["record", "explain", "hook", "budget", "deadline-factor"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    assert_eq!(output(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn bash_takes_the_completions_and_completes_with_them() {
    let script = "eval \"$(\"$0\" completions bash)\"; COMP_WORDS=(mutdiff rec); COMP_CWORD=1; \
                  _mutdiff mutdiff rec mutdiff; echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash")
        .args(["--norc", "-c", script, env!("CARGO_BIN_EXE_mutdiff")])
        .output()
        .expect("bash is part of CI's machine");
    assert_eq!(String::from_utf8(bash.stdout).unwrap(), "record\n");
}

#[test]
fn the_manual_page_is_one_that_names_the_exit_codes() {
    let page = String::from_utf8(output(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH mutdiff 1") && page.contains("Exit codes"), "{page}");
    let page = String::from_utf8(output(&["man", "hook", "run"]).stdout).unwrap();
    assert!(page.contains("pushed"), "{page}");
    assert_eq!(output(&["man", "nothing"]).status.code(), Some(2));
}

#[test]
fn colour_is_forced_by_the_flag_only() {
    let repo = ["--repo", "/no/such/directory"];
    let plain = mutdiff(&repo).env("NO_COLOR", "1").output().unwrap().stderr;
    assert!(!plain.contains(&0x1b));
    let coloured = output(&[&repo[..], &["--color", "always"]].concat()).stderr;
    assert!(coloured.contains(&0x1b));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child =
        mutdiff(&["--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.code().is_some());
}

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

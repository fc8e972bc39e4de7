//! `mutdiff browse`, on a terminal of its own.
//!
//! Invariant: what is written to the tree is exactly what was asked for and agreed to.

use std::fs;

use mutdiff::lab;
use mutdiff::model::{DecidedMutant, Report, Verdict};

use crate::harness::{Project, Ran, clean};

/// Opens a terminal, presses keys when something is seen and nothing more comes, and shows all that was
/// drawn. Only cells that change are drawn, so a text that replaces another may come in pieces.
const TERMINAL: &str = r#"
import fcntl, os, pty, select, struct, sys, termios, time
steps = [step.split("=>", 1) for step in sys.argv[1].split("|")]
child, terminal = pty.fork()
if not child:
    os.environ["TERM"] = "xterm-256color"
    os.execv(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
seen, everything, end = "", "", time.monotonic() + 90
while time.monotonic() < end:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        text = data.decode(errors="replace")
        seen, everything = seen + text, everything + text
    elif steps and seen and steps[0][0] in seen:
        os.write(terminal, steps.pop(0)[1].encode())
        seen = ""
print(everything)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(9 if steps else status)
"#;

fn on_terminal(project: &Project, steps: &str, arguments: &[&str]) -> Ran {
    let script = project.home().join("terminal.py");
    fs::write(&script, TERMINAL).expect("writable");
    let mut command = clean(&project.python.path, &project.home(), project.python);
    command.arg(script).arg(steps).arg(env!("CARGO_BIN_EXE_mutdiff"));
    command.args(arguments).current_dir(project.root()).env("EDITOR", "true");
    Ran::of(&mut command)
}

const CODE: &str =
    "def f(n):\n    return n + 1\n\n\ndef g(n):\n    if n > 3:\n        return 0\n    return n\n";

fn project() -> (Project, Report) {
    let test = "from m import f, g\n\n\ndef test_f():\n    f(1)\n    g(1)\n";
    let project = Project::of(&[("m.py", ""), ("test_m.py", test)], &[("m.py", CODE)]);
    let (_, report) = project.run(1, &[]);
    (project, report)
}

fn survivor<'r>(report: &'r Report, operator: &str) -> &'r DecidedMutant {
    let is_it = |m: &&DecidedMutant| m.operator.as_str() == operator && m.verdict.is_unnoticed();
    report.mutants.iter().find(is_it).expect("the test notices nothing")
}

#[test]
fn a_survivor_is_left_out_with_a_reason_after_a_question() {
    let (project, report) = project();
    let first = &report.mutants[0];
    assert_eq!(first.verdict, Verdict::Survived);
    let before = project.snapshot();
    let steps = "unnoticed=>s|=>not ours\r|=>n|=>q";
    on_terminal(&project, steps, &["browse"]).expect(0);
    assert_eq!(project.snapshot(), before, "no is no");
    let steps = "unnoticed=>s|=>not ours\r|=>y|=>e|unnoticed=>q";
    on_terminal(&project, steps, &["browse"]).expect(0);
    let text = fs::read_to_string(project.root().join("m.py")).unwrap();
    let comment = format!("  # mutdiff: skip[{}]: not ours", first.operator);
    assert_eq!(text, CODE.replace("n + 1\n", &format!("n + 1{comment}\n")));
    let (_, after) = project.run(1, &[]);
    let now = after.mutants.iter().find(|mutant| mutant.id == first.id).unwrap();
    assert!(matches!(now.verdict, Verdict::Suppressed { .. }));
}

#[test]
fn a_mutant_is_run_again_from_there() {
    let (project, report) = project();
    let first = &report.mutants[0];
    let test = "from m import f, g\n\n\ndef test_f():\n    assert f(1) == 2\n    g(1)\n";
    project.write("test_m.py", test);
    let python = project.python.path.display().to_string();
    let arguments = ["browse", "--python", &python, "--runner", "pytest"];
    on_terminal(&project, "unnoticed=>r|killed=>q", &arguments).expect(0);
    Ran::of(&mut project.mutdiff(&["show", first.id.as_str()])).expect(0).says("killed");
}

#[test]
fn without_a_terminal_or_a_report_it_says_what_to_do() {
    let (project, _) = project();
    Ran::of(&mut project.mutdiff(&["browse"])).expect(2).says("needs a terminal").says("hint: ");
    Ran::of(&mut project.mutdiff(&["store", "clear"])).expect(0);
    Ran::of(&mut project.mutdiff(&["browse"])).expect(2).says("no run is stored");
}

#[test]
fn the_comment_is_put_where_it_changes_nothing_else() {
    let (project, report) = project();
    let edit = |operator: &str, reason: &str| {
        lab::skip_edit(&project.root(), survivor(&report, operator), reason)
    };
    let number = edit("return/none", "  a\nb ").unwrap();
    assert_eq!(number.text, "    return n + 1  # mutdiff: skip[return/none]: a b");
    assert_eq!(number.suppresses, 1);
    let long = edit("return/none", &"why ".repeat(30)).unwrap();
    assert!(long.text.starts_with("    # mutdiff: skip[return/none]: why"), "{}", long.text);
    assert!(edit("return/none", " \n").is_err());
    project.write("m.py", CODE.replace("n + 1", "n + 2"));
    assert!(edit("return/none", "why").is_err(), "the report is of another text");
    assert_eq!(
        fs::read_to_string(project.root().join("m.py")).unwrap(),
        CODE.replace("n + 1", "n + 2")
    );
}

//! `mutdiff watch`: real saves, one after another.
//!
//! Invariant: each save is waited for on standard output, and Ctrl-C is the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::Project;

const PATIENCE: Duration = Duration::from_secs(120);

struct Watching {
    child: Child,
    log: PathBuf,
    seen: usize,
}

impl Watching {
    fn start(project: &Project) -> Self {
        let log = project.home().join("watch.log");
        let file = File::create(&log).expect("writable");
        let mut command = project.mutdiff(&["watch", "--base", "main", "--python"]);
        command.arg(&project.python.path);
        command.stderr(file.try_clone().expect("it can be shared")).stdout(Stdio::from(file));
        let child = command.spawn().expect("mutdiff starts");
        Self { child, log, seen: 0 }
    }

    /// Waits until a text comes that was not there before.
    #[track_caller]
    fn says(&mut self, text: &str) {
        let began = Instant::now();
        loop {
            let all = read(&self.log);
            if let Some(at) = all[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{text:?} did not come:\n{all}");
            sleep(Duration::from_millis(30));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(pid), signal).expect("it was not waited for yet");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

#[test]
fn each_save_is_decided_again_and_broken_code_is_survived() {
    let test = |body: &str| format!("from m import f\n\n\ndef test_f():\n    {body}\n");
    let project = Project::of(
        &[("m.py", "def f(n):\n    return n + 2\n"), ("test_m.py", &test("f(1)"))],
        &[("m.py", "def f(n):\n    return n + 1\n")],
    );
    let mut watching = Watching::start(&project);
    watching.says("failed: ");
    project.write("test_m.py", test("assert f(1) == 2"));
    watching.says("saved: test_m.py");
    watching.says("passed: ");
    project.write("test_m.py", test("assert f(1) =="));
    watching.says("waiting for the next save");
    project.write("test_m.py", test("assert f(1) == 3"));
    watching.says("tests fail");
    project.write("m.py", "def f(n):\n    return n - -1\n");
    project.write("test_m.py", test("assert f(1) == 2"));
    watching.says("passed: ");
    let before = project.snapshot();
    watching.signal(Signal::SIGINT);
    watching.says("watch ended");
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
    assert_eq!(project.snapshot(), before);
}

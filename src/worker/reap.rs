//! Processes that tests leave behind: they come to this process, and are killed.
//!
//! Invariant: only processes that are no child which mutdiff itself started are touched.

use std::collections::BTreeSet;
use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// Makes orphans of tests (daemons that forked twice) children of this process. Linux only;
/// elsewhere such processes cannot be found.
pub fn become_subreaper() {
    #[cfg(target_os = "linux")]
    // Without it, strays go to init: nothing that a verdict rests on.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Kills and reaps every child that is not in `ours`, and what becomes a child thereby; returns
/// how many there were.
pub fn kill_strays(ours: &BTreeSet<u32>) -> usize {
    let mut killed = 0;
    // Killing a process hands us its children: a chain of n takes n rounds.
    for _ in 0..1000 {
        let strays: Vec<u32> =
            children().into_iter().filter(|child| !ours.contains(child)).collect();
        if strays.is_empty() {
            break;
        }
        for stray in strays {
            let Ok(number) = i32::try_from(stray) else { continue };
            let pid = Pid::from_raw(number);
            if kill(pid, Signal::SIGKILL).is_ok() {
                killed += 1;
            }
            // A stray may be a zombie that was counted by its owner already.
            let _ = waitpid(pid, Some(WaitPidFlag::empty()));
        }
    }
    killed
}

fn children() -> Vec<u32> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

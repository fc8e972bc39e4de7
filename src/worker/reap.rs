//! Processes that tests leave behind: they come to this process, and are killed.
//!
//! Invariant: a child that mutdiff itself started is never touched; a stray is killed for a slot
//! only when it carries that slot's mark, so the slots do not disturb one another.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// How often strays are looked for anew: to kill one hands us its children, so a chain of n takes
/// n rounds, and what forks without end is caught in one of them.
const ROUNDS: usize = 1000;

/// Bit of a process's flags in `/proc`: it is about to end, or has ended.
const EXITING: u64 = 0x4;

/// The processes that mutdiff itself started. The lock is also what makes one thread at a time
/// reap, so that no number is used again between a look and a kill.
static OURS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Makes orphans of tests (daemons that forked twice) children of this process. Linux only;
/// elsewhere such processes cannot be found.
pub fn become_subreaper() {
    #[cfg(target_os = "linux")]
    // Without it, strays go to init: nothing that a verdict rests on.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Leaves orphans to the system again: what the user starts from here on is no stray of a test.
pub fn be_no_subreaper() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(false);
}

/// Starts a process that is no stray.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    let mut ours = lock();
    let child = command.spawn()?;
    ours.insert(child.id());
    Ok(child)
}

/// Forgets a process that was started here, after it was waited for.
pub(super) fn ended(pid: u32) {
    lock().remove(&pid);
}

/// Kills and reaps every child that mutdiff did not start, and what becomes a child thereby;
/// returns how many there were.
pub fn kill_strays() -> usize {
    let ours = lock();
    let mut killed = 0;
    for _ in 0..ROUNDS {
        let strays: Vec<u32> = all_children().filter(|child| !ours.contains(child)).collect();
        if strays.is_empty() {
            break;
        }
        killed += strays.into_iter().filter(|&stray| end(stray)).count();
    }
    killed
}

/// Kills and reaps the strays of one slot, which carry `mark`: see [`belongs`].
pub(super) fn kill_strays_of(mark: &Path) {
    let ours = lock();
    let mut seen_none = false;
    for _ in 0..ROUNDS {
        let mut strays = orphans();
        strays.retain(|pid| !ours.contains(pid));
        strays.retain(|pid| is_dying_foreigner(*pid) || belongs(*pid, mark));
        // A list that changes while it is read may lack one that is there (proc_tid_children(5)).
        if strays.is_empty() {
            if seen_none {
                break;
            }
            seen_none = true;
            continue;
        }
        seen_none = false;
        for stray in strays {
            end(stray);
        }
    }
}

/// The strays of one slot that are alive.
pub(super) fn strays_of(mark: &Path) -> Vec<u32> {
    let ours = lock();
    let mut strays = orphans();
    strays.retain(|pid| !ours.contains(pid) && belongs(*pid, mark));
    strays
}

/// Kills and reaps one child; whether it was there to be killed.
fn end(child: u32) -> bool {
    let Ok(number) = i32::try_from(child) else { return false };
    let pid = Pid::from_raw(number);
    let killed = kill(pid, Signal::SIGKILL).is_ok();
    // A stray may be a zombie that was counted by its owner already.
    let _ = waitpid(pid, Some(WaitPidFlag::empty()));
    killed
}

/// Whether a process comes from the slot whose shared memory is the file `mark`: a fork has it
/// mapped, and a program that was started has its name in the environment (`Child._announce`).
fn belongs(pid: u32, mark: &Path) -> bool {
    let Some(mark) = mark.to_str() else { return false };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    if maps.lines().any(|line| line.ends_with(mark)) {
        return true;
    }
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let quoted = format!("\"{mark}\"");
    environment.windows(quoted.len()).any(|window| window == quoted.as_bytes())
}

/// Whether a child dies or is dead, which leaves it no memory to look at, and is of another
/// session than ours: a test's, since what mutdiff waits for itself is of its own session.
fn is_dying_foreigner(pid: u32) -> bool {
    let fields = |pid: u32| -> Option<(u64, String)> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name in parentheses, the session is the 4th field, the flags are the 7th
        // (proc(5)).
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some((fields.get(6)?.parse().ok()?, (*fields.get(3)?).to_owned()))
    };
    let (Some((flags, session)), Some((_, own))) = (fields(pid), fields(std::process::id())) else {
        return false;
    };
    flags & EXITING != 0 && session != own
}

/// Children of the main thread: to it come the orphans.
fn orphans() -> Vec<u32> {
    let own = std::process::id();
    numbers(&fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default())
}

fn all_children() -> impl Iterator<Item = u32> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| numbers(&text))
}

/// The numbers in a text of numbers and spaces.
pub(super) fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn lock() -> MutexGuard<'static, BTreeSet<u32>> {
    OURS.lock().expect("no thread panics with the lock")
}

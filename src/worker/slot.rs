//! A slot: a fork of a warm process that runs one child at a time, under supervision.
//!
//! Invariant: a child that passes its deadline is killed with its whole session, and what it had
//! written counts; the verdict of the test under way is the caller's to give. When a run returns,
//! nothing that its child started is alive.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::WorkerError;
use super::footprint;
use super::memory::{Header, Memory, monotonic};
use super::process::{receive, send};
use super::protocol::{Record, RunOrder};
use super::reap;

/// How long a slot may take to answer after its child was killed.
const ANSWER: Duration = Duration::from_secs(20);
/// How often an interrupt and the memory are looked for.
const TICK: Duration = Duration::from_millis(50);

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, after its last test.
    Finished,
    /// During the test at `position` (0-based), by exit or signal.
    Crashed {
        /// Position of the test under way.
        position: usize,
    },
    /// Killed at the deadline of the test at `position`.
    TimedOut {
        /// Position of the test under way.
        position: usize,
        /// Whether the child used its processor for nearly all of that time, so that a slow
        /// machine is no explanation.
        busy: bool,
    },
    /// Killed during the test at `position`, since it and all that it started had grown too large.
    OutOfMemory {
        /// Position of the test under way.
        position: usize,
    },
    /// Killed because the run was interrupted.
    Interrupted,
}

/// What a child did.
#[derive(Debug)]
pub struct SlotRun {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote.
    pub records: Vec<Record>,
    /// Whether a probe in the mutated code was reached.
    pub probe_reached: bool,
    /// Where the time went.
    pub times: SlotTimes,
}

/// Where the time of a child went.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SlotTimes {
    /// From the order to the child's first instruction.
    pub fork: Duration,
    /// Compiling and swapping.
    pub swap: Duration,
    /// Running tests.
    pub tests: Duration,
    /// From the last test to the child reaped.
    pub reap: Duration,
    /// From the order sent to the answer received.
    pub whole: Duration,
}

/// A slot's connection and memory.
#[derive(Debug)]
pub struct Slot {
    stream: UnixStream,
    memory: Memory,
    lost: bool,
    /// What the slot's own process holds, from which its children are forked.
    before: u64,
    memory_limit: u64,
}

impl Slot {
    pub(super) fn new(stream: UnixStream, memory: Memory, pid: u32, memory_limit: u64) -> Self {
        let before = footprint::held_by(pid);
        Self { stream, memory, lost: false, before, memory_limit }
    }

    /// Whether the slot is of no more use.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Runs an order in a fork. `deadline` gives the time that the test at a position may take.
    ///
    /// # Errors
    /// When the slot itself is gone or does not answer; it must then be replaced.
    pub fn run(
        &mut self,
        order: &RunOrder,
        deadline: impl Fn(usize) -> Duration,
        interrupted: &AtomicBool,
    ) -> Result<SlotRun, WorkerError> {
        self.memory.clear()?;
        let began = monotonic();
        let name = self.memory.path().to_owned();
        let result = send(&mut self.stream, order, &name)
            .and_then(|()| self.supervise(deadline, interrupted, began, &name));
        reap::kill_strays_of(&name);
        let (times, killed, status) = result.inspect_err(|_| self.lost = true)?;
        let header = self.memory.header()?;
        let position = (header.started as usize).saturating_sub(1);
        let ended = match killed {
            Some(_) if header.finished() => Ended::Finished,
            Some(Killed::Interrupted) => Ended::Interrupted,
            Some(Killed::TimedOut { busy }) => Ended::TimedOut { position, busy },
            Some(Killed::OutOfMemory) => Ended::OutOfMemory { position },
            None if status == 0 && header.finished() => Ended::Finished,
            None => Ended::Crashed { position },
        };
        Ok(SlotRun {
            ended,
            records: self.memory.records(header.used)?,
            probe_reached: header.probe_reached(),
            times: times_of(&header, &times, began),
        })
    }

    fn supervise(
        &mut self,
        deadline: impl Fn(usize) -> Duration,
        interrupted: &AtomicBool,
        began: Duration,
        name: &Path,
    ) -> Result<([f64; 3], Option<Killed>, i64), WorkerError> {
        let mut killed: Option<(Killed, Duration)> = None;
        // Most children have ended before they are looked at.
        let mut look_at = began + TICK;
        loop {
            let header = self.memory.header()?;
            let now = monotonic();
            let limit = if header.started == 0 {
                // Forking and placing the mutant are no test; nothing of the project's runs.
                began + ANSWER
            } else {
                let since = Duration::from_secs_f64(header.times[3].max(0.0));
                since + deadline((header.started - 1) as usize)
            };
            let why = if interrupted.load(Ordering::Relaxed) {
                Some(Killed::Interrupted)
            } else if now >= limit {
                let allowed = limit.saturating_sub(began);
                Some(Killed::TimedOut { busy: used(header.pid) >= allowed.mul_f64(0.8) })
            } else if killed.is_none() && now >= look_at {
                look_at = now + TICK;
                self.is_too_large(header.pid, name).then_some(Killed::OutOfMemory)
            } else {
                None
            };
            match (why, killed) {
                (_, Some((_, at))) if now >= at + ANSWER => return Err(WorkerError::SlotLost),
                (Some(why), None) if header.pid != 0 => {
                    self.kill_family(header.pid, name);
                    killed = Some((why, now));
                }
                (Some(_), None) if now >= began + ANSWER => return Err(WorkerError::SlotLost),
                _ => {}
            }
            let wait = limit.saturating_sub(now).clamp(Duration::from_millis(1), TICK);
            if !readable(&self.stream, wait)? {
                continue;
            }
            let answer = receive(&mut self.stream, name).map_err(|_| WorkerError::SlotLost)?;
            let time = |index: usize| answer["times"][index].as_f64();
            let (Some(status), Some(received), Some(forked), Some(reaped)) =
                (answer["status"].as_i64(), time(0), time(1), time(2))
            else {
                return Err(WorkerError::Protocol { message: answer.to_string() });
            };
            return Ok(([received, forked, reaped], killed.map(|(why, _)| why), status));
        }
    }

    /// Whether the child has grown beyond the limit, with all that it started.
    fn is_too_large(&self, child: u32, mark: &Path) -> bool {
        let family = self.family(child, mark);
        !family.is_empty() && footprint::is_over(&family, self.before, self.memory_limit)
    }

    fn family(&self, child: u32, mark: &Path) -> Vec<u32> {
        let mut first = reap::strays_of(mark);
        if child != 0 {
            first.push(child);
        }
        footprint::family(&first, self.memory_limit)
    }

    /// Kills the child's session, and what has left it.
    fn kill_family(&self, child: u32, mark: &Path) {
        let family = self.family(child, mark);
        kill_session(child);
        for pid in family.into_iter().filter_map(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Killed {
    TimedOut { busy: bool },
    OutOfMemory,
    Interrupted,
}

fn times_of(header: &Header, slot: &[f64; 3], began: Duration) -> SlotTimes {
    let span = |from: f64, to: f64| Duration::from_secs_f64((to - from).max(0.0));
    let [_, forked, reaped] = *slot;
    let stamp = |time: f64, otherwise: f64| if time > 0.0 { time } else { otherwise };
    let child = stamp(header.times[0], forked);
    let swapped = stamp(header.times[1], child);
    // A child that died during a test stamped no end; its tests ended when it was reaped.
    let done = stamp(header.times[2], reaped);
    SlotTimes {
        fork: span(began.as_secs_f64(), child),
        swap: span(child, swapped),
        tests: span(swapped, done),
        reap: span(done, reaped),
        whole: monotonic().saturating_sub(began),
    }
}

/// Processor time that a process has used; zero where that cannot be told.
fn used(pid: u32) -> Duration {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return Duration::ZERO;
    };
    // Behind the name in parentheses, utime and stime are the 12th and 13th fields (proc(5)).
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .and_then(|ticks| u64::try_from(ticks).ok())
        .unwrap_or(100);
    Duration::from_millis((ticks(11) + ticks(12)) * 1000 / per_second.max(1))
}

/// Kills a child with the session that it leads.
fn kill_session(pid: u32) {
    if let Ok(number) = i32::try_from(pid) {
        let pid = Pid::from_raw(number);
        // The group exists once the child has called setsid, which it does before it names itself.
        let _ = killpg(pid, Signal::SIGKILL);
        let _ = kill(pid, Signal::SIGKILL);
    }
}

/// Whether something can be read within `wait`.
pub(super) fn readable(stream: &UnixStream, wait: Duration) -> Result<bool, WorkerError> {
    let milliseconds = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PollTimeout::from(milliseconds)) {
        Ok(count) => Ok(count > 0),
        Err(nix::errno::Errno::EINTR) => Ok(false),
        Err(errno) => Err(WorkerError::Io {
            action: "cannot poll",
            path: "a slot's connection".into(),
            source: errno.into(),
        }),
    }
}

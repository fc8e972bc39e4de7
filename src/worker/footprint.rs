//! What a child and everything that it started hold of the machine's memory.
//!
//! Invariant: what the processes share with the one that they were forked from is nobody's growth;
//! a family is over its limit only when its pages, each counted once, say so.

use std::collections::BTreeSet;
use std::fs;

use super::reap::numbers;

/// What a process costs at least, however small: endless processes meet the limit of memory too.
const PROCESS: u64 = 4 << 20;
/// Bit of a process's flags in `/proc`: forked, and has not started a program since.
const FORKED: u64 = 0x40;

/// Bytes of memory of its own that a process holds: anonymous, shared without a file, swapped out.
pub(super) fn held_by(pid: u32) -> u64 {
    sum(&format!("/proc/{pid}/status"), &["RssAnon:", "RssShmem:", "VmSwap:"])
}

/// The processes and all that descend from them; not more of them than the limit allows by their
/// number alone.
pub(super) fn family(first: &[u32], limit: u64) -> Vec<u32> {
    let mut known: BTreeSet<u32> = first.iter().copied().collect();
    let mut found = first.to_vec();
    let mut at = 0;
    while at < found.len() && cost(found.len()) <= limit {
        let tasks = fs::read_dir(format!("/proc/{}/task", found[at])).into_iter().flatten();
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(numbers(&children).into_iter().filter(|&child| known.insert(child)));
        }
        at += 1;
    }
    found
}

/// Whether a family has grown by more than `limit` over `before`, which is what the process held
/// that the first of it was forked from.
pub(super) fn is_over(family: &[u32], before: u64, limit: u64) -> bool {
    if cost(family.len()) > limit {
        return true;
    }
    let at_most: u64 = family
        .iter()
        .map(|&pid| {
            let shared = if is_forked(pid) { before } else { 0 };
            held_by(pid).saturating_sub(shared).max(PROCESS)
        })
        .sum();
    if at_most <= limit {
        return false;
    }
    // Forks of a process that has grown share its pages, which were counted for each: now each
    // page is counted once, which takes a walk over all of them.
    let parts = ["Pss_Anon:", "Pss_Shmem:", "SwapPss:"];
    let pages: u64 =
        family.iter().map(|pid| sum(&format!("/proc/{pid}/smaps_rollup"), &parts)).sum();
    pages.saturating_sub(before) > limit
}

fn cost(processes: usize) -> u64 {
    u64::try_from(processes).map_or(u64::MAX, |number| number.saturating_mul(PROCESS))
}

fn is_forked(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name in parentheses, the flags are the 7th field (proc(5)).
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let flags = behind.split_whitespace().nth(6).and_then(|field| field.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & FORKED != 0)
}

/// The sum of lines such as `RssAnon:  120 kB`, in bytes.
fn sum(path: &str, names: &[&str]) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let kilobytes: u64 = text
        .lines()
        .filter_map(|line| {
            let name = names.iter().find(|name| line.starts_with(**name))?;
            line[name.len()..].split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum();
    kilobytes * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_holds_memory_and_is_its_own_family() {
        let own = std::process::id();
        assert!(held_by(own) > 0);
        assert!(family(&[own], u64::MAX).contains(&own));
        assert_eq!(held_by(u32::MAX), 0, "a process that is not there");
    }

    #[test]
    fn many_processes_are_over_the_limit_by_their_number() {
        let absent: Vec<u32> = (0..9).map(|number| u32::MAX - number).collect();
        assert!(is_over(&absent, 0, 8 * PROCESS));
        assert!(!is_over(&absent, 0, 9 * PROCESS));
    }
}

//! Processes that belong to a project.
//!
//! Invariant: found by what they hold on to (working directory, environment), so that one which
//! has left its process group and its parents is found too.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Living processes that work in `folder` or whose environment names it: id and command line.
pub(crate) fn processes_of(folder: &Path) -> Vec<(u32, String)> {
    let named = folder.as_os_str().as_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("tests run on Linux").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let place = entry.path();
        if pid == std::process::id() || is_zombie(&place) {
            continue;
        }
        let works_there = fs::read_link(place.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        let environment = fs::read(place.join("environ")).unwrap_or_default();
        if works_there || environment.windows(named.len()).any(|window| window == named) {
            let command = fs::read(place.join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    found
}

/// Whether it has ended and waits to be reaped.
fn is_zombie(place: &Path) -> bool {
    let stat = fs::read_to_string(place.join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

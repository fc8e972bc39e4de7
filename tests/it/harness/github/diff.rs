//! Patches as GitHub reads them: written apart from mutdiff's own reader.
//!
//! Invariant: lines are numbered from the hunk's header, and each belongs to one hunk.

/// The lines of the new side, as (number, hunk, text).
pub(super) fn new_side(patch: &str) -> Vec<(u64, usize, String)> {
    let mut found = Vec::new();
    let mut hunk = 0;
    let mut next = 0;
    for line in patch.lines() {
        if line.starts_with("@@") {
            hunk += 1;
            let plus = line.split(' ').nth(2).expect("a hunk has two ranges");
            let start = plus.trim_start_matches('+').split(',').next().expect("a start");
            next = start.parse().expect("a number");
        } else if !line.starts_with(['-', '\\']) {
            found.push((next, hunk, line.get(1..).unwrap_or_default().to_owned()));
            next += 1;
        }
    }
    found
}

/// Whether a remark may stand on these lines.
pub(super) fn takes(patch: &str, start: Option<u64>, line: u64) -> bool {
    let side = new_side(patch);
    let hunk = |number: u64| side.iter().find(|(at, _, _)| *at == number).map(|(_, hunk, _)| *hunk);
    match start {
        None => hunk(line).is_some(),
        Some(start) => start < line && hunk(start).is_some() && hunk(start) == hunk(line),
    }
}

/// The text of a line.
pub(super) fn text(patch: &str, line: u64) -> Option<String> {
    new_side(patch).into_iter().find(|(at, _, _)| *at == line).map(|(_, _, text)| text)
}

/// Where a line of that text is now: nowhere, if there are several.
pub(super) fn moved(patch: &str, text: &str) -> Option<u64> {
    let mut found = new_side(patch).into_iter().filter(|(_, _, there)| there == text);
    let first = found.next()?;
    found.next().is_none().then_some(first.0)
}

//! A changed function and what reaches it, as a drawing: the function on the left, its callers to the
//! right by distance, a line a call.
//!
//! Invariant: every box lies within the drawing and none on another, whatever the names are; what
//! finds no room is counted in a box of its own.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::model::{FunctionKey, ReportedCall};
use crate::report::escape::{cut, html};

/// Columns, the changed function's included, and boxes in each.
const COLUMNS: usize = 6;
const ROWS: usize = 8;
/// Sizes in pixels: a box, the space beside it, the space below it, the margin.
const WIDTH: usize = 196;
const HEIGHT: usize = 42;
const BESIDE: usize = 56;
const BELOW: usize = 12;
const MARGIN: usize = 6;
/// Characters of a line in a box: as many as fit in a letter of 7.3 pixels.
const LETTERS: usize = 25;
/// Characters of what is shown when a reader points at a box.
const TITLE: usize = 300;

/// A function to draw.
#[derive(Debug, Clone)]
pub(super) struct Drawn<'r> {
    /// Which.
    pub(super) key: &'r FunctionKey,
    /// How far from the changed function: 0 is that itself.
    pub(super) distance: u32,
    /// What became of its mutants, in few words.
    pub(super) verdicts: String,
    /// `good`, `bad` or `aside`.
    pub(super) class: &'static str,
}

/// Where a function's box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    column: usize,
    row: usize,
}

impl Spot {
    fn left(self) -> usize {
        MARGIN + self.column * (WIDTH + BESIDE)
    }

    fn top(self) -> usize {
        MARGIN + self.row * (HEIGHT + BELOW)
    }
}

/// The drawing as SVG. `functions` begins with the changed one.
pub(super) fn draw(functions: &[Drawn<'_>], calls: &[ReportedCall]) -> String {
    let (spots, left_out) = placed(functions);
    let columns = spots.iter().flatten().map(|spot| spot.column + 1).max().unwrap_or(1);
    let rows = spots.iter().flatten().map(|spot| spot.row + 1).max().unwrap_or(1);
    let rows = rows.max(if left_out.is_empty() { 1 } else { ROWS });
    let width = 2 * MARGIN + columns * (WIDTH + BESIDE) - BESIDE;
    let height = 2 * MARGIN + rows * (HEIGHT + BELOW) - BELOW;
    let mut out = format!(
        "<svg class=\"calls\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"what reaches it\">\n"
    );
    let at: HashMap<&FunctionKey, Spot> = functions
        .iter()
        .zip(&spots)
        .filter_map(|(function, spot)| Some((function.key, (*spot)?)))
        .collect();
    for call in calls {
        if let (Some(caller), Some(callee)) = (at.get(&call.caller), at.get(&call.callee)) {
            line(&mut out, *caller, *callee, if call.seen { "seen" } else { "told" });
        }
    }
    // A caller whose calls are not known (what it calls is overridden, say) is tied to the function.
    for (function, spot) in functions.iter().zip(&spots).skip(1) {
        let Some(spot) = spot else { continue };
        let calls_some = |call: &ReportedCall| {
            call.caller == *function.key
                && at.get(&call.callee).is_some_and(|callee| callee.column < spot.column)
        };
        if !calls.iter().any(calls_some) {
            line(&mut out, *spot, Spot { column: 0, row: 0 }, "told");
        }
    }
    for (function, spot) in functions.iter().zip(&spots) {
        let Some(spot) = spot else { continue };
        let title = format!("{} in {}", function.key.name.as_str(), function.key.path.as_str());
        boxed(
            &mut out,
            *spot,
            function.class,
            &cut(&title, TITLE),
            [function.key.name.as_str(), &function.verdicts],
        );
    }
    for (column, count) in left_out {
        let spot = Spot { column, row: ROWS - 1 };
        boxed(&mut out, spot, "aside", "no room here", [&format!("{count} more"), "listed below"]);
    }
    out.push_str("</svg>\n");
    out
}

/// The spot of each function, and of the columns that are full the number of those left out.
fn placed(functions: &[Drawn<'_>]) -> (Vec<Option<Spot>>, Vec<(usize, usize)>) {
    let column = |distance: u32| {
        usize::try_from(distance).map_or(COLUMNS - 1, |distance| distance.min(COLUMNS - 1))
    };
    let mut all = [0_usize; COLUMNS];
    for function in functions {
        all[column(function.distance)] += 1;
    }
    let mut used = [0_usize; COLUMNS];
    let spots = functions
        .iter()
        .map(|function| {
            let column = column(function.distance);
            // The last box of a full column counts the others.
            let room = if all[column] > ROWS { ROWS - 1 } else { ROWS };
            let row = used[column];
            used[column] += 1;
            (row < room).then_some(Spot { column, row })
        })
        .collect();
    let full = all.iter().enumerate().filter(|(_, count)| **count > ROWS);
    (spots, full.map(|(column, count)| (column, count - (ROWS - 1))).collect())
}

/// A line from a caller to what it calls, with its head there.
fn line(out: &mut String, caller: Spot, callee: Spot, class: &str) {
    let middle = |spot: Spot| spot.top() + HEIGHT / 2;
    // Between boxes of one column, or against the direction, it goes around on the right.
    let (from, to) = if caller.column > callee.column {
        (caller.left(), callee.left() + WIDTH)
    } else {
        (caller.left() + WIDTH, callee.left() + WIDTH)
    };
    let (y, end) = (middle(caller), middle(callee));
    let bend = BESIDE / 2;
    let (first, second) = if caller.column > callee.column {
        (from - bend, to + bend)
    } else {
        (from + bend, to + bend)
    };
    let tip = to + 7;
    writeln!(
        out,
        "<path class=\"{class}\" d=\"M{from} {y}C{first} {y} {second} {end} {tip} {end}\"/>\
         <path class=\"head\" d=\"M{to} {end}l8 -4v8z\"/>"
    )
    .expect("a String takes all");
}

fn boxed(out: &mut String, spot: Spot, class: &str, title: &str, lines: [&str; 2]) {
    let (x, y) = (spot.left(), spot.top());
    let text = |line: &str| html(&ending(line));
    writeln!(
        out,
        "<g class=\"{class}\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" rx=\"5\"/><text class=\"name\" x=\"{tx}\" y=\"{first}\">{}</text>\
         <text x=\"{tx}\" y=\"{second}\">{}</text></g>",
        html(title),
        text(lines[0]),
        text(lines[1]),
        tx = x + 8,
        first = y + 17,
        second = y + 34,
    )
    .expect("a String takes all");
}

/// The end of a long name: that of a method tells more than that of its class.
fn ending(name: &str) -> String {
    let length = name.chars().count();
    if length <= LETTERS {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(length - (LETTERS - 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::key;

    fn drawn(key: &FunctionKey, distance: u32) -> Drawn<'_> {
        Drawn { key, distance, verdicts: "2 killed".into(), class: "good" }
    }

    #[test]
    fn a_call_is_a_line_from_box_to_box() {
        let (total, till, shop) = (key("a", "total"), key("a", "till"), key("a", "shop"));
        let call = |caller: &FunctionKey, callee: &FunctionKey| ReportedCall {
            caller: caller.clone(),
            callee: callee.clone(),
            seen: true,
        };
        let calls = [call(&till, &total), call(&shop, &till), call(&shop, &key("a", "other"))];
        let all = [drawn(&total, 0), drawn(&till, 1), drawn(&shop, 2)];
        let text = draw(&all, &calls);
        assert_eq!((text.matches("<rect").count(), text.matches("class=\"seen\"").count()), (3, 2));
        assert!(!text.contains("class=\"told\""), "{text}");
        // Without the calls, the callers are still tied to what they reach.
        assert_eq!(draw(&all, &[]).matches("class=\"told\"").count(), 2);
    }

    #[test]
    fn boxes_do_not_overlap_and_those_without_room_are_counted() {
        let keys: Vec<_> = (0..40).map(|n| key("a", &format!("f{n}"))).collect();
        let all: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(n, key)| drawn(key, if n == 0 { 0 } else { u32::try_from(n % 9 + 1).unwrap() }))
            .collect();
        let (spots, left_out) = placed(&all);
        let mut seen: Vec<Spot> = spots.into_iter().flatten().collect();
        let drawn = seen.len();
        seen.extend(left_out.iter().map(|(column, _)| Spot { column: *column, row: ROWS - 1 }));
        for (n, spot) in seen.iter().enumerate() {
            assert!(spot.column < COLUMNS && spot.row < ROWS && !seen[..n].contains(spot));
        }
        let counted: usize = left_out.iter().map(|(_, count)| count).sum();
        assert_eq!(drawn + counted, all.len());
        assert_eq!(draw(&all, &[]).matches("<rect").count(), seen.len());
    }

    #[test]
    fn a_long_name_keeps_its_end_and_names_are_text() {
        assert_eq!(ending(&format!("Package{}.method", "x".repeat(40))).chars().count(), LETTERS);
        let nasty = key("a", "</svg><img src=x>");
        assert!(!draw(&[drawn(&nasty, 0)], &[]).contains("<img"));
    }
}

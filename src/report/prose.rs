//! Prose in every format: numbers, lines and durations in words, lines wrapped.
//!
//! Invariant: nothing here adds a control character.

use crate::model::LineRange;

/// A space at which no line is broken.
pub(super) const NO_BREAK: char = '\u{a0}';

/// Breaks prose at spaces so that no line is longer than `width` characters with `indent` spaces
/// before it; a single longer word stays whole. A no-break space holds two words together and is
/// shown as a space.
pub(super) fn wrapped(prose: &str, indent: usize, width: usize) -> Vec<String> {
    let room = width.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in prose.split([' ', '\t']).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= room => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            _ => {
                lines.push(format!("{:indent$}{word}", ""));
                used = length;
            }
        }
    }
    lines.iter_mut().for_each(|line| *line = line.replace(NO_BREAK, " "));
    lines
}

/// `1 mutant`, `2 mutants`.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `line 4`, `lines 4, 7–9`: ranges that touch or overlap are joined.
pub(super) fn line_list(ranges: &[LineRange]) -> String {
    let mut sorted: Vec<(u32, u32)> =
        ranges.iter().map(|range| (range.first.get(), range.last.get())).collect();
    sorted.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (first, last) in sorted {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => joined.push((first, last)),
        }
    }
    let word =
        if matches!(joined[..], [(first, last)] if first == last) { "line" } else { "lines" };
    let parts: Vec<String> = joined
        .iter()
        .map(
            |(first, last)| {
                if first == last { first.to_string() } else { format!("{first}–{last}") }
            },
        )
        .collect();
    format!("{word} {}", parts.join(", "))
}

/// A duration for a reader: `840 ms`, `4.2 s`, `3 min 5 s`.
pub(super) fn duration(milliseconds: f64) -> String {
    let seconds = milliseconds / 1000.0;
    if milliseconds < 999.5 {
        format!("{milliseconds:.0} ms")
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else {
        let minutes = (seconds.round() / 60.0).floor();
        format!("{minutes:.0} min {:.0} s", seconds.round() - minutes * 60.0)
    }
}

/// A share as a percentage with at most one digit, rounded half up; only all is 100 %, and only
/// nothing is 0 %.
pub(super) fn percent(share: f64) -> String {
    percent_below(share, if share < 1.0 { 100.0 } else { f64::INFINITY })
}

/// Like [`percent`], and never as much as `limit` percent, which the share is below.
pub(super) fn percent_below(share: f64, limit: f64) -> String {
    // A share such as 0.0015 is a little less than it says.
    let nearest = (share * 1000.0 + 0.5 + 1e-9).floor();
    let tenths = if nearest / 10.0 >= limit { (share * 1000.0).floor() } else { nearest };
    let tenths = if share > 0.0 { tenths.max(1.0) } else { tenths };
    let digits = usize::from(tenths % 10.0 != 0.0);
    format!("{:.digits$} %", tenths / 10.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::lines;

    proptest! {
        #[test]
        fn wrapping_keeps_every_word_and_the_width(text in "[a-z é]{0,200}", indent in 0_usize..9) {
            let lines = wrapped(&text, indent, 40);
            let back: Vec<_> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            prop_assert_eq!(back, text.split_whitespace().collect::<Vec<_>>());
            for line in &lines {
                prop_assert!(line.chars().count() <= 40 || !line.trim_start().contains(' '));
            }
        }
    }

    #[test]
    fn no_line_is_broken_at_a_no_break_space() {
        let text = format!("{} 3{NO_BREAK}survived", "a".repeat(15));
        assert_eq!(wrapped(&text, 2, 22), [format!("  {}", "a".repeat(15)), "  3 survived".into()]);
    }

    #[test]
    fn touching_lines_are_joined() {
        assert_eq!(line_list(&[lines(4, 4)]), "line 4");
        assert_eq!(line_list(&[lines(9, 9), lines(4, 4), lines(7, 8)]), "lines 4, 7–9");
        assert_eq!(line_list(&[lines(7, 9)]), "lines 7–9");
    }

    #[test]
    fn durations_change_their_unit() {
        let words = [0.4, 840.0, 999.7, 4_210.0, 59_990.0, 185_000.0].map(duration);
        assert_eq!(words, ["0 ms", "840 ms", "1.0 s", "4.2 s", "1 min 0 s", "3 min 5 s"]);
    }

    #[test]
    fn shares_are_rounded_half_up_and_only_all_is_a_hundred_percent() {
        assert_eq!(
            [1.0, 0.9999, 0.6875, 0.5, 2.0 / 3.0, 17.0 / 29.0, 0.0001, 0.0].map(percent),
            ["100 %", "99.9 %", "68.8 %", "50 %", "66.7 %", "58.6 %", "0.1 %", "0 %"]
        );
    }

    #[test]
    fn a_score_that_misses_a_limit_is_not_shown_as_one_that_meets_it() {
        assert_eq!(percent_below(0.7996, 80.0), "79.9 %");
        assert_eq!(percent_below(0.6875, 70.0), "68.8 %");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_at_most_a_tenth_off_and_all_only_for_all(
            killed in 0_u32..4000, others in 0_u32..4000,
        ) {
            prop_assume!(killed + others > 0);
            let share = f64::from(killed) / f64::from(killed + others);
            let text = percent(share);
            let shown: f64 = text.trim_end_matches(" %").parse().unwrap();
            prop_assert!((shown - share * 100.0).abs() <= 0.1 + 1e-9, "{} {}", share, text);
            prop_assert_eq!(text == "100 %", others == 0);
            prop_assert_eq!(text == "0 %", killed == 0);
        }
    }

    #[test]
    fn lists_end_with_and() {
        let parts = ["a", "b", "c"].map(String::from);
        assert_eq!(listed(&parts), "a, b and c");
        assert_eq!(listed(&parts[..2]), "a and b");
        assert_eq!(count(1, "mutant") + &count(2, "test"), "1 mutant2 tests");
    }
}

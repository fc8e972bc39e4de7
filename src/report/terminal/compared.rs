//! Two reports compared, for a person.
//!
//! Invariant: gaps that opened are shown as diffs; a part that holds nothing leaves no trace; the
//! last line says how it ended.

use crate::model::Report;
use crate::report::comparison::{Pair, compare};
use crate::report::mutants::{edit, hunks};
use crate::report::prose::{count, percent};

use super::Style;
use super::page::{Page, Role};

/// The comparison as text.
pub fn comparison(old: &Report, new: &Report, style: &Style) -> String {
    let found = compare(old, new);
    let mut page = Page::new(style);
    part(&mut page, Role::Bad, "opened", &found.opened, true);
    part(&mut page, Role::Good, "closed", &found.closed, false);
    part(&mut page, Role::Warning, "not decided now", &found.undecided, false);
    part(&mut page, Role::Aside, "gone", &found.gone, false);
    if page.is_verbose() {
        part(&mut page, Role::Plain, "stayed", &found.stayed, false);
    }
    page.gap();
    let numbers = [
        (found.opened.len(), "opened"),
        (found.closed.len(), "closed"),
        (found.gone.len(), "gone"),
        (found.undecided.len(), "not decided now"),
        (found.stayed.len(), "stayed"),
    ];
    let words: Vec<String> =
        numbers.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let score = |report: &Report| report.score.map_or_else(|| "none".to_owned(), percent);
    let gaps = if words.is_empty() {
        "no gaps in either report".to_owned()
    } else {
        format!("gaps: {}", words.join(", "))
    };
    let text = format!("{gaps} · score {} → {}", score(old), score(new));
    let role = if found.opened.is_empty() { Role::Good } else { Role::Bad };
    page.prose(0, role, &text);
    page.finish()
}

fn part(page: &mut Page<'_>, role: Role, word: &str, pairs: &[Pair<'_>], diffs: bool) {
    if pairs.is_empty() {
        return;
    }
    page.gap();
    let heading = page.paint(role, &format!("{word}: {}", count(pairs.len(), "gap")));
    page.line(0, &heading);
    for pair in pairs {
        let mutant = pair.mutant();
        let verdict = |side: Option<&crate::model::DecidedMutant>| {
            side.map_or("not there", |mutant| mutant.verdict.word())
        };
        let line = format!(
            "{}  {}  {}  {}  {}",
            page.paint(Role::Path, &format!("{}:{}", mutant.function.path, mutant.span.start.line)),
            page.paint(Role::Name, mutant.function.name.as_str()),
            page.paint(Role::Plain, &edit(mutant)),
            page.paint(Role::Aside, &format!("{} → {}", verdict(pair.old), verdict(pair.new))),
            page.paint(Role::Key, mutant.id.as_str()),
        );
        page.line(2, &line);
        if diffs && !page.is_quiet() {
            page.hunks(4, hunks(mutant));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::comparison::tests::two;

    #[test]
    fn what_opened_is_a_diff_and_the_last_line_counts() {
        let (old, new) = two();
        insta::assert_snapshot!(comparison(&old, &new, &Style::default()), @r"
        opened: 1 gap
          shop/cart.py:13  Cart.total  + → -  killed → survived  80671050b2db66bc
            @@ -13,2 +13,2 @@
            -    if n + 1:
            +    if n - 1:
                     return n

        closed: 1 gap
          shop/cart.py:12  Cart.total  >= → >  survived → killed  cb0156c49b145771

        not decided now: 1 gap
          shop/cart.py:17  Cart.total  True → False  no tests → timeout  a6e2a312d94c3e53

        gone: 1 gap
          shop/cart.py:18  Cart.total  True → False  no tests → not there  1831bc1d1062c52e

        gaps: 1 opened, 1 closed, 1 gone, 1 not decided now, 2 stayed · score 16.7 % → 16.7 %
        ");
    }
}

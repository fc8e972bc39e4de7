//! How the browser looks.
//!
//! Invariant: pure: the same state draws the same cells; no control character of the project's reaches
//! the terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Direction, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, List, ListItem, ListState, Paragraph, Wrap};

use super::state::{Browser, Gap, Mode};
use crate::model::{Reason, Verdict};
use crate::report::escape::visible;

/// Below this width, the details stand under the list.
const WIDE: u16 = 100;
/// Tests that are named.
const TESTS: usize = 12;

const KEYS: &str = "j/k move · / filter · e edit · r run again · s skip · ? keys · q quit";
const HELP: [&str; 10] = [
    "j, k, arrows     the next mutant, the one before",
    "g, G             the first, the last",
    "space, page up   scroll the details",
    "/                filter by file, function, operator, id or verdict",
    "e, enter         open the file in $VISUAL or $EDITOR, at the line",
    "r                decide the mutant again",
    "s                leave it out: a comment in the source, with a reason;",
    "                 it is shown, and asked for, before it is written",
    "esc              take the filter away; quit",
    "q                quit",
];

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, browser: &Browser) {
    let rows = Layout::vertical([Constraint::Min(3), Constraint::Length(1)]).split(frame.area());
    let direction =
        if frame.area().width >= WIDE { Direction::Horizontal } else { Direction::Vertical };
    let parts = Layout::new(direction, [Constraint::Percentage(42), Constraint::Percentage(58)])
        .split(rows[0]);
    draw_list(frame, parts[0], browser);
    draw_details(frame, parts[1], browser);
    frame.render_widget(Paragraph::new(footer(browser)), rows[1]);
    match &browser.mode {
        Mode::Help => popup(frame, " keys ", &HELP.map(str::to_owned)),
        Mode::Confirm(lines) => popup(frame, " write this? y / n ", lines),
        Mode::List | Mode::Filter | Mode::Reason(_) => {}
    }
}

fn draw_list(frame: &mut Frame<'_>, area: Rect, browser: &Browser) {
    let items: Vec<ListItem<'_>> =
        browser.shown.iter().map(|&gap| ListItem::new(row(&browser.gaps[gap]))).collect();
    let count = match browser.shown.len() == browser.gaps.len() {
        true => format!(" {} unnoticed ", browser.gaps.len()),
        false => format!(" {} of {} unnoticed ", browser.shown.len(), browser.gaps.len()),
    };
    let list = List::new(items)
        .block(Block::default().borders(Borders::ALL).title(count))
        .highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .highlight_symbol("> ");
    let mut state = ListState::default();
    state.select(browser.current().map(|_| browser.selected));
    frame.render_stateful_widget(list, area, &mut state);
}

fn row(gap: &Gap) -> Line<'static> {
    let mutant = &gap.mutant;
    let (mark, color) = match (gap.skipped, &mutant.verdict) {
        (true, _) => ("skip", Color::DarkGray),
        (false, Verdict::Survived) => ("live", Color::Red),
        (false, Verdict::NoTests) => ("none", Color::Yellow),
        (false, Verdict::Killed { .. }) => ("dead", Color::Green),
        (false, _) => ("?   ", Color::Gray),
    };
    let place = format!(
        " {}:{} {}  {}",
        mutant.function.path.file_name(),
        mutant.span.start.line,
        mutant.function.name,
        mutant.operator
    );
    Line::from(vec![Span::styled(mark, Style::new().fg(color)), Span::raw(shown(&place))])
}

fn draw_details(frame: &mut Frame<'_>, area: Rect, browser: &Browser) {
    let block = Block::default().borders(Borders::ALL);
    let Some(gap) = browser.current().map(|gap| &browser.gaps[gap]) else {
        frame.render_widget(Paragraph::new("nothing fits the filter").block(block), area);
        return;
    };
    let title = format!(" {} ", gap.mutant.id);
    let details = Paragraph::new(details(gap))
        .block(block.title(shown(&title)))
        .wrap(Wrap { trim: false })
        .scroll((browser.scroll, 0));
    frame.render_widget(details, area);
}

fn details(gap: &Gap) -> Text<'static> {
    let mutant = &gap.mutant;
    let aside = Style::new().fg(Color::DarkGray);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for line in mutant.diff.lines().skip(2) {
        let style = match line.as_bytes().first() {
            Some(b'+') => Style::new().fg(Color::Green),
            Some(b'-') => Style::new().fg(Color::Red),
            Some(b'@') => Style::new().fg(Color::Cyan),
            _ => Style::new(),
        };
        lines.push(Line::styled(shown(line), style));
    }
    lines.push(Line::default());
    let mut fact = |name: &str, value: &str| {
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<9}"), aside),
            Span::raw(shown(value)),
        ]));
    };
    let reasons: Vec<String> = mutant.reasons.iter().map(Reason::to_string).collect();
    fact("function", &mutant.function.to_string());
    fact("in scope", &reasons.join("; "));
    fact("verdict", &mutant.verdict.to_string());
    let tests = &mutant.tests;
    fact("tests", &if tests.is_empty() { "none".to_owned() } else { tests.len().to_string() });
    for test in tests.iter().take(TESTS) {
        fact("", test.as_str());
    }
    if tests.len() > TESTS {
        fact("", &format!("and {} more", tests.len() - TESTS));
    }
    Text::from(lines)
}

fn footer(browser: &Browser) -> Line<'static> {
    match (&browser.mode, &browser.message) {
        (Mode::Filter, _) => Line::from(shown(&format!("/{}_", browser.filter))),
        (Mode::Reason(reason), _) => Line::from(shown(&format!("why is it left out? {reason}_"))),
        (_, Some(message)) => Line::styled(shown(message), Style::new().fg(Color::Yellow)),
        (_, None) => Line::styled(KEYS, Style::new().fg(Color::DarkGray)),
    }
}

fn popup(frame: &mut Frame<'_>, title: &str, lines: &[String]) {
    let whole = frame.area();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(whole.height);
    let width = whole.width.saturating_sub(8).max(20).min(whole.width);
    let area = Rect { x: (whole.width - width) / 2, y: (whole.height - height) / 2, width, height };
    let text: Vec<Line<'static>> = lines.iter().map(|line| Line::from(shown(line))).collect();
    let block = Block::default().borders(Borders::ALL).title(title.to_owned());
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).block(block), area);
}

/// As a terminal may have it.
fn shown(text: &str) -> String {
    visible(&text.replace('\t', "    ")).into_owned()
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cli::browse::state::tests::{browser, press};

    fn drawn(browser: &Browser, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, browser)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_list_stands_beside_the_details_of_the_selected_mutant() {
        insta::assert_snapshot!(drawn(&browser(), 110, 16), @r#"
        "┌ 5 unnoticed ───────────────────────────────┐┌ cb0156c49b145771 ────────────────────────────────────────────┐"
        "│> live cart.py:12 Cart.total  comparison/bou││@@ -12,2 +12,2 @@                                             │"
        "│  none cart.py:17 Cart.total  comparison/bou││-    if n >= 1:                                               │"
        "│  none cart.py:18 Cart.total  comparison/bou││+    if n > 1:                                                │"
        "│  none cart.py:21 Cart.total  comparison/bou││         return n                                             │"
        "│  live till.py:5 checkout  comparison/bounda││                                                              │"
        "│                                            ││function shop/cart.py::Cart.total                             │"
        "│                                            ││in scope changed                                              │"
        "│                                            ││verdict  survived                                             │"
        "│                                            ││tests    4                                                    │"
        "│                                            ││         tests/test_cart.py::test_small                       │"
        "│                                            ││         tests/test_cart.py::test_large                       │"
        "│                                            ││         tests/test_cart.py::test_none                        │"
        "│                                            ││         tests/test_cart.py::test_odd                         │"
        "└────────────────────────────────────────────┘└──────────────────────────────────────────────────────────────┘"
        "j/k move · / filter · e edit · r run again · s skip · ? keys · q quit                                         "
        "#);
    }

    #[test]
    fn in_a_narrow_terminal_it_stands_above_them() {
        let text = drawn(&browser(), 60, 24);
        let list = text.find("unnoticed").unwrap();
        assert!(list < text.find("in scope").unwrap(), "{text}");
        // However small, it draws.
        drawn(&browser(), 10, 4);
    }

    #[test]
    fn what_is_typed_and_asked_is_seen() {
        let mut browser = browser();
        press(&mut browser, "/xyz");
        assert!(drawn(&browser, 80, 20).contains("/xyz_"));
        assert!(drawn(&browser, 80, 20).contains("nothing fits the filter"));
        press(&mut browser, "\x1bswhy");
        assert!(drawn(&browser, 80, 20).contains("why is it left out? why_"));
        browser.mode = Mode::Confirm(vec!["n >= 1  # mutdiff: skip".to_owned()]);
        let asked = drawn(&browser, 80, 20);
        assert!(
            asked.contains("write this? y / n") && asked.contains("# mutdiff: skip"),
            "{asked}"
        );
        press(&mut browser, "n?");
        assert!(drawn(&browser, 80, 20).contains("leave it out: a comment"));
    }

    #[test]
    fn control_characters_of_the_project_are_spelled_out() {
        let mut browser = browser();
        browser.gaps[0].mutant.diff = "a\nb\n-x\x1b[2Jy\n".to_owned();
        assert!(drawn(&browser, 110, 16).contains("-x\\x1b[2Jy"));
    }
}

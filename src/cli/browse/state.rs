//! What is browsed, and what a key does to it.
//!
//! Invariant: pure: what has to be done outside is handed back as an [`Action`].

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::{DecidedMutant, Verdict};

/// What makes a key other than the letter on it.
const CHORDS: KeyModifiers = KeyModifiers::CONTROL
    .union(KeyModifiers::ALT)
    .union(KeyModifiers::SUPER)
    .union(KeyModifiers::HYPER)
    .union(KeyModifiers::META);

/// What has to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    None,
    /// Leave.
    Quit,
    /// Open the file of this gap at its line.
    Edit(usize),
    /// Find the comment that leaves this gap out for a reason.
    Propose(usize, String),
    /// Write that comment.
    Write(usize),
    /// Decide this gap again.
    RunAgain(usize),
}

/// Who takes the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// The list.
    List,
    /// The filter.
    Filter,
    /// The reason of a comment.
    Reason(String),
    /// A question about what would be written: the lines of the proposal.
    Confirm(Vec<String>),
    /// The keys are shown.
    Help,
}

/// A mutant that no test noticed, and what became of it since.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gap {
    pub(super) mutant: DecidedMutant,
    /// Whether a comment was written that leaves it out.
    pub(super) skipped: bool,
}

/// The whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Browser {
    pub(super) gaps: Vec<Gap>,
    /// Those that the filter leaves, by position.
    pub(super) shown: Vec<usize>,
    /// Which of these is selected.
    pub(super) selected: usize,
    /// How far the details are scrolled.
    pub(super) scroll: u16,
    pub(super) filter: String,
    pub(super) mode: Mode,
    /// What is said below.
    pub(super) message: Option<String>,
}

impl Browser {
    /// Over the mutants that no test noticed.
    pub(super) fn new(mutants: &[DecidedMutant]) -> Self {
        let unnoticed = mutants.iter().filter(|mutant| mutant.verdict.is_unnoticed());
        let gaps: Vec<Gap> = unnoticed.map(|m| Gap { mutant: m.clone(), skipped: false }).collect();
        Self {
            shown: (0..gaps.len()).collect(),
            gaps,
            selected: 0,
            scroll: 0,
            filter: String::new(),
            mode: Mode::List,
            message: None,
        }
    }

    /// The selected gap, by position.
    pub(super) fn current(&self) -> Option<usize> {
        self.shown.get(self.selected).copied()
    }

    /// What a key does.
    pub(super) fn update(&mut self, key: KeyEvent) -> Action {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Action::Quit;
        }
        if key.modifiers.intersects(CHORDS) {
            self.on_chord(key);
            return Action::None;
        }
        self.message = None;
        match std::mem::replace(&mut self.mode, Mode::List) {
            Mode::List => self.on_list(key.code),
            Mode::Filter => self.on_filter(key.code),
            Mode::Reason(reason) => self.on_reason(key.code, reason),
            Mode::Confirm(_) => match (key.code, self.current()) {
                (KeyCode::Char('y'), Some(gap)) => Action::Write(gap),
                _ => self.say("nothing was written"),
            },
            Mode::Help => Action::None,
        }
    }

    /// A letter with Control or Alt is no text. Two of them edit what was typed, as in a shell.
    fn on_chord(&mut self, key: KeyEvent) {
        let text = match &mut self.mode {
            Mode::Filter => &mut self.filter,
            Mode::Reason(reason) => reason,
            Mode::List | Mode::Confirm(_) | Mode::Help => return,
        };
        match (key.modifiers, key.code) {
            (KeyModifiers::CONTROL, KeyCode::Char('u')) => text.clear(),
            (KeyModifiers::CONTROL, KeyCode::Char('w')) => {
                let words = text.trim_end();
                let kept = words
                    .rfind(char::is_whitespace)
                    .map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8));
                text.truncate(kept);
            }
            _ => return,
        }
        if self.mode == Mode::Filter {
            self.refilter();
        }
    }

    fn on_list(&mut self, key: KeyCode) -> Action {
        let last = self.shown.len().saturating_sub(1);
        match key {
            KeyCode::Char('q') | KeyCode::Esc if self.filter.is_empty() => return Action::Quit,
            KeyCode::Char('q') => return Action::Quit,
            KeyCode::Esc => {
                self.filter.clear();
                self.refilter();
            }
            KeyCode::Down | KeyCode::Char('j') => self.select((self.selected + 1).min(last)),
            KeyCode::Up | KeyCode::Char('k') => self.select(self.selected.saturating_sub(1)),
            KeyCode::Home | KeyCode::Char('g') => self.select(0),
            KeyCode::End | KeyCode::Char('G') => self.select(last),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll = self.scroll.saturating_add(8),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(8),
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('e') | KeyCode::Enter => return self.with_current(Action::Edit),
            KeyCode::Char('r') => return self.with_current(Action::RunAgain),
            KeyCode::Char('s') => match self.current() {
                Some(gap) if self.gaps[gap].skipped => {
                    return self.say("it is left out already");
                }
                Some(_) => self.mode = Mode::Reason(String::new()),
                None => {}
            },
            _ => {}
        }
        Action::None
    }

    fn on_filter(&mut self, key: KeyCode) -> Action {
        match key {
            KeyCode::Enter => return Action::None,
            KeyCode::Esc => {
                self.filter.clear();
                self.refilter();
                return Action::None;
            }
            KeyCode::Char(c) => self.filter.push(c),
            KeyCode::Backspace => {
                self.filter.pop();
            }
            _ => {}
        }
        self.mode = Mode::Filter;
        self.refilter();
        Action::None
    }

    fn on_reason(&mut self, key: KeyCode, mut reason: String) -> Action {
        match (key, self.current()) {
            (KeyCode::Esc, _) => return self.say("nothing was written"),
            (KeyCode::Enter, Some(gap)) if !reason.trim().is_empty() => {
                return Action::Propose(gap, reason);
            }
            (KeyCode::Char(c), _) => reason.push(c),
            (KeyCode::Backspace, _) => {
                reason.pop();
            }
            _ => {}
        }
        self.mode = Mode::Reason(reason);
        Action::None
    }

    fn with_current(&self, action: fn(usize) -> Action) -> Action {
        self.current().map_or(Action::None, action)
    }

    /// Says something below.
    pub(super) fn say(&mut self, text: impl Into<String>) -> Action {
        self.message = Some(text.into());
        Action::None
    }

    fn select(&mut self, selected: usize) {
        self.selected = selected;
        self.scroll = 0;
    }

    fn refilter(&mut self) {
        let wanted = self.filter.to_lowercase();
        let fits = |gap: &Gap| {
            let mutant = &gap.mutant;
            let text = format!(
                "{} {} {} {}",
                mutant.function,
                mutant.operator,
                mutant.id,
                mutant.verdict.word()
            );
            text.to_lowercase().contains(&wanted)
        };
        self.shown = (0..self.gaps.len()).filter(|&gap| fits(&self.gaps[gap])).collect();
        self.select(0);
    }

    /// What a mutant that was run again has become.
    pub(super) fn decided(&mut self, gap: usize, mutant: DecidedMutant) {
        let text = match &mutant.verdict {
            Verdict::Killed { by } => format!("killed by {by}"),
            other => format!("still: {other}"),
        };
        self.gaps[gap].mutant = mutant;
        self.say(text);
    }

    /// That a comment was written.
    pub(super) fn skipped(&mut self, gap: usize) {
        self.gaps[gap].skipped = true;
        let path = self.gaps[gap].mutant.function.path.clone();
        self.say(format!("written to {path}"));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::TestId;
    use crate::report::sample;

    pub(in super::super) fn browser() -> Browser {
        Browser::new(&sample::report().mutants)
    }

    pub(in super::super) fn press(browser: &mut Browser, keys: &str) -> Action {
        let mut action = Action::None;
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                '\x08' => KeyCode::Backspace,
                key => KeyCode::Char(key),
            };
            action = browser.update(KeyEvent::from(code));
        }
        action
    }

    #[test]
    fn only_what_no_test_noticed_is_browsed() {
        let browser = browser();
        assert!(browser.gaps.iter().all(|gap| gap.mutant.verdict.is_unnoticed()));
        assert_eq!(browser.gaps.len(), 5);
        assert_eq!(browser.current(), Some(0));
    }

    #[test]
    fn the_selection_stays_within_the_list() {
        let mut browser = browser();
        press(&mut browser, "kkk");
        assert_eq!(browser.selected, 0);
        press(&mut browser, "jjjjjjjjjjjj");
        assert_eq!(browser.selected, 4);
        press(&mut browser, "g");
        assert_eq!(browser.selected, 0);
    }

    #[test]
    fn a_filter_narrows_the_list_and_esc_takes_it_away() {
        let mut browser = browser();
        press(&mut browser, "/CHECKOUT\n");
        assert_eq!(browser.shown.len(), 1);
        assert_eq!(press(&mut browser, "e"), Action::Edit(browser.shown[0]));
        press(&mut browser, "/xx");
        assert_eq!(browser.current(), None);
        assert_eq!(press(&mut browser, "\ne"), Action::None);
        assert_eq!(press(&mut browser, "\x1b"), Action::None, "the first takes the filter away");
        assert_eq!(browser.shown.len(), 5);
        assert_eq!(press(&mut browser, "\x1b"), Action::Quit);
    }

    #[test]
    fn nothing_is_written_without_a_reason_and_a_yes() {
        let mut browser = browser();
        assert_eq!(press(&mut browser, "s\n  \n"), Action::None);
        assert_eq!(press(&mut browser, "\x1b"), Action::None);
        let action = press(&mut browser, "snot worth it\x08t\n");
        assert_eq!(action, Action::Propose(0, "not worth it".to_owned()));
        browser.mode = Mode::Confirm(vec!["line".to_owned()]);
        assert_eq!(press(&mut browser, "n"), Action::None);
        assert_eq!(browser.message.as_deref(), Some("nothing was written"));
        browser.mode = Mode::Confirm(vec!["line".to_owned()]);
        assert_eq!(press(&mut browser, "y"), Action::Write(0));
        browser.skipped(0);
        press(&mut browser, "s");
        assert_eq!(browser.mode, Mode::List);
    }

    fn chord(browser: &mut Browser, modifiers: KeyModifiers, letter: char) -> Action {
        browser.update(KeyEvent::new(KeyCode::Char(letter), modifiers))
    }

    #[test]
    fn a_letter_with_control_or_alt_is_neither_text_nor_an_answer() {
        const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
        let mut browser = browser();
        press(&mut browser, "swhy not");
        for modifiers in [CONTROL, KeyModifiers::ALT, CONTROL | KeyModifiers::ALT] {
            assert_eq!(chord(&mut browser, modifiers, 'd'), Action::None);
        }
        assert_eq!(browser.mode, Mode::Reason("why not".to_owned()));
        chord(&mut browser, CONTROL, 'w');
        assert_eq!(browser.mode, Mode::Reason("why ".to_owned()));
        chord(&mut browser, CONTROL, 'u');
        assert_eq!(browser.mode, Mode::Reason(String::new()));
        browser.mode = Mode::Confirm(vec!["line".to_owned()]);
        assert_eq!(chord(&mut browser, CONTROL, 'y'), Action::None);
        assert_eq!(press(&mut browser, "y"), Action::Write(0));
        assert_eq!(chord(&mut browser, KeyModifiers::ALT, 'q'), Action::None);
        press(&mut browser, "/no such");
        assert_eq!(browser.current(), None);
        chord(&mut browser, CONTROL, 'u');
        assert_eq!((browser.filter.as_str(), browser.current()), ("", Some(0)));
        assert_eq!(chord(&mut browser, CONTROL, 'c'), Action::Quit);
    }

    #[test]
    fn q_is_a_letter_where_text_is_typed() {
        let mut browser = browser();
        assert_eq!(press(&mut browser, "/q"), Action::None);
        assert_eq!(press(&mut browser, "\x1bsq"), Action::None);
        assert_eq!(browser.mode, Mode::Reason("q".to_owned()));
        assert_eq!(press(&mut browser, "\x1bq"), Action::Quit);
    }

    #[test]
    fn what_was_run_again_says_what_it_has_become() {
        let mut browser = browser();
        assert_eq!(press(&mut browser, "r"), Action::RunAgain(0));
        let mut mutant = browser.gaps[0].mutant.clone();
        mutant.verdict = Verdict::Killed { by: TestId::new("t::a") };
        browser.decided(0, mutant);
        assert_eq!(browser.message.as_deref(), Some("killed by t::a"));
    }
}

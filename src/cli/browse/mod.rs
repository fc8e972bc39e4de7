//! `mutdiff browse`: the survivors of a report, one by one, on a terminal.
//!
//! Invariant: the terminal is given back as it was, also when something fails; the tree is written to on
//! one key only, after a question.

mod editing;
mod state;
mod view;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::Ordering;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use super::args::{BrowseArgs, default_options};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use super::interrupt;
use super::report::saved;
use super::run::{check_repo, conduct};
use crate::git::Repository;
use crate::lab::{self, LabError, SkipEdit};
use crate::model::Report;
use crate::worker::be_no_subreaper;
use state::{Action, Browser, Mode};

/// Runs the command.
pub(super) fn run(args: &BrowseArgs, console: Console) -> Result<Exit, CliError> {
    check_repo(&args.repo)?;
    let report = match &args.from {
        Some(path) => saved(path)?,
        None => lab::last_report(&default_options(args.repo.clone()))?,
    };
    if !io::stdin().is_terminal() || !console.out.terminal {
        return Err(CliError::usage("browsing needs a terminal, and there is none")
            .hint("mutdiff report shows the same as text, mutdiff show ID one mutant"));
    }
    let mut browser = Browser::new(&report.mutants);
    if browser.gaps.is_empty() {
        console.result("no mutant of the report went unnoticed\n")?;
        return Ok(Exit::Success);
    }
    let mut session = Session { args, report: &report, console, proposal: None };
    let mut terminal = ratatui::try_init().map_err(|error| unusable(&error))?;
    let result = session.browse(&mut terminal, &mut browser);
    ratatui::restore();
    result.map(|()| Exit::Success)
}

fn unusable(error: &io::Error) -> CliError {
    CliError::new(Kind::Usage, "the terminal cannot be used").caused(Some(error))
}

struct Session<'s> {
    args: &'s BrowseArgs,
    report: &'s Report,
    console: Console,
    /// What would be written if the answer is yes.
    proposal: Option<SkipEdit>,
}

impl Session<'_> {
    fn browse(
        &mut self,
        terminal: &mut DefaultTerminal,
        browser: &mut Browser,
    ) -> Result<(), CliError> {
        loop {
            terminal.draw(|frame| view::draw(frame, browser)).map_err(|error| unusable(&error))?;
            let Event::Key(key) = event::read().map_err(|error| unusable(&error))? else {
                continue;
            };
            if key.kind != KeyEventKind::Press {
                continue;
            }
            match browser.update(key) {
                Action::None => {}
                Action::Quit => return Ok(()),
                Action::Edit(gap) => {
                    let mutant = &browser.gaps[gap].mutant;
                    let (path, line) = (mutant.function.path.clone(), mutant.span.start.line);
                    let file = root(&self.args.repo)?.join(path.as_str());
                    ratatui::restore();
                    // An editor may leave a server behind, which another run must not end.
                    be_no_subreaper();
                    let opened = editing::open(&file, line.get());
                    *terminal = ratatui::try_init().map_err(|error| unusable(&error))?;
                    if let Err(error) = opened {
                        browser.say(format!("{}: {error}", file.display()));
                    }
                }
                Action::Propose(gap, reason) => self.propose(browser, gap, &reason),
                Action::Write(gap) => match self.proposal.take() {
                    Some(edit) => match editing::write(&edit) {
                        Ok(()) => browser.skipped(gap),
                        Err(error) => {
                            browser.say(format!("{}: {error}", edit.file.display()));
                        }
                    },
                    None => {
                        browser.say("nothing was written");
                    }
                },
                Action::RunAgain(gap) => {
                    ratatui::restore();
                    let again = self.run_again(browser, gap);
                    *terminal = ratatui::try_init().map_err(|error| unusable(&error))?;
                    if let Err(error) = again {
                        let text = error.render(false);
                        browser.say(text.lines().next().unwrap_or_default());
                    }
                    if interrupt::watch(|_| ())?.load(Ordering::SeqCst) {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn propose(&mut self, browser: &mut Browser, gap: usize, reason: &str) {
        if self.report.head.commit.is_some() {
            browser.say("the report is of a commit and not of the working tree");
            return;
        }
        match lab::skip_edit(&self.args.repo, &browser.gaps[gap].mutant, reason) {
            Ok(edit) => {
                let path = &browser.gaps[gap].mutant.function.path;
                let more = match edit.suppresses {
                    1 => "it leaves out this mutant".to_owned(),
                    n => format!("it leaves out {n} mutants of this operator, this one among them"),
                };
                browser.mode = Mode::Confirm(vec![
                    format!("{path}:{}", edit.line),
                    edit.text.clone(),
                    String::new(),
                    more,
                ]);
                self.proposal = Some(edit);
            }
            Err(error) => {
                browser.say(error.to_string());
            }
        }
    }

    fn run_again(&self, browser: &mut Browser, gap: usize) -> Result<(), CliError> {
        let mutant = browser.gaps[gap].mutant.clone();
        let report = conduct(&self.args.again(self.report, &mutant), self.console)?;
        match report.mutants.into_iter().next() {
            Some(decided) => browser.decided(gap, decided),
            None => {
                browser.say("the run decided nothing: tests fail without a mutant");
            }
        }
        Ok(())
    }
}

fn root(repo: &Path) -> Result<std::path::PathBuf, CliError> {
    let repository = Repository::discover(repo).map_err(LabError::from)?;
    Ok(repository.workdir().to_owned())
}

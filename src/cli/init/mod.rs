//! `mutdiff init`: looks at a repository, sees whether its tests run, and offers what to write.
//!
//! Invariant: nothing is written unasked, and no setting that is there is written over; where the tests
//! do not run, nothing is written at all.

mod found;
mod texts;
mod writing;

use std::io::{self, BufRead, IsTerminal, Write as _};
use std::path::Path;

use super::args::InitArgs;
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::hints::config_error;
use super::run::{check_repo, watched};
use super::{hook, interrupt};
use crate::config::{OWN_FILE, Options, PROJECT_FILE, RunnerKind, SettingsFile};
use crate::git::Repository;
use crate::lab::{self, LabError};
use crate::report::escape::visible;
use crate::report::terminal;
use found::Found;
use writing::{Section, write_new};

/// The workflow, from the root of the repository.
const WORKFLOW: &str = ".github/workflows/mutdiff.yml";

/// Runs the command.
pub(super) fn run(args: &InitArgs, console: Console) -> Result<Exit, CliError> {
    let mut options = args.options();
    check_repo(&options.repo)?;
    let repository = Repository::discover(&options.repo).map_err(LabError::from)?;
    let root = repository.workdir().to_owned();
    let existing = existing(&root)?;
    let found = Found::look(&repository, &options)?;
    for (name, value) in found.lines() {
        console.result(&format!("{name:<8} {}\n", visible(&value)))?;
    }
    if options.tests.is_empty() {
        options.tests = found.tests().to_vec();
    }
    // Before the tests: what cannot be written should be known before minutes are spent.
    let section = match existing {
        Some(_) => None,
        None => Some(Section::of(&root, &settings(&options))?),
    };
    if !args.no_check && !tests_run(&options, console)? {
        console.note(
            "nothing was written: mend the tests first, or leave the check out with --no-check",
        );
        return Ok(Exit::TestsFail);
    }
    let asker = Asker { console };
    match (section, existing) {
        (Some(section), _) => offer_section(&section, &root, args.write, &asker)?,
        (None, file) => {
            let file = file.unwrap_or(PROJECT_FILE);
            console
                .result(&format!("\n{file} has settings already: they are left as they are\n"))?;
        }
    }
    let on_github = found.ci.contains(&"GitHub Actions");
    let what = format!("Write {WORKFLOW}, which tests every pull request?");
    if args.workflow || (on_github && !root.join(WORKFLOW).exists() && asker.asks(&what)) {
        let done = match write_new(&root.join(WORKFLOW), &texts::workflow(&found))? {
            true => "written: see that its line that installs the project is right",
            false => "is there already: it is left as it is",
        };
        console.result(&format!("{WORKFLOW} {done}\n"))?;
    }
    if args.hook || asker.asks("Test what is pushed, before it is (a pre-push hook)?") {
        hook::install(&root, console)?;
    }
    let base = found.base.as_deref().map_or(String::new(), |base| format!(" --base {base}"));
    console.note(&format!("hint: `mutdiff{base} --list` says what a run would test"));
    Ok(Exit::Success)
}

/// The file that holds settings already.
fn existing(root: &Path) -> Result<Option<&'static str>, CliError> {
    let text = |name: &str| std::fs::read_to_string(root.join(name)).ok();
    let (project, own) = (text(PROJECT_FILE), text(OWN_FILE));
    let found = SettingsFile::find(project.as_deref(), own.as_deref()).map_err(config_error)?;
    Ok(found.map(|settings| settings.file))
}

fn settings(options: &Options) -> String {
    texts::settings(&options.tests, options.runner.map(RunnerKind::name))
}

/// Runs every test once, as a run does before it begins; what they reach is kept for it.
fn tests_run(options: &Options, console: Console) -> Result<bool, CliError> {
    console.result("\n")?;
    let recorded = watched(console, |progress, stop| lab::record(options, progress, stop))?;
    console.result(&terminal::recorded(&recorded, &console.style(console.out)))?;
    Ok(!recorded.tests_fail)
}

fn offer_section(
    section: &Section,
    root: &Path,
    asked: bool,
    asker: &Asker,
) -> Result<(), CliError> {
    let console = asker.console;
    let name = section.path.strip_prefix(root).unwrap_or(&section.path).display();
    let shown: String = section.text.trim_start().lines().map(|l| format!("  {l}\n")).collect();
    console.result(&format!("\nfor {name}:\n\n{shown}\n"))?;
    if asked || asker.asks(&format!("Write this to {name}?")) {
        section.write()?;
        return console.result(&format!("{name} written\n"));
    }
    console.result("nothing was written: `mutdiff init --write` writes it\n")
}

/// Questions to whoever sits before the terminal.
struct Asker {
    console: Console,
}

impl Asker {
    /// Whether the answer is yes; without a terminal on both sides it is no.
    fn asks(&self, question: &str) -> bool {
        if !(io::stdin().is_terminal() && self.console.err.terminal) {
            return false;
        }
        interrupt::leave_at_once();
        self.console.aside(&format!("{question} [y/N] "));
        let _ = io::stderr().flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_says_nothing_is_comments_alone() {
        let text = texts::settings(&[], None);
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
        let text = texts::settings(&["tests".into(), "a \"b\"".into()], Some("pytest"));
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["tests"].as_array().unwrap()[1].as_str(), Some("a \"b\""));
        assert_eq!((table["runner"].as_str(), table.len()), (Some("pytest"), 2));
    }

    #[test]
    fn the_examples_in_the_comments_are_settings_too() {
        let text = texts::settings(&[], None);
        let lines = text.lines().filter(|line| line.contains(" = "));
        let bare: String = lines.map(|l| format!("{}\n", l.trim_start_matches("# "))).collect();
        let table: toml::Table = bare.parse().unwrap();
        let schema = crate::cli::settings::schema();
        for key in table.keys() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn what_a_file_holds_stays_and_what_would_break_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(PROJECT_FILE);
        for before in ["", "[project]\nname = 'x'", "[project]\r\nname = 'x'\r\n"] {
            std::fs::write(&file, before).unwrap();
            Section::of(folder.path(), "# note\n").unwrap().write().unwrap();
            let after = std::fs::read_to_string(&file).unwrap();
            assert!(after.starts_with(before), "{after:?}");
            assert!(after.trim_end().ends_with("# note"), "{after:?}");
            assert_eq!(after.contains('\r'), before.contains('\r'), "{after:?}");
            assert_eq!(existing(folder.path()).unwrap(), Some(PROJECT_FILE));
        }
        for before in ["[project\n", "tool = { other = 1 }\n"] {
            std::fs::write(&file, before).unwrap();
            let error = Section::of(folder.path(), "").unwrap_err().render(false);
            assert!(error.contains("pyproject.toml: "), "{error}");
        }
    }
}

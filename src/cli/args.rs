//! The command line.
//!
//! Invariant: what parses here is free of contradictions; what needs the file system or the
//! environment to be judged is judged when the command begins.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::version;
use crate::config::Options;
use crate::model::{Gate, MutantId, Shard};

mod browse;
mod change;
mod explain;
mod generated;
mod hook;
mod init;
mod mutants;
mod record;
mod reports;
pub(super) mod review;
mod running;
mod shards;
mod store;
mod watch;

pub(super) use browse::BrowseArgs;
pub(super) use explain::{ExplainArgs, ExplainFormat};
pub(super) use generated::{CompletionsArgs, ManArgs};
pub(super) use hook::{HookArgs, HookCommand, HookPlace, HookRunArgs};
pub(super) use init::InitArgs;
pub(super) use mutants::{MutantsArgs, MutantsFormat};
pub(super) use record::RecordArgs;
pub(super) use reports::{DiffArgs, DiffFormat, OutputArgs, ReportArgs, Shown};
pub(super) use running::default_options;
pub(super) use shards::{MergeArgs, PlanArgs};
pub(super) use store::{ScopeFormat, StatusFormat, StoreArgs, StoreCommand};
pub(super) use watch::WatchArgs;

use change::ChangeArgs;
use running::{TestArgs, jobs, time_span};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  mutdiff demo                        see it work on a bundled project
  mutdiff --base main                 test the functions changed since main, and their callers
  mutdiff --list                      what would be tested, and why; runs nothing
  mutdiff --base v1.2 --head v1.3     compare two revisions
  mutdiff --report json=report.json   write the whole report too
  mutdiff report --from report.json --report html=page.html
                                      a saved report in another format
  mutdiff review --from report.json --pr 7 --dry-run
                                      what a review of the pull request would say
  mutdiff --tests tests/unit -k cart  hand these arguments to the test runner (comes last)
  mutdiff show 3fa9                   a mutant as a patch, by the beginning of its id
  mutdiff run 3fa9                    decide this mutant again, after a test was written
  mutdiff explain shop/cart.py:12     why a line is tested or not, and by what
  mutdiff record --decide             trace all tests and decide all mutants, for later runs

Exit codes:
  0  gate passed, or nothing to test    3    the tests fail without a mutant
  1  gate failed                        4    nothing could be decided
  2  usage or configuration             130  interrupted";

/// Mutation testing for the functions that a change touches, and for their callers
///
/// mutdiff breaks the functions that a change touches, and those that call them, in small ways, one
/// at a time, runs the tests that reach them, and shows which breakages no test noticed. The working
/// tree is never written to.
#[derive(Debug, Parser)]
#[command(
    name = "mutdiff",
    version,
    long_version = version::long(),
    styles = STYLES,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub(super) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Test a change (what `mutdiff` does without a command)
    #[command(after_help = EXAMPLES)]
    Run(Box<DecideArgs>),
    /// Look at a repository, see whether its tests run, and offer what to write
    ///
    /// Shows layout, runner, plugins, CI and base; runs every test once; and shows a commented section of
    /// settings. It is written where you say so, and so are a workflow and a hook.
    Init(Box<InitArgs>),
    /// Trace the tests, so that runs on branches begin with what is known of them
    ///
    /// For a push or nightly job of the default branch. Tests whose record still holds are not run
    /// again. The store, `.mutdiff/store.db`, is what the job keeps (`mutdiff store export`).
    Record(Box<RecordArgs>),
    /// Print a mutant of the last run as a patch that `git apply` takes
    ///
    /// The lines before the patch say the verdict, the reason and the tests; `git apply` passes
    /// over them: `mutdiff show ID | git apply` puts the mutant into the working tree.
    Show(ShowArgs),
    /// Show or write the report of the last run, or a saved one, in any format
    ///
    /// Runs nothing. The exit code is 0 when the report was read and written, whatever it says.
    Report(Box<ReportArgs>),
    /// Compare two saved reports: which gaps opened, closed, went or stayed
    ///
    /// A gap is a mutant that survives or that no test reaches. Mutants are compared by their ids,
    /// which moved lines do not change.
    Diff(DiffArgs),
    /// Say why a line, a function or a mutant is in scope or not, and what its verdicts rest on
    ///
    /// Runs nothing. Give it the options of the run that is to be explained: the base, the scope and
    /// the arguments for the tests decide what it says.
    Explain(Box<ExplainArgs>),
    /// Show how the mutants of a run would be dealt out to several machines
    ///
    /// By expected time, from what the store knows of tests and earlier verdicts. Runs nothing. Each
    /// machine then does its part with `--shard K/N`, and `mutdiff merge` joins the reports.
    Plan(Box<PlanArgs>),
    /// Put the reports of all shards together: the report and the exit code of the whole run
    ///
    /// Shards of different runs are refused, and missing ones are named.
    Merge(Box<MergeArgs>),
    /// Show the mutants of files, whatever they are part of
    ///
    /// To see what the operators do. Runs nothing, and needs no repository; the settings of a project are
    /// not read.
    Mutants(MutantsArgs),
    /// Decide again after each save, until Ctrl-C
    ///
    /// What still holds is kept, so that a round decides what the save has put in question. A save while
    /// tests run ends that round and begins another.
    Watch(Box<WatchArgs>),
    /// Go through the survivors of a report on the terminal
    ///
    /// Each with its diff and the tests that noticed nothing. Keys open the editor at the line, decide
    /// the mutant again, or leave it out by a comment in the source, which is shown and asked for before it
    /// is written.
    Browse(Box<BrowseArgs>),
    /// Look after what mutdiff remembers between runs
    ///
    /// It is in `.mutdiff/store.db` at the root of the repository, and can be found again by running
    /// the tests. None of these commands runs anything of the project's.
    Store(StoreArgs),
    /// Show the settings that are in force, and where each comes from
    ///
    /// Flags win over variables of the environment, these over `mutdiff.toml` or `[tool.mutdiff]` in
    /// `pyproject.toml`, and that over defaults.
    Config(ConfigArgs),
    /// Test a bundled example with stock Python, to see what mutdiff does
    ///
    /// Unpacks a small project into a temporary git repository with a base and a changed branch,
    /// and tests the change. Needs python3 and nothing else.
    Demo(DemoArgs),
    /// Test what is pushed, before it is: a pre-push hook
    ///
    /// It tests the pushed commits and not what is checked out, and ends within its budget.
    Hook(HookArgs),
    /// Post a report as a review of a pull request on GitHub
    ///
    /// Remarks on lines of the diff, and a summary; what stands there already is brought up to date.
    /// The token is taken from MUTDIFF_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN.
    Review(Box<review::ReviewArgs>),
    /// Print a script that completes mutdiff's commands and options in a shell
    Completions(CompletionsArgs),
    /// Print the manual page of mutdiff, or of one of its commands
    Man(ManArgs),
}

impl Command {
    /// Whether variables of the environment say anything to it.
    pub(super) fn takes_settings(&self) -> bool {
        match self {
            Self::Run(_)
            | Self::Init(_)
            | Self::Record(_)
            | Self::Explain(_)
            | Self::Plan(_)
            | Self::Merge(_)
            | Self::Watch(_)
            | Self::Browse(_)
            | Self::Config(_)
            | Self::Review(_) => true,
            Self::Hook(args) => matches!(args.command, HookCommand::Run(_)),
            Self::Show(_)
            | Self::Report(_)
            | Self::Diff(_)
            | Self::Mutants(_)
            | Self::Store(_)
            | Self::Demo(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }
}

impl Cli {
    /// The command; without one, it is `run`.
    pub(super) fn into_command(self) -> Command {
        let run = DecideArgs { ids: Vec::new(), reuse: false, run: self.run };
        self.command.unwrap_or_else(|| Command::Run(Box::new(run)))
    }
}

/// How output looks, on every command.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Appearance {
    /// Colours; `auto` also heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub(super) color: ColorChoice,
    /// Show every mutant and every test
    #[arg(short, long, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Show a line a finding and the conclusion; no progress
    #[arg(short, long)]
    pub(super) quiet: bool,
}

impl Appearance {
    /// That of output before the arguments are known.
    pub(super) const PLAIN: Self = Self { color: ColorChoice::Auto, verbose: false, quiet: false };
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal
    Auto,
    /// In a pipe too
    Always,
    /// Nowhere
    Never,
}

/// `mutdiff run`.
#[derive(Debug, Args)]
pub(super) struct DecideArgs {
    /// Decide only these mutants, again: ids of the last report, or as much of their beginnings as no
    /// other has
    #[arg(value_name = "ID", value_parser = mutant_id, conflicts_with_all = ["review", "shard"])]
    ids: Vec<MutantId>,
    /// With ids: take what is known of these mutants where it still holds
    #[arg(long, requires = "ids", help_heading = "Change")]
    reuse: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

impl DecideArgs {
    /// The options of the run.
    pub(super) fn options(&self) -> Options {
        Options { only: self.ids.clone(), reuse: self.reuse, ..self.run.options() }
    }
}

/// What a run is given, with the command's name and without it.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// Do a part of the run: the K-th of N that together are the whole; `mutdiff merge` joins them
    #[arg(long, value_name = "K/N", conflicts_with = "review", help_heading = "Change")]
    pub(super) shard: Option<Shard>,

    /// What makes the run fail: `new` (unnoticed in changed code, or noticed on the base), `all`,
    /// `score=PERCENT`, `none`; with `,partial` behind it, a run that its budget cut short may pass
    #[arg(long, value_name = "GATE", default_value = "new", help_heading = "Gate")]
    gate: Gate,
    /// End on time: 90s, 5m, 1h30m. What was not run is counted, kept for the next run, and no pass
    #[arg(long, value_name = "TIME", value_parser = time_span, help_heading = "Gate")]
    budget: Option<Duration>,

    #[command(flatten)]
    tests: TestArgs,

    /// Show what would be tested and why; runs nothing of the project's
    #[arg(long, help_heading = "Output")]
    pub(super) list: bool,
    /// Show where the time went
    #[arg(long, help_heading = "Output")]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Post the result as a review of the pull request, as `mutdiff review` does
    #[arg(long, conflicts_with = "list", help_heading = "Review")]
    pub(super) review: bool,
    #[command(flatten)]
    pub(super) post: review::PostArgs,
    #[command(flatten)]
    pub(super) appearance: Appearance,
}

impl RunArgs {
    /// The options of the run.
    pub(super) fn options(&self) -> Options {
        self.change.over(Options {
            gate: self.gate,
            budget: self.budget,
            shard: self.shard,
            ..self.tests.options(self.change.repo.clone())
        })
    }
}

/// `mutdiff show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The id of a mutant, or as much of its beginning as no other has
    #[arg(value_parser = mutant_id)]
    pub(super) id: MutantId,
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) appearance: Appearance,
}

/// `mutdiff config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// A directory in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = StatusFormat::Text)]
    pub(super) format: StatusFormat,
    /// Print the JSON Schema of the settings instead, for editors
    #[arg(long, conflicts_with = "format")]
    pub(super) schema: bool,
    #[command(flatten)]
    pub(super) appearance: Appearance,
}

/// `mutdiff demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the demo project, and say where it is
    #[arg(long)]
    pub(super) keep: bool,
    /// Tests that run side by side; default: the number of cores
    #[arg(long, short, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// The interpreter; default: the active virtual environment's, else python3
    #[arg(long, value_name = "PATH")]
    pub(super) python: Option<PathBuf>,
    #[command(flatten)]
    pub(super) appearance: Appearance,
}

fn mutant_id(text: &str) -> Result<MutantId, String> {
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit());
    if hexadecimal && (1..=16).contains(&text.len()) {
        Ok(MutantId::from_text(text.to_ascii_lowercase()))
    } else {
        Err("an id is up to 16 hexadecimal digits, as the report shows them".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;
    use crate::config::DeadlineOptions;
    use crate::model::ScopeKind;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        let words = std::iter::once("mutdiff").chain(line.split_whitespace());
        Cli::try_parse_from(words).map(Cli::into_command)
    }

    fn options(line: &str) -> Options {
        match parse(line) {
            Ok(Command::Run(run)) => run.options(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_declaration_holds_no_contradiction() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn no_command_is_run() {
        for line in ["--base main --depth 2 -j 3", "run --base main --depth 2 --jobs 3"] {
            let options = options(line);
            assert_eq!(options.base.as_deref(), Some("main"));
            assert_eq!((options.depth, options.jobs.get()), (Some(2), 3));
            assert_eq!(options.scope, ScopeKind::Callers);
            assert_eq!(options.deadline, DeadlineOptions::default());
        }
    }

    #[test]
    fn tests_takes_all_that_follows() {
        let options = options("--jobs 2 --tests tests/unit -k foo --list -x show");
        assert_eq!(options.tests, ["tests/unit", "-k", "foo", "--list", "-x", "show"]);
    }

    #[test]
    fn two_dashes_are_the_same_as_tests() {
        assert_eq!(options("--jobs 2 -- tests/unit -k foo").tests, ["tests/unit", "-k", "foo"]);
        assert_eq!(options("run -- -x").tests, ["-x"]);
        let error = parse("--tests a -- b").map(|_| ()).err().map(|e| e.kind());
        assert_eq!(error, None, "behind --tests, everything is the runner's");
        assert_eq!(options("--tests a -- b").tests, ["a", "--", "b"]);
    }

    #[test]
    fn bad_values_are_usage_errors_that_say_what_is_needed() {
        for (line, needed) in [
            ("--jobs 0", "at least 1"),
            ("--deadline-factor 0.5", "at least 1"),
            ("--deadline-factor nan", "at least 1"),
            ("--deadline-floor=-1", "at least 0"),
            ("--memory-limit 1M", "at least 16M"),
            ("--budget 0s", "such as 90s"),
            ("--budget 5x", "such as 90s"),
            ("--gate new,all", "score=PERCENT"),
            ("--memory-limit much", "such as 512M"),
            ("show xyz", "hexadecimal"),
            ("--review --list", "cannot be used with"),
            ("review", "--from"),
            ("review --from a --pr 0", "1.."),
            ("--report xml=a", "json"),
            ("report --from a --repo b", "cannot be used with"),
            ("--report json", "FORMAT=PATH"),
            ("--scope near", "callers"),
            ("store", "subcommand"),
            ("store gc --keep 0", "not in 1.."),
            ("store export", "<PATH>"),
            ("store import a --force", "unexpected argument"),
            ("--shard 3/2", "K/N"),
            ("--shard 1/2 --review", "cannot be used with"),
            ("run ab --shard 1/2", "cannot be used with"),
            ("plan", "--shards"),
            ("plan --shards 2 --target 5m", "cannot be used with"),
            ("plan --shards 0", "not in 1..="),
            ("merge", "<REPORT>"),
            ("-q -v", "cannot be used with"),
        ] {
            let error = parse(line).map(|_| ()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.to_string().contains(needed), "{line}: {error}");
        }
    }

    #[test]
    fn an_option_of_run_before_another_command_is_an_error() {
        let error = parse("--base main show ab").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
    }

    #[test]
    fn times_are_written_in_hours_minutes_and_seconds() {
        for (text, seconds) in [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("1h30m", 5400.0)] {
            assert_eq!(time_span(text).unwrap().as_secs_f64(), seconds, "{text}");
        }
    }

    #[test]
    fn record_asks_for_everything_and_needs_no_base() {
        let Ok(Command::Record(record)) = parse("record --decide -j 3 --tests -k cart") else {
            panic!("record")
        };
        let options = record.options();
        assert!(record.decide);
        assert_eq!(options.gate.kind, crate::model::GateKind::None);
        assert_eq!((options.base.as_deref(), options.scope), (Some("HEAD"), ScopeKind::All));
        assert_eq!((options.jobs.get(), options.tests), (3, vec!["-k".into(), "cart".into()]));
        assert!(parse("record --base main").is_err());
    }

    #[test]
    fn a_run_may_be_of_some_mutants_only() {
        let asked = options("run 3FA9 ab --base main --reuse -- -k cart");
        assert_eq!(asked.only.iter().map(MutantId::as_str).collect::<Vec<_>>(), ["3fa9", "ab"]);
        assert!(asked.reuse);
        assert_eq!(asked.tests, ["-k", "cart"]);
        assert!(options("run").only.is_empty());
        for line in ["run --reuse", "run ab --review", "run xyz", "ab"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn ids_are_taken_in_capitals_too() {
        let Ok(Command::Show(show)) = parse("show 3FA9 -q") else { panic!("show") };
        assert_eq!(show.id.as_str(), "3fa9");
    }
}

//! `mutdiff review`, and the last step of `mutdiff --review`.
//!
//! Invariant: a review that cannot be posted changes no verdict of the run: its findings go into the
//! workflow's log and summary instead, and the exit code stays unless `--review-required` is given.

use std::time::Duration;

use super::args::OutputArgs;
use super::args::review::{PostArgs, ReviewArgs};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::github_actions;
use super::output::takes_stdout;
use super::report::saved;
use crate::github::{Client, Context, Found, GithubError, Given, Pace, Subject, Token};
use crate::model::{PullRequest, Report};
use crate::report::review::{self, Limits, Plan};

/// How often a pull request is read anew because something came between reading and writing.
const ROUNDS: usize = 4;
/// Waiting shorter than this is not told.
const TOLD: Duration = Duration::from_secs(3);
/// How long a dry run waits altogether for GitHub to answer again, and for one answer.
const DRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));

/// Runs the command.
pub(super) fn run(args: &ReviewArgs, console: Console) -> Result<Exit, CliError> {
    let report = saved(&args.from)?;
    review::vet(&report).map_err(|error| {
        CliError::usage(format!("{} is no report of mutdiff's", args.from.display()))
            .caused(Some(&error))
    })?;
    if report.part.is_some() {
        // It would take back what the other parts have found.
        return Err(CliError::usage(format!("{} is of a part of a run", args.from.display()))
            .hint("shards are put together first: mutdiff merge REPORT… --report json=PATH"));
    }
    let given = Given { repository: args.repo.clone(), number: args.post.pr };
    let context = Context::find(&given, &variable);
    if args.dry_run {
        let text = dry_run(context, &args.post, &report, console)?;
        console.result(&github_actions::as_log(&text))?;
        return Ok(Exit::Success);
    }
    let review = Review::new(context.map_err(|error| CliError::from(&error))?, &args.post);
    if review.token.is_none() && !github_actions::is_here() {
        return Err(no_token());
    }
    review.post(&report, console)?;
    Ok(Exit::Success)
}

/// What would be posted. Without a token nothing is asked of GitHub; with one it is asked what stands
/// there, and if that cannot be told soon, the plan is made without it.
fn dry_run(
    context: Result<Context, GithubError>,
    args: &PostArgs,
    report: &Report,
    console: Console,
) -> Result<String, CliError> {
    let has_token = Token::from_environment(&variable).is_some();
    let context = match context {
        Err(GithubError::NoRepository | GithubError::NoPullRequest) if !has_token => None,
        context => Some(context.map_err(|error| CliError::from(&error))?),
    };
    let alone = |context: Option<&Context>| {
        let (number, head) = match context.map(|context| &context.subject) {
            Some(Subject::Number { number, head }) => (*number, head.as_ref()),
            Some(Subject::Branch { head, .. }) => (0, Some(head)),
            None => (0, None),
        };
        let tested = report.pull_request_head.as_ref().or(report.head.commit.as_ref());
        let head = head.or(tested).map_or("what was tested", String::as_str);
        let limits = Limits { remarks: args.max_comments, on_lines: true };
        review::preview(&review::plan(report, &review::assumed(report, number, head), limits))
    };
    const AS_IF: &str = "what follows is planned as if nothing stood on the pull request, and the lines of \
                         changed functions were on its diff";
    let Some(context) = context.as_ref().filter(|_| has_token) else {
        console.note(&format!("note: GitHub is not asked, since there is no token: {AS_IF}"));
        return Ok(alone(context.as_ref()));
    };
    let mut review = Review::new(context.clone(), args);
    (review.pace.patience, review.pace.answer) = DRY;
    match review.preview(report, console) {
        Err(error) if !args.review_required => {
            let shown = CliError::from(&error).render(false);
            let text = format!("warning: GitHub cannot be asked; {AS_IF}\n{shown}");
            console.aside(&github_actions::as_log(&text));
            Ok(alone(Some(&review.context)))
        }
        outcome => outcome.map_err(|error| CliError::from(&error)),
    }
}

/// A review that is to be posted.
pub(super) struct Review {
    context: Context,
    token: Option<Token>,
    pace: Pace,
    limits: Limits,
    is_required: bool,
    /// A run has just made the report, and leaves its annotations and summary to us.
    is_live: bool,
    /// Whether those are wanted.
    in_workflow: bool,
    /// Where workflow commands go: standard output, unless a report takes it.
    stdout_taken: bool,
}

/// What came of it.
enum Outcome {
    /// It stands as planned.
    Posted(Plan),
    /// There is nothing to post it to.
    Nowhere(String),
}

impl Review {
    fn new(context: Context, args: &PostArgs) -> Self {
        Self {
            context,
            token: Token::from_environment(&variable),
            pace: Pace { pause: args.pause, ..Pace::default() },
            limits: Limits { remarks: args.max_comments, on_lines: true },
            is_required: args.review_required,
            is_live: false,
            in_workflow: github_actions::is_here(),
            stdout_taken: false,
        }
    }

    /// For `mutdiff --review`: what is missing is said before the run. A workflow that runs for a
    /// push too has no pull request then, and no review.
    pub(super) fn before_a_run(
        args: &PostArgs,
        output: &OutputArgs,
        console: Console,
    ) -> Result<Option<Self>, CliError> {
        let given = Given { repository: None, number: args.pr };
        let context = match Context::find(&given, &variable) {
            Err(GithubError::NoPullRequest)
                if github_actions::is_here() && !args.review_required =>
            {
                console.note("note: no review: the workflow does not run for a pull request");
                return Ok(None);
            }
            context => context.map_err(|error| CliError::from(&error))?,
        };
        let review = Self {
            is_live: true,
            in_workflow: github_actions::is_wanted(output),
            stdout_taken: takes_stdout(&output.report),
            ..Self::new(context, args)
        };
        if review.token.is_none() && !github_actions::is_here() {
            return Err(no_token());
        }
        Ok(Some(review))
    }

    /// Posts it, or says why not and falls back.
    ///
    /// # Errors
    ///
    /// It could not be posted, and had to.
    pub(super) fn post(&self, report: &Report, console: Console) -> Result<(), CliError> {
        let refused = || GithubError::Unauthorized { message: "there is none".to_owned() };
        let outcome = match &self.token {
            Some(token) => self.converge(token, report, console),
            None => Err(refused()),
        };
        let is_posted = matches!(outcome, Ok(Outcome::Posted(_)));
        let is_lost = outcome.is_err();
        if self.in_workflow && (self.is_live || is_lost) {
            if !is_posted {
                github_actions::annotate(report, self.stdout_taken, console)?;
            }
            github_actions::append_summary(report, console);
        }
        let error = match outcome {
            Ok(Outcome::Posted(plan)) => {
                console.note(&posted(&plan));
                return Ok(());
            }
            Ok(Outcome::Nowhere(why)) => {
                console.note(&format!("note: no review: {why}"));
                return Ok(());
            }
            Err(error) => error,
        };
        let shown = CliError::from(&error);
        // A fork's token may not write, and that is nobody's fault.
        let is_fork = matches!(error, GithubError::Forbidden { .. });
        let is_wanted = !self.is_live && error.is_refusal() && !github_actions::is_here();
        if is_wanted || (self.is_required && !is_fork) {
            return Err(shown);
        }
        let text = format!("warning: the review is not posted\n{}", shown.render(false));
        console.aside(&github_actions::as_log(&text));
        Ok(())
    }

    fn preview(&self, report: &Report, console: Console) -> Result<String, GithubError> {
        let client = self.client(self.token.as_ref(), console)?;
        Ok(match self.read(&client, report)? {
            Ok(pull) => review::preview(&review::plan(report, &pull, self.limits)),
            Err(why) => format!("Nothing is to be done: {why}.\n"),
        })
    }

    fn client(&self, token: Option<&Token>, console: Console) -> Result<Client, GithubError> {
        let on_wait = move |wait: Duration| {
            if wait >= TOLD {
                console.note(&format!("note: waiting {} s for GitHub", wait.as_secs()));
            }
        };
        Client::new(&self.context.api, token, self.pace, Box::new(on_wait))
    }

    /// Reads what stands, plans, and carries out; and once more where something came in between.
    fn converge(
        &self,
        token: &Token,
        report: &Report,
        console: Console,
    ) -> Result<Outcome, GithubError> {
        let client = self.client(Some(token), console)?;
        let (mut limits, mut rejected) = (self.limits, 0);
        let mut first = None;
        let mut round = 0;
        loop {
            round += 1;
            let pull = match self.read(&client, report)? {
                Ok(pull) => pull,
                Err(why) => return Ok(Outcome::Nowhere(why)),
            };
            let plan = review::plan(report, &pull, limits);
            let done = plan.actions.iter().try_for_each(|action| {
                client.perform(&self.context.repository, pull.number, action)
            });
            let plan = first.get_or_insert(plan);
            match done {
                Ok(()) => return Ok(Outcome::Posted(plan.clone())),
                Err(GithubError::Rejected { status: 422, .. }) if round < ROUNDS => {
                    // The diff may have changed since it was read. If that was not it, GitHub sees
                    // another diff than it shows.
                    rejected += 1;
                    limits.on_lines = rejected < 2;
                }
                Err(GithubError::Uncertain { .. }) if round < ROUNDS => client.pause(),
                Err(error) => return Err(error),
            }
        }
    }

    /// The pull request as it stands, or why there is nothing to post to.
    fn read(
        &self,
        client: &Client,
        report: &Report,
    ) -> Result<Result<PullRequest, String>, GithubError> {
        let Context { repository, subject, .. } = &self.context;
        let number = match client.find(repository, subject)? {
            Found::Pull(number) => number,
            Found::Closed => return Ok(Err("the pull request is closed".to_owned())),
            Found::Moved { head } => return Ok(Err(moved(&head))),
            Found::None => {
                return Ok(Err("no open pull request comes from the branch tested".to_owned()));
            }
        };
        let pull = client.read(repository, number)?;
        let tested = match subject {
            Subject::Branch { head, .. } | Subject::Number { head: Some(head), .. } => Some(head),
            Subject::Number { head: None, .. } => report.head.commit.as_ref(),
        };
        Ok(match tested {
            _ if !pull.open => Err("the pull request is closed".to_owned()),
            Some(tested) if *tested != pull.head => Err(moved(&pull.head)),
            _ => Ok(pull),
        })
    }
}

fn moved(head: &str) -> String {
    let short: String = head.chars().take(10).collect();
    format!("the pull request is at {short} by now, which is not what was tested")
}

fn posted(plan: &Plan) -> String {
    let Plan { standing, on_lines, in_table, in_summary, actions } = plan;
    if actions.is_empty() {
        return format!("review: nothing to change; {standing} findings stand");
    }
    format!(
        "review: {on_lines} new on lines, {in_table} new in the table, {in_summary} in the summary \
         only, {standing} stood already"
    )
}

fn no_token() -> CliError {
    CliError::usage("a review needs a token, and the environment has none")
        .hint("set GITHUB_TOKEN (or MUTDIFF_GITHUB_TOKEN) to one with `pull-requests: write`")
        .hint("mutdiff review --dry-run shows what would be posted, and needs none")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_posted_is_said_in_a_line() {
        let plan = Plan { standing: 2, ..Plan::default() };
        assert_eq!(posted(&plan), "review: nothing to change; 2 findings stand");
    }
}

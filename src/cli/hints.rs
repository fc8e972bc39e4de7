//! Errors of the layers below, sorted by whose turn it is, with what to do next.
//!
//! Invariant: the match on each error type names all of its variants, so a new one must be given
//! its hint here before it compiles.

use std::path::Path;

use super::error::{CliError, Kind};
use crate::config::ConfigError;
use crate::git::GitError;
use crate::github::GithubError;
use crate::lab::{LabError, SkipError, TargetError};
use crate::store::{StoreError, TransferError, VERSION};
use crate::syntax::SyntaxError;
use crate::worker::WorkerError;

/// For what should not happen.
const REPORT_IT: &str = "this is a fault of mutdiff's; please report it with what it was run on";

impl From<LabError> for CliError {
    fn from(error: LabError) -> Self {
        let (kind, hints) = advice(&error);
        hints.into_iter().fold(Self::of(kind, &error), Self::hint)
    }
}

/// An error of the settings.
pub(super) fn config_error(error: ConfigError) -> CliError {
    LabError::Config(error).into()
}

impl From<&GithubError> for CliError {
    fn from(error: &GithubError) -> Self {
        let (kind, hints) = github(error);
        hints.into_iter().fold(Self::of(kind, error), Self::hint)
    }
}

fn github(error: &GithubError) -> (Kind, Vec<String>) {
    let service = |hint: &str| (Kind::Service, vec![hint.to_owned()]);
    match error {
        GithubError::BadToken => {
            usage(["see what MUTDIFF_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN holds"])
        }
        GithubError::NoRepository | GithubError::BadRepository(_) => {
            usage(["name it as --repo OWNER/NAME; with `mutdiff --review`, in GITHUB_REPOSITORY"])
        }
        GithubError::NoPullRequest => usage(["name it with --pr N"]),
        GithubError::EventFile { .. } | GithubError::Event { .. } => usage([
            "GITHUB_EVENT_PATH names the event; without it, name the pull request with --pr N",
        ]),
        GithubError::BadApi(_) | GithubError::Cleartext(_) => {
            usage(["GITHUB_API_URL is something like https://github.example.com/api/v3"])
        }
        GithubError::SetUp(_) => usage([
            "encrypted connections need the system's certificates: install ca-certificates, or set SSL_CERT_FILE",
        ]),
        GithubError::Unauthorized { .. } => {
            usage(["the token may have expired; give a new one in GITHUB_TOKEN"])
        }
        GithubError::Forbidden { .. } => usage([
            "the token needs `pull-requests: write`; that of a pull request from a fork has not: see docs/review.md",
        ]),
        GithubError::Limited { .. }
        | GithubError::Unavailable { .. }
        | GithubError::Uncertain { .. } => {
            service("try again later with mutdiff review --from REPORT; nothing is said twice")
        }
        GithubError::Unreachable { .. } => {
            service("see whether the machine reaches it; HTTPS_PROXY and NO_PROXY are heeded")
        }
        GithubError::Rejected { status: 300..400, .. } => {
            usage(["the repository may have another name now: name it as --repo OWNER/NAME"])
        }
        GithubError::Rejected { .. } | GithubError::Unexpected { .. } => service(REPORT_IT),
    }
}

/// The kind of an error, and its hints.
fn advice(error: &LabError) -> (Kind, Vec<String>) {
    match error {
        LabError::Git(error) => git(error),
        LabError::Config(error) => config(error),
        LabError::Operators(_) => usage(["docs/operators.md lists them by group"]),
        LabError::Syntax(error) => syntax(error),
        LabError::Store(error) => store(error),
        LabError::Target(error) => target(error),
        LabError::Skip(error) => match error {
            SkipError::NoReason => usage(["say why nobody wants it tested"]),
            SkipError::Changed { .. } => usage(["run mutdiff again"]),
            SkipError::NoPlace { .. } => usage(["docs/operators.md says where comments may stand"]),
        },
        LabError::Transfer(error) => transfer(error),
        LabError::Worker(error) => worker(error),
        LabError::SelfCheck { .. } => (
            Kind::Internal,
            vec![
                "no verdict of this run could be trusted, so there is none".to_owned(),
                REPORT_IT.to_owned(),
            ],
        ),
        LabError::Budget { .. } => (
            Kind::Undecided,
            vec![
                "what was traced is kept: run it again, or with a larger --budget".to_owned(),
                "a run without --budget on the default branch leaves changes little to trace"
                    .to_owned(),
            ],
        ),
        LabError::NoTestsCollected { .. } => (
            Kind::Tests,
            vec![
                "name the tests with --tests ARGS…, as you would for the test runner itself"
                    .to_owned(),
                "take another runner with --runner pytest or --runner unittest".to_owned(),
            ],
        ),
        LabError::WrongCopy { .. } => usage([
            "install the repository in place: python -m pip install -e .",
            "or take the installed copy out of the way: python -m pip uninstall",
        ]),
        LabError::Export { .. } => {
            usage(["see that the temporary directory can be written to, and has room"])
        }
        LabError::UnreadableReport { .. } => {
            usage(["another version of mutdiff wrote it; run mutdiff again"])
        }
        LabError::NoReport { .. } => usage(["run mutdiff in this repository first"]),
        LabError::UnknownMutant { .. } => {
            usage(["the report of the last run names the ids: mutdiff --list -v lists them again"])
        }
        LabError::NotTraced { .. } => usage(["trace them first: mutdiff record, or any run"]),
        LabError::NoTimes { .. } => {
            usage(["say how many: --shards N", "or trace the tests first: mutdiff record"])
        }
        LabError::MutantGone { .. } => usage([
            "mutdiff --list -v lists those that there are now; --operators may have been others then",
        ]),
        LabError::AmbiguousMutant { candidates, .. } => {
            let ids: Vec<&str> = candidates.iter().map(|id| id.as_str()).collect();
            usage([format!("give more of it; it could be {}", ids.join(", "))])
        }
    }
}

fn config(error: &ConfigError) -> (Kind, Vec<String>) {
    match error {
        ConfigError::Unreadable { .. } => {
            usage(["settings are a file that whoever runs mutdiff may read; or remove it"])
        }
        ConfigError::NotToml { file, .. } => usage([format!(
            "python -c 'import tomllib, sys; tomllib.load(open(sys.argv[1], \"rb\"))' {file} says the same"
        )]),
        ConfigError::TwoFiles => usage(["keep them in one of the two files"]),
        ConfigError::UnknownKey { nearest, .. } => {
            let meant = nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
            let all = "docs/configuration.md has every key".to_owned();
            (Kind::Usage, meant.into_iter().chain([all]).collect())
        }
        ConfigError::BadPattern { .. } => usage(["* is any part of a name, ** any folders"]),
        ConfigError::BadValue { key, .. } if key.starts_with("invalidates") => usage([
            "for example: [tool.mutdiff.invalidates] \"data/*.json\" = [\"shop/prices.py\"]",
        ]),
        ConfigError::BadValue { .. } => {
            usage(["docs/configuration.md has every key, with what it takes"])
        }
    }
}

fn syntax(error: &SyntaxError) -> (Kind, Vec<String>) {
    match error {
        SyntaxError::UnknownEncoding { .. } | SyntaxError::ConflictingEncoding { .. } => {
            usage(["declare the encoding that Python reads it in: # -*- coding: utf-8 -*-"])
        }
        SyntaxError::Undecodable { .. } => {
            usage(["save it as UTF-8, or declare its encoding in the first line"])
        }
        SyntaxError::NulByte { .. } | SyntaxError::TooLarge { .. } => (Kind::Usage, Vec::new()),
        SyntaxError::Unparsable { path, .. } => {
            usage([format!("see whether Python takes it: python -m py_compile {path}")])
        }
    }
}

fn store(error: &StoreError) -> (Kind, Vec<String>) {
    match error {
        StoreError::Locked { .. } => usage(["wait for the other to end, or end it"]),
        StoreError::Newer { path, .. } => usage([format!(
            "use that mutdiff, or begin anew: {} (tests are traced again)",
            remove(path)
        )]),
        StoreError::Corrupt { path, .. } => usage([format!(
            "begin anew: {} (it holds nothing that a run does not find again)",
            remove(path)
        )]),
        StoreError::Unusable { .. } => usage([
            "mutdiff keeps its notes in .mutdiff/ at the root of the repository; see that it can be written to",
        ]),
        StoreError::DiskFull { .. } => {
            usage(["make room, and run it again: it goes on from there"])
        }
        StoreError::Sqlite { path, .. } => {
            (Kind::Internal, vec![format!("if it happens again, begin anew: {}", remove(path))])
        }
    }
}

fn target(error: &TargetError) -> (Kind, Vec<String>) {
    let near = |near: &[String], otherwise: &str| {
        if near.is_empty() {
            usage([otherwise.to_owned()])
        } else {
            usage([format!("did you mean {}?", near.join(", "))])
        }
    };
    match error {
        TargetError::NoFile { near: files, .. } => {
            near(files, "name it from the root of the repository, as the report does")
        }
        TargetError::NoLine { .. } => usage(["lines are counted from 1"]),
        TargetError::Unparsed { path } => {
            usage([format!("see whether Python takes it: python -m py_compile {path}")])
        }
        TargetError::Nothing { near: names, .. } => near(
            names,
            "name PATH:LINE, a function (Class.method or PATH::Class.method), or at least 4 digits \
             of a mutant's id",
        ),
        TargetError::NoFunction { near: names, .. } => near(
            names,
            "name a function: PATH::FUNCTION, Class.method, or the end of such a name; a run or mutdiff record \
             takes in what is new",
        ),
        TargetError::Several { candidates, .. } => {
            usage([format!("say which: {}", candidates.join(", "))])
        }
    }
}

fn transfer(error: &TransferError) -> (Kind, Vec<String>) {
    match error {
        TransferError::NothingToExport { .. } => {
            usage(["fill it first: mutdiff record, or any run"])
        }
        TransferError::Exists { .. } => usage(["--force writes over it; or name another file"]),
        TransferError::Unusable { .. } => {
            usage(["see that the file and its folder are there and may be used"])
        }
        TransferError::NotAStore { .. } | TransferError::Damaged { .. } => {
            usage(["a store is what mutdiff store export PATH writes; the one here is as it was"])
        }
        TransferError::OtherEnvironment { .. } => usage([
            "shards run on the same interpreter, distributions and arguments; mutdiff store status \
             says what a store was made in",
        ]),
        TransferError::Schema { found, .. } if *found > VERSION => {
            usage(["import it with that mutdiff, or a later one; the store here is as it was"])
        }
        TransferError::Schema { .. } => usage([
            "make it anew with this mutdiff: mutdiff record, then mutdiff store export; the store \
             here is as it was",
        ]),
        TransferError::Store(error) => store(error),
    }
}

/// The command that deletes a store, and what SQLite keeps beside it.
fn remove(path: &Path) -> String {
    format!("rm -f {}*", shell_word(&path.display().to_string()))
}

fn worker(error: &WorkerError) -> (Kind, Vec<String>) {
    match error {
        WorkerError::NoInterpreter { .. } => usage([
            "name one with --python PATH, or make a virtual environment: python3 -m venv .venv",
        ]),
        WorkerError::NotAnInterpreter { .. } => usage([
            "name another with --python PATH; a virtual environment must be that of this machine",
        ]),
        WorkerError::UnsupportedVersion { .. } => usage(["name another with --python PATH"]),
        WorkerError::NoTypeChecker { checker, .. } => usage([
            format!("install it in the project's environment: pip install {checker}"),
            "or run without --type-check".to_owned(),
        ]),
        WorkerError::TypeCheckerNotRun { checker, .. } => usage([
            format!("see whether `{checker}` runs in the project; it may be another machine's"),
            "or run without --type-check".to_owned(),
        ]),
        WorkerError::TypeCheckerFailed { checker, .. }
        | WorkerError::TypeCheckerHangs { checker, .. } => usage([
            format!("see whether `{checker}` runs in the project as it is"),
            "or run without --type-check".to_owned(),
        ]),
        WorkerError::NoPytest { path } => usage([
            format!(
                "install it there: {} -m pip install pytest",
                shell_word(&path.display().to_string())
            ),
            "or name the project's own interpreter with --python PATH, or take --runner unittest"
                .to_owned(),
        ]),
        WorkerError::CollectionFailed { .. } => (
            Kind::Tests,
            vec![
                "see whether the test runner itself collects them, with the same interpreter"
                    .to_owned(),
                "name the tests with --tests ARGS… where the runner needs arguments".to_owned(),
            ],
        ),
        WorkerError::Died { .. } | WorkerError::SlotLost => (
            Kind::Internal,
            vec![
                "a test that kills its parents can do this; leave it out with --tests ARGS…"
                    .to_owned(),
            ],
        ),
        WorkerError::Protocol { .. } => (Kind::Internal, vec![REPORT_IT.to_owned()]),
        WorkerError::Interrupted => (Kind::Interrupted, Vec::new()),
        WorkerError::Io { .. } => (
            Kind::Internal,
            vec!["see that the temporary directory can be written to, and has room".to_owned()],
        ),
    }
}

fn usage<H: Into<String>, const N: usize>(hints: [H; N]) -> (Kind, Vec<String>) {
    (Kind::Usage, hints.map(Into::into).to_vec())
}

fn git(error: &GitError) -> (Kind, Vec<String>) {
    match error {
        GitError::NotARepository { .. } => {
            usage(["run it inside a git repository, or name one with --repo DIR"])
        }
        GitError::UnsafeOwnership { path } => usage([format!(
            "if you trust it: git config --global --add safe.directory {}",
            shell_word(&path.display().to_string())
        )]),
        GitError::Bare { .. } => usage(["use a clone with a working tree"]),
        GitError::UnbornBranch { .. } => {
            usage(["commit something first; a change needs a base to be measured against"])
        }
        GitError::ShallowClone { depth: Some(depth), .. } => usage([
            format!(
                "a depth of {depth} would do: git fetch --depth {depth} origin with the ref that is checked out"
            ),
            format!("in GitHub Actions: actions/checkout with `fetch-depth: {depth}`"),
        ]),
        GitError::ShallowClone { depth: None, .. } => usage([
            "how far back that is cannot be told from here; all of the history will do: git fetch --unshallow",
            "in GitHub Actions: actions/checkout with `fetch-depth: 0`; or name the commit to compare with: --base SHA",
        ]),
        GitError::NoMergeBase { .. } => {
            usage(["name a base that the branch was made from: --base REF"])
        }
        GitError::BaseNotFound { shallow: false, .. } => {
            usage(["name one with --base REF; git branch -a lists what there is"])
        }
        GitError::BaseNotFound { shallow: true, .. } => usage([
            "the clone is shallow: fetch the base first, git fetch origin BRANCH:BRANCH; for the merge commit of a pull request, a depth of 2 and no --base will do",
            "in GitHub Actions: actions/checkout with `fetch-depth: 0`",
        ]),
        GitError::RevisionNotFound { .. } => {
            usage(["git branch -a and git tag list what there is; git fetch may bring it"])
        }
        GitError::UnsafeEntry { .. } => {
            usage(["test the working tree instead of --head, or mend that commit"])
        }
        GitError::File { .. } => usage(["see that it can be read, and that the disk is not full"]),
        GitError::Libgit2 { .. } => {
            usage(["see whether git itself takes it: git status; git fsck"])
        }
    }
}

/// Quoted for a shell where that is needed.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::git::Tried;
    use crate::model::MutantId;

    #[test]
    fn a_base_that_is_not_found_says_what_was_tried() {
        let tried = |name: &str| Tried { name: name.into(), why: "no such ref".into() };
        let error = GitError::BaseNotFound {
            tried: vec![tried("origin/HEAD"), tried("main"), tried("master")],
            shallow: false,
        };
        let error = CliError::from(LabError::Git(error));
        insta::assert_snapshot!(error.render(false), @r"
        error: no base to compare with; tried origin/HEAD (no such ref), main (no such ref), master (no such ref)
        hint: name one with --base REF; git branch -a lists what there is
        ");
        assert_eq!(error.exit(), Exit::Usage);
    }

    #[test]
    fn an_ambiguous_id_lists_what_it_could_be() {
        let id = MutantId::from_text;
        let error = LabError::AmbiguousMutant { id: id("a"), candidates: vec![id("ab"), id("ac")] };
        insta::assert_snapshot!(CliError::from(error).render(false), @r"
        error: several mutants have an id that begins with `a`
        hint: give more of it; it could be ab, ac
        ");
    }

    #[test]
    fn tests_that_cannot_be_collected_exit_with_3_and_show_the_output() {
        let output = "E   ImportError: no shop\n".to_owned();
        let error = CliError::from(LabError::Worker(WorkerError::CollectionFailed { output }));
        assert_eq!(error.exit(), Exit::TestsFail);
        insta::assert_snapshot!(error.render(false), @r"
        error: the tests cannot be collected:
          E   ImportError: no shop
        hint: see whether the test runner itself collects them, with the same interpreter
        hint: name the tests with --tests ARGS… where the runner needs arguments
        ");
    }

    #[test]
    fn a_damaged_store_names_the_command_that_deletes_it() {
        let path = "/r/.mutdiff/store.sqlite".into();
        let error = StoreError::Corrupt { path, what: "malformed".into() };
        insta::assert_snapshot!(CliError::from(LabError::Store(error)).render(false), @r"
        error: /r/.mutdiff/store.sqlite: the store is damaged (malformed)
        hint: begin anew: rm -f /r/.mutdiff/store.sqlite* (it holds nothing that a run does not find again)
        ");
    }

    #[test]
    fn paths_in_commands_are_quoted_where_needed() {
        assert_eq!(shell_word("/a/b-c"), "/a/b-c");
        assert_eq!(shell_word("/a b/it's"), r"'/a b/it'\''s'");
    }
}

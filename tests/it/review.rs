//! `mutdiff review` when things go wrong: limits, outages, lost answers, hostile reports, proxies.
//!
//! Invariant: whatever goes wrong, what stands at the end is either what should, once, or what
//! stood before; the binary and its client are the real ones.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mutdiff::model::Report;
use mutdiff::report::json;
use serde_json::json;

use crate::harness::github::{File, Github, What, World};
use crate::harness::{Project, Python, Ran, ReviewRun, clean, reports};

const HEAD: &str = "1111111111111111111111111111111111111111";

/// A pull request with the lines 1 to 20 of `shop/cart.py`.
fn github() -> Github {
    Github::start(world())
}

fn world() -> World {
    let mut world = World::new(HEAD);
    let lines: String = (1..=20).map(|line| format!("+    return n >= {line}\n")).collect();
    world.files.insert("shop/cart.py".into(), modified(format!("@@ -0,0 +1,20 @@\n{lines}")));
    world
}

fn modified(patch: String) -> File {
    File { previous: None, status: "modified".into(), patch: Some(patch) }
}

fn report(verdicts: &[(&str, &[u32])]) -> Report {
    let mut described = BTreeMap::new();
    let mut by_word: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for (word, lines) in verdicts {
        for line in *lines {
            let mutant = reports::Described {
                path: "shop/cart.py".into(),
                function: "total".into(),
                code: ["    return n >= {line}".into(), "    return n > {line}".into()],
                calls: None,
                tests: vec!["tests/test_cart.py::test_total".into()],
                times: None,
            };
            described.insert(format!("m{line}"), mutant);
            by_word.entry((*word).to_owned()).or_default().insert(format!("m{line}"), *line);
        }
    }
    reports::of(&described, &by_word, None)
}

fn two() -> Report {
    report(&[("survived", &[3, 5])])
}

fn run(github: &Github, report: &Report) -> ReviewRun {
    ReviewRun::new(github, report).token("good").of_number()
}

/// Whether the remarks are on these lines, each once, under one review, with one summary.
#[track_caller]
fn stand_once(github: &Github, lines: &[u64]) {
    let stands = github.stands();
    github.change(|world| {
        let found: Vec<_> = world.remarks.iter().filter_map(|remark| remark.line).collect();
        assert_eq!(found, lines, "{stands}");
        assert_eq!((world.reviews.len(), world.comments.len()), (1, 1), "{stands}");
    });
    assert_eq!(github.pending_faults(), 0, "all that should go wrong did");
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_secs()
}

#[test]
fn a_primary_limit_that_ends_soon_is_waited_out() {
    let github = github();
    let headers =
        vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", now().to_string())];
    let message = "API rate limit exceeded for installation.";
    github.fail("POST", "/reviews", What::Answer(403, headers, message));
    run(&github, &two()).run().expect(0).says("2 new on lines");
    stand_once(&github, &[3, 5]);
}

#[test]
fn a_primary_limit_of_an_hour_is_a_warning_and_an_error_where_the_review_is_required() {
    let limit = || {
        let reset = (now() + 3600).to_string();
        let headers = vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
        What::Answer(403, headers, "API rate limit exceeded")
    };
    let github = github();
    github.fail("GET", "/pulls/7", limit());
    let ran = run(&github, &two()).run().expect(0);
    ran.says("warning: the review is not posted").says("used up for 60 min");
    github.fail("GET", "/pulls/7", limit());
    run(&github, &two()).argument("--review-required").run().expect(4).says("try again later");
    assert!(!github.stands().contains("mutdiff"));
}

#[test]
fn secondary_limits_of_both_kinds_are_waited_out() {
    let github = github();
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    let after = vec![("retry-after", "1".to_owned())];
    github.fail("POST", "/reviews", What::Answer(403, after.clone(), message));
    github.fail("POST", "/reviews", What::Answer(429, after, "Too many requests"));
    github.fail("POST", "/issues", What::Answer(422, vec![], "was submitted too quickly"));
    let began = Instant::now();
    run(&github, &two()).run().expect(0);
    assert!(began.elapsed() >= Duration::from_secs(2));
    stand_once(&github, &[3, 5]);
}

#[test]
fn outages_while_reading_are_tried_again() {
    let github = github();
    github.fail("GET", "/pulls/7", What::Cut);
    github.fail("GET", "/files", What::Answer(503, vec![], "Service Unavailable"));
    github.fail("GET", "/comments", What::LostAnswer);
    run(&github, &two()).run().expect(0);
    stand_once(&github, &[3, 5]);
}

#[test]
fn a_review_whose_answer_is_lost_is_not_posted_twice() {
    for lost in [What::CutWhenDone, What::LostAnswer, What::Cut] {
        let github = github();
        github.fail("POST", "/reviews", lost.clone());
        github.fail("POST", "/issues/7/comments", lost.clone());
        run(&github, &two()).run().expect(0).says("2 new on lines");
        stand_once(&github, &[3, 5]);
    }
}

#[test]
fn a_deletion_whose_answer_is_lost_is_done() {
    let github = github();
    run(&github, &two()).run().expect(0);
    github.fail("DELETE", "/comments/", What::CutWhenDone);
    run(&github, &report(&[("survived", &[5]), ("killed", &[3])])).run().expect(0);
    stand_once(&github, &[5]);
}

#[test]
fn an_outage_without_an_end_is_given_up() {
    let github = github();
    for _ in 0..5 {
        github.fail("GET", "/files", What::Answer(500, vec![], "oops"));
    }
    run(&github, &two()).run().expect(0).says("GitHub failed to read the files (500)");
    assert_eq!(github.pending_faults(), 0);
    assert!(!github.stands().contains("mutdiff"));
}

#[test]
fn nobody_at_the_address_is_a_warning_with_the_findings_in_the_log() {
    let github = github();
    let gone = "http://127.0.0.1:1";
    let run = || run(&github, &two()).variable("GITHUB_API_URL", gone).in_actions();
    let made = run();
    let ran = made.run().expect(0).says("cannot reach 127.0.0.1:1");
    assert_eq!(ran.stdout.matches("::warning file=shop/cart.py").count(), 2, "{ran}");
    assert!(made.summary().contains("`shop/cart.py:5`"));
    run().argument("--review-required").run().expect(4);
}

#[test]
fn lines_that_github_refuses_are_planned_anew_and_then_told_in_the_table() {
    let refusal =
        || What::Answer(422, vec![], "Pull request review thread line must be part of the diff");
    let github = github();
    github.fail("POST", "/reviews", refusal());
    run(&github, &two()).run().expect(0);
    stand_once(&github, &[3, 5]);
    let github = self::github();
    github.fail("POST", "/reviews", refusal());
    github.fail("POST", "/reviews", refusal());
    run(&github, &two()).run().expect(0);
    stand_once(&github, &[]);
    let stands = github.stands();
    assert!(stands.contains("`shop/cart.py:3`") && stands.contains("`shop/cart.py:5`"), "{stands}");
}

#[test]
fn a_diff_that_changes_between_reading_and_writing_is_read_again() {
    let github = github();
    github.fail(
        "POST",
        "/reviews",
        What::Meanwhile(|world| {
            world.files.insert(
                "shop/cart.py".into(),
                modified("@@ -0,0 +1,1 @@\n+    return n >= 3\n".into()),
            );
        }),
    );
    run(&github, &two()).run().expect(0);
    stand_once(&github, &[1]);
    assert!(github.stands().contains("row:"), "the other is in the table");
}

#[test]
fn an_answer_that_comes_in_between_keeps_the_remark() {
    let github = github();
    run(&github, &two()).run().expect(0);
    github.fail("GET", "/pulls/7/reviews", What::Meanwhile(|world| world.reply(3, "ann", "wait")));
    run(&github, &report(&[("survived", &[5]), ("killed", &[3])])).run().expect(0);
    assert!(github.stands().contains("**Settled.**"), "{}", github.stands());
    assert_eq!(github.change(|world| world.remarks.len()), 3);
}

#[test]
fn a_remark_that_somebody_deletes_in_between_is_no_error() {
    let github = github();
    run(&github, &two()).run().expect(0);
    github.fail("DELETE", "/pulls/comments/", What::Meanwhile(|world| world.delete(3)));
    run(&github, &report(&[("survived", &[5]), ("killed", &[3])])).run().expect(0);
    stand_once(&github, &[5]);
}

#[test]
fn every_page_is_read() {
    let mut world = world();
    for number in 0..250 {
        let patch = "@@ -1 +1 @@\n+x".to_owned();
        world.files.insert(format!("a/{number:03}.py"), modified(patch));
    }
    for number in 0..210 {
        world.comment("ann", &format!("comment {number}"));
    }
    let github = Github::start(world);
    run(&github, &two()).run().expect(0).says("2 new on lines");
    let pages = github.made();
    let count = |part: &str| pages.iter().filter(|made| made.path.contains(part)).count();
    assert_eq!((count("/files?"), count("/issues/7/comments?")), (3, 3));
    run(&github, &two()).run().expect(0);
    assert_eq!(github.writes(), [] as [&str; 0], "the summary was found on the last page");
}

#[test]
fn writes_keep_their_distance() {
    let github = github();
    let slow = ReviewRun::new(&github, &two()).token("good").of_number();
    slow.pause("0.2").run().expect(0);
    let at: Vec<Instant> =
        github.made().iter().filter(|made| made.method != "GET").map(|made| made.at).collect();
    assert_eq!(at.len(), 2);
    assert!(at[1] - at[0] >= Duration::from_millis(200));
}

#[test]
fn enterprise_has_its_api_below_a_prefix() {
    let github = Github::below("/api/v3", world());
    run(&github, &two()).run().expect(0);
    stand_once(&github, &[3, 5]);
}

#[test]
fn proxies_are_used_and_those_of_encrypted_apis_see_no_token() {
    let github = github();
    let proxy = format!("http://{}", github.address());
    let through = |api: &str| run(&github, &two()).variable("GITHUB_API_URL", api);
    through("http://127.0.0.1:1").variable("HTTP_PROXY", &proxy).run().expect(0);
    assert!(github.made().iter().all(|made| made.path.starts_with("http://127.0.0.1:1/")));
    stand_once(&github, &[3, 5]);
    let ran = through("https://github.invalid").variable("HTTPS_PROXY", &proxy).run().expect(0);
    let made = github.made();
    assert!(!made.is_empty(), "{ran}");
    for made in made {
        assert_eq!((made.method.as_str(), made.has_token), ("CONNECT", false), "{made:?}");
    }
    let ran = through("http://127.0.0.1:1")
        .variable("HTTP_PROXY", &proxy)
        .variable("NO_PROXY", "127.0.0.1");
    ran.run().expect(0).says("cannot reach");
    assert!(github.made().is_empty());
}

/// A server that is killed with the test.
struct Encrypted(std::process::Child);

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Puts encryption before the stand-in; its address.
fn encrypted(github: &Github) -> (Encrypted, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = clean(&Python::usual().base, root, Python::usual());
    command
        .arg(root.join("tests/it/harness/github/tls.py"))
        .arg(root.join("fixtures/github/tls/server.pem"))
        .arg(github.address().port().to_string())
        .stdout(Stdio::piped());
    let mut server = Encrypted(command.spawn().expect("Python starts"));
    let mut port = String::new();
    let stdout = server.0.stdout.take().expect("it is a pipe");
    BufReader::new(stdout).read_line(&mut port).expect("it prints its port");
    (server, format!("https://localhost:{}", port.trim()))
}

#[test]
fn an_encrypted_api_must_have_a_certificate_that_is_trusted() {
    let github = github();
    let (_server, api) = encrypted(&github);
    let through = || run(&github, &two()).variable("GITHUB_API_URL", &api);
    let trusted = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/github/tls/ca.pem");
    let trusted = trusted.display().to_string();
    through().run().expect(0).says("cannot reach localhost");
    assert!(github.made().is_empty(), "no token goes to a server that nobody vouches for");
    through().variable("SSL_CERT_FILE", &trusted).run().expect(0).says("2 new on lines");
    stand_once(&github, &[3, 5]);
}

#[test]
fn what_is_no_report_sends_nothing() {
    let github = github();
    let text = json::write(&two());
    let id = two().mutants[0].id.to_string();
    let deep = "[".repeat(100_000);
    for (bad, says) in [
        (text.replace(&id, "--> @all"), "no id of a mutant"),
        (text.replace("shop/cart.py", "../../etc/passwd"), "no path in a repository"),
        (text.replace("\"survived\",", "\"lived\","), "lived"),
        (text.replace("\"version\": ", "\"version\": 9"), "version"),
        ("[]".to_owned(), "is no report of mutdiff's"),
        (deep, "is no report of mutdiff's"),
    ] {
        let ran = ReviewRun::of_text(&github, &bad).token("good").of_number().run();
        ran.expect(2).says(says);
    }
    assert!(github.made().is_empty());
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let github = github();
    let plain = || ReviewRun::new(&github, &two());
    plain().token("good").run().expect(2).says("no pull request is named").says("--pr N");
    plain().of_number().run().expect(2).says("needs a token").says("GITHUB_TOKEN");
    let named = |name: &str| plain().token("good").of_number().argument("--repo").argument(name);
    named("octo").run().expect(2).says("names no repository");
    named("octo/other").run().expect(2).says("does not let us read the pull request (404");
    let clear = plain().token("good").of_number().variable("GITHUB_API_URL", "http://ghe.invalid");
    clear.run().expect(2).says("is not encrypted");
    assert!(!github.stands().contains("mutdiff"));
}

#[test]
fn a_repository_that_was_renamed_is_told() {
    let github = github();
    github.fail("GET", "/pulls/7", What::Answer(301, vec![], "Moved Permanently"));
    let ran = run(&github, &two()).argument("--review-required").run();
    ran.expect(2).says("(301: Moved Permanently)").says("another name now");
}

#[test]
fn line_ends_of_a_browser_change_nothing() {
    let github = github();
    run(&github, &two()).run().expect(0);
    github.writes();
    github.change(|world| {
        let posted = world.comments.iter_mut().chain(&mut world.reviews).map(|one| &mut one.body);
        for body in posted.chain(world.remarks.iter_mut().map(|remark| &mut remark.body)) {
            *body = body.replace('\n', "\r\n");
        }
    });
    run(&github, &two()).run().expect(0).says("nothing to change; 2 findings stand");
    assert_eq!(github.writes(), [] as [&str; 0]);
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let github = github();
    let dry = ReviewRun::new(&github, &two()).of_number().argument("--dry-run").token("good");
    let ran = dry.run().expect(0);
    ran.says("post a review of 1111").says("remark on shop/cart.py:5").says("post the summary");
    assert_eq!(github.writes(), [] as [&str; 0]);
}

/// A run whose GitHub is a port on which nobody answers.
fn nobody(report: &Report) -> (std::net::TcpListener, ReviewRun) {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("http://{}", silent.local_addr().expect("it has one"));
    let event = json!({"pull_request": {"number": 7, "head": {"sha": HEAD}}});
    let run = ReviewRun::new(&Github::start(world()), report)
        .variable("GITHUB_API_URL", &url)
        .event("pull_request", &event)
        .argument("--dry-run");
    (silent, run)
}

#[test]
fn a_dry_run_without_a_token_asks_nobody() {
    let (silent, run) = nobody(&two());
    silent.set_nonblocking(true).expect("it can be");
    let start = Instant::now();
    run.run()
        .expect(0)
        .says("GitHub is not asked, since there is no token")
        .says("post a review of 1111")
        .says("remark on shop/cart.py:5")
        .says("post the summary");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(silent.accept().is_err(), "somebody was asked");
    // Nor does it need to know which pull request it is.
    let project = Project::empty(Python::usual());
    project.write("report.json", json::write(&two()));
    Ran::of(&mut project.mutdiff(&["review", "--from", "report.json", "--dry-run"]))
        .expect(0)
        .says("remark on shop/cart.py:5");
}

#[test]
fn a_dry_run_that_gets_no_answer_plans_without_one_soon() {
    let (closed, run) = nobody(&two());
    drop(closed);
    let start = Instant::now();
    let run = run.token("good");
    run.run().expect(0).says("warning: GitHub cannot be asked").says("remark on shop/cart.py:5");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    run.argument("--review-required").run().expect(4);
    // The same for a token that is not taken.
    let github = github();
    let refused = ReviewRun::new(&github, &two()).of_number().argument("--dry-run").token("old");
    refused.run().expect(0).says("warning: GitHub cannot be asked").says("post the summary");
}

#[test]
fn a_report_of_another_commit_is_not_posted() {
    let github = github();
    let mut report = two();
    report.head.commit = Some("2".repeat(40));
    run(&github, &report).run().expect(0).says("is not what was tested");
    assert!(!github.stands().contains("mutdiff"));
    report.head.commit = Some(HEAD.to_owned());
    run(&github, &report).run().expect(0);
    stand_once(&github, &[3, 5]);
}

/// The tests of the project fail where the token reaches them.
const TESTS: &str = "import os
from shop import total

def test_total():
    assert total(5) == 5
    assert total(20) == 15
    assert 'secret-' not in str(dict(os.environ))
";

fn one_step(github: &Github, token: &str) -> (Project, Ran) {
    let before = "def total(price):\n    return price\n";
    let after = "def total(price):\n    if price >= 10:\n        price -= 5\n    return price\n";
    let project = Project::of(
        &[("shop.py", before), ("test_shop.py", "")],
        &[("shop.py", after), ("test_shop.py", TESTS)],
    );
    let patch = "@@ -1,2 +1,4 @@\n def total(price):\n+    if price >= 10:\n+        price -= 5\n     return price";
    github.change(|world| {
        world.files = BTreeMap::from([("shop.py".to_owned(), modified(patch.to_owned()))]);
    });
    project.write(
        ".git/event.json",
        json!({"pull_request": {"number": 7, "head": {"sha": HEAD}}}).to_string(),
    );
    let mut command = project.main_job(&["--review", "--pause", "0.01"]);
    command
        .env("GITHUB_API_URL", github.url())
        .env("GITHUB_REPOSITORY", "octo/shop")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", project.root().join(".git/event.json"))
        .env("MUTDIFF_GITHUB_TOKEN", token)
        .env("GITHUB_TOKEN", token)
        .env("GH_TOKEN", token);
    let ran = Ran::of(&mut command);
    (project, ran)
}

#[test]
fn a_run_posts_its_review_in_one_step_and_its_tests_see_no_token() {
    let github = github();
    let (project, ran) = one_step(&github, "secret-good");
    let ran = ran.expect(1).says("review:");
    assert!(!ran.stdout.contains("::warning"), "the remark says it: {ran}");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("secret-"), "{ran}");
    let stands = github.stands();
    assert!(stands.contains("-    if price >= 10:\n+    if price > 10:"), "{stands}");
    assert!(stands.contains("2 of 7 small changes go unnoticed"), "{stands}");
    stand_once(&github, &[2]);
    assert_eq!(project.report().counts.survived, 2);
}

#[test]
fn a_run_that_cannot_post_has_its_own_exit_code() {
    let github = github();
    let (_project, ran) = one_step(&github, "secret-unknown");
    let ran = ran.expect(1).says("warning: the review is not posted");
    assert!(ran.stdout.contains("::warning file=shop.py,line=2,"), "{ran}");
}

#[test]
fn a_workflow_for_a_push_has_no_review_and_no_error() {
    let project = Project::of(&[("one.py", "x = 1\n")], &[("README.md", "x\n")]);
    let mut command = project.mutdiff(&["--base", "main", "--review"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "octo/shop");
    Ran::of(&mut command).expect(0).says("the workflow does not run for a pull request");
    let mut command = project.mutdiff(&["--base", "main", "--review", "--pr", "7"]);
    command.env("GITHUB_REPOSITORY", "octo/shop");
    Ran::of(&mut command).expect(2).says("needs a token");
}

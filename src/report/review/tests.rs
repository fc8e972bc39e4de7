//! Plans, carried out on a pull request that is plain data.
//!
//! Invariant: every plan of these tests is carried out, and planning again must leave nothing to do.

use proptest::prelude::*;

use super::*;
use crate::model::{
    Action, ChangeOfVerdict, ChangedFile, Conclusion, DecidedMutant, MutantId, Posted, PullRequest,
    Reason, Report, StandingRemark, TestId, Verdict,
};
use crate::report::escape::tests::hostile;
use crate::report::sample::{key, line, mutant, report};

const LIMITS: Limits = Limits { remarks: 10, on_lines: true };

/// A pull request whose diff adds the lines 1 to 60 of `shop/cart.py`, each as the sample has it.
fn pull() -> PullRequest {
    let body: String = (1..=60).map(|_| "+    if n >= 1:\n").collect();
    PullRequest {
        number: 7,
        head: "c0ffee".into(),
        open: true,
        files: vec![ChangedFile {
            path: key("cart", "f").path,
            patch: Some(format!("@@ -0,0 +1,60 @@\n{body}")),
        }],
        ..PullRequest::default()
    }
}

fn at(number: u32) -> DecidedMutant {
    mutant(&key("cart", "f"), number, (">=", ">"))
}

/// One in a function of its own.
fn apart(number: u32) -> DecidedMutant {
    mutant(&key("cart", &format!("f{number}")), number, (">=", ">"))
}

fn caller(number: u32) -> DecidedMutant {
    DecidedMutant {
        reasons: vec![Reason::CallerOf { function: key("cart", "f"), distance: 1, seen: true }],
        change: Some(ChangeOfVerdict::Regressed),
        ..mutant(&key("till", "checkout"), number, (">=", ">"))
    }
}

fn with(mutants: Vec<DecidedMutant>) -> Report {
    let counts = crate::model::Counts::of(&mutants);
    Report { counts, mutants, conclusion: Conclusion::Failed, ..report() }
}

fn killed(mutant: DecidedMutant) -> DecidedMutant {
    DecidedMutant {
        verdict: Verdict::Killed { by: TestId::new("tests/test_new.py::test_it") },
        change: None,
        ..mutant
    }
}

/// Does what the plan says.
fn carry_out(pull: &mut PullRequest, plan: &Plan) {
    let mut next = 1000 + u64::try_from(pull.remarks.len() + pull.reviews.len()).unwrap() * 50;
    for action in &plan.actions {
        next += 1;
        let set = |posted: &mut Vec<Posted>, id: u64, body: &str| {
            posted.iter_mut().find(|posted| posted.id == id).unwrap().body = body.to_owned();
        };
        match action {
            Action::EditRemark { id, body } => {
                pull.remarks.iter_mut().find(|there| there.id == *id).unwrap().body = body.clone();
            }
            Action::DeleteRemark { id, .. } => pull.remarks.retain(|there| there.id != *id),
            Action::EditReview { id, body } => set(&mut pull.reviews, *id, body),
            Action::EditSummary { id, body } => set(&mut pull.comments, *id, body),
            Action::NewSummary { body } => {
                pull.comments.push(Posted { id: next, ours: true, body: body.clone() });
            }
            Action::Review(review) => {
                pull.reviews.push(Posted { id: next, ours: true, body: review.body.clone() });
                for comment in &review.comments {
                    next += 1;
                    pull.remarks.push(StandingRemark {
                        id: next,
                        ours: true,
                        in_reply_to: None,
                        path: comment.path.clone(),
                        line: Some(comment.place.line),
                        body: comment.body.clone(),
                    });
                }
            }
        }
    }
}

/// Plans and carries out; planning again must leave nothing to do.
fn review(report: &Report, pull: &mut PullRequest, limits: Limits) -> Plan {
    let first = plan(report, pull, limits);
    carry_out(pull, &first);
    let second = plan(report, pull, limits);
    assert_eq!(second.actions, [], "the second run has something to do");
    first
}

fn kinds(plan: &Plan) -> Vec<&'static str> {
    plan.actions
        .iter()
        .map(|action| match action {
            Action::EditRemark { .. } => "edit remark",
            Action::DeleteRemark { .. } => "delete remark",
            Action::EditReview { .. } => "edit review",
            Action::Review(_) => "review",
            Action::EditSummary { .. } => "edit summary",
            Action::NewSummary { .. } => "new summary",
        })
        .collect()
}

fn reply(pull: &mut PullRequest, to: u64) {
    let first = pull.remarks[0].clone();
    let body = "why?".to_owned();
    pull.remarks.push(StandingRemark { id: 5, ours: false, in_reply_to: Some(to), body, ..first });
}

#[test]
fn a_first_run_posts_one_review_and_a_summary() {
    let mut pull = pull();
    let plan = review(&with(vec![at(3), at(5), caller(9)]), &mut pull, LIMITS);
    assert_eq!(kinds(&plan), ["review", "new summary"]);
    assert_eq!((plan.on_lines, plan.in_table, plan.in_summary), (2, 1, 0));
    let lines: Vec<_> = pull.remarks.iter().map(|there| there.line).collect();
    assert_eq!(lines, [Some(line(3)), Some(line(5))]);
    assert!(pull.reviews[0].body.contains("calls `f`, which changed"), "{}", pull.reviews[0].body);
}

#[test]
fn nothing_to_say_creates_nothing_and_updates_a_summary_that_stands() {
    let mut pull = pull();
    let none = Report { conclusion: Conclusion::NothingToTest, ..with(vec![]) };
    assert_eq!(review(&none, &mut pull, LIMITS).actions, []);
    assert_eq!(review(&with(vec![killed(at(3))]), &mut pull, LIMITS).actions, []);
    review(&with(vec![at(3)]), &mut pull, LIMITS);
    assert_eq!(kinds(&review(&none, &mut pull, LIMITS)), ["delete remark", "edit summary"]);
    assert!(pull.comments[0].body.contains("nothing in this change to test"));
}

#[test]
fn a_dead_remark_is_deleted_and_one_with_an_answer_says_that_it_is_settled() {
    let mut pull = pull();
    review(&with(vec![at(3), at(5)]), &mut pull, LIMITS);
    let answered = pull.remarks[1].id;
    reply(&mut pull, answered);
    let plan = review(&with(vec![killed(at(3)), killed(at(5))]), &mut pull, LIMITS);
    assert_eq!(kinds(&plan), ["delete remark", "edit remark", "edit summary"]);
    assert_eq!(pull.remarks.len(), 2);
    assert!(
        pull.remarks[0].body.contains("**Settled.** `tests/test_new.py::test_it` notices it now.")
    );
    // It comes back: the same remark says so again.
    let plan = review(&with(vec![at(5)]), &mut pull, LIMITS);
    assert_eq!(kinds(&plan), ["edit remark", "edit summary"]);
    assert!(pull.remarks[0].body.contains("No test would notice this"));
}

#[test]
fn a_row_is_settled_in_place() {
    let mut pull = pull();
    review(&with(vec![caller(9), caller(12)]), &mut pull, LIMITS);
    let plan = review(&with(vec![killed(caller(9)), caller(12)]), &mut pull, LIMITS);
    assert_eq!(kinds(&plan), ["edit review", "edit summary"]);
    assert_eq!(pull.reviews[0].body.matches("| settled |").count(), 1);
    assert_eq!(pull.reviews[0].body.matches("| unnoticed |").count(), 1);
}

#[test]
fn what_somebody_deleted_is_not_said_again() {
    let mut pull = pull();
    review(&with(vec![apart(3), apart(5)]), &mut pull, LIMITS);
    pull.remarks.remove(0);
    let plan = review(&with(vec![apart(3), apart(5), apart(7)]), &mut pull, LIMITS);
    assert_eq!((plan.on_lines, pull.remarks.len()), (1, 2));
    // Until it was settled and came back.
    review(&with(vec![killed(apart(3)), apart(5), apart(7)]), &mut pull, LIMITS);
    assert_eq!(review(&with(vec![apart(3), apart(5), apart(7)]), &mut pull, LIMITS).on_lines, 1);
}

#[test]
fn nothing_of_others_is_touched() {
    let mut pull = pull();
    review(&with(vec![at(3)]), &mut pull, LIMITS);
    for there in &mut pull.remarks {
        there.ours = false;
    }
    pull.comments[0].ours = false;
    pull.reviews[0].ours = false;
    let plan = plan(&with(vec![killed(at(3))]), &pull, LIMITS);
    assert_eq!(plan.actions, []);
}

#[test]
fn a_run_that_decided_nothing_leaves_the_remarks() {
    let mut pull = pull();
    review(&with(vec![at(3), caller(9)]), &mut pull, LIMITS);
    let broken = Report { conclusion: Conclusion::TestsFail, ..with(vec![]) };
    assert_eq!(kinds(&review(&broken, &mut pull, LIMITS)), ["edit summary"]);
    assert_eq!(review(&with(vec![at(3), caller(9)]), &mut pull, LIMITS).on_lines, 0);
}

#[test]
fn limits_count_what_stands() {
    let mut pull = pull();
    let all: Vec<_> = (1..=20).map(apart).collect();
    let plan = review(&with(all.clone()), &mut pull, LIMITS);
    assert_eq!((plan.on_lines, plan.in_summary), (7, 13), "seven a file");
    let few = Limits { remarks: 3, ..LIMITS };
    let mut pull = self::pull();
    assert_eq!(review(&with(all.clone()), &mut pull, few).on_lines, 3);
    assert_eq!(review(&with(all[1..].to_vec()), &mut pull, few).on_lines, 1);
    assert_eq!(pull.remarks.len(), 3);
}

#[test]
fn many_remarks_go_in_several_requests() {
    let mut pull = pull();
    let patch = pull.files[0].patch.clone();
    let mut mutants = Vec::new();
    for file in 0..7 {
        let key = |number| key(&format!("f{file}"), &format!("f{number}"));
        pull.files.push(ChangedFile { path: key(1).path, patch: patch.clone() });
        mutants.extend((1..=6).map(|number| mutant(&key(number), number, (">=", ">"))));
    }
    let plan = review(&with(mutants), &mut pull, Limits { remarks: 100, ..LIMITS });
    let sizes: Vec<_> = plan
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Review(review) => Some(review.comments.len()),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [30, 12]);
}

#[test]
fn where_lines_are_refused_all_goes_into_the_table() {
    let mut pull = pull();
    let plan = review(&with(vec![at(3)]), &mut pull, Limits { on_lines: false, ..LIMITS });
    assert_eq!((plan.on_lines, plan.in_table), (0, 1));
}

#[test]
fn a_file_without_a_patch_has_its_findings_in_the_table() {
    let mut pull = pull();
    pull.files[0].patch = None;
    assert_eq!(review(&with(vec![at(3)]), &mut pull, LIMITS).in_table, 1);
}

#[test]
fn a_preview_shows_every_text() {
    let mut pull = pull();
    let plan = review(&with(vec![at(3), caller(9)]), &mut pull, LIMITS);
    let text = preview(&plan);
    for part in ["--- post a review of c0ffee", "remark on shop/cart.py:3", "--- post the summary"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let again = self::plan(&with(vec![at(3), caller(9)]), &pull, LIMITS);
    assert!(preview(&again).starts_with("Nothing is to be done"));
}

/// What a reader of Markdown sees beside text: links, HTML, images.
fn acting(markdown: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(markdown, options)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(format!("link {dest_url}"))
            }
            Event::Html(html) | Event::InlineHtml(html) => Some(html.trim().to_owned()),
            Event::Text(text) if mentions(&text) => Some(format!("text {text}")),
            _ => None,
        })
        .filter(|html| {
            let ours = ["<!-- mutdiff:", "<sub>", "</sub>", "<details>", "</details>"];
            !ours.iter().any(|own| html.starts_with(own))
        })
        .collect()
}

/// Whether GitHub would tell somebody: an `@` that nothing parts from a name.
fn mentions(text: &str) -> bool {
    let behind = |at: usize| text[at + 1..].chars().next();
    text.match_indices('@').any(|(at, _)| behind(at).is_some_and(char::is_alphanumeric))
}

/// Text in code is text, whatever is in it.
fn without_code(markdown: &str) -> String {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let mut inside = 0;
    let mut out = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside += 1,
            Event::End(TagEnd::CodeBlock) => inside -= 1,
            Event::Text(text) if inside == 0 => out.push_str(&text),
            _ => {}
        }
    }
    out
}

proptest! {
    #[test]
    fn hostile_text_stays_text(
        name in hostile(), code in hostile(), test in hostile(), path in hostile(),
    ) {
        let path = format!("a/{}", path.replace(['/', '\0'], "_"));
        let mut on_line = at(3);
        on_line.function.name = crate::model::QualName::new(name.clone());
        on_line.tests = vec![TestId::new(test.clone())];
        on_line.original = code.clone();
        on_line.replacement = test.clone();
        let mut off = caller(9);
        off.function = crate::model::FunctionKey::new(
            crate::model::RepoPath::new(path), crate::model::QualName::new(name));
        off.original = code.clone();
        off.replacement = format!("{code}{test}");
        off.reasons = vec![Reason::CallerOf { function: off.function.clone(), distance: 1, seen: true }];
        let mut report = with(vec![on_line, off]);
        report.functions[0].function = report.mutants[1].function.clone();
        report.functions[0].mutants = 1;
        report.base.name = code;
        let mut pull = pull();
        let plan = plan(&report, &pull, LIMITS);
        carry_out(&mut pull, &plan);
        let mut bodies: Vec<String> = pull.remarks.iter().map(|there| there.body.clone()).collect();
        bodies.extend(pull.reviews.iter().chain(&pull.comments).map(|there| there.body.clone()));
        prop_assert_eq!(bodies.len(), 3);
        for body in bodies {
            prop_assert_eq!(acting(&body), Vec::<String>::new(), "{}", body);
            let prose = without_code(&body);
            prop_assert!(!mentions(&prose) && !prose.contains(['\u{202e}', '\u{1b}']), "{}", prose);
        }
    }

    #[test]
    fn a_plan_leaves_nothing_to_do(
        first in prop::collection::btree_set(1_u32..40, 0..12),
        second in prop::collection::btree_set(1_u32..40, 0..12),
        callers in prop::collection::btree_set(1_u32..40, 0..12),
        gone in prop::collection::vec(any::<bool>(), 12),
        remarks in 0_usize..12,
    ) {
        let limits = Limits { remarks, on_lines: true };
        let mut pull = pull();
        let report = with(first.iter().map(|n| at(*n)).chain(callers.iter().map(|n| caller(*n))).collect());
        review(&report, &mut pull, limits);
        let mut keep = gone.iter().copied().chain(std::iter::repeat(true));
        pull.remarks.retain(|_| keep.next().unwrap_or(true));
        let killed = first.difference(&second).map(|n| killed(at(*n)));
        let report = with(second.iter().map(|n| at(*n)).chain(killed).collect());
        review(&report, &mut pull, limits);
        prop_assert!(pull.remarks.len() <= remarks);
        let mut told: Vec<MutantId> =
            pull.remarks.iter().filter_map(|there| marker::RemarkMark::of(&there.body)).map(|mark| mark.mutant).collect();
        let all = told.len();
        told.sort();
        told.dedup();
        prop_assert_eq!(told.len(), all, "a remark stands twice");
    }
}

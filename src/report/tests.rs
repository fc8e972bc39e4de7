//! Every format under hostile reports: names, sources and messages that act somewhere.
//!
//! Invariant: what reads a format here is not what wrote it; each text stays text.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use super::escape::tests::hostile;
use super::format::{Format, FormatOptions};
use super::terminal::{self, Verbosity};
use super::{json, sample};
use crate::model::{
    DecidedMutant, FunctionKey, LineNo, MutantId, OperatorId, QualName, Reason, RepoPath, Report,
    TestChange, TestId, Verdict,
};

/// Hands out the texts in turn.
struct Texts<'t> {
    all: &'t [String],
    next: usize,
}

impl Texts<'_> {
    fn take(&mut self) -> String {
        self.next += 1;
        self.all[self.next % self.all.len()].clone()
    }

    fn key(&mut self) -> FunctionKey {
        FunctionKey::new(RepoPath::new(self.take()), QualName::new(self.take()))
    }
}

/// The sample with these texts wherever a report holds text.
fn poisoned(all: &[String]) -> Report {
    let mut texts = Texts { all, next: 0 };
    let mut report = sample::report();
    for text in [&mut report.mutdiff, &mut report.python, &mut report.runner] {
        *text = texts.take();
    }
    for revision in [&mut report.base, &mut report.head] {
        revision.name = texts.take();
        revision.commit = Some(texts.take());
    }
    let shared = texts.key();
    for function in &mut report.functions {
        function.function = texts.key();
        poison_reasons(&mut function.reasons, &mut texts);
    }
    // Some of them between functions in scope, some not.
    for (index, call) in report.calls.iter_mut().enumerate() {
        call.caller = report.functions[index].function.clone();
        call.callee = texts.key();
    }
    for (index, mutant) in report.mutants.iter_mut().enumerate() {
        mutant.function = if index % 2 == 0 { shared.clone() } else { texts.key() };
        poison(mutant, &mut texts);
    }
    for source in &mut report.sources {
        source.path = shared.path.clone();
        source.text = texts.take();
    }
    for skipped in &mut report.skipped_files {
        skipped.path = RepoPath::new(texts.take());
        skipped.reason = texts.take();
    }
    for failed in &mut report.failing_tests {
        failed.test = TestId::new(texts.take());
        failed.output = texts.take();
    }
    for notice in &mut report.notices {
        notice.code = texts.take();
        notice.message = texts.take();
    }
    report
}

fn poison(mutant: &mut DecidedMutant, texts: &mut Texts<'_>) {
    mutant.id = MutantId::from_text(texts.take());
    mutant.operator = OperatorId::new(texts.take());
    mutant.original = texts.take();
    mutant.replacement = texts.take();
    mutant.diff = format!("--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-{0}\n+{0}\n{0}", texts.take());
    mutant.tests = (0..3).map(|_| TestId::new(texts.take())).collect();
    mutant.span.end.line = LineNo::new(1 + u32::try_from(texts.next).unwrap()).unwrap();
    match &mut mutant.verdict {
        Verdict::Killed { by: test } | Verdict::Timeout { test } => {
            *test = TestId::new(texts.take())
        }
        Verdict::Suppressed { rule: text }
        | Verdict::Invalid { message: text }
        | Verdict::Error { message: text } => *text = texts.take(),
        _ => {}
    }
    poison_reasons(&mut mutant.reasons, texts);
}

fn poison_reasons(reasons: &mut Vec<Reason>, texts: &mut Texts<'_>) {
    reasons.push(Reason::TiedToChangedFile { path: RepoPath::new(texts.take()) });
    reasons.push(Reason::CoveredByChangedTest {
        test: TestId::new(texts.take()),
        how: TestChange::New,
    });
    for reason in reasons {
        match reason {
            Reason::CallerOf { function, .. } => *function = texts.key(),
            Reason::ImportsChangedModule { path, names } => {
                *path = RepoPath::new(texts.take());
                names.push(texts.take());
            }
            Reason::CoveredByChangedTest { test, .. } => *test = TestId::new(texts.take()),
            _ => {}
        }
    }
}

fn rendered(report: &Report, format: Format) -> String {
    format.render(report, FormatOptions::default())
}

fn value(report: &Report, format: Format) -> Value {
    serde_json::from_str(&rendered(report, format)).unwrap()
}

/// Reads a format as its readers do, and demands that nothing of the project acts.
fn judge(report: &Report, format: Format) {
    let text = rendered(report, format);
    match format {
        Format::Json => assert_eq!(&json::read(&text).unwrap(), report),
        Format::Text => no_control(format, &text),
        Format::Agent => {
            no_control(format, &text);
            let keys = [
                "mutdiff",
                "result",
                "base",
                "counts",
                "score",
                "note",
                "gaps",
                "gap",
                "where",
                "function",
                "operator",
                "in-scope",
                "would-notice",
                "diff",
                "tests-that-ran",
                "fails-without-a-mutant",
                "left-out",
            ];
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("    ")) {
                let key = line.split(':').next().unwrap();
                assert!(keys.contains(&key), "{line:?}");
            }
            let gaps = text.lines().filter(|line| line.starts_with("gap: ")).count();
            assert!(text.contains(&format!("\ngaps: {gaps}\n")), "{text}");
        }
        Format::Markdown => judge_markdown(&text),
        Format::Annotations => {
            for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()) {
                let ours = line.starts_with("::warning file=")
                    || line.starts_with("::notice title=mutdiff::");
                assert!(ours, "{line:?}");
            }
            no_control(format, &text);
        }
        Format::Sarif => {
            let log = value(report, format);
            for result in log["runs"][0]["results"].as_array().unwrap() {
                let message = result["message"]["text"].as_str().unwrap();
                let links = message.matches("](").count();
                assert_eq!(links, message.matches("](1), which changed.").count(), "{message:?}");
                no_control(format, message);
                if let Some(markdown) = result["message"]["markdown"].as_str() {
                    judge_markdown(markdown);
                }
                let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
                let uri = place["uri"].as_str().unwrap();
                assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)));
            }
        }
        Format::Gitlab => {
            for issue in value(report, format).as_array().unwrap() {
                no_control(format, issue["description"].as_str().unwrap());
            }
        }
        Format::Junit => {
            let read = quick_junit::Report::deserialize_from_str(&text).unwrap();
            let cases: usize = read.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
            assert_eq!(cases, report.mutants.len());
            no_control(format, &text);
        }
        Format::Elements => {
            for file in value(report, format)["files"].as_object().unwrap().values() {
                let lines = file["source"].as_str().unwrap().lines().count().max(1) as u64;
                for mutant in file["mutants"].as_array().unwrap() {
                    assert!(mutant["location"]["end"]["line"].as_u64().unwrap() <= lines);
                    assert!(mutant["location"]["start"]["column"].as_u64().unwrap() >= 1);
                }
            }
        }
        Format::Html => {
            static KNOWN: LazyLock<BTreeSet<String>> =
                LazyLock::new(|| tags(&rendered(&sample::report(), Format::Html)));
            let found = tags(&text);
            assert!(found.is_subset(&KNOWN), "{:?}", found.difference(&KNOWN));
            no_control(format, &text);
        }
        Format::Badge => assert_eq!(value(report, format).as_object().unwrap().len(), 4),
    }
}

fn no_control(format: Format, text: &str) {
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    assert!(!text.contains(acts), "{format:?}: {:?}", text.chars().find(|c| acts(*c)));
}

/// Code holds what it will; outside of it, no tag, no link, no mention, and tables keep their shape.
fn judge_markdown(text: &str) {
    no_control(Format::Markdown, text);
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let (mut cells, mut is_code) = (0, false);
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => {
                panic!("{event:?} in {text:?}")
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => {
                panic!("{event:?} in {text:?}")
            }
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::End(TagEnd::TableCell) => cells += 1,
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => {
                assert_eq!(cells, 6, "{text:?}");
                cells = 0;
            }
            Event::Text(words) if !is_code => {
                for acting in ["@octocat", "http://e", "www.e", "a@e", "::error"] {
                    assert!(!words.contains(acting), "{acting} in {words:?}");
                }
            }
            _ => {}
        }
    }
}

/// The kinds of tags, attributes' names included.
fn tags(page: &str) -> BTreeSet<String> {
    let script = page.find("<script>").unwrap();
    let data = page.rfind("<script type").unwrap();
    [&page[..script], &page[data..]]
        .concat()
        .split('<')
        .skip(1)
        .map(|tag| {
            let tag = tag.split('>').next().unwrap();
            let words = tag.split('"').step_by(2).collect::<String>();
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn text_of_the_project_stays_text_in_every_format(
        texts in prop::collection::vec(hostile(), 1..12)
    ) {
        let report = poisoned(&texts);
        for format in Format::ALL {
            judge(&report, format);
        }
        judge_links(&report);
    }
}

/// Links are all that a page with links has more, and each is ours from its beginning to its end.
fn judge_links(report: &Report) {
    let links = Some(terminal::Links::new(terminal::LinkForm::Fragment, "box", b"/r"));
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let style = terminal::Style { verbosity, ..terminal::Style::default() };
        let plain = terminal::render(report, &style);
        let linked = terminal::render(report, &terminal::Style { links: links.clone(), ..style });
        let mut back = String::new();
        for (index, part) in linked.split("\x1b]8;;").enumerate() {
            let (target, text) = match index {
                0 => ("", part),
                _ => part.split_once("\x1b\\").expect("the sequence ends"),
            };
            let is_start = index % 2 == 1;
            assert!(index == 0 || target.starts_with("file://box/r/") == is_start, "{target:?}");
            assert!(!is_start || !text.contains('\n'), "{text:?}");
            back.push_str(text);
        }
        assert_eq!(back, plain);
        no_control(Format::Text, &plain);
    }
}

#[test]
fn lines_of_a_megabyte_are_cut_in_what_people_read() {
    let mut long = vec!["short".to_owned(); 14];
    long[3] = "`|<@".repeat(1 << 18);
    long[9] = "\u{202e}\n".repeat(1 << 18);
    let mut report = poisoned(&long);
    report.mutants.truncate(5);
    for format in Format::ALL {
        let size = rendered(&report, format).len();
        let most = match format {
            Format::Markdown => 1 << 20,
            Format::Annotations | Format::Gitlab => 1 << 17,
            Format::Sarif => 10_000_000,
            Format::Badge => 200,
            // These hold the whole of it, or are for pagers.
            Format::Json | Format::Text | Format::Elements | Format::Html => usize::MAX,
            Format::Agent | Format::Junit => 1 << 20,
        };
        assert!(size <= most, "{format:?}: {size}");
    }
}

#[test]
fn a_report_of_nothing_is_written_in_every_format() {
    let mut report = sample::report();
    report.functions.clear();
    report.mutants.clear();
    report.sources.clear();
    report.counts = Default::default();
    report.score = None;
    for format in Format::ALL {
        judge(&report, format);
    }
}

//! Our own view: how the run ended, each changed function with what reaches it, and the findings.
//!
//! Invariant: every function in scope is on the page once, and every finding under its function;
//! text of the project goes through [`html`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use super::drawing::{Drawn, draw};
use crate::model::{
    ChangeOfVerdict, Conclusion, Counts, DecidedMutant, FunctionKey, Reason, Report, ReportedCall,
    ScopedFunctionReport, Verdict,
};
use crate::report::advice::what_would_notice;
use crate::report::escape::{cut, html};
use crate::report::mutants::{edit, shown_hunks, unnoticed, verdict};
use crate::report::prose::{count, percent};
use crate::report::terminal::{counted, headline};

/// Findings of a function that are shown as diffs.
const DIFFS: usize = 30;
/// Lines and columns of a diff.
const DIFF: (usize, usize) = (60, 400);
/// Characters of a name.
const NAME: usize = 200;

/// The view as HTML.
pub(super) fn view(report: &Report) -> String {
    let mut out = String::new();
    head(&mut out, report);
    let mutants = by_function(report);
    out.push_str("<section id=\"change\">\n<h2>The change and what reaches it</h2>\n");
    out.push_str("<ul class=\"graph\">\n");
    for (changed, callers) in graph(report) {
        function(&mut out, changed, &mutants, &callers, &report.calls);
    }
    out.push_str("</ul>\n</section>\n");
    asides(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) {
    let (word, sentence) = headline(report);
    let class = if ended_well(report) { "good" } else { "bad" };
    let revision = |name: &str, commit: &Option<String>| {
        let short =
            commit.as_ref().map(|id| format!(" ({})", id.chars().take(7).collect::<String>()));
        html(&format!("{}{}", cut(name, NAME), short.unwrap_or_default()))
    };
    let mut put = |text: &str| out.push_str(text);
    put(&format!(
        "<header>\n<h1>mutdiff: <span class=\"{class}\">{}</span></h1>\n<p>{}</p>\n",
        html(word),
        html(&sentence)
    ));
    put(&format!(
        "<p class=\"aside\">{} → {} · scope {} · {} {}</p>\n",
        revision(&report.base.name, &report.base.commit),
        revision(&report.head.name, &report.head.commit),
        html(&report.scope.to_string()),
        html(&report.runner),
        html(&report.python)
    ));
    let counts = &report.counts;
    if counts.mutants > 0 {
        let score = report.score.map(|score| format!(" · score {}", percent(score)));
        put(&format!(
            "<p>{} in {}: {}{}</p>\n",
            count(counts.mutants, "mutant"),
            count(report.functions.len(), "function"),
            html(&counted(counts)),
            score.unwrap_or_default()
        ));
        put(&bar(counts));
    }
    put("</header>\n");
}

/// Whether the run ended well.
fn ended_well(report: &Report) -> bool {
    matches!(report.conclusion, Conclusion::Passed | Conclusion::NothingToTest | Conclusion::Listed)
}

/// Killed, survived and unreached as a bar.
fn bar(counts: &Counts) -> String {
    let parts = [("k", counts.killed), ("s", counts.survived), ("n", counts.no_tests)];
    let cells: String = parts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(class, n)| format!("<i class=\"{class}\" style=\"flex:{n}\"></i>"))
        .collect();
    format!("<div class=\"bar\" role=\"img\" aria-label=\"verdicts\">{cells}</div>\n")
}

type ByFunction<'r> = HashMap<&'r FunctionKey, Vec<&'r DecidedMutant>>;

fn by_function(report: &Report) -> ByFunction<'_> {
    let mut found = ByFunction::new();
    for mutant in &report.mutants {
        found.entry(&mutant.function).or_default().push(mutant);
    }
    found
}

/// A function with its lines, reasons and verdicts.
#[derive(Clone, Copy)]
struct Node<'r> {
    key: &'r FunctionKey,
    reported: Option<&'r ScopedFunctionReport>,
}

/// Callers by their distance.
type Callers<'r> = BTreeMap<u32, Vec<Node<'r>>>;

/// The functions that stand for themselves, each with those that are in scope since they reach it,
/// in the report's order.
fn graph(report: &Report) -> Vec<(Node<'_>, Callers<'_>)> {
    let mut roots: Vec<(Node<'_>, Callers<'_>)> = Vec::new();
    let mut place: HashMap<&FunctionKey, usize> = HashMap::new();
    let mut callers: Vec<(&FunctionKey, u32, Node<'_>)> = Vec::new();
    for reported in &report.functions {
        let node = Node { key: &reported.function, reported: Some(reported) };
        match reported.reasons.first() {
            Some(Reason::CallerOf { function, distance, .. }) => {
                callers.push((function, *distance, node));
            }
            _ => {
                place.entry(node.key).or_insert_with(|| {
                    roots.push((node, Callers::new()));
                    roots.len() - 1
                });
            }
        }
    }
    // Functions that only a mutant names, and changed functions that only a caller names.
    let known: HashSet<&FunctionKey> = report.functions.iter().map(|f| &f.function).collect();
    for mutant in &report.mutants {
        let key = &mutant.function;
        if !known.contains(key) && !place.contains_key(key) {
            place.insert(key, roots.len());
            roots.push((Node { key, reported: None }, Callers::new()));
        }
    }
    for (callee, distance, node) in callers {
        let at = *place.entry(callee).or_insert_with(|| {
            roots.push((Node { key: callee, reported: None }, Callers::new()));
            roots.len() - 1
        });
        roots[at].1.entry(distance).or_default().push(node);
    }
    roots
}

fn function(
    out: &mut String,
    node: Node<'_>,
    mutants: &ByFunction<'_>,
    callers: &Callers<'_>,
    calls: &[ReportedCall],
) {
    out.push_str("<li>");
    if !callers.is_empty() {
        let near = callers.iter().flat_map(|(distance, nodes)| {
            nodes.iter().map(|node| drawn(*node, *distance, mutants))
        });
        let all: Vec<Drawn<'_>> = std::iter::once(drawn(node, 0, mutants)).chain(near).collect();
        out.push_str(&draw(&all, calls));
    }
    described(out, node, mutants);
    if !callers.is_empty() {
        out.push_str("<ul>\n");
        for (distance, nodes) in callers {
            let calls = if *distance == 1 {
                "calls it".to_owned()
            } else {
                format!("reaches it through {distance} calls")
            };
            for node in nodes {
                write!(out, "<li><span class=\"aside\">{calls}:</span> ")
                    .expect("a String takes all");
                described(out, *node, mutants);
                out.push_str("</li>\n");
            }
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</li>\n");
}

/// A function for the drawing.
fn drawn<'r>(node: Node<'r>, distance: u32, mutants: &ByFunction<'r>) -> Drawn<'r> {
    let own = mutants.get(node.key).map(Vec::as_slice).unwrap_or_default();
    let counts = Counts::of(own.iter().copied());
    let unnoticed = counts.survived + counts.no_tests;
    let (verdicts, class) = match (counts.mutants, unnoticed) {
        (0, _) => ("no mutants".to_owned(), "aside"),
        (all, 0) => (count(all, "mutant"), "good"),
        (all, some) => (format!("{some} of {all} unnoticed"), "bad"),
    };
    Drawn { key: node.key, distance, verdicts, class }
}

fn described(out: &mut String, node: Node<'_>, mutants: &ByFunction<'_>) {
    let name = html(&cut(node.key.name.as_str(), NAME));
    let path = html(&cut(node.key.path.as_str(), NAME));
    let own = mutants.get(node.key).map(Vec::as_slice).unwrap_or_default();
    let counts = Counts::of(own.iter().copied());
    let lines = node.reported.map(|f| format!(":{}–{}", f.lines.first, f.lines.last));
    write!(
        out,
        "<code><b>{name}</b></code> <code class=\"aside\">{path}{}</code>",
        lines.unwrap_or_default()
    )
    .expect("a String takes all");
    if let Some(reported) = node.reported {
        let words: Vec<String> = reported.reasons.iter().take(3).map(Reason::to_string).collect();
        write!(out, " <span class=\"aside\">{}</span>", html(&cut(&words.join("; "), 2 * NAME)))
            .expect("a String takes all");
    }
    if counts.mutants > 0 {
        let class = if counts.survived + counts.no_tests > 0 { "bad" } else { "good" };
        write!(out, " <span class=\"{class}\">{}</span>", html(&counted(&counts)))
            .expect("a String takes all");
    }
    out.push('\n');
    let findings: Vec<&&DecidedMutant> = own.iter().filter(|mutant| is_finding(mutant)).collect();
    for mutant in findings.iter().take(DIFFS) {
        finding(out, mutant);
    }
    if findings.len() > DIFFS {
        let more = findings.len() - DIFFS;
        writeln!(out, "<p class=\"aside\">{more} more below, in the file</p>")
            .expect("a String takes all");
    }
}

fn is_finding(mutant: &DecidedMutant) -> bool {
    matches!(
        mutant.verdict,
        Verdict::Survived | Verdict::NoTests | Verdict::Timeout { .. } | Verdict::Error { .. }
    )
}

fn finding(out: &mut String, mutant: &DecidedMutant) {
    let class = match mutant.verdict {
        Verdict::Survived | Verdict::NoTests => "bad",
        _ => "warn",
    };
    let change = match mutant.change {
        Some(ChangeOfVerdict::New) => " · new",
        Some(ChangeOfVerdict::Regressed) => " · regressed",
        Some(ChangeOfVerdict::Known) => " · known",
        Some(ChangeOfVerdict::Fixed) => " · fixed",
        Some(ChangeOfVerdict::Unseen) | None => "",
    };
    write!(
        out,
        "<details><summary><span class=\"{class}\">{}</span>{change} · line {} · <code>{}</code> \
         <code class=\"aside\">{}</code></summary>\n<pre>",
        html(&cut(&verdict(&mutant.verdict), NAME)),
        mutant.span.start.line,
        html(&edit(mutant)),
        html(&cut(mutant.id.as_str(), NAME)),
    )
    .expect("a String takes all");
    for line in shown_hunks(mutant, DIFF.0, DIFF.1).lines() {
        let class = match line.as_bytes().first() {
            Some(b'+') => "add",
            Some(b'-') => "del",
            Some(b'@') => "hunk",
            _ => "same",
        };
        writeln!(out, "<span class=\"{class}\">{}</span>", html(line)).expect("a String takes all");
    }
    out.push_str("</pre>\n");
    if !mutant.tests.is_empty() {
        let ran = cut(&unnoticed(mutant, 5), 8 * NAME).into_owned();
        writeln!(out, "<p class=\"aside\">{}</p>", html(&ran)).expect("a String takes all");
    }
    if let Some(advice) = what_would_notice(mutant) {
        writeln!(out, "<p>What would notice: {}</p>", html(&advice)).expect("a String takes all");
    }
    out.push_str("</details>\n");
}

/// Failing tests, files left out, notices.
fn asides(out: &mut String, report: &Report) {
    let failing = report
        .failing_tests
        .iter()
        .map(|failed| format!("{} fails without a mutant", cut(failed.test.as_str(), NAME)));
    let skipped = report.skipped_files.iter().map(|skipped| {
        format!("skipped {}: {}", cut(skipped.path.as_str(), NAME), cut(&skipped.reason, 2 * NAME))
    });
    let notices = report.notices.iter().map(|notice| cut(&notice.message, 5 * NAME).into_owned());
    let all: Vec<String> = failing.chain(skipped).chain(notices).collect();
    if all.is_empty() {
        return;
    }
    out.push_str("<section id=\"notes\">\n<h2>Notes</h2>\n<ul>\n");
    for text in all {
        writeln!(out, "<li>{}</li>", html(&text)).expect("a String takes all");
    }
    out.push_str("</ul>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn callers_stand_under_the_changed_function_that_they_reach() {
        let report = sample::report();
        let found = graph(&report);
        let names: Vec<_> = found
            .iter()
            .map(|(root, callers)| {
                let callers: Vec<_> = callers
                    .iter()
                    .map(|(n, nodes)| (*n, nodes.iter().map(|c| c.key.name.as_str()).collect()))
                    .collect::<Vec<(u32, Vec<&str>)>>();
                (root.key.name.as_str(), callers)
            })
            .collect();
        assert_eq!(names, [("Cart.total", vec![(1, vec!["checkout"])]), ("<module>", vec![])]);
    }

    #[test]
    fn every_finding_is_on_the_page_once() {
        let report = sample::report();
        let page = view(&report);
        for mutant in report.mutants.iter().filter(|mutant| is_finding(mutant)) {
            assert_eq!(page.matches(mutant.id.as_str()).count(), 1, "{}", mutant.id);
        }
        assert!(page.contains("calls it:"));
    }

    #[test]
    fn a_changed_function_that_only_a_caller_names_is_there() {
        let mut report = sample::report();
        report.functions.retain(|f| f.function.name.as_str() == "checkout");
        report.mutants.clear();
        let found = graph(&report);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0.key.name.as_str(), "Cart.total");
    }
}

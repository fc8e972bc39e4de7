//! SARIF 2.1.0, for code scanning: survivors, and functions with lines that no test reaches.
//!
//! Invariant: within GitHub's limits whatever the report holds, what is farthest from the change
//! left out first and counted; a fingerprint follows its mutant when lines move, and no two
//! results have the same.

mod model;

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    ChangeOfVerdict, Conclusion, FunctionKey, LineRange, OperatorId, Report, Span, Verdict,
};

use super::escape::{code_block, cut, markdown_text, relative_uri, visible, visible_lines};
use super::findings::{Finding, NO_TESTS, findings};
use super::mutants::{id, reasons, sentence, shown_hunks, unnoticed};
use super::operators::{self, Entry};
use super::prose::{count, line_list};
use super::surfaced::changed_callee;

use model::{
    ArtifactLocation, AutomationDetails, Configuration, Descriptor, Driver, Fingerprints,
    Invocation, Location, LogicalLocation, Notification, PhysicalLocation, Region,
    ResultProperties, Rule, RuleProperties, Run, RunProperties, Text, Tool, UriBase,
};
pub use model::{Level, Sarif, SarifResult};

/// Where editors look the format up.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The root of the repository.
const ROOT: &str = "%SRCROOT%";
/// Results that code scanning shows of a run.
const RESULTS: usize = 5_000;
/// Bytes of all results. GitHub takes 10 MB after gzip, which makes nothing larger by more than a
/// few bytes.
const BYTES: usize = 9_500_000;
/// Bytes of rules, notifications and the rest, so that all stays below 10 MB.
const OTHER_BYTES: usize = 400_000;
/// Lines and columns of a diff.
const DIFF: (usize, usize) = (40, 200);
/// Tests that a result names.
const TESTS: usize = 20;
/// Characters of a name, a path excepted, and of a replaced text.
const NAME: usize = 300;

/// The report as SARIF text, indented, a newline at its end.
pub fn write(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&build(report))
        .expect("the model's keys are strings and its values plain data");
    // Indentation may add to a log that is at its limit; without it, the limit holds.
    if text.len() > BYTES + OTHER_BYTES {
        text = serde_json::to_string(&build(report)).expect("it was just written");
    }
    text.push('\n');
    text
}

/// The report as a SARIF log.
pub fn build(report: &Report) -> Sarif {
    let findings = findings(report);
    let lines: HashMap<&FunctionKey, LineRange> =
        report.functions.iter().map(|f| (&f.function, f.lines)).collect();
    let mut rules = Rules::default();
    let mut results: Vec<SarifResult> = Vec::new();
    let mut bytes = 0;
    for finding in findings.iter().take(RESULTS) {
        let result = result(finding, &lines, &mut rules);
        bytes += serde_json::to_string(&result).map_or(0, |text| text.len() + 1);
        if bytes > BYTES {
            break;
        }
        results.push(result);
    }
    let left_out = findings.len() - results.len();
    Sarif {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "mutdiff",
                    semantic_version: cut(&visible(&report.mutdiff), NAME).into_owned(),
                    short_description: "Mutation testing for what a change touches".into(),
                    rules: rules.list,
                },
            },
            invocations: [invocation(report, left_out)],
            automation_details: AutomationDetails {
                id: "mutdiff/",
                description: "The functions that a change touches, and their callers".into(),
            },
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: BTreeMap::from([(
                ROOT,
                UriBase { description: "The root of the repository".into() },
            )]),
            results,
            properties: RunProperties {
                conclusion: report.conclusion,
                score: report.score.filter(|score| score.is_finite()),
                counts: report.counts,
                left_out,
            },
        }],
    }
}

fn result(
    finding: &Finding<'_>,
    lines: &HashMap<&FunctionKey, LineRange>,
    rules: &mut Rules,
) -> SarifResult {
    let mutant = finding.mutant;
    let rule_id = cut(&finding.rule(), NAME).into_owned();
    let callee = changed_callee(mutant);
    SarifResult {
        rule_index: rules.index(&rule_id, &mutant.operator),
        rule_id,
        level: if finding.is_new() { Level::Warning } else { Level::Note },
        message: message(finding, callee),
        locations: [place(&mutant.function, Some(region(&finding.span())))],
        related_locations: callee
            .map(|callee| related(callee, lines.get(callee).copied()))
            .into_iter()
            .collect(),
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", finding.fingerprint),
            mutdiff: finding.fingerprint.clone(),
        },
        baseline_state: mutant.change.and_then(|change| match change {
            ChangeOfVerdict::New | ChangeOfVerdict::Regressed => Some("new"),
            ChangeOfVerdict::Known => Some("unchanged"),
            ChangeOfVerdict::Fixed | ChangeOfVerdict::Unseen => None,
        }),
        properties: ResultProperties {
            mutant: id(mutant),
            verdict: mutant.verdict.word(),
            change: mutant.change,
            reasons: cut(&reasons(mutant), NAME).into_owned(),
            original: cut(&visible_lines(&cut(&mutant.original, NAME)), NAME).into_owned(),
            replacement: cut(&visible_lines(&cut(&mutant.replacement, NAME)), NAME).into_owned(),
            diff: shown_hunks(mutant, DIFF.0, DIFF.1),
            tests: mutant
                .tests
                .iter()
                .take(TESTS)
                .map(|test| cut(&visible(test.as_str()), NAME).into_owned())
                .collect(),
        },
    }
}

fn message(finding: &Finding<'_>, callee: Option<&FunctionKey>) -> Text {
    let mutant = finding.mutant;
    let mut text = if finding.is_unreached() {
        format!(
            "No test reaches {} of {} ({} would go unnoticed).",
            line_list(&finding.lines()),
            no_link(&cut(&visible(mutant.function.name.as_str()), NAME)),
            count(finding.unreached.len(), "mutant")
        )
    } else {
        format!("{}.", no_link(&cut(&sentence(mutant), 2 * NAME)))
    };
    let markdown = (!finding.is_unreached()).then(|| {
        let block = code_block("diff", &shown_hunks(mutant, DIFF.0, DIFF.1));
        let tests = markdown_text(&cut(&unnoticed(mutant, 3), 2 * NAME));
        format!("{}\n\n{block}\n{tests}\n", markdown_text(&text))
    });
    if let Some(callee) = callee {
        let name = cut(&visible(callee.name.as_str()), NAME).replace(['[', ']', '\\'], "_");
        text.push_str(&format!(" It is in scope since it reaches [{name}](1), which changed."));
    }
    Text { text, markdown }
}

/// A region that holds at least its first character, as the standard demands of columns.
fn region(span: &Span) -> Region {
    let (start, end) = (span.start, span.end.max(span.start));
    Region {
        start_line: start.line.get(),
        start_column: start.column.max(1),
        end_line: end.line.get(),
        end_column: end.column.max(1),
    }
}

fn place(function: &FunctionKey, region: Option<Region>) -> Location {
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: relative_uri(function.path.as_str()),
                uri_base_id: ROOT,
            },
            region,
        },
        logical_locations: [LogicalLocation {
            fully_qualified_name: cut(&visible(&function.to_string()), NAME).into_owned(),
            kind: "function",
        }],
        message: None,
    }
}

/// The changed function that a caller's finding depends on.
fn related(callee: &FunctionKey, lines: Option<LineRange>) -> Location {
    let region = lines.map(|lines| Region {
        start_line: lines.first.get(),
        start_column: 1,
        end_line: lines.first.get(),
        end_column: 1,
    });
    let name = cut(&visible(callee.name.as_str()), NAME).into_owned();
    Location {
        id: Some(1),
        message: Some(no_link(&format!("{name} changed")).as_str().into()),
        ..place(callee, region)
    }
}

/// Text that no reader of SARIF takes for a link: `](` is parted by a word joiner.
fn no_link(text: &str) -> String {
    text.replace("](", "]\u{2060}(")
}

fn invocation(report: &Report, left_out: usize) -> Invocation {
    let say = |level, id: &str, text: &str| Notification {
        level,
        message: no_link(&cut(&visible(text), 2 * NAME)).as_str().into(),
        descriptor: Descriptor { id: cut(&visible(id), NAME).into_owned() },
    };
    let mut notifications = Vec::new();
    if left_out > 0 {
        let text = format!("{left_out} results farther from the change are left out");
        notifications.push(say(Level::Warning, "results_left_out", &text));
    }
    for notice in &report.notices {
        notifications.push(say(Level::Note, &notice.code, &notice.message));
    }
    for skipped in &report.skipped_files {
        let text = format!("skipped {}: {}", skipped.path, skipped.reason);
        notifications.push(say(Level::Warning, "skipped_file", &text));
    }
    for failed in &report.failing_tests {
        let text = format!("{} fails without a mutant", failed.test);
        notifications.push(say(Level::Warning, "failing_test", &text));
    }
    for mutant in &report.mutants {
        if let Verdict::Error { message } = &mutant.verdict {
            let text = format!("mutant {} could not be decided: {message}", mutant.id);
            notifications.push(say(Level::Error, "error", &text));
        }
    }
    // A hundred say what there is to say, and keep the log small.
    notifications.truncate(100);
    Invocation {
        execution_successful: !matches!(
            report.conclusion,
            Conclusion::TestsFail | Conclusion::NothingDecided | Conclusion::Interrupted
        ),
        tool_execution_notifications: notifications,
    }
}

/// The rules that results name, in the order of their first use. There are as many as operators,
/// far below the 25,000 that GitHub takes; in a forged report, results bound them.
#[derive(Default)]
struct Rules {
    list: Vec<Rule>,
    known: HashMap<String, usize>,
}

impl Rules {
    fn index(&mut self, id: &str, operator: &OperatorId) -> usize {
        if let Some(&known) = self.known.get(id) {
            return known;
        }
        let entry = if id == NO_TESTS {
            Entry {
                sentence: "No test reaches these lines.",
                markdown: "No test reaches these lines, so any breakage of them goes unnoticed. \
                           Write a test that calls the function.",
            }
        } else {
            operators::entry(operator).unwrap_or(Entry {
                sentence: "An operator that this version of mutdiff does not know.",
                markdown: "An operator that this version of mutdiff does not know.",
            })
        };
        let advice = "No test noticed this change of the code. Write a test that fails with it, \
                      or say that nobody needs it.";
        let (text, markdown) = if id == NO_TESTS {
            (entry.markdown.to_owned(), entry.markdown.to_owned())
        } else {
            (
                format!("{} {advice}", entry.sentence),
                format!(
                    "{advice}\n\n{}\n\n`mutdiff show ID | git apply` shows it at work.\n",
                    entry.markdown
                ),
            )
        };
        self.list.push(Rule {
            id: id.to_owned(),
            name: id.to_owned(),
            short_description: entry.sentence.into(),
            full_description: text.as_str().into(),
            help: Text { text, markdown: Some(markdown) },
            default_configuration: Configuration { level: Level::Warning },
            properties: RuleProperties {
                tags: ["mutation-testing", "tests"],
                precision: "very-high",
                severity: "warning",
            },
        });
        self.known.insert(id.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

#[cfg(test)]
mod tests;

//! What `mutdiff explain` says.
//!
//! Invariant: how a thing is known (seen, told from the text) stands beside it.

use jiff::Timestamp;

use crate::model::{
    CallKnown, CallStep, ExplainedMutant, Explanation, Placing, Reason, Reuse, Verdict,
};
use crate::report::prose::{count, line_list};

use super::page::{Page, Role};
use super::{Style, surroundings};

/// Tests that are named unless all are asked for.
const TESTS: usize = 10;

/// The page.
pub fn explanation(explanation: &Explanation, style: &Style) -> String {
    let mut page = Page::new(style);
    let lines = match explanation.line {
        Some(line) => format!("line {line}, in {}", explanation.function),
        None => explanation.function.to_string(),
    };
    let lines = format!("{lines} ({})", line_list(&[explanation.lines]));
    let heading = page.paint(Role::Name, &lines);
    page.line(0, &heading);
    scope(&mut page, explanation);
    reach(&mut page, explanation);
    mutants(&mut page, explanation);
    surroundings::notices(&mut page, &explanation.notices);
    page.finish()
}

fn scope(page: &mut Page<'_>, explanation: &Explanation) {
    page.gap();
    if explanation.reasons.is_empty() {
        let text = format!("not in scope, compared with {}:", explanation.base);
        page.prose(0, Role::Warning, &text);
        for reason in &explanation.outside {
            page.prose(2, Role::Plain, reason);
        }
        return;
    }
    let text = format!("in scope, compared with {}:", explanation.base);
    page.prose(0, Role::Good, &text);
    for reason in &explanation.reasons {
        page.prose(2, Role::Plain, &reason.to_string());
        if matches!(reason, Reason::CallerOf { .. }) {
            for step in &explanation.calls {
                page.prose(4, Role::Aside, &call(step));
            }
            for reason in &explanation.end_reasons {
                page.prose(4, Role::Aside, &format!("which is in scope since it {}", said(reason)));
            }
        }
    }
}

/// A reason behind “it”.
fn said(reason: &Reason) -> String {
    match reason {
        Reason::ImportsChangedModule { .. } => reason.to_string(),
        other => format!("is {other}"),
    }
}

fn call(step: &CallStep) -> String {
    let CallStep { caller, callee, known } = step;
    match known {
        CallKnown::Seen => format!("{caller} → {callee} (a test was seen to make this call)"),
        CallKnown::SeenBefore => {
            format!("{caller} → {callee} (a test was seen to make this call in earlier code)")
        }
        CallKnown::Told => format!("{caller} → {callee} (told from the text: no test reaches it)"),
        CallKnown::Overrides => {
            format!("{callee} overrides, or may stand in for, {caller}")
        }
    }
}

fn reach(page: &mut Page<'_>, explanation: &Explanation) {
    page.gap();
    let reach = if explanation.tests.len() == 1 { "reaches" } else { "reach" };
    let what = if explanation.line.is_some() { "this line" } else { "it" };
    let text = match explanation.tests.len() {
        0 => format!("no test {reach}es {what}"),
        n => format!("{} {reach} {what}", count(n, "test")),
    };
    let import = if explanation.at_import { "; it runs at import" } else { "" };
    let role = if explanation.tests.is_empty() && !explanation.at_import {
        Role::Warning
    } else {
        Role::Plain
    };
    page.prose(0, role, &format!("{text}{import}"));
    let shown = if page.is_verbose() { explanation.tests.len() } else { TESTS };
    for test in explanation.tests.iter().take(shown) {
        page.block(2, Role::Aside, test.as_str());
    }
    if explanation.tests.len() > shown {
        let more = format!("and {} more (-v names them)", explanation.tests.len() - shown);
        page.prose(2, Role::Aside, &more);
    }
    if explanation.reach.len() > 1 {
        for (lines, tests) in &explanation.reach {
            let text = format!("{}: {}", line_list(&[*lines]), count(*tests, "test"));
            page.prose(2, Role::Plain, &text);
        }
    }
}

fn mutants(page: &mut Page<'_>, explanation: &Explanation) {
    page.gap();
    if explanation.mutants.is_empty() {
        page.prose(0, Role::Plain, "there is nothing to mutate here");
        return;
    }
    page.prose(0, Role::Plain, &count(explanation.mutants.len(), "mutant"));
    for mutant in &explanation.mutants {
        page.gap();
        one(page, mutant, !explanation.reasons.is_empty());
    }
}

fn one(page: &mut Page<'_>, mutant: &ExplainedMutant, function_is_in_scope: bool) {
    let line = format!(
        "{}  {}  {}",
        page.paint(Role::Key, mutant.id.as_str()),
        page.paint(Role::Plain, mutant.operator.as_str()),
        page.paint(Role::Aside, &line_list(&[mutant.lines])),
    );
    page.line(2, &line);
    page.block(4, Role::Removed, &format!("- {}", one_line(&mutant.original)));
    page.block(4, Role::Added, &format!("+ {}", one_line(&mutant.replacement)));
    if function_is_in_scope && !mutant.in_scope {
        let text = "not in scope itself: none of the reasons concerns its statement";
        page.prose(4, Role::Warning, text);
    }
    if let Some(rule) = &mutant.suppressed {
        page.prose(4, Role::Aside, &format!("suppressed by {rule}: it is not run"));
        return;
    }
    let verdict = match &mutant.latest {
        None => "never decided".to_owned(),
        Some(latest) => {
            let when = Timestamp::from_second(latest.recorded_at)
                .map_or(String::new(), |time| format!(", decided {time}"));
            format!("{}{when}; {} ran with it", latest.verdict, count(latest.tests, "test"))
        }
    };
    let role = match mutant.latest.as_ref().map(|latest| &latest.verdict) {
        Some(Verdict::Survived | Verdict::NoTests) => Role::Bad,
        Some(Verdict::Killed { .. }) => Role::Good,
        _ => Role::Plain,
    };
    page.prose(4, role, &verdict);
    let route = match mutant.route {
        Some(Placing::Hot) => "hot: swapped into the running process",
        Some(Placing::Cold) => "cold: imported afresh, since its line runs at import",
        None => "no test reaches it",
    };
    page.prose(4, Role::Aside, route);
    let tests = match mutant.rests_on.tests {
        0 => "on no test reaching it".to_owned(),
        n => format!(
            "on {} and the {} entered by {}",
            count(n, "test"),
            count(mutant.rests_on.functions, "function"),
            if n == 1 { "it" } else { "them" }
        ),
    };
    let rests = format!(
        "rests on its function, {tests}, on the module code that is loaded, and on the environment"
    );
    page.prose(4, Role::Aside, &rests);
    let run = if mutant.in_scope { "a run" } else { "a run that has it in scope" };
    match &mutant.reuse {
        Reuse::Yes => page.prose(4, Role::Plain, &format!("{run} would use this verdict now")),
        Reuse::NeverDecided => page.prose(4, Role::Plain, &format!("{run} would decide it now")),
        Reuse::Unknown => {
            let text =
                "whether a run would use the verdict is not known: no interpreter was asked yet";
            page.prose(4, Role::Plain, text);
        }
        Reuse::No(why) => {
            let text = format!("{run} would decide it anew, since these are others now:");
            page.prose(4, Role::Warning, &text);
            for why in why {
                page.prose(6, Role::Plain, why);
            }
        }
    }
}

fn one_line(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        FunctionKey, LatestVerdict, LineNo, LineRange, MutantId, OperatorId, QualName, RepoPath,
        RestsOn, TestId,
    };

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    fn lines(first: u32, last: u32) -> LineRange {
        LineRange { first: LineNo::new(first).unwrap(), last: LineNo::new(last).unwrap() }
    }

    fn sample() -> Explanation {
        let step = |caller: &str, callee: &str, known| CallStep {
            caller: key(caller),
            callee: key(callee),
            known,
        };
        let mutant = |id: &str, latest, reuse| ExplainedMutant {
            id: MutantId::from_text(id),
            operator: OperatorId::new("number/increment"),
            lines: lines(4, 4),
            original: "1".into(),
            replacement: "2".into(),
            in_scope: true,
            suppressed: None,
            route: Some(Placing::Hot),
            rests_on: RestsOn { tests: 2, functions: 5 },
            latest,
            reuse,
        };
        let latest =
            LatestVerdict { verdict: Verdict::Survived, tests: 2, recorded_at: 1_700_000_000 };
        Explanation {
            function: key("top"),
            lines: lines(3, 5),
            line: None,
            base: "main".into(),
            reasons: vec![Reason::CallerOf { function: key("low"), distance: 2, seen: true }],
            outside: Vec::new(),
            calls: vec![
                step("top", "mid", CallKnown::Seen),
                step("mid", "low", CallKnown::SeenBefore),
            ],
            end_reasons: Vec::new(),
            at_import: false,
            tests: vec![TestId::new("t::one"), TestId::new("t::two")],
            reach: vec![(lines(3, 3), 0), (lines(4, 5), 2)],
            mutants: vec![
                mutant("aaaa", Some(latest.clone()), Reuse::Yes),
                mutant("bbbb", Some(latest), Reuse::No(vec!["its function top".into()])),
                mutant("cccc", None, Reuse::NeverDecided),
            ],
            notices: Vec::new(),
        }
    }

    #[test]
    fn a_function_is_explained_from_the_reason_to_the_verdicts() {
        insta::assert_snapshot!(explanation(&sample(), &Style::default()), @r"
        m.py::top (lines 3–5)

        in scope, compared with main:
          caller of low (distance 2)
            m.py::top → m.py::mid (a test was seen to make this call)
            m.py::mid → m.py::low (a test was seen to make this call in earlier code)

        2 tests reach it
          t::one
          t::two
          line 3: 0 tests
          lines 4–5: 2 tests

        3 mutants

          aaaa  number/increment  line 4
            - 1
            + 2
            survived, decided 2023-11-14T22:13:20Z; 2 tests ran with it
            hot: swapped into the running process
            rests on its function, on 2 tests and the 5 functions entered by them, on the module code that
            is loaded, and on the environment
            a run would use this verdict now

          bbbb  number/increment  line 4
            - 1
            + 2
            survived, decided 2023-11-14T22:13:20Z; 2 tests ran with it
            hot: swapped into the running process
            rests on its function, on 2 tests and the 5 functions entered by them, on the module code that
            is loaded, and on the environment
            a run would decide it anew, since these are others now:
              its function top

          cccc  number/increment  line 4
            - 1
            + 2
            never decided
            hot: swapped into the running process
            rests on its function, on 2 tests and the 5 functions entered by them, on the module code that
            is loaded, and on the environment
            a run would decide it now
        ");
    }

    #[test]
    fn what_is_not_in_scope_says_why() {
        let outside = Explanation {
            reasons: Vec::new(),
            calls: Vec::new(),
            outside: vec!["its own code is that of main".into()],
            tests: Vec::new(),
            reach: Vec::new(),
            mutants: Vec::new(),
            line: LineNo::new(4),
            ..sample()
        };
        insta::assert_snapshot!(explanation(&outside, &Style::default()), @r"
        line 4, in m.py::top (lines 3–5)

        not in scope, compared with main:
          its own code is that of main

        no test reaches this line

        there is nothing to mutate here
        ");
    }

    #[test]
    fn ten_tests_are_named_and_the_rest_counted() {
        let tests = (0..12).map(|n| TestId::new(format!("t::{n}"))).collect();
        let many = Explanation { tests, ..sample() };
        let text = explanation(&many, &Style::default());
        assert!(text.contains("t::9\n  and 2 more (-v names them)"), "{text}");
    }
}

//! What `mutdiff explain` says, as JSON, documented key by key in `docs/explain.md`.
//!
//! Invariant: it holds all that the terminal shows with `-v`; every key is always there, `null` where
//! there is nothing to say, but for those of a reason's other kinds.

use serde_json::{Value, json};

use super::json::view;
use crate::model::{
    CallKnown, CallStep, ExplainedMutant, Explanation, LineRange, Placing, Reason, Reuse,
};

/// Version of this format.
const VERSION: u32 = 1;

/// The explanation as indented JSON, a newline at its end.
pub fn write(explanation: &Explanation) -> String {
    let reach = |(lines, tests): &(LineRange, usize)| json!({ "lines": lines, "tests": tests });
    let value = json!({
        "version": VERSION,
        "path": explanation.function.path,
        "function": explanation.function.name,
        "lines": explanation.lines,
        "line": explanation.line,
        "base": explanation.base,
        "in_scope": !explanation.reasons.is_empty(),
        "reasons": reasons(&explanation.reasons),
        "outside": explanation.outside,
        "calls": explanation.calls.iter().map(call).collect::<Vec<_>>(),
        "end_reasons": reasons(&explanation.end_reasons),
        "at_import": explanation.at_import,
        "tests": explanation.tests,
        "reach": explanation.reach.iter().map(reach).collect::<Vec<_>>(),
        "mutants": explanation.mutants.iter().map(mutant).collect::<Vec<_>>(),
        "notices": explanation.notices,
    });
    let mut text = serde_json::to_string_pretty(&value).expect("plain data");
    text.push('\n');
    text
}

fn reasons(reasons: &[Reason]) -> Value {
    serde_json::to_value(view::reasons(reasons)).expect("plain data")
}

fn call(step: &CallStep) -> Value {
    let known = match step.known {
        CallKnown::Seen => "seen",
        CallKnown::SeenBefore => "seen_before",
        CallKnown::Told => "told",
        CallKnown::Overrides => "overrides",
    };
    json!({ "caller": step.caller, "callee": step.callee, "known": known })
}

fn mutant(mutant: &ExplainedMutant) -> Value {
    let route = mutant.route.map(|route| match route {
        Placing::Hot => "hot",
        Placing::Cold => "cold",
    });
    let latest = mutant.latest.as_ref().map(|latest| {
        let (verdict, killed_by, detail) = view::split(&latest.verdict);
        json!({
            "verdict": verdict,
            "killed_by": killed_by,
            "detail": detail,
            "tests": latest.tests,
            "recorded_at": latest.recorded_at,
        })
    });
    let (reuse, differs) = match &mutant.reuse {
        Reuse::Yes => ("yes", &[][..]),
        Reuse::NeverDecided => ("never_decided", &[][..]),
        Reuse::No(parts) => ("no", parts.as_slice()),
        Reuse::Unknown => ("unknown", &[][..]),
    };
    json!({
        "id": mutant.id,
        "operator": mutant.operator,
        "lines": mutant.lines,
        "original": mutant.original,
        "replacement": mutant.replacement,
        "in_scope": mutant.in_scope,
        "suppressed": mutant.suppressed,
        "route": route,
        "rests_on": { "tests": mutant.rests_on.tests, "functions": mutant.rests_on.functions },
        "latest": latest,
        "reuse": reuse,
        "differs": differs,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{
        LatestVerdict, MutantId, Notice, OperatorId, RestsOn, TestChange, TestId, Verdict,
    };
    use crate::report::json::tests::{documented_in, keys};
    use crate::report::sample::{key, line, lines};

    const PAGE: &str = include_str!("../../docs/explain.md");

    fn explanation() -> Explanation {
        let (total, checkout) = (key("cart", "Cart.total"), key("till", "checkout"));
        let test = TestId::new("tests/test_cart.py::test_small");
        Explanation {
            function: checkout.clone(),
            lines: lines(3, 9),
            line: Some(line(5)),
            base: "main".into(),
            reasons: vec![
                Reason::CallerOf { function: total.clone(), distance: 1, seen: true },
                Reason::ImportsChangedModule { path: total.path.clone(), names: vec!["A".into()] },
                Reason::CoveredByChangedTest { test: test.clone(), how: TestChange::New },
            ],
            outside: vec![],
            calls: vec![CallStep { caller: checkout, callee: total, known: CallKnown::SeenBefore }],
            end_reasons: vec![Reason::Changed],
            at_import: false,
            tests: vec![test.clone()],
            reach: vec![(lines(3, 9), 1)],
            mutants: vec![ExplainedMutant {
                id: MutantId::from_text("00112233445566aa"),
                operator: OperatorId::new("comparison/boundary"),
                lines: lines(5, 5),
                original: "<".into(),
                replacement: "<=".into(),
                in_scope: true,
                suppressed: None,
                route: Some(Placing::Hot),
                rests_on: RestsOn { tests: 1, functions: 2 },
                latest: Some(LatestVerdict {
                    verdict: Verdict::Killed { by: test },
                    tests: 1,
                    recorded_at: 1_700_000_000,
                }),
                reuse: Reuse::No(vec!["its function".into()]),
            }],
            notices: vec![Notice { code: "no_trace".into(), message: "none".into() }],
        }
    }

    #[test]
    fn every_key_written_is_documented_and_the_other_way_round() {
        let value = serde_json::from_str(&write(&explanation())).unwrap();
        let mut written = BTreeSet::new();
        keys(&value, "", &mut written);
        // The keys of a reason are those of the report.
        let of_reason = |key: &String| key.contains("reasons[]");
        written.retain(|key| !of_reason(key));
        assert_eq!(written, documented_in(PAGE));
    }

    #[test]
    fn a_mutant_says_what_would_be_used_again() {
        let value: Value = serde_json::from_str(&write(&explanation())).unwrap();
        let mutant = &value["mutants"][0];
        assert_eq!(
            (&mutant["reuse"], &mutant["differs"][0]),
            (&json!("no"), &json!("its function"))
        );
        assert_eq!(mutant["latest"]["verdict"], "killed");
        assert_eq!(value["calls"][0]["known"], "seen_before");
        assert_eq!(value["reasons"][0]["text"], "caller of Cart.total (distance 1)");
    }
}

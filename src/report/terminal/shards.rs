//! What `mutdiff plan` says.
//!
//! Invariant: what the plan rests on is always said, and that nothing is known where that is so.

use crate::model::ShardPlan;
use crate::report::prose::{count, duration};

use super::page::{Page, Role};
use super::{Style, Verbosity};

/// The page.
pub fn shard_plan(plan: &ShardPlan, style: &Style) -> String {
    let mut page = Page::new(style);
    let of = plan.shards.len();
    let mutants: usize = plan.shards.iter().map(|(mutants, _)| mutants).sum();
    let total: f64 = plan.shards.iter().map(|(_, milliseconds)| milliseconds).sum();
    if style.verbosity > Verbosity::Quiet {
        for (number, (mutants, milliseconds)) in plan.shards.iter().enumerate() {
            let name = page.paint(Role::Name, &format!("{}/{of}", number + 1));
            let line =
                format!("{name}  {} · {}", count(*mutants, "mutant"), duration(*milliseconds));
            page.line(2, &line);
        }
        page.gap();
    }
    #[expect(clippy::cast_precision_loss, reason = "shards and jobs are few")]
    let each = total / (of.max(1) * plan.jobs.max(1)) as f64;
    let mut text = format!(
        "{} in {}: {} of work, {} each with {} side by side",
        count(mutants, "mutant"),
        count(of, "shard"),
        duration(total),
        duration(each),
        count(plan.jobs, "test"),
    );
    if let Some(start_up) = plan.start_up {
        text = format!("{text}, and {} to start", duration(start_up));
    }
    page.prose(0, Role::Plain, &text);
    let digest: String = plan.state.chars().take(12).collect();
    let text = if plan.tests == 0 {
        "rests on nothing: no test was traced here yet, so callers are not known and all mutants count \
         alike; each shard traces for itself. mutdiff record, once, tells more"
            .to_owned()
    } else {
        format!(
            "rests on the traces of {}, on {} that should still hold and cost nothing, and on what {} \
             took in another state of the code (digest {digest})",
            count(plan.tests, "test"),
            count(plan.standing, "verdict"),
            count(plan.decided_before, "mutant"),
        )
    };
    page.prose(0, if plan.tests == 0 { Role::Warning } else { Role::Aside }, &text);
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_it_rests_on() {
        let plan = ShardPlan {
            shards: vec![(10, 1500.0), (12, 1400.0)],
            standing: 3,
            decided_before: 1,
            tests: 40,
            jobs: 2,
            start_up: Some(800.0),
            state: "0123456789abcdef".into(),
        };
        insta::assert_snapshot!(shard_plan(&plan, &Style::default()), @r"
          1/2  10 mutants · 1.5 s
          2/2  12 mutants · 1.4 s

        22 mutants in 2 shards: 2.9 s of work, 725 ms each with 2 tests side by side, and 800 ms to start
        rests on the traces of 40 tests, on 3 verdicts that should still hold and cost nothing, and on what
        1 mutant took in another state of the code (digest 0123456789ab)
        ");
        let nothing = ShardPlan { shards: vec![(0, 0.0)], jobs: 1, ..ShardPlan::default() };
        insta::assert_snapshot!(shard_plan(&nothing, &Style::default()), @r"
          1/1  0 mutants · 0 ms

        0 mutants in 1 shard: 0 ms of work, 0 ms each with 1 test side by side
        rests on nothing: no test was traced here yet, so callers are not known and all mutants count alike;
        each shard traces for itself. mutdiff record, once, tells more
        ");
    }
}

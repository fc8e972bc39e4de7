//! `mutdiff plan`: how the mutants of a run would be dealt out to shards.
//!
//! Invariant: nothing of the project is run; a matrix is never empty.

use super::args::{PlanArgs, StatusFormat};
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::run::{check_repo, watched};
use crate::lab;
use crate::model::{Shard, ShardPlan};
use crate::report::terminal;

/// Runs the command.
pub(super) fn run(args: &PlanArgs, console: Console) -> Result<Exit, CliError> {
    let options = args.options();
    check_repo(&options.repo)?;
    let plan = watched(console, |progress, _| lab::plan_shards(&options, args.count(), progress))?;
    console.result(&match args.format {
        StatusFormat::Text => terminal::shard_plan(&plan, &console.style(console.out)),
        StatusFormat::Json => matrix(&plan),
    })?;
    Ok(Exit::Success)
}

/// On one line, as `GITHUB_OUTPUT` wants it.
fn matrix(plan: &ShardPlan) -> String {
    let of = u32::try_from(plan.shards.len()).unwrap_or(Shard::MOST);
    let shards: Vec<String> = (1..=of).map(|number| Shard { number, of }.to_string()).collect();
    format!("{}\n", serde_json::json!({ "shard": shards }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_one_line() {
        let plan = ShardPlan { shards: vec![(0, 0.0); 2], ..ShardPlan::default() };
        assert_eq!(matrix(&plan), "{\"shard\":[\"1/2\",\"2/2\"]}\n");
    }
}

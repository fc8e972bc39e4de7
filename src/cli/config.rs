//! `mutdiff config`: the settings in force.
//!
//! Invariant: it shows what a run would be given, and fails where that would.

use super::args::{ConfigArgs, StatusFormat};
use super::console::Console;
use super::error::{CliError, Kind};
use super::exit::Exit;
use super::run::check_repo;
use super::settings::{schema, view};

/// Runs the command.
pub(super) fn run(args: &ConfigArgs, console: Console) -> Result<Exit, CliError> {
    let json = |value: &serde_json::Value| {
        let text = serde_json::to_string_pretty(value).expect("plain data has a JSON form");
        format!("{text}\n")
    };
    if args.schema {
        console.result(&json(&schema()))?;
        return Ok(Exit::Success);
    }
    check_repo(&args.repo)?;
    let view = view(&args.repo)?;
    let text = match args.format {
        StatusFormat::Json => json(&serde_json::to_value(&view).map_err(|error| {
            CliError::new(Kind::Internal, "the settings have no JSON form").caused(Some(&error))
        })?),
        StatusFormat::Text => {
            let width = view.settings.iter().map(|shown| shown.key.len()).max().unwrap_or(0);
            let values = view.settings.iter().map(|shown| shown.value.chars().count());
            let wide = values.max().unwrap_or(0).min(40);
            let mut text = String::new();
            for shown in &view.settings {
                let value = if shown.value.is_empty() { "-" } else { &shown.value };
                text.push_str(&format!("{:width$}  {value:wide$}  {}\n", shown.key, shown.origin));
            }
            text
        }
    };
    console.result(&text)?;
    Ok(Exit::Success)
}

//! The keys: one for each flag that says how a project is tested.
//!
//! Invariant: the keys come from the declaration of the command line, so neither can be forgotten.

use clap::{Arg, ArgAction, Command};

/// The commands whose flags can be settings; the first is also what runs without a name.
pub(super) const COMMANDS: [&[&str]; 10] = [
    &["run"],
    &["record"],
    &["explain"],
    &["plan"],
    &["merge"],
    &["watch"],
    &["browse"],
    &["review"],
    &["hook", "run"],
    &["init"],
];
/// Flags that say what this one call is for.
const OF_A_CALL: [&str; 18] = [
    "help", "version", "repo", "list", "from", "dry-run", "decide", "pr", "head", "shard", "reuse",
    "write", "workflow", "hook", "no-check", "shards", "target", "store",
];

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// True or false.
    Switch,
    /// One value.
    Value,
    /// A list, each a flag of its own.
    Values,
    /// A list behind one flag, which comes last.
    Rest,
}

/// A flag that is a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'c> {
    /// Its declaration.
    pub(super) arg: &'c Arg,
    /// Its name, without the dashes before it.
    pub(super) name: &'c str,
    /// What it takes.
    pub(super) takes: Takes,
}

impl<'c> Key<'c> {
    fn of(arg: &'c Arg) -> Option<Self> {
        let name = arg.get_long()?;
        let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
        let takes = match arg.get_action() {
            ArgAction::SetTrue => Takes::Switch,
            _ if many => Takes::Rest,
            ArgAction::Append => Takes::Values,
            _ => Takes::Value,
        };
        (!OF_A_CALL.contains(&name)).then_some(Self { arg, name, takes })
    }

    /// The variable of the environment.
    pub(super) fn variable(&self) -> String {
        variable_of(self.name)
    }

    /// What the flag is when nobody says anything, as text.
    pub(super) fn default(&self) -> String {
        let values = self.arg.get_default_values().iter().map(|value| value.to_string_lossy());
        match self.takes {
            Takes::Switch => "false".to_owned(),
            _ => values.collect::<Vec<_>>().join(" "),
        }
    }
}

/// The variable that stands for a key.
pub(super) fn variable_of(name: &str) -> String {
    format!("MUTDIFF_{}", name.to_uppercase().replace('-', "_"))
}

/// A command by the words that name it.
pub(super) fn command<'c>(whole: &'c Command, path: &[&str]) -> Option<&'c Command> {
    path.iter().try_fold(whole, |around, name| around.find_subcommand(name))
}

/// The keys of a command.
pub(super) fn keys(command: &Command) -> Vec<Key<'_>> {
    // The format of what is no report is another thing.
    let reports = command.get_arguments().any(|arg| arg.get_long() == Some("report"));
    let is_key = |key: &Key<'_>| reports || key.name != "format";
    command.get_arguments().filter_map(Key::of).filter(is_key).collect()
}

/// The names of the keys of all commands.
pub(super) fn names(whole: &Command) -> Vec<&str> {
    let mut names: Vec<&str> = COMMANDS
        .iter()
        .filter_map(|path| command(whole, path))
        .flat_map(keys)
        .map(|key| key.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

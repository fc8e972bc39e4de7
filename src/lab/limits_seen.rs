//! The limits that verdicts were decided under: a basis is a digest, and says of its limits only that they
//! are others.
//!
//! Invariant: nothing rests on what is written down here; it only names what differs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LabError;
use crate::config::{DeadlineOptions, Options, memory_text};
use crate::store::Store;

/// The note that they are under.
const NOTE: &str = "limits";
/// How many of them are kept, the newest first.
const KEPT: usize = 4;

/// Those of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Limits {
    factor: f64,
    floor: Duration,
    memory: u64,
}

impl Limits {
    fn of(options: &Options) -> Self {
        let DeadlineOptions { factor, floor } = options.deadline;
        Self { factor, floor, memory: options.memory_limit }
    }

    /// The options of a run under these.
    pub(super) fn over(&self, options: &Options) -> Options {
        let deadline = DeadlineOptions { factor: self.factor, floor: self.floor };
        Options { deadline, memory_limit: self.memory, ..options.clone() }
    }

    /// In what they differ from those of a run, each with what it was.
    pub(super) fn differences(&self, options: &Options) -> Vec<String> {
        let now = Self::of(options);
        let seconds = |time: Duration| format!("{} s", time.as_secs_f64());
        [
            ("deadline-factor", self.factor.to_string(), now.factor.to_string()),
            ("deadline-floor", seconds(self.floor), seconds(now.floor)),
            ("memory-limit", memory_text(self.memory), memory_text(now.memory)),
        ]
        .into_iter()
        .filter(|(_, then, now)| then != now)
        .map(|(name, then, now)| format!("--{name}: it was {then}, and is {now}"))
        .collect()
    }
}

/// Those that runs were given, the newest first.
fn seen(store: &Store) -> Result<Vec<Limits>, LabError> {
    let note = store.note(NOTE)?;
    Ok(note.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Those that runs were given, but for those of the options.
pub(super) fn others(options: &Options, store: &Store) -> Result<Vec<Limits>, LabError> {
    let now = Limits::of(options);
    Ok(seen(store)?.into_iter().filter(|then| *then != now).collect())
}

/// Writes down those of a run.
pub(super) fn remember(options: &Options, store: &mut Store) -> Result<(), LabError> {
    let now = Limits::of(options);
    let mut all = seen(store)?;
    if all.first() == Some(&now) {
        return Ok(());
    }
    all.retain(|then| *then != now);
    all.insert(0, now);
    all.truncate(KEPT);
    let json = serde_json::to_vec(&all).expect("plain data has a JSON form");
    Ok(store.put_note(NOTE, &json)?)
}

//! Which operators are on: by id, by group, by pattern.
//!
//! Invariant: every word names at least one operator, or is an error; which operators are on changes
//! no mutant's id.

use globset::Glob;
use thiserror::Error;

use super::registry::operators;
use crate::config::OperatorSettings;

/// A word that stands for the operators that are on where nothing is said.
const DEFAULT: &str = "default";
/// A word that stands for every operator.
const FULL: &str = "full";
/// Near names that are offered.
const NEAR: usize = 3;

/// Why operators cannot be chosen so.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SelectionError {
    /// A word that names no operator.
    #[error("no operator or group is called `{word}`{}", offered(near))]
    Unknown {
        /// The word.
        word: String,
        /// Names that are like it.
        near: Vec<String>,
    },
    /// A pattern that cannot be read.
    #[error("`{word}` is no pattern of operators: {message}")]
    BadPattern {
        /// The word.
        word: String,
        /// What is wrong with it.
        message: String,
    },
    /// All of them are off.
    #[error("no operator is left on")]
    Nothing,
}

fn offered(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; near: {}", names.join(", ")) }
}

/// Which operators are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// By position in the registry.
    on: Vec<bool>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { on: operators().iter().map(|operator| operator.default).collect() }
    }
}

impl Selection {
    /// Every operator.
    pub fn full() -> Self {
        Self { on: vec![true; operators().len()] }
    }

    /// The project's settings, and over them the words of the command line: ids, groups, patterns,
    /// `default` (what the settings leave on) and `full`, each with `-` before it to switch it off.
    /// Words that only switch off begin with what is on.
    ///
    /// # Errors
    /// [`SelectionError`].
    pub fn new(settings: &OperatorSettings, words: &[String]) -> Result<Self, SelectionError> {
        let mut own = Self::default();
        for word in &settings.enable {
            own.set(word, true, &Self::default())?;
        }
        for word in &settings.disable {
            own.set(word, false, &Self::default())?;
        }
        let mut chosen = if words.iter().all(|word| word.starts_with('-')) {
            own.clone()
        } else {
            Self { on: vec![false; operators().len()] }
        };
        for word in words {
            match word.strip_prefix('-') {
                Some(word) => chosen.set(word, false, &own)?,
                None => chosen.set(word, true, &own)?,
            }
        }
        if chosen.on.contains(&true) { Ok(chosen) } else { Err(SelectionError::Nothing) }
    }

    /// Whether the operator at a position of the registry is on.
    pub(super) fn has(&self, position: usize) -> bool {
        self.on[position]
    }

    /// The ids of the operators that are on, in the order of the registry.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> + '_ {
        operators().iter().zip(&self.on).filter(|(_, on)| **on).map(|(operator, _)| operator.id)
    }

    fn set(&mut self, word: &str, on: bool, default: &Self) -> Result<(), SelectionError> {
        let glob = Glob::new(word).map_err(|error| SelectionError::BadPattern {
            word: word.to_owned(),
            message: error.kind().to_string(),
        })?;
        let glob = glob.compile_matcher();
        let mut is_known = matches!(word, DEFAULT | FULL);
        for (position, operator) in operators().iter().enumerate() {
            let fits = match word {
                FULL => true,
                DEFAULT => default.on[position],
                _ => operator.group() == word || glob.is_match(operator.id),
            };
            if fits {
                is_known = true;
                self.on[position] = on;
            }
        }
        if is_known {
            return Ok(());
        }
        Err(SelectionError::Unknown { word: word.to_owned(), near: near_to(word) })
    }
}

/// Ids and groups that hold a part of the word.
fn near_to(word: &str) -> Vec<String> {
    let parts: Vec<&str> = word.split(['/', '-']).filter(|part| part.len() > 2).collect();
    let likeness = |id: &str| parts.iter().filter(|part| id.contains(**part)).count();
    let mut found: Vec<(usize, &str)> = operators()
        .iter()
        .flat_map(|operator| [operator.id, operator.group()])
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0)
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    found.dedup();
    found.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn chosen(enable: &str, disable: &str, line: &str) -> Result<Selection, SelectionError> {
        let settings = OperatorSettings { enable: words(enable), disable: words(disable) };
        Selection::new(&settings, &words(line))
    }

    fn ids(line: &str) -> Vec<&'static str> {
        chosen("", "", line).unwrap().ids().collect()
    }

    #[test]
    fn ids_groups_and_patterns_choose() {
        assert_eq!(ids("comparison/boundary"), ["comparison/boundary"]);
        assert_eq!(ids("bitwise,-*/shift")[0], "bitwise/swap");
        assert!(ids("*/none").iter().all(|id| id.ends_with("/none")));
        assert_eq!(ids("full").len(), operators().len());
        assert_eq!(ids(""), Selection::default().ids().collect::<Vec<_>>());
        assert_eq!(ids("default"), ids(""));
        assert!(!ids("-string").iter().any(|id| id.starts_with("string/")));
        assert!(ids("-string").contains(&"number/increment"));
    }

    #[test]
    fn the_command_line_stands_over_the_settings() {
        let with = |line: &str| chosen("", "string/*,number", line).unwrap();
        assert!(!with("").ids().any(|id| id.starts_with("string/")));
        assert!(!with("default").ids().any(|id| id.starts_with("string/")));
        assert_eq!(with("string/wrap").ids().collect::<Vec<_>>(), ["string/wrap"]);
        assert!(with("default,string").ids().any(|id| id == "string/lower"));
        assert_eq!(with("full"), Selection::full());
    }

    #[test]
    fn a_word_that_names_nothing_is_an_error_that_helps() {
        let error = |line: &str| chosen("", "", line).unwrap_err().to_string();
        assert_eq!(
            error("comparison/boundry"),
            "no operator or group is called `comparison/boundry`; near: comparison, \
             comparison/boundary, comparison/equality"
        );
        assert!(error("zzz").ends_with("called `zzz`"));
        assert!(error("a[").contains("is no pattern"));
        assert_eq!(chosen("", "*", ""), Err(SelectionError::Nothing));
        assert!(matches!(chosen("nope", "", ""), Err(SelectionError::Unknown { .. })));
    }
}

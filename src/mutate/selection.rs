//! Which operators and which rules of suppression are on: by id, by group, by pattern.
//!
//! Invariant: every word names at least one of them, or is an error; what is on changes no mutant's id.

use globset::Glob;
use thiserror::Error;

use super::registry::operators;
use super::suppress::rules;
use crate::config::{Wanted, nearest};

/// A word that stands for the operators that are on where nothing is said.
const DEFAULT: &str = "default";
/// A word that stands for every operator.
const FULL: &str = "full";
/// Near names that are offered.
const NEAR: usize = 3;

/// Why operators cannot be chosen so.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SelectionError {
    /// A word that names nothing.
    #[error("no {kind} is called `{word}`{}", offered(near))]
    Unknown {
        /// What it should name.
        kind: &'static str,
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

/// Which operators are on, and which rules of suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// By position in the registry.
    on: Vec<bool>,
    /// By position among the rules.
    rules: Vec<bool>,
    /// Whether a comment that suppresses must say why.
    requires_reasons: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            on: operators().iter().map(|operator| operator.default).collect(),
            rules: rules().iter().map(|rule| rule.default).collect(),
            requires_reasons: false,
        }
    }
}

impl Selection {
    /// Every operator, and no rule.
    pub fn full() -> Self {
        let (on, rules) = (vec![true; operators().len()], vec![false; rules().len()]);
        Self { on, rules, requires_reasons: false }
    }

    /// The operators of the first edition, and no rule: what most tests of operators look at.
    #[cfg(test)]
    pub(super) fn first_edition() -> Self {
        let on = |position| position < super::registry::FIRST_EDITION;
        Self { on: (0..operators().len()).map(on).collect(), ..Self::full() }
    }

    /// The project's settings, and over them the words of the command line: ids, groups, patterns,
    /// `default` (what the settings leave on) and `full`, each with `-` before it to switch it off.
    /// Words that only switch off begin with what is on.
    ///
    /// # Errors
    /// [`SelectionError`].
    pub fn new(settings: &Wanted, words: &[String]) -> Result<Self, SelectionError> {
        let names: Vec<&str> = operators().iter().map(|operator| operator.id).collect();
        let default = Self::default();
        let on = chosen("operator or group", &names, &default.on, settings, words)?;
        if on.contains(&true) { Ok(Self { on, ..default }) } else { Err(SelectionError::Nothing) }
    }

    /// The same for the rules of suppression; none need be left.
    ///
    /// # Errors
    /// [`SelectionError`].
    pub fn with_rules(self, settings: &Wanted, words: &[String]) -> Result<Self, SelectionError> {
        let names: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
        let rules = chosen("rule", &names, &self.rules, settings, words)?;
        Ok(Self { rules, ..self })
    }

    /// The same, with comments having to say why or not.
    #[must_use]
    pub fn requiring_reasons(self, requires_reasons: bool) -> Self {
        Self { requires_reasons, ..self }
    }

    /// Whether a comment that suppresses must say why.
    pub fn requires_reasons(&self) -> bool {
        self.requires_reasons
    }

    /// Whether the operator at a position of the registry is on.
    pub(super) fn has(&self, position: usize) -> bool {
        self.on[position]
    }

    /// Whether the rule at a position is on.
    pub(super) fn has_rule(&self, position: usize) -> bool {
        self.rules[position]
    }

    /// Whether any rule is on.
    pub(super) fn has_rules(&self) -> bool {
        self.rules.contains(&true)
    }

    /// The ids of the operators and rules that are on, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> + '_ {
        let operators = operators().iter().map(|operator| operator.id).zip(&self.on);
        let rules = rules().iter().map(|rule| rule.id).zip(&self.rules);
        operators.chain(rules).filter(|(_, on)| **on).map(|(id, _)| id)
    }
}

/// What is on of `names`.
fn chosen(
    kind: &'static str,
    names: &[&str],
    default: &[bool],
    settings: &Wanted,
    words: &[String],
) -> Result<Vec<bool>, SelectionError> {
    let mut own = default.to_vec();
    for word in &settings.enable {
        set(kind, names, &mut own, word, true, default)?;
    }
    for word in &settings.disable {
        set(kind, names, &mut own, word, false, default)?;
    }
    let only_off = words.iter().all(|word| word.starts_with('-'));
    let mut chosen = if only_off { own.clone() } else { vec![false; names.len()] };
    for word in words {
        match word.strip_prefix('-') {
            Some(word) => set(kind, names, &mut chosen, word, false, &own)?,
            None => set(kind, names, &mut chosen, word, true, &own)?,
        }
    }
    Ok(chosen)
}

fn group(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn set(
    kind: &'static str,
    names: &[&str],
    all: &mut [bool],
    word: &str,
    on: bool,
    default: &[bool],
) -> Result<(), SelectionError> {
    let glob = Glob::new(word).map_err(|error| SelectionError::BadPattern {
        word: word.to_owned(),
        message: error.kind().to_string(),
    })?;
    let glob = glob.compile_matcher();
    let mut is_known = matches!(word, DEFAULT | FULL);
    for (position, name) in names.iter().enumerate() {
        let fits = match word {
            FULL => true,
            DEFAULT => default[position],
            _ => group(name) == word || glob.is_match(name),
        };
        if fits {
            is_known = true;
            all[position] = on;
        }
    }
    if is_known {
        return Ok(());
    }
    Err(SelectionError::Unknown { kind, word: word.to_owned(), near: near_to(names, word) })
}

/// Ids and groups that hold a part of the word.
fn near_to(names: &[&str], word: &str) -> Vec<String> {
    let parts: Vec<&str> = word.split(['/', '-']).filter(|part| part.len() > 2).collect();
    let likeness = |name: &str| {
        let shared = parts.iter().filter(|part| name.contains(**part)).count();
        let is_misspelt = nearest(word, std::iter::once(name)).is_some();
        shared.max(usize::from(is_misspelt))
    };
    let mut found: Vec<(usize, &str)> = names
        .iter()
        .flat_map(|name| [*name, group(name)])
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
        let settings = Wanted { enable: words(enable), disable: words(disable) };
        Selection::new(&settings, &words(line))
    }

    fn ids(line: &str) -> Vec<&'static str> {
        of_operators(&chosen("", "", line).unwrap())
    }

    /// Rules have one word.
    fn of_operators(selection: &Selection) -> Vec<&'static str> {
        selection.ids().filter(|id| id.contains('/')).collect()
    }

    #[test]
    fn ids_groups_and_patterns_choose() {
        assert_eq!(ids("comparison/boundary"), ["comparison/boundary"]);
        assert_eq!(ids("bitwise,-*/shift")[0], "bitwise/swap");
        assert!(ids("*/none").iter().all(|id| id.ends_with("/none")));
        assert_eq!(ids("full").len(), operators().len());
        assert_eq!(ids(""), of_operators(&Selection::default()));
        assert_eq!(ids("default"), ids(""));
        assert!(!ids("-string").iter().any(|id| id.starts_with("string/")));
        assert!(ids("-string").contains(&"number/increment"));
    }

    #[test]
    fn the_command_line_stands_over_the_settings() {
        let with = |line: &str| chosen("", "string/*,number", line).unwrap();
        assert!(!with("").ids().any(|id| id.starts_with("string/")));
        assert!(!with("default").ids().any(|id| id.starts_with("string/")));
        assert_eq!(of_operators(&with("string/wrap")), ["string/wrap"]);
        assert!(with("default,string").ids().any(|id| id == "string/lower"));
        assert_eq!(with("full").on, Selection::full().on);
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

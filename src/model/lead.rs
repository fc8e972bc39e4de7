//! What a piece of code may lead to, by the words in it.
//!
//! Invariant: equal names have equal words.

use sha2::{Digest, Sha256};

use super::QualName;

/// A name, as a number: two names may share one, which only leads further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word(pub u32);

impl Word {
    /// The word of a name.
    pub fn of(name: &str) -> Self {
        let digest = Sha256::digest(name.as_bytes());
        Self(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}

/// A function, class body or statement, with the words that lead to it and those that it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lead {
    /// The function or class body; `None` for a statement of a module.
    pub function: Option<QualName>,
    /// Words that lead to it; none for the imports of a file, to which the file leads.
    pub binds: Vec<Word>,
    /// Words in it, each once.
    pub words: Vec<Word>,
    /// Words in its decorators: what they name may keep it and call it.
    pub decorators: Vec<Word>,
}

//! Mutants: one operator applied at one place.
//!
//! Invariant: a mutant's id depends on path, qualified name, operator and ordinal within the
//! function only, so a moved or reformatted function keeps its ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ByteSpan, FunctionKey, LineNo, Span};

/// The id of a mutant: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MutantId(String);

impl MutantId {
    /// Derives the id of the `ordinal`-th mutant (0-based, in source order) that `operator`
    /// yields in `function`.
    pub fn derive(function: &FunctionKey, operator: &OperatorId, ordinal: u32) -> Self {
        let mut hash = Sha256::new();
        for part in [function.path.as_str(), function.name.as_str(), operator.as_str()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(ordinal.to_le_bytes());
        let digest = hash.finalize();
        Self(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// An id that a person typed or a file holds; not checked.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MutantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stable id of an operator: `group/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperatorId(String);

impl OperatorId {
    /// Wraps an id of the form `group/name`.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One operator applied at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Its id.
    pub id: MutantId,
    /// The function that it changes.
    pub function: FunctionKey,
    /// The operator that yields it.
    pub operator: OperatorId,
    /// What is replaced; its byte offsets are those of the file on disk.
    pub span: Span,
    /// What is replaced, as byte offsets in the decoded text (UTF-8, without a byte order mark).
    pub text: ByteSpan,
    /// The text of the span.
    pub original: String,
    /// The text that stands in its place.
    pub replacement: String,
    /// The lines on which a test must run for the mutant to be reached: the lines of the smallest
    /// enclosing statement's header (for a simple statement: all its lines).
    pub statement_lines: (LineNo, LineNo),
    /// Where its code can be swapped in a live process; `None` for code of a module or class
    /// body, which runs only at import and is decided cold.
    pub unit: Option<SwapUnit>,
    /// The rule, or the comment, by which nobody wants it tested.
    pub suppressed: Option<String>,
    /// The rule by which reviews do not tell of it.
    pub minor: Option<String>,
}

/// The outermost function around a mutant: what is compiled again when its code is swapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapUnit {
    /// Bytes of the decoded text (UTF-8, without a byte order mark) from the `def` (or `async`) keyword to the end of the body, decorators excluded; for
    /// a lambda, the lambda expression.
    pub bytes: ByteSpan,
    /// The white space before the `def` on its line.
    pub indent: String,
    /// The simple name, as the code object has it (`<lambda>` for a lambda).
    pub name: String,
    /// The first line of the code object: the first decorator's, or the `def`'s.
    pub first_line: LineNo,
    /// The line of the `def`.
    pub def_line: LineNo,
    /// The classes around it, outermost first.
    pub classes: Vec<ClassHeader>,
}

/// A class around a [`SwapUnit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassHeader {
    /// The white space before the `class` on its line.
    pub indent: String,
    /// Its name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QualName, RepoPath};

    #[test]
    fn ids_differ_by_ordinal_and_not_by_place() {
        let function = FunctionKey::new(RepoPath::new("a.py"), QualName::new("f"));
        let operator = OperatorId::new("number/increment");
        let first = MutantId::derive(&function, &operator, 0);
        assert_eq!(first, MutantId::derive(&function, &operator, 0));
        assert_ne!(first, MutantId::derive(&function, &operator, 1));
        assert_eq!(first.as_str().len(), 16);
    }
}

//! Functions: the unit that changes, calls and is mutated.
//!
//! Invariant: a [`FunctionKey`] names one function of one revision; two `def`s of one name in one
//! scope are told apart by a `#n` suffix on the qualified name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;
use super::{ByteSpan, LineNo, LineRange, RepoPath};

/// A qualified name as Python spells it (`Class.method`, `outer.<locals>.inner`), or one of the
/// pseudo-functions `<module>` and `Class.<class>`. The second and later definitions of a name in
/// one scope carry `#2`, `#3`, ….
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QualName(Text);

impl QualName {
    /// The module's own top-level code.
    pub const MODULE: &'static str = "<module>";

    /// Wraps a qualified name.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Text::new(name.as_ref()))
    }

    /// The pseudo-function of a module.
    pub fn module() -> Self {
        Self::new(Self::MODULE)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a module's own code or a class body, and so no function that can be called.
    pub fn is_body(&self) -> bool {
        matches!(self.simple(), Self::MODULE | "<class>")
    }

    /// The last part of the name without its `#n`: `method` for `Class.method#2`.
    pub fn simple(&self) -> &str {
        let last = self.as_str().rsplit('.').next().unwrap_or(self.as_str());
        last.split('#').next().unwrap_or(last)
    }
}

impl fmt::Display for QualName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A function of the repository: its file and its qualified name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionKey {
    /// The file.
    pub path: RepoPath,
    /// The qualified name in the file.
    pub name: QualName,
}

impl FunctionKey {
    /// Joins a path and a name.
    pub fn new(path: RepoPath, name: QualName) -> Self {
        Self { path, name }
    }
}

impl fmt::Display for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.path, self.name)
    }
}

/// SHA-256 over a function's tokens without comments, formatting and docstring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Wraps a finished digest.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// What kind of code a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    /// A module's own top-level code.
    Module,
    /// A class body.
    Class,
    /// `def` or `async def`.
    Def,
    /// A lambda bound to a name by an assignment in a module or class body.
    Lambda,
}

/// A function found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its file and name.
    pub key: FunctionKey,
    /// What it is.
    pub kind: FunctionKind,
    /// Its lines, decorators included; the whole file for `<module>`.
    pub lines: LineRange,
    /// The line of its `def`, `class` or assignment; line 1 for `<module>`.
    pub def_line: LineNo,
    /// Its bytes, decorators included; the whole file for `<module>`.
    pub bytes: ByteSpan,
    /// Digest of its code. That of a `def` covers its decorators, parameters with their defaults,
    /// body and nested functions; that of a class body covers the class's decorators and bases;
    /// that of a bound lambda its whole assignment. Functions and classes inside a module or class
    /// body are left out of its digest, headers included, so that no change counts twice.
    /// Comments, formatting, docstrings and annotations never count, except annotations of
    /// assignments in class bodies, which dataclasses and their like build fields from.
    pub fingerprint: Fingerprint,
    /// Digest of the examples in its docstring, which a runner may take for a test; `None` without
    /// any.
    pub doctest: Option<Fingerprint>,
    /// Digest of what of an outermost `def` or lambda runs when it is defined; `None` where it has
    /// no decorators and no defaults.
    pub header: Option<Fingerprint>,
    /// The function or class body that directly encloses it; `None` for `<module>`.
    pub parent: Option<QualName>,
}

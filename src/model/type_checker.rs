//! The type checkers that mutants can be shown to.
//!
//! Invariant: the name is that of the program.

use std::fmt;

/// A type checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeChecker {
    /// mypy.
    Mypy,
    /// pyright.
    Pyright,
    /// ty.
    Ty,
    /// pyrefly.
    Pyrefly,
}

impl fmt::Display for TypeChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mypy => "mypy",
            Self::Pyright => "pyright",
            Self::Ty => "ty",
            Self::Pyrefly => "pyrefly",
        })
    }
}

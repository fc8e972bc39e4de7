//! Python source: decoding, parsing, the functions of a file and their fingerprints. The only
//! place that names `tree_sitter`.
//!
//! Invariant: offsets handed out are bytes of the decoded text unless a doc comment says that they
//! are bytes on disk; lines are CPython's (`\n`, `\r\n` and a lone `\r` each end one).

mod changed;
#[cfg(test)]
mod corpus;
mod doctest;
mod effects;
mod encoding;
mod error;
mod fingerprint;
mod format_spec;
mod functions;
mod leads;
mod literal;
mod module;
mod names;
mod resolve;
mod source;
mod statements;
mod tree;

pub use changed::{ChangedFunctions, changed_functions};
pub use doctest::examples;
pub use error::SyntaxError;
pub use leads::{leads, words_of};
pub use module::{FunctionCode, Module};
pub use names::Mentions;
pub use resolve::{function_on_line, resolve};
pub use source::Source;
pub use statements::{FileNames, OwnStatement, StatementKind, mentions, own_statements};
pub use tree::Node;

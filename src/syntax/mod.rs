//! Python source: decoding, parsing, the functions of a file and their fingerprints. The only
//! place that names `tree_sitter`.
//!
//! Invariant: offsets handed out are bytes of the decoded text unless a doc comment says that they
//! are bytes on disk; lines are CPython's (`\n`, `\r\n` and a lone `\r` each end one).

mod changed;
mod encoding;
mod error;
mod fingerprint;
mod functions;
mod module;
mod resolve;
mod source;
mod tree;

pub use changed::{ChangedFunctions, changed_functions};
pub use error::SyntaxError;
pub use module::{FunctionCode, Module};
pub use resolve::{function_on_line, resolve};
pub use source::Source;
pub use tree::Node;

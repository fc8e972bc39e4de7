//! What `mutdiff --version` says: the version, and what else decides whether two mutdiffs understand
//! each other. `-V` says the version alone.
//!
//! Invariant: a line is `name: value`, each from the place that defines it.

use std::sync::OnceLock;

use crate::git::libgit2_version;
use crate::model::REPORT_VERSION;
use crate::store::{self, sqlite_version};

/// The commit that it was built from, if whoever built it said so.
const COMMIT: Option<&str> = option_env!("MUTDIFF_COMMIT");

/// The version and the lines below it.
pub(super) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let commit = COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("not recorded");
        let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
        let (schema, libgit2, sqlite) = (store::VERSION, libgit2_version(), sqlite_version());
        format!(
            "{}\n\
             commit: {commit}\n\
             platform: {os} {architecture}\n\
             store schema: {schema}\n\
             report schema: {REPORT_VERSION}\n\
             features: pytest, unittest; CPython 3.10 and later\n\
             built in: libgit2 {libgit2}, SQLite {sqlite}, rustls (no OpenSSL)",
            env!("CARGO_PKG_VERSION"),
        )
    })
}

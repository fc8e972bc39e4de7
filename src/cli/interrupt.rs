//! Ctrl-C: the first asks the run to stop, the second leaves at once.
//!
//! Invariant: the flag goes from false to true and never back.

use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{CliError, Kind};
use super::exit::Exit;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From here on SIGINT, SIGTERM and SIGHUP set the flag that is returned, and `say` is told what
/// happens; the second signal ends the process with exit code 130.
///
/// # Errors
///
/// When the system refuses the handler, or one is installed already.
pub(super) fn watch(say: impl Fn(&str) + Send + 'static) -> Result<&'static AtomicBool, CliError> {
    ctrlc::set_handler(move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        say("interrupted: ending the tests that run and keeping the verdicts so far; \
             again to leave at once");
    })
    .map_err(|error| {
        CliError::new(Kind::Internal, "cannot watch for Ctrl-C").caused(Some(&error))
    })?;
    Ok(&INTERRUPTED)
}

//! Ctrl-C: the first asks the run to stop, a later one leaves at once.
//!
//! Invariant: the flag goes from false to true and never back; one handler serves all runs of the
//! process, and tells the last one that asked; what arrives with the first signal is its echo.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::{CliError, Kind};
use super::exit::Exit;

type Say = Box<dyn Fn(&str) + Send>;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whom to tell; `None` before the handler is there.
static SAY: Mutex<Option<Say>> = Mutex::new(None);

/// When the first signal came that asked a run to stop.
static FIRST: Mutex<Option<Instant>> = Mutex::new(None);

/// How long behind the first signal others are the same request. `timeout` of the GNU coreutils tells
/// its child and then its process group, and runners of scripts pass on what the terminal has sent
/// to everybody.
const ECHO: Duration = Duration::from_millis(500);

/// From here on the next signal ends the process: there is nothing to bring to an end.
pub(super) fn leave_at_once() {
    INTERRUPTED.store(true, Ordering::SeqCst);
}

/// From here on SIGINT, SIGTERM and SIGHUP set the flag that is returned, and `say` is told what
/// happens; a signal more than [`ECHO`] later ends the process with exit code 130.
///
/// # Errors
///
/// When the system refuses the handler.
pub(super) fn watch(say: impl Fn(&str) + Send + 'static) -> Result<&'static AtomicBool, CliError> {
    let mut told = SAY.lock().expect("no thread panics with the lock");
    if told.replace(Box::new(say)).is_some() {
        return Ok(&INTERRUPTED);
    }
    drop(told);
    ctrlc::set_handler(move || {
        let mut first = FIRST.lock().expect("no thread panics with the lock");
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            if first.is_some_and(|first| first.elapsed() < ECHO) {
                return;
            }
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        *first = Some(Instant::now());
        if let Some(say) = SAY.lock().expect("no thread panics with the lock").as_ref() {
            say("interrupted: ending the tests that run and keeping the verdicts so far; \
                 again to leave at once");
        }
    })
    .map_err(|error| {
        CliError::new(Kind::Internal, "cannot watch for Ctrl-C").caused(Some(&error))
    })?;
    Ok(&INTERRUPTED)
}

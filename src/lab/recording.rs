//! What tracing yields, on its way into the store.
//!
//! Invariant: verdicts and traces are written from one thread, in batches of at most a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::store::{Store, StoreError, StoredVerdict, TestRecord};

/// How long something known may wait to be stored.
const PATIENCE: Duration = Duration::from_millis(400);
/// How many records are worth a transaction.
const ENOUGH: usize = 2000;

/// Stores what arrives until the senders are gone.
fn drain<T>(
    receiver: &Receiver<T>,
    mut store: impl FnMut(&[T]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut waiting = Vec::new();
    let mut since = Instant::now();
    loop {
        let received = receiver.recv_timeout(PATIENCE);
        let ended = matches!(received, Err(RecvTimeoutError::Disconnected));
        if let Ok(record) = received {
            if waiting.is_empty() {
                since = Instant::now();
            }
            waiting.push(record);
        }
        let due = ended || waiting.len() >= ENOUGH || since.elapsed() >= PATIENCE;
        if due && !waiting.is_empty() {
            store(&waiting)?;
            waiting.clear();
        }
        if ended {
            return Ok(());
        }
    }
}

/// Stores verdicts until the senders are gone.
pub(super) fn verdicts(
    store: &mut Store,
    receiver: &Receiver<StoredVerdict>,
) -> Result<(), StoreError> {
    drain(receiver, |verdicts| store.put_verdicts(verdicts))
}

/// Stores traces until the senders are gone.
pub(super) fn traces(store: &mut Store, receiver: &Receiver<TestRecord>) -> Result<(), StoreError> {
    drain(receiver, |records| store.put_tests(records))
}

//! When to try again, and how long to wait before: a pure decision.
//!
//! Invariant: no request is tried more than [`TRIES`] times, and all waiting of a run together ends
//! at [`Pace::patience`].

use std::time::Duration;

/// How often a request is sent at most.
const TRIES: u32 = 5;
/// What GitHub asks for where it names no time (in pauses: a minute).
const SECONDARY: u32 = 60;

/// How fast to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two writes, and the unit of waiting before another try.
    pub pause: Duration,
    /// How long to wait altogether for limits and outages to end.
    pub patience: Duration,
    /// How long an answer may take.
    pub answer: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(1),
            patience: Duration::from_secs(300),
            answer: Duration::from_secs(30),
        }
    }
}

/// What came of a request, as far as waiting goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Signal {
    /// The status; `None` when there was no answer.
    pub(super) status: Option<u16>,
    /// `retry-after`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// `x-ratelimit-remaining`.
    pub(super) remaining: Option<u64>,
    /// `x-ratelimit-reset`, in seconds since 1970.
    pub(super) reset: Option<u64>,
    /// What the answer says.
    pub(super) message: String,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is an answer.
    Take,
    /// Try again after this; the request was not carried out for certain.
    Wait(Duration),
    /// Try again after this, if it may be carried out twice.
    Repeat(Duration),
    /// A limit that is not worth waiting for.
    Limited(Duration),
}

/// Decides after the `tries`-th try, at `now` (seconds since 1970), with `waited` behind us.
pub(super) fn next(signal: &Signal, tries: u32, now: u64, waited: Duration, pace: Pace) -> Next {
    let wait = match limit(signal, tries, now, pace) {
        Some(wait) => {
            return if tries < TRIES && waited + wait <= pace.patience {
                Next::Wait(wait)
            } else {
                Next::Limited(wait)
            };
        }
        None if signal.status.is_none_or(|status| status >= 500) => {
            pace.pause * 2_u32.pow(tries.min(8))
        }
        None => return Next::Take,
    };
    if tries < TRIES && waited + wait <= pace.patience { Next::Repeat(wait) } else { Next::Take }
}

/// How long a limit lasts, if the answer is one.
fn limit(signal: &Signal, tries: u32, now: u64, pace: Pace) -> Option<Duration> {
    let status = signal.status?;
    let message = signal.message.to_ascii_lowercase();
    let quickly = message.contains("submitted too quickly");
    let secondary = message.contains("secondary rate limit") || message.contains("abuse detection");
    let primary = signal.remaining == Some(0) || message.contains("rate limit exceeded");
    let is_limit = match status {
        429 => true,
        403 => signal.retry_after.is_some() || secondary || primary,
        422 => quickly,
        _ => false,
    };
    if !is_limit {
        return None;
    }
    let asked = signal.retry_after.map(Duration::from_secs);
    let reset = signal.reset.filter(|_| primary && !secondary);
    // A second more: the clocks differ.
    let until = reset.map(|reset| Duration::from_secs(reset.saturating_sub(now) + 1));
    Some(asked.or(until).unwrap_or_else(|| pace.pause * SECONDARY * tries.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        pause: Duration::from_secs(1),
        patience: Duration::from_secs(300),
        answer: Duration::from_secs(30),
    };

    fn after(signal: &Signal, tries: u32) -> Next {
        next(signal, tries, 1_000_000, Duration::ZERO, PACE)
    }

    fn status(status: u16) -> Signal {
        Signal { status: Some(status), ..Signal::default() }
    }

    fn wait(seconds: u64) -> Next {
        Next::Wait(Duration::from_secs(seconds))
    }

    #[test]
    fn answers_are_taken() {
        for code in [200, 201, 204, 401, 403, 404, 422] {
            assert_eq!(after(&status(code), 1), Next::Take, "{code}");
        }
    }

    #[test]
    fn a_primary_limit_is_waited_out_when_it_ends_soon() {
        let limit = |reset| Signal { remaining: Some(0), reset: Some(reset), ..status(403) };
        assert_eq!(after(&limit(1_000_009), 1), wait(10));
        assert_eq!(after(&limit(1_003_600), 1), Next::Limited(Duration::from_secs(3601)));
        assert_eq!(after(&limit(999_000), 1), wait(1));
    }

    #[test]
    fn a_secondary_limit_is_waited_out_as_asked_or_for_a_minute_and_longer() {
        let message = "You have exceeded a secondary rate limit.".to_owned();
        let limit = Signal { message, reset: Some(1_003_600), ..status(403) };
        assert_eq!(after(&Signal { retry_after: Some(7), ..limit.clone() }, 1), wait(7));
        assert_eq!([after(&limit, 1), after(&limit, 2)], [wait(60), wait(120)]);
        assert_eq!(after(&Signal { retry_after: Some(3), ..status(429) }, 1), wait(3));
        let quick = Signal { message: "was submitted too quickly".into(), ..status(422) };
        assert_eq!(after(&quick, 1), wait(60));
    }

    #[test]
    fn outages_are_tried_again_with_growing_waits_and_an_end() {
        let second = Duration::from_secs(1);
        let nothing = Signal::default();
        for signal in [status(502), nothing] {
            assert_eq!(after(&signal, 1), Next::Repeat(second * 2));
            assert_eq!(after(&signal, 3), Next::Repeat(second * 8));
            assert_eq!(after(&signal, TRIES), Next::Take);
            let waited = Duration::from_secs(299);
            assert_eq!(next(&signal, 1, 0, waited, PACE), Next::Take);
        }
    }
}

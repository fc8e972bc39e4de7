//! One request at a time, through octocrab, with its pauses and its second tries.
//!
//! Invariant: between two writes lies a pause; a request that may have been carried out is sent
//! again only if carrying it out twice does the same as once.

use std::cell::Cell;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::retry::{Next, Pace, Signal, next};
use super::transport::Connector;
use super::{ApiUrl, GithubError, Token};

/// Longest answer that is read, in bytes.
const BODY: usize = 32 << 20;
/// Longest piece of what GitHub says that is shown, in characters.
const MESSAGE: usize = 300;

/// A connection to GitHub.
pub struct Client {
    runtime: Runtime,
    crab: Octocrab,
    host: String,
    pace: Pace,
    on_wait: Box<dyn Fn(Duration)>,
    written: Cell<Option<Instant>>,
    waited: Cell<Duration>,
}

/// What GitHub answered, from 200 to 299.
pub(super) struct Answer {
    /// The body; `null` where it is empty.
    pub(super) json: Value,
    /// Whether there is another page.
    pub(super) more: bool,
}

/// An answer of any status, or none.
enum Outcome {
    Answer {
        signal: Signal,
        answer: Answer,
    },
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, and nothing came back.
    Lost(String),
}

impl Client {
    /// Sets the client up. `on_wait` hears how long it waits for a limit or an outage to end.
    ///
    /// # Errors
    ///
    /// The token is none; the system's certificates cannot be read.
    pub fn new(
        api: &ApiUrl,
        token: Option<&Token>,
        pace: Pace,
        on_wait: Box<dyn Fn(Duration)>,
    ) -> Result<Self, GithubError> {
        let set_up = |error: &dyn Error| GithubError::SetUp(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| set_up(&error))?;
        // Parts of the client are tasks of the runtime.
        let guard = runtime.enter();
        let header = token.map(Token::header).transpose()?;
        let crab = if api.is_encrypted() {
            let connector = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(rustls_provider())
                .map_err(|error| set_up(&error))?
                .https_only()
                .enable_http1()
                .wrap_connector(Connector::new());
            octocrab(connector, api.uri(), header)
        } else {
            octocrab(Connector::new(), api.uri(), header)
        };
        drop(guard);
        let (written, waited) = (Cell::new(None), Cell::new(Duration::ZERO));
        Ok(Self { runtime, crab, host: api.host(), pace, on_wait, written, waited })
    }

    /// Reads.
    pub(super) fn get(&self, what: &'static str, route: &str) -> Result<Answer, GithubError> {
        self.request(what, &Method::GET, route, None)
    }

    /// Writes.
    pub(super) fn send(
        &self,
        what: &'static str,
        method: &Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<Answer, GithubError> {
        self.request(what, method, route, body)
    }

    /// Lets the time of one more try pass.
    pub fn pause(&self) {
        self.sleep(self.pace.pause);
    }

    fn request(
        &self,
        what: &'static str,
        method: &Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<Answer, GithubError> {
        let mut tries = 0;
        loop {
            if method != Method::GET {
                self.keep_the_pause();
            }
            tries += 1;
            let outcome = self.once(method, route, body);
            if method != Method::GET {
                self.written.set(Some(Instant::now()));
            }
            let signal = match &outcome {
                Outcome::Answer { signal, .. } => signal.clone(),
                Outcome::NotSent(_) | Outcome::Lost(_) => Signal::default(),
            };
            match next(&signal, tries, now(), self.waited.get(), self.pace) {
                Next::Wait(wait) => self.wait(wait),
                Next::Limited(wait) => return Err(GithubError::Limited { wait }),
                Next::Repeat(wait) => {
                    let is_unsent = matches!(outcome, Outcome::NotSent(_));
                    if *method == Method::POST && !is_unsent {
                        return Err(uncertain(what, outcome));
                    }
                    self.wait(wait);
                }
                Next::Take => return self.taken(what, method, outcome),
            }
        }
    }

    fn taken(
        &self,
        what: &'static str,
        method: &Method,
        outcome: Outcome,
    ) -> Result<Answer, GithubError> {
        let (signal, answer) = match outcome {
            Outcome::Answer { signal, answer } => (signal, answer),
            Outcome::Lost(_) if *method == Method::POST => return Err(uncertain(what, outcome)),
            Outcome::NotSent(why) | Outcome::Lost(why) => {
                return Err(GithubError::Unreachable { host: self.host.clone(), what, why });
            }
        };
        let (status, message) = (signal.status.unwrap_or(0), signal.message);
        match status {
            200..=299 => Ok(answer),
            401 => Err(GithubError::Unauthorized { message }),
            403 | 404 => Err(GithubError::Forbidden { what, status, message }),
            500.. if *method == Method::POST => {
                Err(GithubError::Uncertain { what, why: format!("status {status}") })
            }
            500.. => Err(GithubError::Unavailable { what, status }),
            _ => Err(GithubError::Rejected { what, status, message }),
        }
    }

    fn once(&self, method: &Method, route: &str, body: Option<&Value>) -> Outcome {
        let request = Request::builder().method(method).uri(route);
        self.runtime.block_on(async {
            let request = match self.crab.build_request(request, body) {
                Ok(request) => request,
                Err(error) => return Outcome::NotSent(chain(&error)),
            };
            let answer = async {
                let response = self.crab.execute(request).await.map_err(|error| {
                    if is_unsent(&error) {
                        Outcome::NotSent(chain(&error))
                    } else {
                        Outcome::Lost(chain(&error))
                    }
                })?;
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, BODY).collect().await;
                let body = body.map_err(|error| Outcome::Lost(chain(error.as_ref())))?;
                Ok(read(parts.status.as_u16(), &parts.headers, &body.to_bytes()))
            };
            match tokio::time::timeout(self.pace.answer, answer).await {
                Ok(Ok(outcome) | Err(outcome)) => outcome,
                Err(_) => {
                    Outcome::Lost(format!("no answer within {} s", self.pace.answer.as_secs()))
                }
            }
        })
    }

    fn keep_the_pause(&self) {
        if let Some(written) = self.written.get() {
            self.sleep(self.pace.pause.saturating_sub(written.elapsed()));
        }
    }

    fn wait(&self, wait: Duration) {
        (self.on_wait)(wait);
        self.waited.set(self.waited.get() + wait);
        self.sleep(wait);
    }

    /// Sleeps in the runtime, which sees meanwhile that GitHub closes a connection.
    fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            self.runtime.block_on(async { tokio::time::sleep(time).await });
        }
    }
}

fn rustls_provider() -> impl Into<Arc<rustls::crypto::CryptoProvider>> {
    rustls::crypto::ring::default_provider()
}

fn octocrab<C>(connector: C, base: &Uri, header: Option<HeaderValue>) -> Octocrab
where
    legacy::Client<C, OctoBody>: tower_service::Service<
            Request<OctoBody>,
            Response = http::Response<hyper::body::Incoming>,
            Error = legacy::Error,
            Future: Send,
        > + Send
        + 'static,
    C: legacy::connect::Connect + Clone,
{
    let client = legacy::Client::builder(TokioExecutor::new()).build(connector);
    let agent = concat!("mutdiff/", env!("CARGO_PKG_VERSION"));
    let headers = vec![
        (USER_AGENT, HeaderValue::from_static(agent)),
        (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
    ];
    let Ok(crab) = OctocrabBuilder::new_empty()
        .with_service(client)
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
        .with_layer(&BaseUriLayer::new(base.clone()))
        .with_layer(&AuthHeaderLayer::new(header, base.clone(), base.clone()))
        .with_auth(AuthState::None)
        .build();
    crab
}

fn uncertain(what: &'static str, outcome: Outcome) -> GithubError {
    let why = match outcome {
        Outcome::Answer { signal, .. } => format!("status {}", signal.status.unwrap_or(0)),
        Outcome::NotSent(why) | Outcome::Lost(why) => why,
    };
    GithubError::Uncertain { what, why }
}

/// Whether the connection was not even made.
fn is_unsent(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with its sources, each said once.
fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = cut(error.to_string().lines().next().unwrap_or_default());
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

fn cut(text: &str) -> String {
    text.chars().take(MESSAGE).collect()
}

fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|value| value.trim().parse().ok());
    let json = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    let json = match json {
        Ok(json) => json,
        // A proxy's page, say: its status counts.
        Err(_) if status >= 300 => Value::Null,
        Err(error) => return Outcome::Lost(format!("the answer is no JSON: {error}")),
    };
    let signal = Signal {
        status: Some(status),
        retry_after: number("retry-after"),
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
        message: message(&json),
    };
    let more = text("link").is_some_and(|link| link.contains("rel=\"next\""));
    Outcome::Answer { signal, answer: Answer { json, more } }
}

/// What an answer says went wrong.
fn message(json: &Value) -> String {
    let mut parts: Vec<&str> = json["message"].as_str().into_iter().collect();
    for error in json["errors"].as_array().into_iter().flatten() {
        parts.extend(error.as_str().or_else(|| error["message"].as_str()));
    }
    cut(&parts.join("; "))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_says_is_cut() {
        let json = serde_json::json!({
            "message": "Validation Failed",
            "errors": ["line must be part of the diff", {"message": "x".repeat(999)}],
        });
        let text = message(&json);
        assert!(text.starts_with("Validation Failed; line must be part of the diff; xx"));
        assert_eq!(text.chars().count(), MESSAGE);
    }

    #[test]
    fn an_error_page_of_a_proxy_has_its_status() {
        let outcome = read(502, &HeaderMap::new(), b"<html>Bad Gateway");
        assert!(matches!(outcome, Outcome::Answer { signal, .. } if signal.status == Some(502)));
        assert!(matches!(read(200, &HeaderMap::new(), b"<html>"), Outcome::Lost(_)));
    }
}

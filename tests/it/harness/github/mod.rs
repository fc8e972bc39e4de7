//! A stand-in for GitHub on loopback: one repository, one pull request, and what GitHub enforces.
//!
//! Invariant: every request and every answer is checked against GitHub's own description of its API
//! (`fixtures/github/api.json`); what the description does not allow fails the test.

mod answers;
mod api;
mod diff;
mod http;
mod world;

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use http::{Request, Response};

pub(crate) use world::{Account, File, World};

/// What goes wrong with a request, instead of its answer or behind it.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// Of requests with this method.
    pub(crate) method: &'static str,
    /// And this in their path.
    pub(crate) path: &'static str,
    /// What happens.
    pub(crate) what: What,
}

/// See [`Fault`].
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Another answer; nothing is done.
    Answer(u16, Vec<(&'static str, String)>, &'static str),
    /// The connection is cut; nothing is done.
    Cut,
    /// The connection is cut when it was done.
    CutWhenDone,
    /// It is done, and a gateway says 502.
    LostAnswer,
    /// Just before, something else happens.
    Meanwhile(fn(&mut World)),
}

/// A request that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Its method.
    pub(crate) method: String,
    /// Its path, with its query.
    pub(crate) path: String,
    /// Whether it came with a token.
    pub(crate) has_token: bool,
    /// When it came.
    pub(crate) at: Instant,
}

struct Shared {
    world: World,
    faults: VecDeque<Fault>,
    made: Vec<Made>,
    /// What was done that GitHub's description does not allow, or that nobody should do.
    wrongs: Vec<String>,
    /// Paths are below this, as on GitHub Enterprise.
    prefix: String,
}

/// The server.
pub(crate) struct Github {
    shared: Arc<Mutex<Shared>>,
    address: SocketAddr,
}

impl Github {
    /// Starts it on a free port.
    pub(crate) fn start(world: World) -> Self {
        Self::below("", world)
    }

    /// The same with every path below `prefix`.
    pub(crate) fn below(prefix: &str, world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Mutex::new(Shared {
            world,
            faults: VecDeque::new(),
            made: Vec::new(),
            wrongs: Vec::new(),
            prefix: prefix.to_owned(),
        }));
        let of_thread = Arc::clone(&shared);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { shared, address }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of `GITHUB_API_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.lock().prefix)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does something to what stands there, as a person or a push would.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.lock().world)
    }

    /// Lets the next request of a kind go wrong.
    pub(crate) fn fail(&self, method: &'static str, path: &'static str, what: What) {
        self.lock().faults.push_back(Fault { method, path, what });
    }

    /// The faults that have not happened.
    pub(crate) fn pending_faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// The requests since the last call.
    pub(crate) fn made(&self) -> Vec<Made> {
        std::mem::take(&mut self.lock().made)
    }

    /// The writes among the requests since the last call, as `METHOD path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.made().into_iter().filter(|made| made.method != "GET");
        writes.map(|made| format!("{} {}", made.method, made.path)).collect()
    }

    /// What stands on the pull request, as text.
    #[track_caller]
    pub(crate) fn stands(&self) -> String {
        let shared = self.lock();
        assert!(shared.wrongs.is_empty(), "{}", shared.wrongs.join("\n"));
        shared.world.to_string()
    }
}

fn serve(stream: &TcpStream, shared: &Mutex<Shared>) {
    let mut connection = http::Connection::new(stream);
    while let Some(mut request) = connection.request() {
        let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (fault, mut response) = {
            let mut shared = lock();
            shared.made.push(Made {
                method: request.method.clone(),
                path: request.target.clone(),
                has_token: request.headers.contains_key("authorization"),
                at: Instant::now(),
            });
            let fault = take_fault(&mut shared.faults, &request);
            if let Some(What::Meanwhile(happens)) = &fault {
                happens(&mut shared.world);
            }
            let is_done = !matches!(fault, Some(What::Cut | What::Answer(..)));
            let response = is_done.then(|| answer(&mut shared, &mut request));
            (fault, response)
        };
        match fault {
            Some(What::Cut | What::CutWhenDone) => return,
            Some(What::Answer(status, headers, message)) => {
                let mut other = Response::error(status, message);
                other.headers.extend(headers);
                response = Some(other);
            }
            Some(What::LostAnswer) => response = Some(Response::error(502, "Bad Gateway")),
            Some(What::Meanwhile(_)) | None => {}
        }
        let response = response.expect("there is one unless the connection is cut");
        if connection.respond(&response).is_err() {
            return;
        }
    }
}

fn take_fault(faults: &mut VecDeque<Fault>, request: &Request) -> Option<What> {
    let at = faults
        .iter()
        .position(|fault| fault.method == request.method && request.target.contains(fault.path))?;
    faults.remove(at).map(|fault| fault.what)
}

/// Checks, does, and checks the answer.
fn answer(shared: &mut Shared, request: &mut Request) -> Response {
    if request.method == "CONNECT" {
        return Response::error(502, "this proxy opens no tunnels");
    }
    // What goes through a proxy names the host too.
    let target = request
        .target
        .strip_prefix("http://")
        .map_or(request.target.as_str(), |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    let Some(path) = target.strip_prefix(&shared.prefix) else {
        return Response::error(404, "Not Found");
    };
    request.target = path.to_owned();
    let operation = match api::check_request(request) {
        Ok(operation) => operation,
        Err(wrong) => {
            shared.wrongs.push(format!("{} {}: {wrong}", request.method, request.target));
            return Response::error(400, "Problems parsing JSON");
        }
    };
    let response = shared.world.answer(request, &operation, &mut shared.wrongs);
    if let Err(wrong) = api::check_response(&operation, &response) {
        shared
            .wrongs
            .push(format!("the stand-in itself: {} {}: {wrong}", request.method, request.target));
    }
    response
}

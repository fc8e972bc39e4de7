//! As much of HTTP/1.1 as octocrab speaks: requests with a length, on connections that stay.
//!
//! Invariant: whatever is not understood ends the connection.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Names in small letters.
    pub(super) headers: BTreeMap<String, String>,
    /// `null` where there is no body.
    pub(super) body: Value,
}

impl Request {
    /// The path without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// The parameters of the query, decoded.
    pub(super) fn query(&self) -> BTreeMap<String, String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let digits = String::from_utf8(digits).expect("two digits follow");
            bytes.push(u8::from_str_radix(&digits, 16).expect("two digits follow"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("queries are UTF-8")
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    /// `null` for no body.
    pub(super) body: Value,
}

impl Response {
    pub(super) fn of(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) fn error(status: u16, message: &str) -> Self {
        let documentation = "https://docs.github.com/rest";
        Self::of(status, json!({"message": message, "documentation_url": documentation}))
    }
}

/// A connection of a client.
pub(super) struct Connection<'a> {
    stream: &'a TcpStream,
    reader: BufReader<&'a TcpStream>,
}

impl<'a> Connection<'a> {
    pub(super) fn new(stream: &'a TcpStream) -> Self {
        Self { stream, reader: BufReader::new(stream) }
    }

    /// The next request; `None` when there is none.
    pub(super) fn request(&mut self) -> Option<Request> {
        let first = self.line()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).ok()?;
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).ok()? };
        Some(Request { method, target, headers, body })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    pub(super) fn respond(&mut self, response: &Response) -> io::Result<()> {
        let body = if response.body.is_null() { String::new() } else { response.body.to_string() };
        let mut head =
            format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", response.status, body.len());
        for (name, value) in &response.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("content-type: application/json; charset=utf-8\r\n\r\n");
        self.stream.write_all(format!("{head}{body}").as_bytes())
    }
}

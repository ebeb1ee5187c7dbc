//! One HTTP request and its response, as plain data.

use std::borrow::Cow;
use std::time::Duration;

/// A request to the agent. Who sends it adds `Host` and `Content-Length`.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` or another HTTP method.
    pub method: &'a str,
    /// The path, such as `/v0.4/traces`, with the query if there is one.
    pub path: &'a str,
    /// Names and values, in order.
    pub headers: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// The whole body.
    pub body: &'a [u8],
    /// The longest time from the beginning of the call to the end of the response.
    pub timeout: Duration,
    /// What is read of the response's body at most, in bytes; what is beyond is cut off, and the connection is closed.
    pub response_limit: usize,
}

/// A response of any status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values; values that are not ASCII text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, or as much of it as came in time and the transport was willing to read.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of the header. The name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }
}

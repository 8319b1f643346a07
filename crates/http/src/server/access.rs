//! The access log: an event of `tracing` for each answer, at INFO, with the target
//! `bowerbird_http::access`. Nothing is gathered while nobody listens. Called by the guard, with
//! the feature `tracing`. asyncio: aiohttp's `web_log.py`.

use std::net::SocketAddr;
use std::time::Instant;

use bowerbird::get_running_loop;
use http::{Method, Request, StatusCode, Uri, Version};

use super::connection::Peer;

/// What is told of a request.
#[derive(Debug)]
pub(super) struct Entry {
    /// Who asked.
    peer: Option<SocketAddr>,
    /// The first line.
    line: (Method, Uri, Version),
    /// When its head was read.
    begin: Option<Instant>,
}

impl Entry {
    /// What is known by now; nothing while nobody listens.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Box<Self>> {
        if !tracing::enabled!(target: "bowerbird_http::access", tracing::Level::INFO) {
            return None;
        }
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Some(Box::new(Self {
            peer: request.extensions().get::<Peer>().map(|peer| peer.0),
            line: (method, uri, request.version()),
            begin: now(),
        }))
    }

    /// Tells it, with what came of it.
    pub(super) fn write(&self, status: StatusCode, bytes: Option<u64>) {
        let took = now().zip(self.begin);
        let took = took.map(|(now, begin)| now.saturating_duration_since(begin));
        let (method, uri, version) = &self.line;
        tracing::info!(
            target: "bowerbird_http::access",
            peer = self.peer.map(tracing::field::display),
            %method,
            %uri,
            ?version,
            status = status.as_u16(),
            bytes,
            micros = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        );
    }
}

fn now() -> Option<Instant> {
    Some(get_running_loop().ok()?.time())
}

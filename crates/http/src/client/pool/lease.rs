//! The right to one connection, for one request.

use std::sync::Arc;

#[cfg(feature = "http2")]
use super::super::connection::Shared;
use super::super::connection::{Connection, Http1};
use super::super::key::Key;
use super::Pool;

/// A place in a pool, and the connection in it. Dropping it closes the connection and frees the
/// place; [`keep`](Self::keep) gives both back for others.
#[derive(Debug)]
pub(in crate::client) struct Lease {
    /// Whose place.
    pool: Arc<Pool>,
    /// For which host.
    key: Key,
    /// The connection; `None` before it is made, and after it was given back.
    connection: Option<Connection>,
    /// What is to be given back.
    place: Place,
    /// Whether others have used the connection before.
    is_reused: bool,
}

/// What a lease holds of the pool's count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing: given back, or the connection is everybody's.
    None,
    /// The permission to connect.
    Dialing,
    /// A connection's place.
    Open,
}

impl Lease {
    pub(super) fn new(pool: Arc<Pool>, key: Key) -> Self {
        Self {
            pool,
            key,
            connection: None,
            place: Place::Open,
            is_reused: false,
        }
    }

    /// A connection that was idle.
    pub(super) fn hold(&mut self, connection: Connection) {
        self.connection = Some(connection);
        self.is_reused = true;
    }

    /// A share, whose place is the pool's.
    #[cfg(feature = "http2")]
    pub(super) fn share(&mut self, shared: Arc<Shared>) {
        self.place = Place::None;
        self.hold(Connection::Http2(shared));
    }

    /// The permission to connect.
    pub(super) fn note_dialing(&mut self) {
        self.place = Place::Dialing;
    }

    /// The connection that was to be made is there.
    pub(in crate::client) fn connected(&mut self, connection: Connection) {
        match connection {
            Connection::Http1(one) => {
                self.place = Place::Open;
                self.connection = Some(Connection::Http1(one));
                self.pool.note_http1(&self.key);
            }
            #[cfg(feature = "http2")]
            Connection::Http2(shared) => {
                self.place = Place::None;
                let used = self.pool.share(&self.key, shared);
                self.connection = Some(Connection::Http2(used));
            }
        }
    }

    pub(in crate::client) fn is_reused(&self) -> bool {
        self.is_reused
    }

    pub(in crate::client) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    /// The connection of HTTP/1.1, if it is one.
    pub(in crate::client) fn http1(&mut self) -> Option<&mut Http1> {
        match self.connection.as_mut()? {
            Connection::Http1(one) => Some(one),
            #[cfg(feature = "http2")]
            Connection::Http2(_) => None,
        }
    }

    /// Takes the connection out for good: it speaks something else from now on. Its place is free.
    pub(in crate::client) fn take_http1(mut self) -> Option<Box<Http1>> {
        match self.connection.take()? {
            Connection::Http1(one) => Some(one),
            #[cfg(feature = "http2")]
            Connection::Http2(_) => None,
        }
    }

    /// Gives the connection back, for others; closes it where it is not fit for that.
    pub(in crate::client) fn keep(mut self) {
        // Whoever takes it asks the system whether it lives.
        let is_fit = self.http1().is_some_and(Http1::is_free);
        if is_fit && self.place == Place::Open {
            if let Some(Connection::Http1(one)) = self.connection.take() {
                self.place = Place::None;
                self.pool.keep(&self.key, one);
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Closed first: the place stands for a descriptor.
        self.connection = None;
        match self.place {
            Place::None => {}
            Place::Dialing => self.pool.release(&self.key, true),
            Place::Open => self.pool.release(&self.key, false),
        }
    }
}

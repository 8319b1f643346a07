//! TCP: listeners, connections, and the options that have to be set before either is made.

mod listener;

mod socket;

mod stream;

pub use listener::TcpListener;
pub use socket::{Keepalive, TcpSocket};
pub use stream::TcpStream;

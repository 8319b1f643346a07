//! Promises for a process without a free descriptor. Alone in its file, hence in its process: the
//! limit concerns every thread.

#![cfg(unix)]

use std::os::fd::AsRawFd;
use std::sync::Arc;

use bowerbird_io::{Async, Reactor};
use rustix::process::{Resource, getrlimit, setrlimit};

#[test]
fn a_reactor_without_descriptors_is_an_error_and_later_works() {
    let free = std::fs::File::open("Cargo.toml").unwrap().as_raw_fd();
    let before = getrlimit(Resource::Nofile);
    // The portable poller makes do without a timer's descriptor.
    let needed = if cfg!(bowerbird_portable_reactor) {
        2
    } else {
        3
    };
    for spare in 0..needed {
        let mut limit = before;
        limit.current = Some(u64::try_from(free).unwrap() + spare);
        setrlimit(Resource::Nofile, limit).unwrap();
        let refused = Reactor::new();
        setrlimit(Resource::Nofile, before).unwrap();
        let errno = refused.unwrap_err().raw_os_error();
        assert_eq!(errno, Some(rustix::io::Errno::MFILE.raw_os_error()));
        let next = std::fs::File::open("Cargo.toml").unwrap().as_raw_fd();
        assert_eq!(next, free, "a failed reactor leaves descriptors open");
    }
    let reactor = Arc::new(Reactor::new().unwrap());
    let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    assert!(Async::new(&reactor, ours).is_ok());
}

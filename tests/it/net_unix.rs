//! Unix sockets: files that come and go with them, abstract names, full lines.
#![cfg(unix)]

use std::io::{ErrorKind, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bowerbird::net::{UnixDatagram, UnixListener, UnixStream};
use bowerbird::{create_task, gather, wait_for, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::loops::{inside_each, soon};

/// A path that no other test uses, in a folder that is removed with it.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Place {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed); // Relaxed: only to be unique.
        let name = format!("bowerbird-it-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Place(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("socket")
    }
}

/// A name without a file that nobody has had: one that was closed may be taken for a moment more.
#[cfg(target_os = "linux")]
pub(crate) fn abstract_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed); // Relaxed: only to be unique.
    format!("bowerbird-abstract-{}-{number}", std::process::id())
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn what_is_written_at_one_end_is_read_at_the_other() {
    inside_each(async || {
        let place = Place::new();
        let listener = UnixListener::bind(place.path()).unwrap();
        let serving = create_task(async move {
            let mut server = listener.accept().await.unwrap();
            let mut all = Vec::new();
            server.read_to_end(&mut all).await.unwrap();
            server.write_all(&all).await.unwrap();
        });
        let client = UnixStream::connect(place.path()).await.unwrap();
        let (mut reader, mut writer) = client.into_split();
        writer.write_all(&[7; 300_000]).await.unwrap();
        drop(writer);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [7; 300_000]);
        serving.await.unwrap();
    });
}

#[test]
fn a_listener_takes_its_file_along() {
    inside_each(async || {
        let place = Place::new();
        let listener = UnixListener::bind(place.path()).unwrap();
        assert!(place.path().exists());
        drop(listener);
        assert!(!place.path().exists());

        let kept = UnixListener::bind(place.path()).unwrap().keep_file();
        drop(kept);
        assert!(place.path().exists());
    });
}

#[test]
fn a_file_that_another_put_in_its_place_stays() {
    inside_each(async || {
        let place = Place::new();
        let listener = UnixListener::bind(place.path()).unwrap();
        std::fs::rename(place.path(), place.path().with_extension("old")).unwrap();
        std::fs::write(place.path(), "another's").unwrap();
        drop(listener);
        assert!(place.path().exists());
    });
}

#[test]
fn a_file_that_was_left_behind_is_replaced_and_no_other() {
    inside_each(async || {
        let place = Place::new();
        // std leaves its file behind.
        drop(std::os::unix::net::UnixListener::bind(place.path()).unwrap());
        let listener = soon(async || UnixListener::bind(place.path()), Result::is_ok).await;
        let listener = listener.unwrap();
        let in_use = UnixListener::bind(place.path()).unwrap_err();
        assert_eq!(in_use.kind(), ErrorKind::AddrInUse);
        // Not replaced: who connects finds the first one. The one that asked has hung up.
        let _client = UnixStream::connect(place.path()).await.unwrap();
        listener.accept().await.unwrap();
        listener.accept().await.unwrap();
        drop(listener);

        std::fs::write(place.path(), "precious").unwrap();
        let no_socket = UnixListener::bind(place.path()).unwrap_err();
        assert_eq!(no_socket.kind(), ErrorKind::AddrInUse);
        assert_eq!(std::fs::read(place.path()).unwrap(), b"precious");
    });
}

#[test]
fn paths_that_cannot_be_are_errors() {
    inside_each(async || {
        let place = Place::new();
        let long = place.path().join("x".repeat(200));
        for invalid in [PathBuf::new(), PathBuf::from("a\0b"), long] {
            let refused = UnixListener::bind(&invalid).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{invalid:?}");
            let refused = UnixStream::connect(&invalid).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{invalid:?}");
        }
        let nobody = UnixStream::connect(place.path()).await.unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::NotFound);
        drop(std::os::unix::net::UnixListener::bind(place.path()).unwrap());
        let nobody = soon(
            async || UnixStream::connect(place.path()).await,
            Result::is_err,
        )
        .await;
        assert_eq!(nobody.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn abstract_names_have_no_file() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    inside_each(async || {
        let name = abstract_name();
        let listener = UnixListener::bind(format!("\0{name}")).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(address.as_abstract_name(), Some(name.as_bytes()));
        let taken = UnixListener::bind(format!("\0{name}")).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let _client = UnixStream::connect(format!("\0{name}")).await.unwrap();
        listener.accept().await.unwrap();
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let _client = UnixStream::connect_addr(&address).unwrap();
        listener.accept().await.unwrap();
        drop(listener);
        let listener = soon(async || UnixListener::bind_addr(&address), Result::is_ok).await;
        let _client = UnixStream::connect_addr(&address).unwrap();
        listener.unwrap().try_accept().unwrap();
    });
}

#[test]
#[cfg(target_os = "linux")]
fn fault_071_paths_and_names_come_back_as_they_went_in() {
    use std::ffi::OsStr;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;

    /// What the system keeps of a path, without the zero behind it.
    const PATH_MAX: usize = 107;

    inside_each(async || {
        let place = Place::new();
        let folder = place.path();
        let folder = folder.parent().unwrap();
        let longest = "x".repeat(PATH_MAX - folder.as_os_str().len() - 1);
        // Neither text nor short: a path is any bytes.
        for name in [OsStr::from_bytes(b"\xff\xfe name"), OsStr::new(&longest)] {
            let path = folder.join(name);
            let listener = UnixListener::bind(&path).unwrap();
            assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
            let client = UnixStream::connect(&path).await.unwrap();
            assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path));
            assert!(client.local_addr().unwrap().is_unnamed());
            let server = listener.accept().await.unwrap();
            assert!(server.peer_addr().unwrap().is_unnamed());
        }
        // Zeros in an abstract name are a part of it.
        let mut name = format!("{}\0", abstract_name()).into_bytes();
        name.resize(PATH_MAX, 0);
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let told = listener.local_addr().unwrap();
        assert_eq!(told.as_abstract_name(), Some(&*name));
        let client = UnixStream::connect_addr(&address).unwrap();
        assert_eq!(client.peer_addr().unwrap().as_abstract_name(), Some(&*name));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_is_known_by_its_process() {
    inside_each(async || {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let cred = ours.peer_cred().unwrap();
        assert_eq!(cred.pid, i32::try_from(std::process::id()).ok());
        let own = std::fs::metadata("/proc/self").unwrap();
        let own = (std::os::unix::fs::MetadataExt::uid(&own), cred.gid);
        assert_eq!((cred.uid, cred.gid), own);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn who_connects_to_a_full_line_waits_in_it() {
    inside_each(async || {
        let place = Place::new();
        let listener = std::os::unix::net::UnixListener::bind(place.path()).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let listener = UnixListener::from_std(listener).unwrap();
        let path = Arc::new(place.path());
        let _first = UnixStream::connect(&*path).await.unwrap();
        let late = wait_for(UnixStream::connect(&*path), Duration::from_millis(20)).await;
        assert!(late.is_err(), "nobody accepts yet");
        let connecting = gather((0..8).map(|_| {
            let path = path.clone();
            async move { UnixStream::connect(&*path).await }
        }));
        for _ in 0..9 {
            listener.accept().await.unwrap();
        }
        assert!(connecting.await.unwrap().iter().all(Result::is_ok));
    });
}

#[test]
fn datagrams_are_neither_lost_nor_mixed_up_however_slow_the_receiver() {
    inside_each(async || {
        let place = Place::new();
        let receiver = UnixDatagram::bind(place.path()).unwrap();
        let path = place.path();
        let sending = create_task(async move {
            let sender = UnixDatagram::unbound().unwrap();
            for number in 0..100_u32 {
                sender.send_to(&number.to_le_bytes(), &path).await.unwrap();
            }
            sender.connect(&path).unwrap();
            for number in 100..1_000_u32 {
                sender.send(&number.to_le_bytes()).await.unwrap();
            }
        });
        for number in 0..1_000_u32 {
            let mut buffer = [0; 4];
            if number % 50 == 0 {
                bowerbird::sleep(Duration::from_millis(1)).await;
            }
            let (length, from) = receiver.recv_from(&mut buffer).await.unwrap();
            assert_eq!((length, u32::from_le_bytes(buffer)), (4, number));
            assert!(from.is_unnamed());
        }
        sending.await.unwrap();
        drop(receiver);
        assert!(!place.path().exists());
    });
}

#[test]
fn a_datagram_file_that_was_left_behind_is_replaced_and_no_other() {
    inside_each(async || {
        let place = Place::new();
        drop(std::os::unix::net::UnixDatagram::bind(place.path()).unwrap());
        let first = UnixDatagram::bind(place.path()).unwrap();
        let in_use = UnixDatagram::bind(place.path()).unwrap_err();
        assert_eq!(in_use.kind(), ErrorKind::AddrInUse);
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        ours.try_send(b"x").unwrap();
        assert_eq!(theirs.try_recv(&mut [0; 2]).unwrap(), 1);
        let nothing = first.try_recv(&mut [0; 2]).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn several_tasks_accept_from_one_listener() {
    inside_each(async || {
        let place = Place::new();
        let listener = Arc::new(UnixListener::bind(place.path()).unwrap());
        let accepting = gather((0..5).map(|_| {
            let listener = listener.clone();
            async move { listener.accept().await }
        }));
        yield_now().await;
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(UnixStream::connect(place.path()).await.unwrap());
        }
        assert!(accepting.await.unwrap().iter().all(Result::is_ok));
    });
}

/// Sends bytes with a descriptor, and others behind them.
fn send_descriptor_between(mut by: &std::os::unix::net::UnixStream, before: &[u8], after: &[u8]) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut along = SendAncillaryBuffer::new(&mut room);
    let descriptors = [by.as_fd()];
    assert!(along.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let bytes = [IoSlice::new(before)];
    assert_eq!(
        sendmsg(by, &bytes, &mut along, SendFlags::empty()),
        Ok(before.len())
    );
    by.write_all(after).unwrap();
}

#[test]
fn a_read_that_ends_behind_a_descriptor_is_not_taken_for_the_last_one() {
    inside_each(async || {
        let place = Place::new();
        let listener = UnixListener::bind(place.path()).unwrap();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let peer = std::os::unix::net::UnixStream::connect(place.path()).unwrap();
        let taken_over = UnixStream::from_std(ours).unwrap();
        let accepted = listener.accept().await.unwrap();
        for (mut ours, theirs) in [(taken_over, theirs), (accepted, peer)] {
            send_descriptor_between(&theirs, b"before", b"after");
            // The events of both have come: what is left is found by reading alone.
            ours.readable().await.unwrap();
            yield_now().await;
            let mut all = Vec::new();
            while all.len() < 11 {
                let mut some = [0; 64];
                let length = ours.read(&mut some).await.unwrap();
                all.extend_from_slice(&some[..length]);
            }
            assert_eq!(all, b"beforeafter");
        }
    });
}

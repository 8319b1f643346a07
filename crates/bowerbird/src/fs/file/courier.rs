//! Who works for a file on a thread for blocking calls: reads, writes and seeks, one thing at a
//! time, until nothing is left in the tray.
//!
//! A file has one courier at most, so its bytes keep their order. Whoever leaves the first thing in
//! an unattended tray starts one; what is left while it is at work shares its trip. Bytes that were
//! accepted are written even if the pool refuses the courier: on the thread that drops it.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use bowerbird_executor::{Handle, Report};

use super::tray::{Reply, Request, Tray};
use crate::events::birth;
use crate::exceptions::NoRunningLoop;
use crate::fs::trip::closed;

/// A file, and what is on its way to it and from it.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// The file, closed with the last of those who hold it. Its position is the courier's.
    pub(super) file: Arc<File>,
    /// Never locked while the file is worked on.
    tray: Arc<Mutex<Tray>>,
}

impl Opened {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            tray: Arc::default(),
        }
    }

    pub(super) fn tray(&self) -> MutexGuard<'_, Tray> {
        lock(&self.tray)
    }

    /// Brings the system's position to the user's, if it is elsewhere.
    pub(super) fn align(&self) -> io::Result<()> {
        align(&self.file, &self.tray)
    }

    /// Lets `change` change the file other than through the courier.
    pub(super) fn change<R>(&self, change: impl FnOnce(&File) -> io::Result<R>) -> io::Result<R> {
        let changed = change(&self.file);
        self.tray().forget_read();
        changed
    }
}

/// See the module.
pub(super) struct Courier {
    /// The file. Let go when the tray is empty, before the tray says so: who finds an unattended
    /// tray may close the file.
    file: Option<Arc<File>>,
    /// Where its work lies.
    tray: Arc<Mutex<Tray>>,
    /// Gets reports of failures that the user does not live to see.
    handle: Option<Handle>,
}

/// What a courier does next.
enum Errand {
    Fulfil(Request),
    Write(Vec<u8>),
}

impl Courier {
    /// Sends one. The tray says already that it is served, and is not locked.
    #[track_caller]
    pub(super) fn send(opened: &Opened) {
        let location = Location::caller();
        let Opened { file, tray } = opened.clone();
        let handle = Handle::current();
        let mut courier = Self {
            file: Some(file),
            tray,
            handle: handle.clone(),
        };
        let Some(handle) = handle else {
            // Bytes that were accepted are written, and the next call begins anew.
            drop(courier);
            opened.tray().reply = None;
            panic!("{NoRunningLoop}")
        };
        let serving = move || courier.serve();
        handle.to_thread(serving, birth(&handle, location)).detach();
    }

    fn serve(&mut self) {
        while let Some(errand) = self.next_errand() {
            match errand {
                Errand::Fulfil(request) => self.fulfil(request),
                Errand::Write(bytes) => self.write(bytes),
            }
        }
    }

    /// Requests come first: none is made before what was accepted earlier has been taken.
    fn next_errand(&mut self) -> Option<Errand> {
        let mut tray = lock(&self.tray);
        let errand = if let Some(request) = tray.request.take() {
            return Some(Errand::Fulfil(request));
        } else if tray.unwritten.is_empty() {
            self.file = None;
            tray.is_served = false;
            None
        } else {
            tray.is_writing = true;
            Some(Errand::Write(std::mem::take(&mut tray.unwritten)))
        };
        // There is room again, or nothing left to wait for.
        let waiting = tray.take_waiting();
        let failure = match &errand {
            None if tray.is_orphan => tray.failure.take(),
            _ => None,
        };
        drop(tray);
        wake(waiting);
        if let Some(error) = failure {
            report(self.handle.as_ref(), &error);
        }
        errand
    }

    fn file(&self) -> &File {
        let file = self.file.as_deref();
        file.expect("kept until nothing is left to do")
    }

    fn tray(&self) -> MutexGuard<'_, Tray> {
        lock(&self.tray)
    }

    fn align(&self) -> io::Result<()> {
        align(self.file(), &self.tray)
    }

    fn fulfil(&self, request: Request) {
        let reply = match request {
            Request::Read(length) => Reply::Read(self.read(length)),
            Request::ReadToEnd => Reply::ReadToEnd(self.read_to_end()),
            Request::Seek(to) => Reply::Seek(to, self.seek(to)),
        };
        self.answer(reply);
    }

    fn answer(&self, reply: Reply) {
        let mut tray = self.tray();
        tray.answer(reply);
        let waiting = tray.take_waiting();
        drop(tray);
        wake(waiting);
    }

    fn read(&self, length: usize) -> io::Result<usize> {
        self.align()?;
        let mut tray = self.tray();
        if !tray.unread.is_empty() {
            // They could not be given back, and come first.
            return Ok(1);
        }
        let mut room = tray.unread.lend_room(length);
        drop(tray);
        let read = uninterrupted(|| self.file().read(&mut room[..length]));
        let length = *read.as_ref().unwrap_or(&0);
        self.tray().unread.fill(room, length);
        read
    }

    fn read_to_end(&self) -> io::Result<()> {
        let mut bytes = {
            let mut tray = self.tray();
            if tray.is_stale || tray.go_to.is_some() {
                drop(tray);
                self.align()?;
                tray = self.tray();
            }
            tray.unread.take_all()
        };
        let read = self.file().read_to_end(&mut bytes);
        let length = bytes.len();
        self.tray().unread.fill(bytes, length);
        read.map(drop)
    }

    /// Moves the system's position. The user's stays until the reply is taken: a seek that is given
    /// up has not taken place.
    fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        let (go_to, ahead) = {
            let tray = self.tray();
            (tray.go_to, tray.unread.length())
        };
        let mut file = self.file();
        let before = match go_to {
            Some(position) => position,
            None => file.stream_position()?.saturating_add_signed(-ahead),
        };
        let position = match to {
            // To ask for the position is no reason to forget what was read ahead.
            SeekFrom::Current(0) => return Ok(before),
            SeekFrom::Current(offset) => {
                let position = before.checked_add_signed(offset);
                file.seek(SeekFrom::Start(position.ok_or(ErrorKind::InvalidInput)?))?
            }
            SeekFrom::Start(_) | SeekFrom::End(_) => file.seek(to)?,
        };
        self.tray().moved_from(before);
        Ok(position)
    }

    fn write(&self, mut bytes: Vec<u8>) {
        let written = self.align().and_then(|()| self.file().write_all(&bytes));
        bytes.clear();
        let mut tray = self.tray();
        tray.wrote(written, bytes);
        let waiting = tray.take_waiting();
        drop(tray);
        wake(waiting);
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        if self.file.is_none() {
            return;
        }
        // The pool is closed and never called us. A request is told so; but bytes that were
        // accepted are written here and now rather than lost.
        let refused = self.tray().request.take();
        match refused {
            Some(Request::Read(_)) => self.answer(Reply::Read(Err(closed()))),
            Some(Request::ReadToEnd) => self.answer(Reply::ReadToEnd(Err(closed()))),
            Some(Request::Seek(to)) => self.answer(Reply::Seek(to, Err(closed()))),
            None => {}
        }
        self.serve();
    }
}

fn lock(tray: &Mutex<Tray>) -> MutexGuard<'_, Tray> {
    tray.lock().expect("nothing under this lock can panic")
}

/// Brings the system's position to the user's, if it is elsewhere.
fn align(mut file: &File, tray: &Mutex<Tray>) -> io::Result<()> {
    let mut before = lock(tray);
    let Some(way_back) = before.way_back() else {
        before.is_stale = false;
        return Ok(());
    };
    drop(before);
    let moved = file.seek(way_back);
    let mut tray = lock(tray);
    match moved {
        Ok(_position) => tray.aligned(),
        // A pipe or a terminal: what was read stays read, and no write can change it.
        Err(error) if error.kind() == ErrorKind::NotSeekable => tray.cannot_align(),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Says what nobody is left to be told.
pub(super) fn report(handle: Option<&Handle>, error: &io::Error) {
    let message = format!("a file was dropped, and writing to it failed: {error}");
    match handle {
        Some(handle) => handle.report(&Report::new(message)),
        None => eprintln!("bowerbird: {message}"),
    }
}

fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn wake(waiting: Vec<Waker>) {
    waiting.into_iter().for_each(Waker::wake);
}

use std::io::ErrorKind;

use super::*;

/// A tray with bytes that were read ahead, as a courier leaves it.
fn with_unread(bytes: &[u8]) -> Tray {
    let mut tray = Tray::default();
    assert!(tray.ask(Request::Read(bytes.len())));
    let mut room = tray.unread.lend_room(bytes.len());
    room.copy_from_slice(bytes);
    tray.unread.fill(room, bytes.len());
    tray.request = None;
    tray.answer(Reply::Read(Ok(bytes.len())));
    tray
}

fn take(tray: &mut Tray, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    let taken = tray.unread.take_into(&mut buffer);
    buffer.truncate(taken);
    buffer
}

#[test]
fn what_was_accepted_behind_bytes_that_are_missing_is_missing_too() {
    let mut tray = Tray::default();
    assert_eq!(tray.accept(b"first"), (5, true));
    let taken = std::mem::take(&mut tray.unwritten);
    tray.is_writing = true;
    assert_eq!(tray.accept(b"second"), (6, false));
    tray.wrote(Err(ErrorKind::StorageFull.into()), Vec::new());
    assert!(!tray.is_unwritten());
    // And the first error is the one that is told, once.
    tray.wrote(Err(ErrorKind::BrokenPipe.into()), Vec::new());
    let told = tray.tell_failure().unwrap_err();
    assert_eq!(told.kind(), ErrorKind::StorageFull);
    tray.tell_failure().unwrap();
    drop(taken);
}

#[test]
fn no_more_is_accepted_than_may_wait() {
    let mut tray = Tray::default();
    let (accepted, _is_unattended) = tray.accept(&vec![0; WRITE_BEHIND + 1]);
    assert_eq!(accepted, WRITE_BEHIND);
    assert_eq!(tray.accept(b"x").0, 0);
}

#[test]
fn an_unattended_tray_asks_for_one_courier() {
    let mut tray = Tray::default();
    assert!(tray.accept(b"x").1);
    assert!(!tray.accept(b"y").1);
    tray.unwritten.clear();
    assert!(!tray.ask(Request::ReadToEnd));
}

#[test]
fn bytes_read_ahead_are_handed_out_until_the_file_changes() {
    let mut tray = with_unread(b"0123456789");
    assert!(tray.is_current());
    assert_eq!(take(&mut tray, 4), b"0123");
    assert_eq!(tray.way_back(), Some(SeekFrom::Current(-6)));
    tray.forget_read();
    assert!(!tray.is_current());
    tray.aligned();
    assert_eq!((tray.is_current(), tray.way_back()), (true, None));
}

#[test]
fn a_write_makes_what_was_read_ahead_wrong_and_the_end_too() {
    let mut tray = with_unread(b"0123");
    let (_accepted, _is_unattended) = tray.accept(b"x");
    assert!(tray.is_stale && !tray.is_current());
    let mut at_end = with_unread(b"");
    assert!(matches!(at_end.reply, Some(Reply::Read(Ok(0)))));
    let (_accepted, _is_unattended) = at_end.accept(b"x");
    assert!(at_end.reply.is_none());
}

#[test]
fn a_reply_that_was_overtaken_is_none() {
    // The file changed while a read was under way.
    let mut tray = Tray::default();
    assert!(tray.ask(Request::Read(1)));
    tray.forget_read();
    tray.answer(Reply::Read(Ok(0)));
    assert!(tray.reply.is_none());
    // Bytes were accepted while a seek, which was given up, was under way.
    let mut tray = Tray::default();
    assert!(tray.ask(Request::Seek(SeekFrom::Start(9))));
    let (_accepted, _is_served) = tray.accept(b"x");
    tray.moved_from(0);
    tray.answer(Reply::Seek(SeekFrom::Start(9), Ok(9)));
    assert!(tray.take_move(SeekFrom::Start(9)).is_none());
    assert_eq!(tray.way_back(), Some(SeekFrom::Start(0)));
}

#[test]
fn a_seek_takes_place_when_its_reply_is_taken() {
    let to = SeekFrom::Current(3);
    let moved = || {
        let mut tray = with_unread(b"0123");
        assert!(!tray.ask(Request::Seek(to)));
        tray.moved_from(5);
        tray.answer(Reply::Seek(to, Ok(8)));
        tray
    };
    let mut tray = moved();
    assert_eq!(tray.take_move(to).unwrap().unwrap(), 8);
    assert_eq!(tray.way_back(), None);
    // Another one is asked for: this one never was.
    let mut tray = moved();
    assert!(tray.take_move(SeekFrom::Start(8)).is_none());
    assert_eq!(tray.way_back(), Some(SeekFrom::Start(5)));
    // Its move is undone, and cannot be taken any more.
    let mut tray = moved();
    tray.aligned();
    assert!(tray.take_move(to).is_none());
}

#[test]
fn what_cannot_be_given_back_stays() {
    let mut tray = with_unread(b"0123");
    tray.forget_read();
    tray.cannot_align();
    assert!(tray.is_current());
    assert_eq!(take(&mut tray, 9), b"0123");
}

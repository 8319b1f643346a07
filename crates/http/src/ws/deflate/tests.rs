//! What is agreed on, and that messages come out as they went in, however they were cut.

use std::io::{self, ErrorKind, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::error::{CapacityError, Error};
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use tungstenite::protocol::{Role as End, WebSocket, WebSocketConfig};
use tungstenite::{Bytes, Message};

use super::{Deflate, NotDeflate, Packer, Packing, Unpacker};

fn grant(deflate: &Deflate, offers: &str) -> Option<String> {
    let offers: Vec<_> = offers.split(',').map(str::to_owned).collect();
    let (_, said) = deflate.grant(&offers)?;
    Some(said.to_str().unwrap().to_owned())
}

#[test]
fn a_server_agrees_to_the_first_offer_that_it_can_keep() {
    let plain = Some("permessage-deflate");
    for (offer, answer) in [
        ("permessage-deflate", plain),
        ("Permessage-Deflate ; client_max_window_bits", plain),
        ("permessage-deflate; client_max_window_bits=10", plain),
        ("x-webkit-deflate-frame, permessage-deflate", plain),
        (
            "permessage-deflate; server_no_context_takeover",
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=\"15\"",
            Some("permessage-deflate; client_no_context_takeover; server_max_window_bits=15"),
        ),
        (
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
            plain,
        ),
        ("permessage-deflate; server_max_window_bits=10", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; client_max_window_bits=7", None),
        ("permessage-deflate; client_max_window_bits=015", None),
        ("permessage-deflate; client_max_window_bits=\"15", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            None,
        ),
        ("permessage-deflate; unheard_of", None),
        ("permessage-bzip2", None),
        ("", None),
    ] {
        assert_eq!(grant(&Deflate::new(), offer).as_deref(), answer, "{offer}");
    }
    let forgetful = Deflate::new()
        .server_no_context_takeover()
        .client_no_context_takeover();
    let told = grant(&forgetful, "permessage-deflate").unwrap();
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert_eq!(told, both);
}

#[cfg(feature = "client")]
#[test]
fn a_client_takes_no_less_than_it_asked_for_and_no_more() {
    let demanding = Deflate::new().server_no_context_takeover();
    for (deflate, answer, is_right) in [
        (&Deflate::new(), "permessage-deflate", true),
        (
            &Deflate::new(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            true,
        ),
        (
            &Deflate::new(),
            "permessage-deflate; server_max_window_bits=9",
            true,
        ),
        (
            &Deflate::new(),
            "permessage-deflate; client_max_window_bits=15",
            false,
        ),
        (&Deflate::new(), "permessage-deflate; new_word", false),
        (&Deflate::new(), "permessage-bzip2", false),
        (&demanding, "permessage-deflate", false),
        (
            &demanding,
            "permessage-deflate; server_no_context_takeover",
            true,
        ),
    ] {
        assert_eq!(deflate.granted(answer).is_ok(), is_right, "{answer}");
    }
    assert_eq!(
        demanding.offer(),
        "permessage-deflate; server_no_context_takeover"
    );
}

/// Both ends remember, or forget.
fn packing(is_forgetful: bool) -> Packing {
    Packing {
        level: 6,
        min_bytes: 0,
        we_forget: is_forgetful,
        they_forget: is_forgetful,
    }
}

/// A connection on which so many bytes come at a time, and now and then none.
struct Line {
    unpacker: Unpacker,
    wire: Vec<u8>,
    cuts: Vec<usize>,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (wire, cuts) = (&mut self.wire, &mut self.cuts);
        self.unpacker.read(buffer, |bytes| {
            let turned = cuts.len().min(1);
            cuts.rotate_left(turned);
            let cut = cuts.first().copied().unwrap_or(usize::MAX);
            let length = bytes.len().min(wire.len()).min(cut);
            if length == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            bytes[..length].copy_from_slice(&wire[..length]);
            wire.drain(..length);
            Ok(length)
        })
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is received of these bytes, and how it ends.
fn received(line: Line, end: End, limit: usize) -> (Vec<Message>, Error) {
    let config = WebSocketConfig::default().max_message_size(Some(limit));
    let mut socket = WebSocket::from_raw_socket(line, end, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Ping(_)) => {}
            Ok(message) => messages.push(message),
            Err(Error::Io(error))
                if error.kind() == ErrorKind::WouldBlock && !socket.get_ref().wire.is_empty() => {}
            Err(error) => return (messages, error),
        }
    }
}

fn line(wire: Vec<u8>, is_forgetful: bool, cuts: Vec<usize>) -> Line {
    Line {
        unpacker: Unpacker::new(&packing(is_forgetful)),
        wire,
        cuts,
    }
}

fn is_quiet(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

fn is_refused(error: &Error) -> bool {
    match error {
        Error::Io(error) => error
            .get_ref()
            .is_some_and(|inner| inner.is::<NotDeflate>()),
        Error::Protocol(_) => true,
        _ => false,
    }
}

/// The frames of a packed message, in so many fragments, with pings between them.
fn said(message: Message, fragments: usize, mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut say = |mut frame: Frame| {
        frame.header_mut().mask = mask;
        frame.format(&mut wire).unwrap();
    };
    let frame = match message {
        Message::Frame(frame) => frame,
        Message::Text(text) => Frame::message(text, OpCode::Data(Data::Text), true),
        other => Frame::message(other.into_data(), OpCode::Data(Data::Binary), true),
    };
    let mut header = frame.header().clone();
    let mut payload = frame.into_payload();
    for left in (0..fragments).rev() {
        let next = payload.split_off(payload.len() - payload.len() * left / (left + 1));
        header.is_final = left == 0;
        say(Frame::from_payload(header.clone(), payload));
        header = FrameHeader {
            opcode: OpCode::Data(Data::Continue),
            ..FrameHeader::default()
        };
        payload = next;
        say(Frame::ping(Bytes::from_static(b"?")));
    }
    wire
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(Message::binary),
        ("[a-c]{0,60}", 0..3000usize).prop_map(|(text, times)| Message::text(text.repeat(times))),
        "\\PC{0,80}".prop_map(Message::text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn messages_come_out_as_they_went_in(
        messages in vec((message(), 1..5usize), 0..6),
        is_forgetful: bool,
        mask: Option<[u8; 4]>,
        cuts in vec(0..3000usize, 1..6),
    ) {
        prop_assume!(cuts.iter().any(|cut| *cut > 0));
        let mut packer = Packer::new(&packing(is_forgetful));
        let wire = messages.iter().flat_map(|(message, fragments)| {
            said(packer.pack(message.clone()), *fragments, mask)
        });
        let line = line(wire.collect(), is_forgetful, cuts);
        let end = if mask.is_some() { End::Server } else { End::Client };
        let (came, error) = received(line, end, usize::MAX);
        prop_assert!(is_quiet(&error), "{error:?}");
        let went: Vec<_> = messages.into_iter().map(|(message, _)| message).collect();
        prop_assert_eq!(came, went);
    }

    /// Nothing that is said makes it panic, wait for ever, or tell more than is allowed.
    #[test]
    fn whatever_comes_is_messages_or_refused(
        wire in vec(prop_oneof![any::<u8>(), Just(0xc1), Just(0xc2), Just(0x40)], 0..400),
        cuts in vec(1..20usize, 1..4),
    ) {
        let (came, _error) = received(line(wire, false, cuts), End::Client, 4096);
        prop_assert!(came.iter().all(|message| message.len() <= 4096));
    }
}

/// A frame as a server sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    [&[first, length][..], payload].concat()
}

/// The examples of RFC 7692, 7.2.3: one block, the same again with what was remembered, in two
/// fragments, not packed at all, the last of a stream, and two blocks.
#[test]
fn the_examples_of_the_rfc_are_all_hello() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let wire = [
        frame(0xc1, &hello),
        frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        frame(0x41, &hello[..3]),
        frame(0x80, &hello[3..]),
        frame(
            0xc1,
            &[0, 0x05, 0, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0],
        ),
        frame(0xc1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        frame(
            0xc1,
            &[
                0xf2, 0x48, 0x05, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0,
            ],
        ),
        frame(0x81, b"Hello"),
    ];
    let (came, error) = received(line(wire.concat(), false, vec![1]), End::Client, 5);
    assert!(is_quiet(&error), "{error:?}");
    assert_eq!(came, vec![Message::text("Hello"); 7]);
}

#[test]
fn what_is_against_the_rules_is_refused() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    for (why, wire) in [
        ("a block of no kind", frame(0xc1, &[0x07, 0x00])),
        ("a packed ping", frame(0xc9, &hello)),
        ("a packed fragment of nothing", frame(0xc0, &hello)),
        (
            "a fragment that is packed twice",
            [frame(0x41, &hello[..3]), frame(0xc0, &hello[3..])].concat(),
        ),
        (
            "a message in a message",
            [frame(0x41, &[]), frame(0x81, b"Hello")].concat(),
        ),
        ("the second reserved bit", frame(0xe1, &hello)),
        (
            "the third, on a fragment",
            [frame(0x41, &hello[..3]), frame(0x90, &hello[3..])].concat(),
        ),
        ("an unknown frame", frame(0xc3, &hello)),
    ] {
        let (came, error) = received(line(wire, false, Vec::new()), End::Client, 100);
        assert_eq!(came, [], "{why}");
        assert!(is_refused(&error), "{why}: {error:?}");
    }
    // A client's frame without a mask, of which the server hears.
    let (_, error) = received(
        line(frame(0xc1, &hello), false, Vec::new()),
        End::Server,
        100,
    );
    assert!(matches!(error, Error::Protocol(_)), "{error:?}");
}

/// The second example of the RFC, without the first.
#[test]
fn what_was_never_said_is_zeros_and_nothing_of_others() {
    let wire = frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let (came, _) = received(line(wire, false, Vec::new()), End::Client, 100);
    assert_eq!(came, [Message::text("H\0\0\0\0")]);
}

#[test]
fn what_is_to_be_forgotten_is_not_kept() {
    for (is_forgetful, kept) in [(true, 0), (false, 5)] {
        let hello = frame(0xc1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
        let mut line = line(hello, is_forgetful, Vec::new());
        let mut socket = WebSocket::from_raw_socket(&mut line, End::Client, None);
        assert_eq!(socket.read().unwrap(), Message::text("Hello"));
        assert_eq!(line.unpacker.unpacked(), kept);
    }
}

#[test]
fn few_bytes_that_become_many_are_stopped_at_the_limit() {
    let mut packer = Packer::new(&packing(false));
    let wire = said(packer.pack(Message::binary(vec![0; 64 << 20])), 1, None);
    assert!(wire.len() < 100_000);
    let mut line = line(wire, false, Vec::new());
    let config = WebSocketConfig::default().max_message_size(Some(1 << 20));
    let mut socket = WebSocket::from_raw_socket(&mut line, End::Client, Some(config));
    let error = socket.read().unwrap_err();
    let too_long = matches!(error, Error::Capacity(CapacityError::MessageTooLong { .. }));
    assert!(too_long, "{error:?}");
    // No more was unpacked than that took.
    assert!(line.unpacker.unpacked() <= (1 << 20) + (64 << 10));
}

//! What comes off the wire, as if nobody had packed it: a reader between the stream and
//! tungstenite. Called by the pipe.
//!
//! Frames that are not packed pass as they are, broken ones among them: tungstenite refuses those.
//! A packed message becomes fragments of up to [`PIECE`] bytes, with the mask that the peer's had
//! (of zeros: what matters is whether there was one). Keeps a piece, and never a message. Whoever
//! points at what was never said gets zeros: a window is the connection's own, and begins empty.

use std::error::Error;
use std::fmt;
use std::io::{self, Cursor, ErrorKind};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::Packing;
use super::packer::TAIL;

/// Read at a time, and unpacked at a time.
const PIECE: usize = 16 * 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Unpacker {
    /// Came, and was not looked at yet.
    wire: BytesMut,
    /// What the protocol is to read.
    plain: BytesMut,
    /// Where in a frame `wire` begins.
    place: Place,
    /// The packed message under way: how its next fragment is to be called.
    message: Option<Data>,
    /// Whether the frame had a mask.
    is_masked: bool,
    /// Packed bytes, in clear.
    packed: Bytes,
    /// Whether more may come out before more has to go in.
    is_busy: bool,
    /// Unpacked bytes of the next fragment.
    piece: Vec<u8>,
    /// The dictionary of what came; gone with each message if it is to be forgotten.
    inflater: Option<Decompress>,
    /// Whether it is.
    they_forget: bool,
}

#[derive(Debug)]
enum Place {
    /// Before a frame.
    Head,
    /// In a frame that is none of ours, with so many bytes to come.
    Through(u64),
    /// In a packed frame.
    Packed {
        /// Bytes to come.
        left: u64,
        /// Its mask, turned to the next byte.
        mask: [u8; 4],
        /// Whether the message ends with it.
        is_final: bool,
    },
    /// Behind the last frame of a packed message, whose tail is being unpacked.
    Tail,
}

/// What a peer has packed cannot be unpacked.
#[derive(Debug)]
pub(crate) struct NotDeflate;

impl Unpacker {
    pub(crate) fn new(packing: &Packing) -> Self {
        Self {
            wire: BytesMut::new(),
            plain: BytesMut::new(),
            place: Place::Head,
            message: None,
            is_masked: false,
            packed: Bytes::new(),
            is_busy: false,
            piece: Vec::new(),
            inflater: None,
            they_forget: packing.they_forget,
        }
    }

    /// Reads what was unpacked, and more of the wire where that is needed.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut wire: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        while self.plain.is_empty() {
            if self.step()? {
                continue;
            }
            let before = self.wire.len();
            self.wire.resize(before + PIECE, 0);
            let came = wire(&mut self.wire[before..]);
            self.wire
                .truncate(before + came.as_ref().map_or(0, |came| *came));
            if came? == 0 {
                return Ok(0);
            }
        }
        let length = self.plain.len().min(buffer.len());
        self.plain.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }

    /// Goes on by one step; whether that needed no more of the wire.
    fn step(&mut self) -> io::Result<bool> {
        if self.is_busy {
            return self.inflate().map(|()| true);
        }
        match self.place {
            Place::Head => self.begin_frame(),
            Place::Through(left) => {
                let passed = self.take(left);
                self.plain.extend_from_slice(&passed);
                Ok(self.proceed(left, passed.len(), Place::Through))
            }
            Place::Packed {
                left: 0, is_final, ..
            } => {
                self.end_frame(is_final);
                Ok(true)
            }
            Place::Packed {
                left,
                mut mask,
                is_final,
            } => {
                let mut packed = self.take(left);
                unmask(&mut packed, &mut mask);
                let length = packed.len();
                self.packed = packed.freeze();
                self.is_busy = length > 0;
                Ok(self.proceed(left, length, |left| Place::Packed {
                    left,
                    mask,
                    is_final,
                }))
            }
            Place::Tail => {
                self.end_message();
                Ok(true)
            }
        }
    }

    /// Up to so many bytes of the wire.
    fn take(&mut self, left: u64) -> BytesMut {
        let here = self.wire.len();
        let length = usize::try_from(left).map_or(here, |left| left.min(here));
        self.wire.split_to(length)
    }

    /// Goes on behind so many bytes of a frame; whether there were any.
    fn proceed(&mut self, left: u64, length: usize, place: impl FnOnce(u64) -> Place) -> bool {
        let next = left - length as u64;
        self.place = match place(next) {
            Place::Through(0) => Place::Head,
            place => place,
        };
        length > 0
    }

    fn begin_frame(&mut self) -> io::Result<bool> {
        let mut head = Cursor::new(&self.wire[..]);
        let (header, length) = match FrameHeader::parse(&mut head) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return Ok(false),
            // Nothing after it can be told apart, and nobody will read it.
            Err(_refused_by_the_protocol) => {
                self.place = Place::Through(u64::MAX);
                return Ok(true);
            }
        };
        let head = usize::try_from(head.position()).expect("no longer than a head");
        let OpCode::Data(data) = header.opcode else {
            return Ok(self.pass_head(head, length));
        };
        let is_broken = header.rsv2 || header.rsv3;
        match (self.message, data) {
            (None, Data::Text | Data::Binary) if header.rsv1 && !is_broken => {
                self.message = Some(data);
            }
            (Some(_), Data::Continue) if !header.rsv1 && !is_broken => {}
            // The protocol may not have heard of the message that this would interrupt.
            (Some(_), _) => return Err(NotDeflate.into()),
            (None, _) => return Ok(self.pass_head(head, length)),
        }
        self.wire.advance(head);
        self.is_masked = header.mask.is_some();
        self.place = Place::Packed {
            left: length,
            mask: header.mask.unwrap_or_default(),
            is_final: header.is_final,
        };
        Ok(true)
    }

    /// Lets a frame through.
    fn pass_head(&mut self, head: usize, length: u64) -> bool {
        let head = self.wire.split_to(head);
        self.plain.extend_from_slice(&head);
        self.place = match length {
            0 => Place::Head,
            length => Place::Through(length),
        };
        true
    }

    fn end_frame(&mut self, is_final: bool) {
        if is_final {
            self.packed = Bytes::from_static(&TAIL);
            self.is_busy = true;
            self.place = Place::Tail;
        } else {
            self.place = Place::Head;
        }
    }

    fn end_message(&mut self) {
        self.say(true);
        self.message = None;
        if self.they_forget {
            self.inflater = None;
        }
        self.place = Place::Head;
    }

    /// Unpacks what has come, up to a piece.
    fn inflate(&mut self) -> io::Result<()> {
        let inflater = self.inflater.get_or_insert_with(|| Decompress::new(false));
        self.piece
            .reserve_exact(PIECE - self.piece.len().min(PIECE));
        let (taken, length) = (inflater.total_in(), self.piece.len());
        let inflated =
            inflater.decompress_vec(&self.packed, &mut self.piece, FlushDecompress::Sync);
        let status = inflated.map_err(|_error| NotDeflate)?;
        let taken = usize::try_from(inflater.total_in() - taken);
        let taken = taken.expect("no more than there was");
        self.packed.advance(taken);
        let is_full = self.piece.len() == self.piece.capacity();
        if status == Status::StreamEnd {
            // A peer may end its stream within a message, and begin another one.
            inflater.reset(false);
        } else if taken == 0 && self.piece.len() == length && !self.packed.is_empty() {
            return Err(NotDeflate.into());
        } else {
            self.is_busy = is_full || !self.packed.is_empty();
        }
        if is_full {
            self.say(false);
        }
        Ok(())
    }

    /// Hands a fragment to the protocol.
    fn say(&mut self, is_final: bool) {
        let data = self.message.replace(Data::Continue);
        let header = FrameHeader {
            is_final,
            opcode: OpCode::Data(data.unwrap_or(Data::Continue)),
            mask: self.is_masked.then_some([0; 4]),
            ..FrameHeader::default()
        };
        let written = header.format(self.piece.len() as u64, &mut (&mut self.plain).writer());
        written.expect("memory takes what is written");
        self.plain.extend_from_slice(&self.piece);
        self.piece.clear();
    }
}

/// Takes the mask off, and turns it.
fn unmask(bytes: &mut [u8], mask: &mut [u8; 4]) {
    let mut fours = bytes.chunks_exact_mut(4);
    let whole = u32::from_ne_bytes(*mask);
    for four in &mut fours {
        let clear = u32::from_ne_bytes([four[0], four[1], four[2], four[3]]) ^ whole;
        four.copy_from_slice(&clear.to_ne_bytes());
    }
    let rest = fours.into_remainder();
    for (byte, mask) in rest.iter_mut().zip(*mask) {
        *byte ^= mask;
    }
    mask.rotate_left(rest.len());
}

impl fmt::Display for NotDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packed WebSocket message cannot be unpacked")
    }
}

impl Error for NotDeflate {}

impl From<NotDeflate> for io::Error {
    fn from(error: NotDeflate) -> Self {
        Self::new(ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
impl Unpacker {
    /// How much has come out since something was forgotten, in bytes.
    pub(super) fn unpacked(&self) -> u64 {
        self.inflater.as_ref().map_or(0, Decompress::total_out)
    }
}

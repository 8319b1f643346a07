//! Messages become packed frames. Used by the core when a message can no longer be taken back: the
//! peer's dictionary and ours stay the same only if all that was packed is sent.

use flate2::{Compress, Compression, FlushCompress};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

use super::Packing;

/// How each packed message ends, which is not sent.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Added to the room for a packed message: more than its blocks' heads.
const MARGIN: usize = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct Packer {
    /// What was agreed on.
    packing: Packing,
    /// The dictionary of what was sent; made for the first message, and gone with each if it is to
    /// be forgotten.
    deflater: Option<Compress>,
}

impl Packer {
    pub(crate) fn new(packing: &Packing) -> Self {
        Self {
            packing: packing.clone(),
            deflater: None,
        }
    }

    /// What to send for a message; other frames, and short ones, as they are.
    pub(crate) fn pack(&mut self, message: Message) -> Message {
        let (data, bytes) = match &message {
            Message::Text(text) => (Data::Text, text.as_bytes()),
            Message::Binary(bytes) => (Data::Binary, &bytes[..]),
            _others => return message,
        };
        // Nothing at all cannot be flushed twice.
        if bytes.len() < self.packing.min_bytes.max(1) {
            return message;
        }
        let header = FrameHeader {
            rsv1: true,
            opcode: OpCode::Data(data),
            ..FrameHeader::default()
        };
        Message::Frame(Frame::from_payload(header, self.deflate(bytes).into()))
    }

    fn deflate(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let level = Compression::new(self.packing.level);
        let deflater = self
            .deflater
            .get_or_insert_with(|| Compress::new(level, false));
        let mut packed = Vec::with_capacity(bytes.len() / 2 + MARGIN);
        // Room that is left over says that all has come out.
        while !bytes.is_empty() || packed.len() == packed.capacity() {
            packed.reserve(bytes.len() / 4 + MARGIN);
            let before = deflater.total_in();
            let deflated = deflater.compress_vec(bytes, &mut packed, FlushCompress::Sync);
            deflated.expect("deflate takes all bytes, and this stream is never finished");
            let taken = usize::try_from(deflater.total_in() - before);
            bytes = &bytes[taken.expect("no more than there was")..];
        }
        debug_assert!(packed.ends_with(&TAIL));
        packed.truncate(packed.len() - TAIL.len());
        if self.packing.we_forget {
            self.deflater = None;
        }
        packed
    }
}

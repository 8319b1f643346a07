//! Promises about what is looked at, however it is cut into pieces.

use super::*;

impl Framing {
    /// Looks at what comes now.
    fn look(&mut self, bytes: &mut [u8], activity: &Activity) {
        self.look_after(activity.answers(), bytes, activity);
    }
}

/// Looks at `text` in two pieces: what hyper would get.
fn looked_at(text: &str, cut: usize) -> (Vec<u8>, Framing) {
    let mut bytes = text.as_bytes().to_vec();
    let mut framing = Framing::default();
    let activity = Activity::default();
    let (first, second) = bytes.split_at_mut(cut);
    framing.look(first, &activity);
    framing.look(second, &activity);
    (bytes, framing)
}

const FINE: [&str; 10] = [
    "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length:  3 \r\n\r\na\nbGET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "P / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3\r\na\nb\r\n0\r\n\r\nGET / H\r\n\r\n",
    "P / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\na: b\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\n\n",
    "GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n",
    "CONNECT x:1 HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\ncookie: a\r\ncache-control: b\r\nte: c\r\nuser-agent: d\r\n\r\n",
];

/// With how much of it is looked at before the byte that is spoilt.
const REFUSED: [(&str, &str); 17] = [
    ("GET / HTTP/1.1", "\nhost: x\r\n\r\n"),
    ("GET / HTTP/1.1\r\nhost: x", "\n\r\n"),
    ("GET / HTTP/1.1\r\nhost: x\r\n", "\n"),
    ("\r\n", "\nGET / HTTP/1.1\r\n\r\n"),
    (
        "P / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r",
        "\n\r\na",
    ),
    ("P / HTTP/1.1\r\ncontent-length: +1\r", "\n\r\na"),
    ("P / HTTP/1.1\r\ncontent-length: 1, 1\r", "\n\r\na"),
    ("P / HTTP/1.1\r\ncontent-length:\r", "\n\r\na"),
    (
        "P / HTTP/1.1\r\ncontent-length: 99999999999999999999\r",
        "\n\r\na",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r",
        "\na",
    ),
    (
        "P / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r",
        "\na",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r",
        "\n\r\n0\r\n\r\n",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r",
        "\n\r\n",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1",
        "\na\r\n",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0x1\r",
        "\na\r\n",
    ),
    (
        "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na",
        "b\r\n",
    ),
    (
        "GET / HTTP/1.1\r\nupgrade: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ),
];

#[test]
fn what_means_one_thing_is_left_as_it_is() {
    for text in FINE {
        for cut in 0..=text.len() {
            let (bytes, _) = looked_at(text, cut);
            assert_eq!(bytes, text.as_bytes(), "cut at {cut}");
        }
    }
}

#[test]
fn the_first_byte_that_could_mean_two_things_is_spoilt() {
    for (before, after) in REFUSED {
        let text = format!("{before}{after}");
        for cut in 0..=text.len() {
            let (bytes, _) = looked_at(&text, cut);
            let mut expected = text.clone().into_bytes();
            expected[before.len()] = 0;
            assert_eq!(bytes, expected, "{text:?} cut at {cut}");
        }
    }
}

#[test]
fn a_body_is_known_to_be_under_way_until_its_last_byte() {
    for text in [FINE[2], FINE[4], FINE[5]] {
        let body = text.find("\r\n\r\n").unwrap() + 4;
        let end = text.find("GET").unwrap_or(text.len());
        for cut in 1..=text.len() {
            let (_, framing) = looked_at(&text[..cut], 0);
            assert_eq!(framing.is_in_body(), (body..end).contains(&cut), "{cut}");
        }
    }
}

#[test]
fn long_lines_are_not_kept() {
    let mut framing = Framing::default();
    let activity = Activity::default();
    framing.look(&mut b"GET /".to_vec(), &activity);
    for _ in 0..1_000 {
        framing.look(&mut vec![b'x'; 1_000], &activity);
    }
    assert!(framing.line.capacity() <= 2 * LINE_KEPT);
    let mut end = b" HTTP/1.1\r".to_vec();
    framing.look(&mut end, &activity);
    let mut rest = b"\nhost: x\r\n\r\nGET / HTTP/1.1\n".to_vec();
    framing.look(&mut rest, &activity);
    assert_eq!(rest, b"\nhost: x\r\n\r\nGET / HTTP/1.1\0");
}

#[test]
fn what_follows_an_upgrade_is_nobodys_business_once_it_is_granted() {
    for (is_granted, kept) in [(true, b"\n".as_slice()), (false, b"\0")] {
        let mut framing = Framing::default();
        let activity = Activity::default();
        let mut head = b"GET / HTTP/1.1\r\nupgrade: x\r\n\r\n".to_vec();
        framing.look(&mut head, &activity);
        activity.note_answer(is_granted);
        let mut next = b"\n".to_vec();
        framing.look(&mut next, &activity);
        assert_eq!(next, kept);
    }
}

#[test]
fn what_came_before_an_answer_is_judged_as_such_however_late() {
    for (answers, kept) in [(0, b"\0".as_slice()), (1, b"\n")] {
        let mut framing = Framing::default();
        let activity = Activity::default();
        let mut head = b"GET / HTTP/1.1\r\nupgrade: x\r\n\r\n".to_vec();
        framing.look(&mut head, &activity);
        activity.note_answer(true);
        let mut next = b"\n".to_vec();
        framing.look_after(answers, &mut next, &activity);
        assert_eq!(next, kept);
    }
}

#[test]
fn numbers_too_long_to_be_kept_are_refused_however_they_are_cut() {
    let zeros = "0".repeat(LINE_KEPT);
    for (before, line) in [
        ("P / HTTP/1.1\r\n", format!("content-length: {zeros}5\r")),
        (
            "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
            format!("{zeros}5\r"),
        ),
    ] {
        let text = format!("{before}{line}\n\r\nGET / HTTP/1.1\r\n\r\n");
        for cut in 0..=text.len() {
            let (bytes, _) = looked_at(&text, cut);
            assert_eq!(bytes[before.len() + line.len()], 0, "cut at {cut}");
        }
    }
}

#[test]
fn a_long_line_ends_as_its_last_piece_does() {
    let mut framing = Framing::default();
    let activity = Activity::default();
    let mut begin = format!("GET /{}\r", "x".repeat(LINE_KEPT)).into_bytes();
    framing.look(&mut begin, &activity);
    let mut rest = b"y\n".to_vec();
    framing.look(&mut rest, &activity);
    assert_eq!(rest, b"y\0");
}

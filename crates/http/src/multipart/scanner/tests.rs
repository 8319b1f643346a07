use proptest::prelude::*;

use super::*;

/// Headers and contents of parts.
type Parts = Vec<(String, Vec<u8>)>;

/// What is found when the bytes come in pieces of these lengths, the last one again and again.
fn scan(bytes: &[u8], lengths: &[usize]) -> Result<Option<Parts>, MultipartError> {
    let mut scanner = Scanner::new("x-y", 100);
    let mut lengths = lengths.iter().copied().chain(std::iter::repeat(usize::MAX));
    let mut rest = bytes;
    let mut parts = Parts::new();
    loop {
        match scanner.step()? {
            Found::Nothing if rest.is_empty() => return Ok(None),
            Found::Nothing => {
                let length = lengths.next().unwrap().clamp(1, rest.len());
                scanner.push(&rest[..length]);
                rest = &rest[length..];
            }
            Found::Head(head) => {
                let head = String::from_utf8_lossy(&head).into_owned();
                parts.push((head, Vec::new()));
            }
            Found::Data(data) => {
                assert!(!data.is_empty());
                parts.last_mut().unwrap().1.extend_from_slice(&data);
            }
            Found::PartEnd => {}
            Found::Over => return Ok(Some(parts)),
        }
    }
}

fn form(parts: &Parts) -> Vec<u8> {
    let mut form = b"preamble, --x-y".to_vec();
    for (head, data) in parts {
        form.extend_from_slice(b"\r\n--x-y \t\r\n");
        if !head.is_empty() {
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"\r\n");
        form.extend_from_slice(data);
    }
    form.extend_from_slice(b"\r\n--x-y--\r\nepilogue");
    form
}

#[test]
fn a_form_may_begin_with_its_boundary_and_be_empty() {
    assert_eq!(scan(b"--x-y--", &[]).unwrap().unwrap(), vec![]);
    let one = scan(b"--x-y\r\n\r\n\r\n--x-y--", &[]).unwrap().unwrap();
    assert_eq!(one, [(String::new(), vec![])]);
}

#[test]
fn what_breaks_off_is_never_over() {
    let parts = vec![("A: b".to_owned(), b"data".to_vec())];
    let form = form(&parts);
    let end = form.len() - "\r\nepilogue".len();
    for length in 0..end {
        assert_eq!(scan(&form[..length], &[]).unwrap(), None, "{length}");
    }
    assert_eq!(scan(&form[..end], &[]).unwrap(), Some(parts));
}

#[test]
fn what_is_too_long_or_no_boundary_is_refused() {
    let too_long = |form: &str| {
        let error = scan(form.as_bytes(), &[7]).unwrap_err();
        assert!(matches!(error, MultipartError::TooLarge { .. }), "{error}");
    };
    too_long(&format!("{}\r\n--x-y--", "p".repeat(101)));
    too_long(&format!("--x-y{}\r\n\r\n\r\n--x-y--", " ".repeat(101)));
    too_long(&format!(
        "--x-y\r\nA: {}\r\n\r\n\r\n--x-y--",
        "a".repeat(100)
    ));
    // Not even its end is waited for.
    too_long(&format!("--x-y\r\nA: {}", "a".repeat(100)));
    for form in ["--x-yz\r\n", "--x-y-z", "--x-y\n\n", "--x-y -"] {
        let error = scan(form.as_bytes(), &[]).unwrap_err();
        assert!(
            matches!(error, MultipartError::Malformed(_)),
            "{form}: {error}"
        );
    }
}

/// Data that is almost a boundary, again and again.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec!["\r", "\n", "\r\n", "-", "--", "--x", "-y", "x-", "a"]);
    let data = prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes());
    data.prop_filter("the boundary is in no part", |data| {
        let mut line = b"\r\n".to_vec();
        line.extend_from_slice(data);
        line.extend_from_slice(b"\r\n");
        memchr::memmem::find(&line[2..], b"\r\n--x-y").is_none()
    })
}

proptest! {
    /// However the bytes are cut on the way, the same parts are found.
    #[test]
    fn parts_are_found_wherever_the_bytes_are_cut(
        parts in prop::collection::vec(("(A: b{0,9}(\r\nC: d)?)?", data()), 0..4),
        lengths in prop::collection::vec(1..20_usize, 0..60),
    ) {
        let found = scan(&form(&parts), &lengths).unwrap();
        prop_assert_eq!(found, Some(parts));
    }

    /// No bytes make it panic, or stand still.
    #[test]
    fn whatever_comes_is_taken_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["\r\n", "--x-y", "--", "A: b", "\r", "\0", " ", "data"]),
            0..40,
        ),
        lengths in prop::collection::vec(1..9_usize, 0..9),
    ) {
        // Both are fine; what matters is that there is an answer.
        let _answer = scan(pieces.concat().as_bytes(), &lengths);
    }
}

// Elsewhere a file that is open has to keep its name.
#![cfg(unix)]

use http_body_util::BodyExt;

use super::*;

/// A file of `length` bytes, removed when it is closed for the last time; Unix keeps it until then.
fn file(length: u64) -> (File, File) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: only that each caller gets another number matters.
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("bowerbird-body-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let writing = File::create(&path).unwrap();
    writing.set_len(length).unwrap();
    let reading = File::open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    (writing, reading)
}

async fn frame(body: &mut FileBody) -> Option<io::Result<usize>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap().len()))
}

#[test]
fn a_body_is_never_read_more_than_one_piece_ahead() {
    bowerbird::run(async {
        let (writing, reading) = file(100_000);
        let mut body = FileBody::new([Piece::Stretch(0..100_000)], reading, 10_000);
        assert_eq!(body.size_hint().exact(), Some(100_000));
        for _ in 0..2 {
            assert_eq!(frame(&mut body).await.unwrap().unwrap(), 10_000);
        }
        // The third one may have been read by now; the fourth cannot have been.
        writing.set_len(0).unwrap();
        let third = frame(&mut body).await.unwrap();
        let fourth = match third {
            Ok(_read_before) => frame(&mut body).await.unwrap(),
            Err(error) => Err(error),
        };
        assert_eq!(fourth.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        // Whoever asks once more is told no tales.
        assert!(frame(&mut body).await.unwrap().is_err());
    });
}

#[test]
fn pieces_come_in_order_and_empty_ones_not_at_all() {
    bowerbird::run(async {
        let (_writing, reading) = file(1000);
        let bytes = |text: &'static str| Piece::Bytes(Bytes::from(text));
        let pieces = [
            bytes("head"),
            Piece::Stretch(5..5),
            Piece::Stretch(0..600),
            bytes(""),
            bytes("middle"),
            Piece::Stretch(998..1000),
        ];
        let mut body = FileBody::new(pieces, reading, 400);
        let mut lengths = vec![];
        while let Some(length) = frame(&mut body).await {
            lengths.push(length.unwrap());
            let told = body.size_hint().exact().unwrap();
            assert_eq!(told + lengths.iter().sum::<usize>() as u64, 612);
        }
        assert_eq!(lengths, [4, 400, 200, 6, 2]);
        assert!(body.is_end_stream());
    });
}

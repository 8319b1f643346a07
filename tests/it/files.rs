//! `fs::File`: bytes that flow, positions, what is read ahead and written behind.

use std::io::{ErrorKind, SeekFrom};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::fs::{self, File, OpenOptions};
use bowerbird::runners::RunnerBuilder;
use bowerbird::{EventLoop, create_task, gather, to_thread, wait_for, yield_now};
use futures_lite::future::poll_once;
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::alone::alone;
use crate::bell::Bell;
use crate::folder::{Folder, pattern};
use crate::loops::{each_builder, inside_each, inside_one_thread, watched};

async fn open_both(folder: &Folder) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    options.open(folder.at("file")).await.unwrap()
}

#[test]
fn bytes_come_back_in_pieces_of_any_size() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(3_000_000);
        for piece in [7_777, 100_000, 3_000_000] {
            let mut file = File::create(folder.at("file")).await.unwrap();
            for part in bytes.chunks(piece) {
                file.write_all(part).await.unwrap();
            }
            file.close().await.unwrap();
            let mut file = File::open(folder.at("file")).await.unwrap();
            let mut back = vec![0; bytes.len()];
            for part in back.chunks_mut(piece) {
                file.read_exact(part).await.unwrap();
            }
            assert!(back == bytes);
            assert_eq!(file.read(&mut [0]).await.unwrap(), 0);
        }
    });
}

#[test]
fn the_rest_of_a_file_is_read_at_once_from_anywhere() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(100_000);
        fs::write(folder.at("file"), &bytes).await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        let mut all = vec![9; 3];
        assert_eq!(file.read_to_end(&mut all).await.unwrap(), 100_000);
        assert!(all[..3] == [9; 3] && all[3..] == bytes);
        assert_eq!(file.read_to_end(&mut all).await.unwrap(), 0);
        // After a small read, part of the rest lies ready already.
        file.rewind().await.unwrap();
        file.read_exact(&mut [0; 5]).await.unwrap();
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert!(rest == bytes[5..]);
        assert_eq!(file.stream_position().await.unwrap(), 100_000);
    });
}

#[test]
fn text_that_is_no_text_is_an_error_and_adds_nothing() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), b"ab\xFF").await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        let mut text = String::from("before ");
        let error = file.read_to_string(&mut text).await.unwrap_err();
        assert_eq!((error.kind(), &*text), (ErrorKind::InvalidData, "before "));
        fs::write(folder.at("file"), "after").await.unwrap();
        file.rewind().await.unwrap();
        assert_eq!(file.read_to_string(&mut text).await.unwrap(), 5);
        assert_eq!(text, "before after");
    });
}

#[test]
fn small_writes_share_trips_and_keep_their_order() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = File::create(folder.at("file")).await.unwrap();
        let mut wanted = String::new();
        for number in 0..50_000_u32 {
            let line = format!("{number}\n");
            file.write_all(line.as_bytes()).await.unwrap();
            wanted.push_str(&line);
        }
        file.flush().await.unwrap();
        assert!(std::fs::read_to_string(folder.at("file")).unwrap() == wanted);
    });
}

#[test]
fn what_was_written_moves_on_without_a_flush() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = File::create(folder.at("file")).await.unwrap();
        file.write_all(b"one").await.unwrap();
        file.write_all(b"two").await.unwrap();
        while std::fs::read(folder.at("file")).unwrap() != b"onetwo" {
            yield_now().await;
        }
        drop(file);
    });
}

#[test]
fn a_write_is_seen_by_whatever_is_asked_next() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = open_both(&folder).await;
        file.write_all(b"12345").await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 5);
        file.write_all(b"67").await.unwrap();
        let mut two = [0; 2];
        file.read_exact_at(&mut two, 5).await.unwrap();
        assert_eq!(&two, b"67");
        file.write_all(b"89").await.unwrap();
        assert_eq!(file.stream_position().await.unwrap(), 9);
        file.write_all(b"0").await.unwrap();
        file.sync_all().await.unwrap();
        file.sync_data().await.unwrap();
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"1234567890");
        file.write_all(b"x").await.unwrap();
        file.set_len(3).await.unwrap();
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"123");
    });
}

#[test]
fn a_write_after_a_read_goes_where_the_reader_stands() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "0123456789").await.unwrap();
        let mut file = open_both(&folder).await;
        let mut two = [0; 2];
        file.read_exact(&mut two).await.unwrap();
        file.write_all(b"ab").await.unwrap();
        file.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"45");
        assert_eq!(file.seek(SeekFrom::Current(1)).await.unwrap(), 7);
        file.write_all(b"c").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"01ab456c89");
    });
}

#[test]
fn seeking_knows_start_end_and_here_and_refuses_what_is_before_the_start() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "0123456789").await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        let mut byte = [0];
        file.read_exact(&mut byte).await.unwrap();
        assert_eq!(file.seek(SeekFrom::Current(-1)).await.unwrap(), 0);
        let before = file.seek(SeekFrom::Current(-1)).await.unwrap_err();
        assert_eq!(before.kind(), ErrorKind::InvalidInput);
        let before = file.seek(SeekFrom::End(-11)).await.unwrap_err();
        assert_eq!(before.kind(), ErrorKind::InvalidInput);
        assert_eq!(file.seek(SeekFrom::End(-2)).await.unwrap(), 8);
        file.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [b'8']);
        let far = SeekFrom::Current(i64::MIN);
        assert!(file.seek(far).await.is_err());
        assert_eq!(file.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        assert_eq!(file.read(&mut byte).await.unwrap(), 0);
        assert_eq!(file.stream_position().await.unwrap(), 100);
    });
}

#[test]
fn a_file_for_appending_appends_wherever_it_was_read() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "old ").await.unwrap();
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        let mut file = options.open(folder.at("file")).await.unwrap();
        file.read_exact(&mut [0; 2]).await.unwrap();
        file.write_all(b"new").await.unwrap();
        assert_eq!(file.stream_position().await.unwrap(), 7);
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"old new");
    });
}

#[test]
fn options_decide_what_may_be_done() {
    inside_each(async || {
        let folder = Folder::new();
        let none = OpenOptions::new().open(folder.at("file")).await;
        assert_eq!(none.unwrap_err().kind(), ErrorKind::InvalidInput);
        let missing = OpenOptions::new().write(true).open(folder.at("file"));
        assert_eq!(missing.await.unwrap_err().kind(), ErrorKind::NotFound);
        File::create_new(folder.at("file")).await.unwrap();
        let taken = File::create_new(folder.at("file")).await;
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::AlreadyExists);
        fs::write(folder.at("file"), "full").await.unwrap();
        let mut options = OpenOptions::from(std::fs::OpenOptions::new());
        options.write(true).truncate(true);
        options.open(folder.at("file")).await.unwrap();
        assert_eq!(fs::read(folder.at("file")).await.unwrap(), b"");
        let directory = OpenOptions::new().write(true).open(folder.at("")).await;
        assert_eq!(directory.unwrap_err().kind(), ErrorKind::IsADirectory);
    });
}

#[test]
fn who_may_not_write_hears_it_at_the_next_call_once() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "text").await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        // Accepted: the system has not been asked yet.
        file.write_all(b"more").await.unwrap();
        assert!(file.flush().await.is_err());
        file.flush().await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "text");
    });
}

#[test]
fn a_full_disk_is_told_by_whatever_comes_next() {
    inside_each(async || {
        let full = || OpenOptions::new().read(true).write(true).open("/dev/full");
        let is_full = |result: std::io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::StorageFull);
        };
        let mut file = full().await.unwrap();
        file.write_all(b"x").await.unwrap();
        is_full(file.flush().await);
        file.write_all(b"x").await.unwrap();
        is_full(file.rewind().await);
        file.write_all(b"x").await.unwrap();
        is_full(file.sync_all().await);
        file.write_all(b"x").await.unwrap();
        is_full(file.read_exact_at(&mut [0], 0).await);
        // More than may be on its way: one of the writes themselves tells it.
        is_full(file.write_all(&[0; 1 << 20]).await);
        file.flush().await.unwrap();
        file.write_all(b"x").await.unwrap();
        is_full(file.close().await);
    });
}

/// A loop whose reports are kept.
fn reporting(builder: bowerbird::Builder) -> (EventLoop, Arc<Mutex<Vec<String>>>) {
    let event_loop = builder.build().unwrap();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let keep = reports.clone();
    event_loop.set_exception_handler(Some(move |report: &bowerbird::Report| {
        keep.lock().unwrap().push(report.message.clone());
    }));
    (event_loop, reports)
}

#[test]
fn an_error_of_a_dropped_file_reaches_the_exception_handler_once() {
    for builder in each_builder() {
        let (event_loop, reports) = reporting(builder);
        let dropping = async {
            let mut file = OpenOptions::new().write(true).open("/dev/full").await?;
            file.write_all(b"lost").await?;
            drop(file);
            while reports.lock().unwrap().is_empty() {
                yield_now().await;
            }
            // Told already when the file is dropped.
            let mut file = OpenOptions::new().write(true).open("/dev/full").await?;
            file.write_all(b"lost").await?;
            assert!(file.flush().await.is_err());
            std::io::Result::Ok(())
        };
        watched(|| event_loop.run_until_complete(dropping))
            .unwrap()
            .unwrap();
        event_loop.close().unwrap();
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].contains("file"), "{reports:?}");
    }
}

#[test]
fn what_a_dropped_file_had_accepted_is_written() {
    for builder in each_builder() {
        let folder = Folder::new();
        let event_loop = builder.build().unwrap();
        let bytes = pattern(200_000);
        let writing = async {
            let mut file = File::create(folder.at("file")).await.unwrap();
            for part in bytes.chunks(999) {
                file.write_all(part).await.unwrap();
            }
        };
        watched(|| event_loop.run_until_complete(writing)).unwrap();
        watched(|| event_loop.close()).unwrap();
        drop(event_loop);
        // A call that had begun is left to itself by `close`, and ends soon.
        watched(|| while std::fs::read(folder.at("file")).unwrap() != bytes {});
    }
}

#[test]
fn what_was_accepted_is_written_even_if_the_pool_never_came_to_it() {
    for builder in each_builder() {
        let folder = Folder::new();
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let (bell, begun) = (Bell::default(), Bell::default());
        let (wait, ring) = (bell.clone(), begun.clone());
        let mut file = event_loop
            .run_until_complete(File::create(folder.at("file")))
            .unwrap()
            .unwrap();
        let writing = async {
            to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            })
            .detach();
            begun.rung().await;
            file.write_all(b"behind a call that outlasts the loop")
                .await
        };
        watched(|| event_loop.run_until_complete(writing))
            .unwrap()
            .unwrap();
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"");
        watched(|| event_loop.close()).unwrap();
        let written = std::fs::read_to_string(folder.at("file")).unwrap();
        bell.ring();
        assert_eq!(written, "behind a call that outlasts the loop");
    }
}

#[test]
fn a_read_that_the_pool_never_came_to_is_an_error_and_the_next_one_works() {
    for builder in each_builder() {
        let folder = Folder::new();
        std::fs::write(folder.at("file"), "text").unwrap();
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let (bell, begun) = (Bell::default(), Bell::default());
        let (wait, ring) = (bell.clone(), begun.clone());
        let mut file = event_loop
            .run_until_complete(File::open(folder.at("file")))
            .unwrap()
            .unwrap();
        let reading = async {
            to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            })
            .detach();
            begun.rung().await;
            assert!(poll_once(file.read(&mut [0; 4])).await.is_none());
        };
        watched(|| event_loop.run_until_complete(reading)).unwrap();
        watched(|| event_loop.close()).unwrap();
        bell.ring();
        let again = async {
            let refused = file.read(&mut [0; 4]).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotConnected);
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "text");
        };
        watched(|| bowerbird::run(again));
    }
}

#[test]
fn no_byte_is_lost_or_doubled_by_reads_that_are_dropped() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(150_000);
        fs::write(folder.at("file"), &bytes).await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        let mut back = Vec::new();
        let mut dropped = 0;
        while back.len() < bytes.len() {
            let mut buffer = vec![0; 1 + back.len() % 40_000];
            match wait_for(file.read(&mut buffer), Duration::ZERO).await {
                Ok(length) => back.extend_from_slice(&buffer[..length.unwrap()]),
                Err(_dropped) => dropped += 1,
            }
            if dropped % 3 == 1 {
                let at = file.stream_position().await.unwrap();
                assert_eq!(at, back.len() as u64);
            }
        }
        assert!(back == bytes);
        assert!(dropped > 0);
    });
}

#[test]
fn a_dropped_read_to_the_end_leaves_all_to_the_next_read() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(90_000);
        fs::write(folder.at("file"), &bytes).await.unwrap();
        let mut file = open_both(&folder).await;
        let mut nothing = Vec::new();
        // A pool that was quicker than this thread has read it all: once more then.
        while poll_once(file.read_to_end(&mut nothing)).await.is_some() {
            nothing.clear();
            file.rewind().await.unwrap();
        }
        assert!(nothing.is_empty());
        let mut first = [0; 10];
        file.read_exact(&mut first).await.unwrap();
        assert!(first == bytes[..10]);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert!(rest == bytes[10..]);
        // And a write after one goes where it would have begun.
        file.seek(SeekFrom::Start(3)).await.unwrap();
        while poll_once(file.read_to_end(&mut nothing)).await.is_some() {
            file.seek(SeekFrom::Start(3)).await.unwrap();
        }
        file.write_all(b"!").await.unwrap();
        file.close().await.unwrap();
        let written = std::fs::read(folder.at("file")).unwrap();
        assert!(written[..3] == bytes[..3] && written[4..] == bytes[4..]);
        assert_eq!(written[3], b'!');
    });
}

#[test]
fn a_dropped_seek_leaves_the_position_whatever_comes_after() {
    inside_each(async || {
        let folder = Folder::new();
        'rounds: for round in 0..60 {
            fs::write(folder.at("file"), "0123456789").await.unwrap();
            let mut file = open_both(&folder).await;
            file.read_exact(&mut [0; 3]).await.unwrap();
            for to in [SeekFrom::Start(7), SeekFrom::End(-1), SeekFrom::Current(2)] {
                if poll_once(file.seek(to)).await.is_some() {
                    // The pool was quicker than this thread.
                    continue 'rounds;
                }
            }
            if round % 3 == 0 {
                // Let the last one come to its end, unseen.
                to_thread(|| ()).await.unwrap();
            }
            match round % 4 {
                0 => file.write_all(b"x").await.unwrap(),
                1 => file = File::from(file.into_std().await.unwrap()),
                2 => file = file.try_clone().await.unwrap(),
                _ => {}
            }
            let wanted = if round % 4 == 0 { b'4' } else { b'3' };
            let mut byte = [0];
            file.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte, [wanted]);
            assert_eq!(
                file.seek(SeekFrom::Current(2)).await.unwrap(),
                u64::from(wanted - b'0') + 3
            );
        }
    });
}

#[test]
fn what_others_change_is_seen_after_a_seek_and_what_we_change_at_once() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "0123456789").await.unwrap();
        let mut file = open_both(&folder).await;
        let mut byte = [0];
        file.read_exact(&mut byte).await.unwrap();
        file.write_all_at(b"A", 1).await.unwrap();
        file.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [b'A']);
        file.set_len(2).await.unwrap();
        assert_eq!(file.read(&mut byte).await.unwrap(), 0);
        fs::write(folder.at("file"), "abcdefgh").await.unwrap();
        file.seek(SeekFrom::Current(1)).await.unwrap();
        file.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [b'd']);
    });
}

#[test]
fn positioned_reads_and_writes_leave_the_position_and_run_at_once() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = open_both(&folder).await;
        file.write_all(b"start").await.unwrap();
        let file = Arc::new(file);
        let writes = (0..200_u64).map(|number| {
            let file = file.clone();
            async move {
                file.write_all_at(&number.to_le_bytes(), 5 + number * 8)
                    .await
            }
        });
        assert!(gather(writes).await.unwrap().iter().all(Result::is_ok));
        let reads = (0..200_u64).map(|number| {
            let file = file.clone();
            async move {
                let mut bytes = [0; 8];
                file.read_exact_at(&mut bytes, 5 + number * 8)
                    .await
                    .unwrap();
                u64::from_le_bytes(bytes) == number
            }
        });
        assert!(
            gather(reads)
                .await
                .unwrap()
                .into_iter()
                .all(|is_right| is_right)
        );
        let mut file = Arc::into_inner(file).unwrap();
        assert_eq!(file.stream_position().await.unwrap(), 5);
        let short = file
            .read_exact_at(&mut [0; 9], 5 + 199 * 8)
            .await
            .unwrap_err();
        assert_eq!(short.kind(), ErrorKind::UnexpectedEof);
    });
}

#[test]
fn positioned_bytes_may_be_more_than_one_trip_takes() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(9 << 20);
        let file = open_both(&folder).await;
        file.write_all_at(&bytes, 3).await.unwrap();
        let mut back = vec![0; bytes.len()];
        file.read_exact_at(&mut back, 3).await.unwrap();
        assert!(back == bytes);
    });
}

#[test]
fn a_clone_shares_the_position_and_robs_nobody() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "0123456789").await.unwrap();
        let mut one = open_both(&folder).await;
        let mut byte = [0];
        one.read_exact(&mut byte).await.unwrap();
        let mut other = one.try_clone().await.unwrap();
        for (at, digit) in (b'1'..=b'8').enumerate() {
            let file = if at % 2 == 0 { &mut other } else { &mut one };
            file.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte, [digit]);
        }
        one.rewind().await.unwrap();
        other.write_all(b"x").await.unwrap();
        other.flush().await.unwrap();
        assert_eq!(one.stream_position().await.unwrap(), 1);
    });
}

#[test]
fn a_file_of_std_comes_and_goes_with_its_position() {
    use std::io::{Read, Seek, Write};
    inside_each(async || {
        let folder = Folder::new();
        std::fs::write(folder.at("file"), "0123456789").unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true);
        let mut file = options.open(folder.at("file")).unwrap();
        file.seek(SeekFrom::Start(2)).unwrap();
        let mut file = File::from_std(file);
        let mut byte = [0];
        file.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [b'2']);
        let mut file = file.into_std().await.unwrap();
        file.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [b'3']);
        file.write_all(b"ab").unwrap();
        let mut file = File::from(file);
        file.write_all(b"cd").await.unwrap();
        let mut file = file.into_std().await.unwrap();
        assert_eq!(file.stream_position().unwrap(), 8);
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"0123abcd89");
    });
}

#[test]
fn times_and_permissions_of_an_open_file_are_set() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = open_both(&folder).await;
        file.write_all(b"x").await.unwrap();
        let time = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.set_modified(time).await.unwrap();
        let metadata = file.metadata().await.unwrap();
        assert_eq!(metadata.modified().unwrap(), time);
        let mut permissions = metadata.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).await.unwrap();
        assert!(file.metadata().await.unwrap().permissions().readonly());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_has_no_positions_and_keeps_what_was_read_ahead() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        // Opened both ways, a pipe needs no other end.
        let mut options = OpenOptions::new();
        let mut pipe = options.read(true).write(true).open(&path).await.unwrap();
        pipe.write_all(b"0123456789").await.unwrap();
        pipe.flush().await.unwrap();
        let mut three = [0; 3];
        pipe.read_exact(&mut three).await.unwrap();
        pipe.write_all(b"abc").await.unwrap();
        pipe.flush().await.unwrap();
        let refused = pipe.rewind().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSeekable);
        let refused = pipe.read_at(&mut three, 0).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSeekable);
        let mut rest = [0; 10];
        pipe.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"3456789abc");
    });
}

#[test]
fn vectored_reads_and_writes_fill_and_take_several_buffers() {
    use std::io::{IoSlice, IoSliceMut};
    inside_each(async || {
        let folder = Folder::new();
        let mut file = open_both(&folder).await;
        let parts = [&b""[..], b"ab", b"", b"cde"].map(IoSlice::new);
        // The first part is accepted in any case; whoever gets less than all calls again.
        let accepted = file.write_vectored(&parts).await.unwrap();
        assert!(accepted == 5 || accepted == 2);
        file.write_all(&b"abcde"[accepted..]).await.unwrap();
        file.rewind().await.unwrap();
        let (mut one, mut other) = ([0; 1], [0; 3]);
        let mut parts = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
        assert_eq!(file.read_vectored(&mut parts).await.unwrap(), 4);
        assert_eq!((&one, &other), (b"a", b"bcd"));
    });
}

#[test]
fn a_file_that_is_always_ready_lets_others_run() {
    inside_one_thread(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), vec![7; 16_000]).await.unwrap();
        let mut file = File::open(folder.at("file")).await.unwrap();
        let ran = Bell::default();
        let ring = ran.clone();
        let reader = async move {
            file.read_exact(&mut [0]).await.unwrap();
            create_task(async move { ring.ring() }).detach();
            let mut reads = 1;
            while reads < 15_000 && !ran.is_rung() {
                file.read_exact(&mut [0]).await.unwrap();
                reads += 1;
            }
            reads
        };
        assert!(create_task(reader).await.unwrap() < 15_000);
    });
}

#[test]
#[cfg(unix)]
fn a_slow_reader_holds_up_its_writer_and_no_worker() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let mut options = OpenOptions::new();
        let reading = options.read(true).write(true).open(&path);
        let (reader, mut writer) = (reading.await.unwrap(), File::create(&path).await.unwrap());
        let bytes = pattern(2 << 20);
        let wanted = bytes.clone();
        let writing = create_task(async move {
            writer.write_all(&bytes).await?;
            writer.close().await
        });
        for _ in 0..100 {
            create_task(yield_now()).await.unwrap();
        }
        assert!(!writing.is_done());
        let mut reader = reader;
        let mut back = vec![0; wanted.len()];
        reader.read_exact(&mut back).await.unwrap();
        assert!(back == wanted);
        writing.await.unwrap().unwrap();
    });
}

#[test]
fn the_traits_of_futures_io_work_as_the_methods_do() {
    async fn through_traits<F>(mut file: F)
    where
        F: futures_lite::AsyncRead + futures_lite::AsyncWrite + futures_lite::AsyncSeek + Unpin,
    {
        use futures_lite::AsyncSeekExt;
        file.write_all(b"by trait").await.unwrap();
        file.seek(SeekFrom::Start(3)).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "trait");
        file.close().await.unwrap();
    }
    inside_each(async || {
        let folder = Folder::new();
        through_traits(open_both(&folder).await).await;
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"by trait");
    });
}

#[test]
fn outside_a_loop_a_file_panics_loses_nothing_and_works_again_inside() {
    for builder in each_builder() {
        let folder = Folder::new();
        let event_loop = builder.build().unwrap();
        let opening = async { open_both(&folder).await };
        let mut file = event_loop.run_until_complete(opening).unwrap();
        let mut outside = std::panic::AssertUnwindSafe(&mut file);
        let refused = std::panic::catch_unwind(move || {
            futures_lite::future::block_on(outside.write(b"12345")).unwrap();
        });
        assert!(refused.is_err());
        assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"12345");
        let mut outside = std::panic::AssertUnwindSafe(&mut file);
        let refused = std::panic::catch_unwind(move || {
            futures_lite::future::block_on(outside.read(&mut [0])).unwrap();
        });
        assert!(refused.is_err());
        let inside = async {
            assert_eq!(file.read(&mut [0]).await.unwrap(), 0);
            file.rewind().await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "12345");
        };
        watched(|| event_loop.run_until_complete(inside)).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_or_dropped_file_leaves_no_descriptor() {
    let name = "files::a_closed_or_dropped_file_leaves_no_descriptor";
    alone(name, || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let folder = Folder::new();
        for builder in each_builder() {
            let before = open();
            let mut runner = RunnerBuilder::from(builder).build().unwrap();
            let using = async {
                let during = open();
                let mut file = open_both(&folder).await;
                file.write_all(b"x").await.unwrap();
                file.close().await.unwrap();
                assert_eq!(open(), during);
                let mut file = open_both(&folder).await;
                file.write_all(b"x").await.unwrap();
                // Given up, unless the pool was quicker than this thread.
                drop(poll_once(file.read_at(&mut [0], 0)).await);
                drop(file);
                drop(poll_once(File::open(folder.at("file"))).await);
                while open() > during {
                    yield_now().await;
                }
            };
            runner.run(using);
            runner.close();
            drop(runner);
            assert_eq!(open(), before);
        }
    });
}

//! `fs`: paths and directories. asyncio has none; std is the model.

use std::io::ErrorKind;
use std::sync::Arc;

use bowerbird::runners::RunnerBuilder;
use bowerbird::{LoopError, Semaphore, create_task, fs, gather, to_thread, wait_for, yield_now};
use futures_lite::StreamExt;

use crate::alone::alone;
use crate::bell::Bell;
use crate::folder::Folder;
#[cfg(target_os = "linux")]
use crate::loops::until_equal;
use crate::loops::{each_builder, inside_each, watched};

#[test]
fn what_is_written_under_a_path_is_read_there() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("a"), "words").await.unwrap();
        assert_eq!(fs::read(folder.at("a")).await.unwrap(), b"words");
        assert_eq!(fs::read_to_string(folder.at("a")).await.unwrap(), "words");
        fs::write(folder.at("a"), [0xFF]).await.unwrap();
        let no_text = fs::read_to_string(folder.at("a")).await.unwrap_err();
        assert_eq!(no_text.kind(), ErrorKind::InvalidData);
    });
}

#[test]
fn files_are_copied_renamed_linked_and_removed() {
    inside_each(async || {
        let folder = Folder::new();
        let (one, two, three) = (folder.at("1"), folder.at("2"), folder.at("3"));
        fs::write(&one, "text").await.unwrap();
        assert_eq!(fs::copy(&one, &two).await.unwrap(), 4);
        fs::rename(&two, &three).await.unwrap();
        assert!(!fs::exists(&two).await.unwrap());
        assert!(fs::try_exists(&three).await.unwrap());
        fs::hard_link(&three, &two).await.unwrap();
        fs::write(&two, "both").await.unwrap();
        assert_eq!(fs::read(&three).await.unwrap(), b"both");
        for path in [&one, &two, &three] {
            fs::remove_file(path).await.unwrap();
            let gone = fs::metadata(path).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::NotFound);
        }
    });
}

#[cfg(unix)]
#[test]
fn links_are_made_read_followed_and_looked_at() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "text").await.unwrap();
        fs::symlink("file", folder.at("link")).await.unwrap();
        let link = fs::symlink_metadata(folder.at("link")).await.unwrap();
        assert!(link.is_symlink());
        let file = fs::metadata(folder.at("link")).await.unwrap();
        assert!(file.is_file() && file.len() == 4);
        let target = fs::read_link(folder.at("link")).await.unwrap();
        assert_eq!(target.to_str(), Some("file"));
        let real = fs::canonicalize(folder.at("link")).await.unwrap();
        assert_eq!(real.file_name(), Some("file".as_ref()));
        fs::symlink("nothing", folder.at("dangling")).await.unwrap();
        assert!(!fs::exists(folder.at("dangling")).await.unwrap());
    });
}

#[cfg(unix)]
#[test]
fn permissions_are_set_and_told() {
    use std::os::unix::fs::PermissionsExt;
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("file");
        fs::write(&path, "").await.unwrap();
        for mode in [0o600, 0o444] {
            let wanted = fs::Permissions::from_mode(mode);
            fs::set_permissions(&path, wanted).await.unwrap();
            let told = fs::metadata(&path).await.unwrap().permissions();
            assert_eq!(told.mode() & 0o777, mode);
        }
        let made = fs::DirBuilder::new().mode(0o700).create(folder.at("dir"));
        made.await.unwrap();
        let told = fs::metadata(folder.at("dir")).await.unwrap().permissions();
        assert_eq!(told.mode() & 0o777, 0o700);
    });
}

#[test]
fn directories_are_made_and_removed() {
    inside_each(async || {
        let folder = Folder::new();
        let deep = folder.at("a/b/c");
        let orphan = fs::create_dir(&deep).await.unwrap_err();
        assert_eq!(orphan.kind(), ErrorKind::NotFound);
        fs::create_dir_all(&deep).await.unwrap();
        fs::create_dir_all(&deep).await.unwrap();
        let full = fs::remove_dir(folder.at("a")).await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir(&deep).await.unwrap();
        fs::remove_dir_all(folder.at("a")).await.unwrap();
        assert!(!fs::exists(folder.at("a")).await.unwrap());
        let again = fs::DirBuilder::new().recursive(true).create(&deep);
        again.await.unwrap();
        let exists = fs::DirBuilder::new().create(&deep).await.unwrap_err();
        assert_eq!(exists.kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
fn a_directory_is_read_entry_by_entry_over_several_batches() {
    inside_each(async || {
        let folder = Folder::new();
        // None; less than a batch; exactly one, two; more.
        for count in [0, 1, 255, 256, 257, 512, 700] {
            let path = folder.at(count.to_string());
            fs::create_dir(&path).await.unwrap();
            let names = (0..count).map(|number| format!("{number}"));
            let wanted: Vec<_> = names.collect();
            for name in &wanted {
                std::fs::write(path.join(name), name).unwrap();
            }
            let mut found = Vec::new();
            let mut entries = fs::read_dir(&path).await.unwrap();
            while let Some(entry) = entries.next().await {
                let entry = entry.unwrap();
                assert!(entry.file_type().await.unwrap().is_file());
                assert_eq!(entry.path(), path.join(entry.file_name()));
                found.push(entry.file_name().into_string().unwrap());
            }
            assert!(entries.next_entry().await.unwrap().is_none());
            found.sort_by_key(|name| name.parse::<u32>().unwrap());
            assert_eq!(found, wanted);
        }
    });
}

#[test]
fn an_entry_tells_its_own_metadata() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "12345").await.unwrap();
        let mut entries = fs::read_dir(folder.at("")).await.unwrap();
        let entry = entries.next_entry().await.unwrap().unwrap();
        assert_eq!(entry.metadata().await.unwrap().len(), 5);
        fs::remove_file(folder.at("file")).await.unwrap();
        let gone = entry.metadata().await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn no_entry_is_lost_to_a_call_that_is_dropped() {
    inside_each(async || {
        let folder = Folder::new();
        for number in 0..600 {
            std::fs::write(folder.at(number.to_string()), "").unwrap();
        }
        let mut entries = fs::read_dir(folder.at("")).await.unwrap();
        let mut count = 0;
        loop {
            // Polled once, then dropped: a batch may be on its way.
            match wait_for(entries.next_entry(), std::time::Duration::ZERO).await {
                Ok(Ok(None)) => break,
                Ok(entry) => count += usize::from(entry.unwrap().is_some()),
                Err(_dropped) => yield_now().await,
            }
        }
        assert_eq!(count, 600);
    });
}

#[test]
fn errors_are_those_of_the_system() {
    inside_each(async || {
        let folder = Folder::new();
        fs::write(folder.at("file"), "").await.unwrap();
        let is = |result: std::io::Result<Vec<u8>>, kind| {
            assert_eq!(result.unwrap_err().kind(), kind);
        };
        is(fs::read(folder.at("none")).await, ErrorKind::NotFound);
        is(fs::read(folder.at("")).await, ErrorKind::IsADirectory);
        let inside = folder.at("file").join("x");
        is(fs::read(inside).await, ErrorKind::NotADirectory);
        is(fs::read("a\0b").await, ErrorKind::InvalidInput);
        let long = "x".repeat(5_000);
        let long = fs::metadata(folder.at(long)).await.unwrap_err();
        assert_eq!(long.raw_os_error(), Some(36), "ENAMETOOLONG");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn who_may_not_is_told() {
    // Root may do anything but this: /proc refuses to make files.
    inside_each(async || {
        let refused = fs::write("/proc/self/task/none", "").await.unwrap_err();
        let kinds = [ErrorKind::PermissionDenied, ErrorKind::NotFound];
        assert!(kinds.contains(&refused.kind()), "{refused}");
        let refused = fs::create_dir("/proc/self/fd/none").await.unwrap_err();
        assert!(kinds.contains(&refused.kind()), "{refused}");
    });
}

#[test]
fn a_full_disk_is_an_error_with_its_code() {
    inside_each(async || {
        let full = fs::write("/dev/full", "one byte more").await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    });
}

#[test]
fn a_call_does_nothing_until_it_is_polled_and_borrows_nothing() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("file");
        drop(fs::write(&path, "never"));
        to_thread(|| ()).await.unwrap();
        assert!(!path.exists());
        let text = String::from("later");
        let call = fs::write(&path, &text);
        drop(text);
        create_task(call).await.unwrap().unwrap();
        assert_eq!(fs::read(&path).await.unwrap(), b"later");
    });
}

#[test]
fn a_call_that_waits_for_a_thread_and_is_dropped_never_starts() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let folder = Folder::new();
        let calls = async {
            let (bell, begun) = (Bell::default(), Bell::default());
            let (wait, ring) = (bell.clone(), begun.clone());
            let first = to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            });
            begun.rung().await;
            let write = fs::write(folder.at("file"), "never");
            assert!(wait_for(write, std::time::Duration::ZERO).await.is_err());
            bell.ring();
            first.await.unwrap();
            to_thread(|| ()).await.unwrap();
            assert!(!folder.at("file").exists());
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
    }
}

#[test]
fn a_call_that_its_loop_never_made_is_a_typed_error() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let folder = Folder::new();
        let (bell, begun) = (Bell::default(), Bell::default());
        let (wait, ring) = (bell.clone(), begun.clone());
        let mut call = fs::write(folder.at("file"), "never");
        let calls = async {
            to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            })
            .detach();
            begun.rung().await;
            // Queued behind a call that outlasts the loop.
            assert!(futures_lite::future::poll_once(&mut call).await.is_none());
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
        watched(|| event_loop.close()).unwrap();
        let refused = watched(|| bowerbird::run(call)).unwrap_err();
        bell.ring();
        assert_eq!(refused.kind(), ErrorKind::NotConnected);
        let inner = refused.into_inner().unwrap();
        assert_eq!(inner.downcast_ref(), Some(&LoopError::Closed));
        assert!(!folder.at("file").exists());
    }
}

#[test]
fn calls_are_made_inside_a_loop_only() {
    let outside = std::panic::catch_unwind(|| {
        futures_lite::future::block_on(fs::read("anything")).unwrap();
    });
    let payload = outside.unwrap_err();
    let text = payload.downcast_ref::<String>().unwrap();
    assert!(text.contains("loop"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_files_pass_through_few_descriptors_and_leave_none() {
    let name = "fs::ten_thousand_files_pass_through_few_descriptors_and_leave_none";
    alone(name, || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        for builder in each_builder() {
            let folder = Arc::new(Folder::new());
            let before = (open(), threads());
            let builder = builder.max_blocking_threads(16);
            let mut runner = RunnerBuilder::from(builder).build().unwrap();
            runner.run(many_files(folder));
            runner.close();
            drop(runner);
            until_equal(|| (open(), threads()), before);
        }
    });
}

#[cfg(target_os = "linux")]
async fn many_files(folder: Arc<Folder>) {
    let turns = Arc::new(Semaphore::new(64));
    let files = (0..10_000_u32).map(|number| {
        let (turns, folder) = (turns.clone(), folder.clone());
        async move {
            let _turn = turns.acquire().await;
            let path = folder.at(number.to_string());
            let mut file = fs::File::create_new(&path).await.unwrap();
            file.write_all(&number.to_le_bytes()).await.unwrap();
            file.close().await.unwrap();
            let back = fs::read(&path).await.unwrap();
            fs::remove_file(&path).await.unwrap();
            back == number.to_le_bytes()
        }
    });
    let kept = gather(files).await.unwrap();
    assert!(kept.into_iter().all(|is_kept| is_kept));
}

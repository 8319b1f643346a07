//! subprocess, signal, fs: names and shapes.

use std::io;
use std::process::ExitStatus;

use bowerbird::fs::{self, File};
use bowerbird::subprocess::{DEVNULL, PIPE, STDOUT};
use bowerbird::{
    CtrlC, Process, Signal, create_subprocess_exec, create_subprocess_shell, ctrl_c, signal,
};

use crate::folder::Folder;
use crate::loops::inside_each;

#[cfg(unix)]
#[test]
fn a_child_is_fed_and_awaited() {
    inside_each(async || {
        let mut cat: Process = create_subprocess_exec("cat")
            .stdin(PIPE)
            .stdout(PIPE)
            .stderr(DEVNULL)
            .kill_on_drop(true)
            .await
            .unwrap();
        assert!(cat.id() > 0 && cat.returncode().is_none());
        let (output, errors): (Option<Vec<u8>>, Option<Vec<u8>>) =
            cat.communicate(b"through").await.unwrap();
        assert_eq!((output.unwrap(), errors), (b"through".to_vec(), None));
        let status: ExitStatus = cat.wait().await.unwrap();
        assert!(status.success() && cat.returncode() == Some(0));
        let gone: io::Error = cat.kill().unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    });
}

#[cfg(unix)]
#[test]
fn a_child_is_ended_by_signals() {
    inside_each(async || {
        let endings: [fn(&Process) -> io::Result<()>; 3] = [
            |child| child.send_signal(bowerbird::signal::SIGINT),
            Process::terminate,
            Process::kill,
        ];
        for (end, number) in endings.into_iter().zip([2, 15, 9]) {
            let child = create_subprocess_shell("exec sleep 3600")
                .stdout(PIPE)
                .stderr(STDOUT);
            let child = child.await.unwrap();
            end(&child).unwrap();
            child.wait().await.unwrap();
            assert_eq!(child.returncode(), Some(-number));
        }
    });
}

#[cfg(unix)]
#[test]
fn signals_are_streams() {
    inside_each(async || {
        let mut usr: Signal = signal(bowerbird::signal::SIGWINCH).unwrap();
        let me = rustix::process::getpid();
        rustix::process::kill_process(me, rustix::process::Signal::WINCH).unwrap();
        assert!(usr.recv().await.is_some());
        let interrupted: CtrlC = ctrl_c();
        drop(interrupted);
    });
}

#[test]
fn files_are_read_and_written_off_the_workers() {
    inside_each(async || {
        let folder = Folder::new();
        let (one, two) = (folder.at("one"), folder.at("two"));
        fs::write(&one, "hello").await.unwrap();
        assert_eq!(fs::read(&one).await.unwrap(), b"hello");
        assert_eq!(fs::read_to_string(&one).await.unwrap(), "hello");
        assert_eq!(fs::copy(&one, &two).await.unwrap(), 5);
        let mut file = File::create(&one).await.unwrap();
        file.write_all(b"more").await.unwrap();
        file.flush().await.unwrap();
        file.sync_all().await.unwrap();
        file.close().await.unwrap();
        let mut file = File::open(&one).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "more");
        assert_eq!(file.seek(io::SeekFrom::Start(1)).await.unwrap(), 1);
        let appended = File::options().append(true).open(&one).await.unwrap();
        assert_eq!(appended.metadata().await.unwrap().len(), 4);
    });
}

#[test]
fn folders_are_made_walked_and_removed() {
    inside_each(async || {
        let folder = Folder::new();
        let deep = folder.at("a").join("b");
        fs::create_dir_all(&deep).await.unwrap();
        fs::create_dir(deep.join("c")).await.unwrap();
        fs::write(deep.join("f"), "").await.unwrap();
        fs::rename(deep.join("f"), deep.join("g")).await.unwrap();
        fs::hard_link(deep.join("g"), deep.join("h")).await.unwrap();
        assert!(fs::metadata(deep.join("g")).await.unwrap().is_file());
        assert!(fs::symlink_metadata(&deep).await.unwrap().is_dir());
        assert!(fs::try_exists(&deep).await.unwrap());
        fs::canonicalize(&deep).await.unwrap();
        let mut names = Vec::new();
        let mut entries = fs::read_dir(&deep).await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            names.push(entry.file_name());
        }
        names.sort();
        assert_eq!(names, ["c", "g", "h"]);
        let permissions = fs::metadata(deep.join("g")).await.unwrap().permissions();
        fs::set_permissions(deep.join("g"), permissions)
            .await
            .unwrap();
        fs::remove_file(deep.join("g")).await.unwrap();
        fs::remove_dir(deep.join("c")).await.unwrap();
        fs::remove_dir_all(folder.at("a")).await.unwrap();
        assert!(!fs::exists(folder.at("a")).await.unwrap());
    });
}

#[cfg(unix)]
#[test]
fn links_are_made_and_read() {
    inside_each(async || {
        let folder = Folder::new();
        fs::symlink("target", folder.at("link")).await.unwrap();
        let target = fs::read_link(folder.at("link")).await.unwrap();
        assert_eq!(target.to_str(), Some("target"));
    });
}

//! `fs::File` beside `std::fs::File`: random programs, one of ours and one of std's, step by step.
//!
//! The two work on two files. After each step they must have given the same answer, and at the end
//! the files must be equal. Steps of ours are also dropped midway, which std's twin does not see:
//! what was given up must leave the position where it was.

use std::fs::File as Twin;
use std::io::{Read, Seek, SeekFrom, Write};

use bowerbird::EventLoop;
use bowerbird::fs::{File, OpenOptions};
use futures_lite::future::poll_once;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::folder::Folder;
use crate::loops::{each_builder, watched};

#[derive(Clone, Debug)]
enum Step {
    Read(usize),
    ReadToEnd,
    Write(usize),
    Seek(SeekFrom),
    Position,
    SetLen(u64),
    ReadAt(usize, u64),
    WriteAt(usize, u64),
    Flush,
    Length,
    Reopen,
    GiveUpRead(usize),
    GiveUpReadToEnd,
    GiveUpSeek(u64),
}

/// Small ones mostly, and some beyond what is read ahead or written behind.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![0..40_usize, 10_000..30_000_usize, 250_000..600_000_usize]
}

fn place() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, 0..700_000_u64]
}

fn target() -> impl Strategy<Value = SeekFrom> {
    let offset = -500..500_i64;
    prop_oneof![
        place().prop_map(SeekFrom::Start),
        offset.clone().prop_map(SeekFrom::Current),
        offset.prop_map(SeekFrom::End),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => size().prop_map(Step::Read),
        1 => Just(Step::ReadToEnd),
        4 => size().prop_map(Step::Write),
        3 => target().prop_map(Step::Seek),
        1 => Just(Step::Position),
        1 => place().prop_map(Step::SetLen),
        1 => (size(), place()).prop_map(|(size, at)| Step::ReadAt(size, at)),
        1 => (size(), place()).prop_map(|(size, at)| Step::WriteAt(size, at)),
        1 => Just(Step::Flush),
        1 => Just(Step::Length),
        1 => Just(Step::Reopen),
        2 => size().prop_map(Step::GiveUpRead),
        1 => Just(Step::GiveUpReadToEnd),
        1 => place().prop_map(Step::GiveUpSeek),
    ]
}

/// Bytes that tell which step wrote them.
fn bytes(seed: usize, length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (seed * 31 + at * 7 + at / 251) as u8)
        .collect()
}

/// Ours and its twin.
struct Pair {
    ours: Option<File>,
    twin: Twin,
}

impl Pair {
    async fn open(folder: &Folder, appends: bool) -> Self {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).create(true);
        options.write(!appends).append(appends);
        let ours = OpenOptions::from(options.clone());
        Self {
            ours: Some(ours.open(folder.at("ours")).await.unwrap()),
            twin: options.open(folder.at("twin")).unwrap(),
        }
    }

    async fn take(&mut self, number: usize, step: &Step) {
        let twin = &mut self.twin;
        if let Step::Reopen = step {
            let ours = self.ours.take().unwrap().into_std().await.unwrap();
            self.ours = Some(File::from(ours));
            return;
        }
        let ours = self.ours.as_mut().unwrap();
        match *step {
            Step::Read(length) => read(ours, twin, length).await,
            Step::ReadToEnd => {
                let (mut one, mut other) = (vec![1], vec![1]);
                let length = ours.read_to_end(&mut one).await.unwrap();
                assert_eq!(length, twin.read_to_end(&mut other).unwrap());
                assert!(one == other);
            }
            Step::Write(length) => {
                let bytes = bytes(number, length);
                ours.write_all(&bytes).await.unwrap();
                twin.write_all(&bytes).unwrap();
            }
            Step::Seek(to) => {
                let moved = (ours.seek(to).await, twin.seek(to));
                assert_eq!(moved.0.map_err(|e| e.kind()), moved.1.map_err(|e| e.kind()));
            }
            Step::SetLen(length) => {
                ours.set_len(length).await.unwrap();
                twin.set_len(length).unwrap();
            }
            Step::ReadAt(length, at) => read_at(ours, twin, length, at).await,
            Step::WriteAt(length, at) => write_at(ours, twin, &bytes(number, length), at).await,
            Step::Flush => ours.flush().await.unwrap(),
            Step::Length => {
                let length = ours.metadata().await.unwrap().len();
                assert_eq!(length, twin.metadata().unwrap().len());
            }
            Step::GiveUpRead(length) => give_up_read(ours, twin, length).await,
            Step::GiveUpReadToEnd => {
                let mut nothing = Vec::new();
                if poll_once(ours.read_to_end(&mut nothing)).await.is_some() {
                    twin.read_to_end(&mut Vec::new()).unwrap();
                }
            }
            Step::GiveUpSeek(to) => {
                if poll_once(ours.seek(SeekFrom::Start(to))).await.is_some() {
                    twin.seek(SeekFrom::Start(to)).unwrap();
                }
            }
            Step::Position | Step::Reopen => {
                let position = ours.stream_position().await.unwrap();
                assert_eq!(position, twin.stream_position().unwrap());
            }
        }
    }
}

/// Ours may give less than asked for, and its twin then reads no more either.
async fn read(ours: &mut File, twin: &mut Twin, length: usize) {
    let (mut one, mut other) = (vec![0; length], vec![0; length]);
    let got = ours.read(&mut one).await.unwrap();
    twin.read_exact(&mut other[..got]).unwrap();
    assert!(one == other);
    if got == 0 && length > 0 {
        assert_eq!(twin.read(&mut other).unwrap(), 0);
    }
}

async fn give_up_read(ours: &mut File, twin: &mut Twin, length: usize) {
    let mut buffer = vec![0; length];
    if let Some(got) = poll_once(ours.read(&mut buffer)).await {
        let mut other = vec![0; got.unwrap()];
        twin.read_exact(&mut other).unwrap();
        assert!(buffer[..other.len()] == other);
    }
}

async fn read_at(ours: &File, twin: &Twin, length: usize, at: u64) {
    use std::os::unix::fs::FileExt;
    let (mut one, mut other) = (vec![0; length], vec![0; length]);
    let got = ours.read_at(&mut one, at).await.unwrap();
    assert_eq!(got, twin.read_at(&mut other, at).unwrap());
    assert!(one == other);
}

async fn write_at(ours: &File, twin: &Twin, bytes: &[u8], at: u64) {
    use std::os::unix::fs::FileExt;
    ours.write_all_at(bytes, at).await.unwrap();
    twin.write_all_at(bytes, at).unwrap();
}

fn check(event_loop: &EventLoop, appends: bool, steps: &[Step]) {
    let folder = Folder::new();
    let running = async {
        let mut pair = Pair::open(&folder, appends).await;
        for (number, step) in steps.iter().enumerate() {
            pair.take(number, step).await;
        }
        pair.take(0, &Step::Position).await;
        pair.ours.take().unwrap().close().await.unwrap();
    };
    event_loop.run_until_complete(running).unwrap();
    let both = ["ours", "twin"].map(|name| std::fs::read(folder.at(name)).unwrap());
    assert!(both[0] == both[1], "the files differ");
}

fn compare(appends: bool) {
    for builder in each_builder() {
        let event_loop = builder.build().unwrap();
        let config = Config {
            cases: 40,
            failure_persistence: None,
            ..Config::default()
        };
        let programs = prop::collection::vec(step(), 1..40);
        let mut runner = TestRunner::new(config);
        let compared = watched(|| {
            runner.run(&programs, |steps| {
                check(&event_loop, appends, &steps);
                Ok(())
            })
        });
        if let Err(difference) = compared {
            panic!("{difference}");
        }
    }
}

#[test]
fn a_file_does_what_the_one_of_std_does() {
    compare(false);
}

#[test]
fn a_file_for_appending_does_what_the_one_of_std_does() {
    compare(true);
}

use super::{Target, available_bytes, has_room, schedule, short_count};
use crate::builds::{Allocator, Build, Builds};
use crate::options::Options;
use crate::workloads::{Plan, Point};

fn target(workload: &'static str) -> Target {
    Target::plain(workload)
}

/// Ours alone.
fn builds() -> Builds {
    let missing = || Build::Missing("nowhere".into());
    Builds {
        ours: "ours".into(),
        opt: missing(),
        mimalloc: missing(),
    }
}

#[test]
fn what_no_build_can_do_is_not_in_the_schedule() {
    let other = match Allocator::OURS {
        Allocator::System => Allocator::Mimalloc,
        Allocator::Mimalloc => Allocator::System,
    };
    let elsewhere = Target {
        allocator: other,
        ..target("x")
    };
    let options = Options {
        plan: Plan { is_quick: true },
        rounds: 1,
        is_json: false,
        report: None,
        runtimes: vec!["tokio", "nobody"],
        targets: vec![target("x"), elsewhere],
        builds: builds(),
        remark: None,
    };
    let jobs = schedule(&options);
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].target, jobs[0].runtime), (target("x"), "tokio"));
}

#[test]
fn runtimes_take_turns_and_each_is_first_once() {
    let options = Options {
        plan: Plan { is_quick: true },
        rounds: 2,
        is_json: false,
        report: None,
        runtimes: vec!["tokio", "smol"],
        targets: vec![target("x"), target("y")],
        builds: builds(),
        remark: None,
    };
    let (a, b) = ("tokio", "smol");
    let expected = [
        [("x", a), ("x", b), ("y", a), ("y", b)],
        [("x", b), ("x", a), ("y", b), ("y", a)],
    ];
    let jobs = schedule(&options).into_iter();
    let jobs: Vec<_> = jobs.map(|job| (job.target.workload, job.runtime)).collect();
    assert_eq!(jobs, expected.concat());
}

#[test]
fn titles_tell_case_size_and_workers() {
    assert_eq!(target("yield").title(""), "yield");
    assert_eq!(target("echo_64").title("p99"), "echo_64 p99");
    let point = Some(Point {
        size: 10_000,
        workers: 8,
    });
    let grown = Target {
        point,
        ..target("memory_pending")
    };
    assert_eq!(grown.title("size"), "memory_pending size 10k/8");
    let elsewhere = Target {
        allocator: Allocator::Mimalloc,
        ..target("fib")
    };
    assert_eq!(elsewhere.title("20"), "fib 20 (mimalloc)");
}

#[test]
fn counts_are_short() {
    let counts = [7, 999, 1_000, 1_219, 13_529, 150_049, 1_000_000, 1_028_457];
    let texts = ["7", "999", "1k", "1.2k", "14k", "150k", "1M", "1M"];
    assert_eq!(counts.map(short_count), texts);
}

#[test]
fn a_point_that_would_fill_the_memory_is_left_out() {
    let meminfo = "MemTotal: 9 kB\nMemFree:  1 kB\nMemAvailable:     4096 kB\n";
    assert_eq!(available_bytes(meminfo), Some(4 << 20));
    assert_eq!(available_bytes("MemTotal: 9 kB\n"), None);
    let at = |size| Target {
        point: Some(Point { size, workers: 1 }),
        ..target("spawn_join")
    };
    assert!(has_room(&target("spawn_join")));
    assert!(has_room(&at(1)));
    assert!(!has_room(&at(1 << 50)));
}

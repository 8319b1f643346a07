use super::{Options, Order, Seat, Turns};
use crate::builds::{Allocator, Build, Builds};
use crate::counts::Mode;
use crate::workloads::{Plan, Point};

fn parse(line: &str) -> Result<Order, String> {
    let missing = || Build::Missing("nowhere".into());
    parse_with(line, missing(), missing())
}

fn parse_with(line: &str, opt: Build, mimalloc: Build) -> Result<Order, String> {
    let builds = Builds {
        ours: "ours".into(),
        opt,
        mimalloc,
    };
    Order::parse(line.split_whitespace().map(str::to_owned), &builds)
}

fn options(line: &str) -> Options {
    match parse(line) {
        Ok(Order::Conduct(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

fn workloads(line: &str) -> Vec<&'static str> {
    let targets = options(line).targets.into_iter();
    let mut names: Vec<_> = targets.map(|target| target.workload).collect();
    names.dedup();
    names
}

#[test]
fn without_arguments_everything_is_measured_five_times() {
    let options = options("");
    assert_eq!(options.rounds, 5);
    assert!(!options.plan.is_quick && !options.is_json);
    assert!(options.runtimes.contains(&"tokio"));
    assert!(options.targets.iter().all(|target| target.point.is_none()));
    assert!(workloads("").contains(&"spawn_join"));
}

#[test]
fn quick_takes_two_rounds_unless_told_how_many() {
    assert_eq!(options("--quick").rounds, 2);
    assert_eq!(options("--quick --rounds 1").rounds, 1);
}

#[test]
fn only_takes_parts_of_names_and_no_name_twice() {
    assert_eq!(workloads("--only fib,idle"), ["fib", "idle"]);
    assert_eq!(
        workloads("--only echo_1,echo"),
        ["echo_1", "echo_1000", "echo_64"]
    );
    // What there is for the web is listed with the rest.
    assert_eq!(workloads("--only websocket"), ["websocket_64"]);
}

#[test]
fn another_build_is_used_if_it_is_there_and_asked_for_by_name_if_not() {
    // The builds themselves have all they need.
    if cfg!(any(tokio_unstable, feature = "mimalloc")) {
        return;
    }
    let with = |line, build: &Build| match parse_with(line, build.clone(), build.clone()) {
        Ok(Order::Conduct(options)) => Ok(options),
        Ok(other) => panic!("{other:?}"),
        Err(complaint) => Err(complaint),
    };
    let ready = Build::Ready("it".into());
    let old = Build::Old("it".into());
    let all = with("--mimalloc", &ready).unwrap();
    assert!(all.runtimes.contains(&"tokio-opt") && all.remark.is_none());
    assert_eq!(all.targets[0].allocator, Allocator::System);
    assert_eq!(all.targets[1].allocator, Allocator::Mimalloc);
    assert_eq!(all.targets[0].workload, all.targets[1].workload);
    let without = with("", &old).unwrap();
    assert!(!without.runtimes.contains(&"tokio-opt"));
    assert!(without.remark.unwrap().contains("just bench-opt"));
    let refused = with("--runtimes tokio-opt", &old).unwrap_err();
    assert!(refused.contains("just bench-opt"), "{refused}");
    let refused = with("--mimalloc", &old).unwrap_err();
    assert!(refused.contains("just bench-mimalloc"), "{refused}");
}

#[test]
fn growth_is_of_all_series_or_of_those_that_are_named() {
    assert!(options("--growth").targets.len() > 7 * 10);
    let of_one = options("--growth fib --json");
    assert!(of_one.is_json);
    assert_eq!(of_one.targets.len(), 7);
    assert!(of_one.targets.iter().all(|target| target.point.is_some()));
    assert_eq!(workloads("--growth --only fib,yield"), ["yield", "fib"]);
    assert_eq!(options("--growth").rounds, 3);
    assert_eq!(options("--growth --quick").rounds, 1);
}

#[test]
fn a_page_is_written_where_it_is_asked_for() {
    assert_eq!(options("").report, None);
    assert_eq!(options("--report out").report, Some("out".into()));
}

#[test]
fn the_order_of_runtimes_is_the_users() {
    assert_eq!(options("--runtimes smol,tokio").runtimes, ["smol", "tokio"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "--fast",
        "--rounds",
        "--rounds many",
        "--report",
        "--rounds 0",
        "--only nonsense",
        "--runtimes tok",
        "--child tokio",
        "--load x",
        "--hold x 7",
        "--counts --quick",
        "--growth nonsense",
        "--child tokio fib --at 7",
        "--child tokio fib --fast",
        "--count yield many",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn a_child_learns_its_seat() {
    let seat = |line| match parse(line) {
        Ok(Order::Child(seat)) => seat,
        other => panic!("{other:?}"),
    };
    let expected = |is_quick, point| Seat {
        runtime: "tokio".into(),
        workload: "fib".into(),
        plan: Plan { is_quick },
        point,
    };
    assert_eq!(seat("--child tokio fib"), expected(false, None));
    assert_eq!(seat("--child tokio fib --quick"), expected(true, None));
    let point = Some(Point {
        size: 1_000,
        workers: 8,
    });
    assert_eq!(
        seat("--child tokio fib --quick --at 1000 8"),
        expected(true, point)
    );
}

#[test]
fn counts_are_compared_unless_they_are_to_be_recorded() {
    let mode = |line| match parse(line) {
        Ok(Order::Counts(mode)) => mode,
        other => panic!("{other:?}"),
    };
    assert_eq!(mode("--counts"), Mode::Compare);
    assert_eq!(mode("--counts --record"), Mode::Record);
    let Ok(Order::Count(turns)) = parse("--count yield 7") else {
        panic!("the harness understands itself");
    };
    let name = "yield".to_owned();
    assert_eq!(turns, Turns { name, turns: 7 });
}

use super::{Options, Order, Seat, Turns};
use crate::counts::Mode;
use crate::workloads::Plan;

fn parse(line: &str) -> Result<Order, String> {
    Order::parse(line.split_whitespace().map(str::to_owned))
}

fn options(line: &str) -> Options {
    match parse(line) {
        Ok(Order::Conduct(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn without_arguments_everything_is_measured_five_times() {
    let options = options("");
    assert_eq!(options.rounds, 5);
    assert!(!options.plan.is_quick && !options.is_json);
    assert!(options.runtimes.contains(&"tokio"));
    assert!(options.workloads.contains(&"spawn_join"));
}

#[test]
fn quick_takes_two_rounds_unless_told_how_many() {
    assert_eq!(options("--quick").rounds, 2);
    assert_eq!(options("--quick --rounds 1").rounds, 1);
}

#[test]
fn only_takes_parts_of_names_and_no_name_twice() {
    assert_eq!(options("--only fib,idle").workloads, ["fib", "idle"]);
    assert_eq!(
        options("--only echo_1,echo").workloads,
        ["echo_1", "echo_1000", "echo_64"]
    );
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
        "--counts --quick",
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
    let expected = |is_quick| Seat {
        runtime: "tokio".into(),
        workload: "fib".into(),
        plan: Plan { is_quick },
    };
    assert_eq!(seat("--child tokio fib"), expected(false));
    assert_eq!(seat("--child tokio fib --quick"), expected(true));
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

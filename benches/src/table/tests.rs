use super::{json, json_target, short, write_table};
use crate::job::{Job, Target};
use crate::reading::Reading;
use crate::summary::{Failure, Summary};
use crate::workloads::Point;

fn on(runtime: &'static str) -> Job {
    let target = Target::plain("spawn");
    Job { target, runtime }
}

fn summary() -> Summary {
    let mut summary = Summary::new(&["a", "b"]);
    let of = |value, cpu_ns| Reading {
        cpu_ns,
        ..Reading::lower("10k", "ns/task", value)
    };
    summary.add(&on("a"), vec![of(100.0, Some(50.0))]);
    summary.add(&on("b"), vec![of(450.0, None)]);
    summary
}

#[test]
fn a_row_is_one_line_and_one_more_for_each_other_measure() {
    let mut summary = summary();
    let failure = Failure {
        target: Target::plain("echo"),
        runtime: "b",
        message: "hung".into(),
    };
    summary.failures.push(failure);
    let mut output = Vec::new();
    write_table(&mut output, &summary).unwrap();
    let text = String::from_utf8(output).unwrap();
    let words: Vec<Vec<&str>> = text
        .lines()
        .take(4)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["workload", "a", "b", "vs", "b"]);
    let value = [
        "spawn",
        "10k",
        "[ns/task]",
        "100",
        "(100..100)",
        "450",
        "(450..450)",
        "4.50x",
    ];
    assert_eq!(words[1], value);
    assert_eq!(words[2], ["cpu", "ns/op", "50.0", "(50.0..50.0)", "-", "-"]);
    assert_eq!(words[3], ["!", "echo", "on", "b:", "hung"]);
}

#[test]
fn a_json_line_has_every_key_and_null_for_what_was_not_measured() {
    let summary = summary();
    let line = json(&summary.rows[0], 1, "b").unwrap();
    let target = json_target(&summary.rows[0].target);
    let expected = r#"{TARGET,"case":"10k","runtime":"b","unit":"ns/task",
        "median":450,"min":450,"max":450,"cpu_ns":null,"switches":null,
        "first_is_better":4.5,"first_is_better_cpu":null}"#;
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(line, expected.concat().replace("TARGET", &target));
}

#[test]
fn a_point_of_growth_says_where_it_is() {
    let point = Some(Point {
        size: 1_000,
        workers: 8,
    });
    let target = Target {
        point,
        ..Target::plain("fib")
    };
    let allocator = target.allocator.name();
    let expected = format!(r#""workload":"fib","allocator":"{allocator}","size":1000,"workers":8"#);
    assert_eq!(json_target(&target), expected);
}

#[test]
fn growth_is_told_from_the_smallest_to_the_largest() {
    let mut summary = Summary::new(&["a", "b"]);
    for (size, workers, value) in [(1_000, 2, 50.0), (100_000, 2, 150.0), (1_000, 8, 75.0)] {
        let point = Some(Point { size, workers });
        let target = Target {
            point,
            ..Target::plain("fib")
        };
        let readings = vec![
            Reading::lower("", "ns/task", value),
            Reading::lower("p99", "us", value),
        ];
        let runtime = "a";
        summary.add(&Job { target, runtime }, readings);
    }
    let mut output = Vec::new();
    write_table(&mut output, &summary).unwrap();
    let text = String::from_utf8(output).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let size = ["fib,", "1k", "to", "100k", "at", "a", "time", "3.00x", "-"];
    let workers = ["fib,", "2", "to", "8", "workers", "1.50x", "-"];
    assert!(lines.iter().any(|line| *line == size), "{text}");
    assert!(lines.iter().any(|line| *line == workers), "{text}");
    // Waiting in a longer line is not dearer.
    assert!(!text.contains("p99, 1k to"), "{text}");
}

#[test]
fn numbers_are_short_at_every_size() {
    for (number, text) in [
        (12_345.6, "12346"),
        (99.96, "100.0"),
        (1.234, "1.23"),
        (0.0123, "0.0123"),
        (0.0, "0"),
    ] {
        assert_eq!(short(number), text);
    }
}

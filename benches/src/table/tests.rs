use super::{json, short, write_table};
use crate::reading::Reading;
use crate::summary::{Failure, Summary};

fn summary() -> Summary {
    let mut summary = Summary::new(&["a", "b"]);
    let of = |value, cpu_ns| Reading {
        cpu_ns,
        ..Reading::lower("10k", "ns/task", value)
    };
    summary.add("spawn", "a", vec![of(100.0, Some(50.0))]);
    summary.add("spawn", "b", vec![of(450.0, None)]);
    summary
}

#[test]
fn a_row_is_one_line_and_one_more_for_each_other_measure() {
    let mut summary = summary();
    let failure = Failure {
        workload: "echo",
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
    let expected = r#"{"workload":"spawn","case":"10k","runtime":"b","unit":"ns/task",
        "median":450,"min":450,"max":450,"cpu_ns":null,"switches":null,
        "first_is_better":4.5,"first_is_better_cpu":null}"#;
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(line, expected.concat());
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

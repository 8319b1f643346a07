use super::{Measure, Spread, Summary, mean, median, percentile};
use crate::job::{Job, Target};
use crate::reading::Reading;

fn job(runtime: &'static str) -> Job {
    let target = Target::plain("w");
    Job { target, runtime }
}

/// A summary of the first readings for runtime `a` and the second for runtime `b`.
fn summary(a: Vec<Reading>, b: Vec<Reading>) -> Summary {
    let mut summary = Summary::new(&["a", "b"]);
    a.into_iter()
        .for_each(|reading| summary.add(&job("a"), vec![reading]));
    b.into_iter()
        .for_each(|reading| summary.add(&job("b"), vec![reading]));
    summary
}

#[test]
fn a_row_shows_the_median_and_the_range_of_its_rounds() {
    let of = |value| Reading::lower("c", "ns", value);
    let summary = summary(vec![of(3.0), of(1.0), of(7.0)], vec![]);
    assert_eq!(summary.rows.len(), 1);
    let row = &summary.rows[0];
    let expected = Spread {
        median: 3.0,
        min: 1.0,
        max: 7.0,
    };
    assert_eq!(row.spread(0, Measure::Value), Some(expected));
    assert_eq!(row.spread(1, Measure::Value), None);
    assert_eq!(row.spread(0, Measure::Cpu), None);
    assert_eq!(row.ratio(1, Measure::Value), None);
}

#[test]
fn a_ratio_above_one_is_the_first_runtimes_win_in_times_and_in_rates() {
    let times = summary(
        vec![Reading::lower("", "ns", 2.0)],
        vec![Reading::lower("", "ns", 6.0)],
    );
    assert_eq!(times.rows[0].ratio(1, Measure::Value), Some(3.0));
    let rates = summary(
        vec![Reading::higher("", "x", 6.0)],
        vec![Reading::higher("", "x", 2.0)],
    );
    assert_eq!(rates.rows[0].ratio(1, Measure::Value), Some(3.0));
}

#[test]
fn less_processor_time_wins_even_where_the_value_is_a_rate() {
    let of = |cpu| Reading {
        cpu_ns: Some(cpu),
        ..Reading::higher("", "x", 1.0)
    };
    let summary = summary(vec![of(10.0)], vec![of(20.0)]);
    assert_eq!(summary.rows[0].ratio(1, Measure::Cpu), Some(2.0));
}

#[test]
fn statistics_are_what_their_names_say() {
    assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    assert_eq!(median(&mut []), 0.0);
    let mut hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(percentile(&mut hundred, 99.0), 99.0);
    assert_eq!(percentile(&mut hundred, 50.0), 50.0);
    assert_eq!(percentile(&mut [5.0], 99.0), 5.0);
    assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
}

use super::{gather, growth};
use crate::job::{Job, Target};
use crate::reading::Reading;
use crate::summary::Summary;
use crate::workloads::Point;

fn add(summary: &mut Summary, (workload, runtime): (&'static str, &'static str), at: [f64; 3]) {
    let [size, workers, value] = at;
    let point = Some(Point {
        size: size as usize,
        workers: workers as usize,
    });
    let target = Target {
        point,
        ..Target::plain(workload)
    };
    let reading = match workload {
        "rate" => Reading::higher("", "x/s", value),
        _ => Reading::lower("", "ns/x", value),
    };
    summary.add(&Job { target, runtime }, vec![reading]);
}

/// Measured in no order.
fn summary() -> Summary {
    let mut summary = Summary::new(&["a", "b"]);
    for at in [[1e4, 2.0, 30.0], [1e3, 2.0, 20.0], [1e6, 2.0, 80.0]] {
        add(&mut summary, ("time", "a"), at);
    }
    add(&mut summary, ("time", "a"), [1e4, 8.0, 90.0]);
    add(&mut summary, ("time", "a"), [1e4, 1.0, 10.0]);
    add(&mut summary, ("time", "b"), [1e3, 2.0, 5.0]);
    add(&mut summary, ("rate", "a"), [1e3, 2.0, 60.0]);
    add(&mut summary, ("rate", "a"), [1e4, 2.0, 20.0]);
    let (target, runtime) = (Target::plain("time"), "a");
    let readings = vec![Reading::lower("", "ns/x", 1.0)];
    summary.add(&Job { target, runtime }, readings);
    summary
}

#[test]
fn sizes_and_workers_are_curves_of_their_own_in_order() {
    let summary = summary();
    let curves = gather(&summary);
    assert_eq!(curves.len(), 2);
    let places = |points: Vec<super::At<'_>>| Vec::from_iter(points.iter().map(|at| at.0));
    assert_eq!(places(curves[0].by_size()), [1_000, 10_000, 1_000_000]);
    assert_eq!(curves[0].size_by_workers(), Some(10_000));
    assert_eq!(places(curves[0].by_workers()), [1, 2, 8]);
    assert_eq!(curves[1].name(), "rate");
    assert!(curves[1].by_workers().is_empty());
}

#[test]
fn dearer_is_above_one_for_times_and_for_rates() {
    let summary = summary();
    let curves = gather(&summary);
    assert_eq!(growth(&curves[0].by_size(), 0), Some(4.0));
    assert_eq!(growth(&curves[0].by_workers(), 0), Some(9.0));
    assert_eq!(growth(&curves[1].by_size(), 0), Some(3.0));
}

#[test]
fn one_point_has_not_grown() {
    let summary = summary();
    assert_eq!(growth(&gather(&summary)[0].by_size(), 1), None);
}

#[test]
fn where_nothing_grew_there_are_no_curves() {
    assert!(gather(&Summary::new(&["a"])).is_empty());
}

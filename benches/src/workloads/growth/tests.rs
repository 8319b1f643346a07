use super::{Point, Series, WORKERS, catalogue};
use crate::runtimes::bowerbird::Bowerbird;
use crate::workloads::Plan;

fn points(series: &Series, is_quick: bool) -> Vec<(usize, usize)> {
    let points = series.points(Plan { is_quick });
    let flat = |Point { size, workers }| (size, workers);
    points.into_iter().map(flat).collect()
}

#[test]
fn sizes_go_to_a_million_and_one_of_them_to_eight_workers() {
    let catalogue = catalogue::<Bowerbird>();
    let expected = [
        (1_000, 2),
        (10_000, 2),
        (100_000, 2),
        (1_000_000, 2),
        (10_000, 1),
        (10_000, 4),
        (10_000, 8),
    ];
    assert_eq!(points(&catalogue[0], false), expected);
    assert_eq!(points(&catalogue[0], true).len(), 5);
}

#[test]
fn no_point_is_measured_twice_and_sizes_grow() {
    for series in catalogue::<Bowerbird>() {
        let points = points(&series, false);
        for (at, point) in points.iter().enumerate() {
            assert!(!points[..at].contains(point), "{} {point:?}", series.name);
        }
        let sizes = points.iter().filter(|point| point.1 == WORKERS);
        assert!(sizes.is_sorted(), "{}", series.name);
    }
}

/// The smallest point of each series, for its operations and its numbers.
#[test]
fn every_series_measures_at_the_point_it_is_given() {
    for series in catalogue::<Bowerbird>() {
        let point = Point {
            size: 100,
            workers: 1,
        };
        // The echo's load is the harness itself, which a test is not.
        if series.name == "echo" {
            continue;
        }
        let readings = (series.run)(Plan { is_quick: true }, point);
        let costs = readings
            .iter()
            .filter(|reading| reading.unit.contains("ns/"));
        let is_measured = costs.map(|reading| reading.value > 0.0);
        assert_eq!(Vec::from_iter(is_measured), [true], "{}", series.name);
    }
}

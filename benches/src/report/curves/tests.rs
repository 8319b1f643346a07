use super::draw;
use crate::curves::gather;
use crate::job::{Job, Target};
use crate::reading::Reading;
use crate::summary::Summary;
use crate::workloads::Point;

fn summary(unit: &str) -> Summary {
    let mut summary = Summary::new(&["bowerbird", "tokio"]);
    for (runtime, size, workers, value) in [
        ("bowerbird", 1_000, 2, 100.0),
        ("bowerbird", 1_000_000, 2, 200.0),
        ("bowerbird", 1_000, 8, 150.0),
        ("tokio", 1_000, 2, 400.0),
        ("tokio", 1_000_000, 2, 0.0),
    ] {
        let target = Target {
            point: Some(Point { size, workers }),
            ..Target::plain("spawn_join")
        };
        let reading = Reading {
            cpu_ns: Some(2.0 * value),
            ..Reading::lower("", unit, value)
        };
        summary.add(&Job { target, runtime }, vec![reading]);
    }
    summary
}

fn drawn(unit: &str) -> String {
    let summary = summary(unit);
    draw(&gather(&summary)[0], &summary.runtimes)
}

#[test]
fn what_is_dearer_is_higher_and_what_is_more_is_further_right() {
    let svg = drawn("ns/task");
    let line = svg.lines().find(|line| line.contains("stroke-width=\"2\""));
    let points = line.unwrap().split('"').nth(1).unwrap();
    let corner = |text: &str| {
        let (x, y) = text.split_once(',').unwrap();
        (x.parse::<f64>().unwrap(), y.parse::<f64>().unwrap())
    };
    let corners: Vec<_> = points.split(' ').map(corner).collect();
    assert_eq!(corners.len(), 2);
    assert!(corners[0].0 < corners[1].0 && corners[0].1 > corners[1].1);
}

#[test]
fn nothing_leaves_the_picture_and_what_has_no_logarithm_is_left_out() {
    let svg = drawn("ns/task");
    assert!(
        !svg.contains("NaN") && !svg.contains("inf") && !svg.contains("\"-"),
        "{svg}"
    );
    // Bowerbird at three places, one of them in both panels; tokio at one, in both.
    assert_eq!(svg.matches("<circle").count(), 4 + 2);
}

#[test]
fn processor_time_is_drawn_where_it_is_on_the_same_scale() {
    assert!(drawn("ns/task").contains("stroke-dasharray"));
    assert!(!drawn("bytes/task").contains("stroke-dasharray"));
}

use std::time::Duration;

use super::Reading;
use crate::meter::Usage;

#[test]
fn a_reading_survives_the_way_to_the_conductor() {
    let usage = Usage {
        wall: Duration::from_micros(3),
        cpu: Duration::from_micros(5),
        switches: 7,
    };
    for reading in [
        Reading::per_op("10k", "task", usage, 4),
        Reading::lower("", "us late", 0.25),
        Reading::higher("rate", "requests/s", 123_456.75).with(usage, 1_000_000),
    ] {
        assert_eq!(Reading::from_json(&reading.to_json()), Some(reading));
    }
}

#[test]
fn usage_is_divided_among_the_operations() {
    let usage = Usage {
        wall: Duration::from_micros(2),
        cpu: Duration::from_micros(4),
        switches: 1,
    };
    let reading = Reading::per_op("", "task", usage, 4);
    assert_eq!(
        (reading.value, reading.cpu_ns, reading.switches),
        (500.0, Some(1000.0), Some(0.25))
    );
}

#[test]
fn what_is_no_reading_is_not_taken_for_one() {
    for line in [
        "",
        "{}",
        "warning: something",
        r#"{"case":"","unit":"x","value":1}"#,
    ] {
        assert_eq!(Reading::from_json(line), None, "{line}");
    }
}

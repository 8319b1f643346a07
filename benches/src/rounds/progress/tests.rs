use std::time::Duration;

use super::{COLUMNS, clock, line};

#[test]
fn the_bar_fills_and_the_rest_is_what_is_left_at_this_pace() {
    let halfway = line(12, 24, "fib on tokio", Duration::from_secs(65));
    let bar = "############------------";
    assert_eq!(halfway, format!("[{bar}] 13/24, 1:05 left: fib on tokio"));
    let last = line(23, 24, "idle on tokio", Duration::from_secs(23));
    assert!(last.contains("#-] 24/24, 0:01 left"), "{last}");
}

#[test]
fn nobody_knows_how_long_it_takes_before_the_first_has_ended() {
    let first = line(0, 24, "fib on tokio", Duration::ZERO);
    assert!(first.ends_with("-] 1/24: fib on tokio"), "{first}");
}

#[test]
fn no_line_wraps() {
    let long = line(1, 2, &"w".repeat(200), Duration::from_secs(1));
    assert_eq!(long.chars().count(), COLUMNS);
}

#[test]
fn a_started_second_counts() {
    assert_eq!(clock(Duration::ZERO), "0:00");
    assert_eq!(clock(Duration::from_millis(59_100)), "1:00");
    assert_eq!(clock(Duration::from_secs(754)), "12:34");
}

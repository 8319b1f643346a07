//! Promises of the clock and of deadlines.

use super::*;

#[test]
fn a_deadline_beyond_the_range_is_never() {
    assert_eq!(
        Deadline::from_nanos(5).after(Duration::MAX),
        Deadline::NEVER
    );
    assert_eq!(
        Deadline::NEVER.after(Duration::from_secs(1)),
        Deadline::NEVER
    );
    assert!(Deadline::NEVER.is_never());
}

#[test]
fn time_since_a_later_point_is_zero() {
    let early = Deadline::from_nanos(10);
    let late = Deadline::from_nanos(25);
    assert_eq!(early.saturating_since(late), Duration::ZERO);
    assert_eq!(late.saturating_since(early), Duration::from_nanos(15));
}

#[test]
fn the_real_clock_never_goes_back() {
    let clock = Clock::real();
    let mut last = clock.now();
    for _ in 0..1_000 {
        let now = clock.now();
        assert!(now >= last);
        last = now;
    }
}

#[test]
fn a_time_and_a_deadline_of_one_clock_agree() {
    let manual = Clock::manual();
    manual.advance(Duration::from_secs(7));
    assert_eq!(manual.deadline(manual.time()), manual.now());
    let real = Clock::real();
    let (before, time, after) = (real.now(), real.time(), real.now());
    assert!((before..=after).contains(&real.deadline(time)));
}

#[test]
fn a_manual_clock_moves_only_by_hand_and_for_all_clones() {
    let clock = Clock::manual();
    let twin = clock.clone();
    assert_eq!(clock.now(), Deadline::ORIGIN);
    twin.advance(Duration::from_millis(3));
    assert_eq!(clock.now(), Deadline::from_nanos(3_000_000));
    twin.advance(Duration::MAX);
    assert_eq!(clock.now(), Deadline::NEVER);
}

#[test]
#[should_panic(expected = "only a manual clock")]
fn a_real_clock_refuses_to_be_advanced() {
    Clock::real().advance(Duration::from_secs(1));
}

#[test]
fn instants_and_deadlines_convert_both_ways() {
    let clock = Clock::real();
    let now = clock.now();
    assert_eq!(clock.deadline(clock.instant(now)), now);
    let before = clock
        .instant(Deadline::ORIGIN)
        .checked_sub(Duration::from_millis(1));
    if let Some(before) = before {
        assert_eq!(clock.deadline(before), Deadline::ORIGIN);
    }
    assert!(clock.instant(Deadline::NEVER) > clock.instant(now));
}

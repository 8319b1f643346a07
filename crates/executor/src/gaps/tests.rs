//! What the rests of a worker make it wish for.

use std::time::Duration;

use super::{Ending, Gaps, LONG_STREAK, SPINS, STREAK};
use crate::counts::Place;

const SPIN: Duration = Duration::from_micros(50);
const QUICK: Duration = Duration::from_micros(40);
const AT_ONCE: Duration = Duration::from_micros(8);
const LONG: Duration = Duration::from_millis(5);

fn after(rests: impl IntoIterator<Item = (Duration, Ending)>) -> Gaps {
    let gaps = Gaps::default();
    for (gap, ending) in rests {
        gaps.record(gap, Place::Seat, ending, SPIN);
    }
    gaps
}

fn many(count: i32, rest: (Duration, Ending)) -> impl Iterator<Item = (Duration, Ending)> {
    (0..count).map(move |_| rest)
}

#[test]
fn who_knows_nothing_yet_wishes_for_nothing() {
    let wish = Gaps::default().wish(SPIN);
    assert!(!wish.spin && !wish.nap);
}

#[test]
fn quick_calls_are_worth_a_spin() {
    let gaps = after(many(16, (QUICK, Ending::Call)));
    assert!(gaps.wish(SPIN).spin);
    assert!(!gaps.is_alone());
}

#[test]
fn where_spinning_is_switched_off_nothing_makes_it_wished_for() {
    let gaps = after(many(16, (Duration::ZERO, Ending::Call)));
    assert!(!gaps.wish(Duration::ZERO).spin);
}

#[test]
fn quick_events_in_batches_are_worth_a_nap_and_no_spin() {
    let gaps = after(many(16, (QUICK, Ending::Events(7))));
    let wish = gaps.wish(SPIN);
    assert!(wish.nap && !wish.spin);
}

#[test]
fn quick_events_one_by_one_are_worth_a_spin() {
    assert!(!after(many(STREAK - 1, (QUICK, Ending::Events(1)))).is_alone());
    let gaps = after(many(STREAK, (QUICK, Ending::Events(1))));
    assert!(gaps.is_alone() && gaps.wish(SPIN).spin);
}

#[test]
fn where_sleeping_is_cheap_no_event_is_worth_a_spin() {
    let gaps = after(many(8 * STREAK, (AT_ONCE, Ending::Events(1))));
    assert!(!gaps.is_alone());
}

#[test]
fn after_many_spins_it_is_seen_anew_whether_they_are_worth_it() {
    let gaps = after(many(STREAK, (QUICK, Ending::Events(1))));
    for _ in 1..SPINS {
        gaps.record(AT_ONCE, Place::Spin, Ending::Events(1), SPIN);
        assert!(gaps.is_alone());
    }
    gaps.record(AT_ONCE, Place::Spin, Ending::Events(1), SPIN);
    assert!(!gaps.is_alone());
}

#[test]
fn two_events_at_once_break_the_streak() {
    let rests = many(STREAK, (QUICK, Ending::Events(1)));
    let gaps = after(rests.chain([(QUICK, Ending::Events(2))]));
    assert!(!gaps.is_alone());
}

#[test]
fn a_spin_in_vain_is_not_soon_tried_again() {
    let gaps = after(many(STREAK, (QUICK, Ending::Events(1))));
    gaps.spun_in_vain();
    for _ in 1..LONG_STREAK {
        gaps.record(QUICK, Place::Seat, Ending::Events(1), SPIN);
    }
    assert!(!gaps.is_alone());
    gaps.record(QUICK, Place::Seat, Ending::Events(1), SPIN);
    assert!(gaps.is_alone());
}

#[test]
fn a_few_long_rests_end_the_wish_for_a_nap() {
    let gaps = after(many(16, (QUICK, Ending::Events(7))).chain(many(3, (LONG, Ending::Other))));
    assert!(!gaps.wish(SPIN).nap);
}

#[test]
fn work_between_events_does_not_hide_that_they_come_thick() {
    let gaps = after(many(16, (QUICK, Ending::Events(7))).chain(many(16, (QUICK, Ending::Other))));
    assert!(gaps.wish(SPIN).nap);
}

#[test]
fn a_nap_without_movement_is_the_last_one() {
    let gaps = after(many(16, (QUICK, Ending::Events(7))));
    gaps.calm_down();
    assert!(!gaps.wish(SPIN).nap);
}

#[test]
fn who_makes_way_naps_once() {
    let gaps = Gaps::default();
    gaps.make_way();
    assert!(gaps.wish(SPIN).nap);
    assert!(!gaps.wish(SPIN).nap);
}

#[test]
fn many_events_at_once_are_a_crowd_until_few_come_again() {
    let several = (AT_ONCE, Ending::Events(12));
    assert!(after(many(2, several)).is_crowded());
    assert!(!Gaps::default().is_crowded());
    let one = (AT_ONCE, Ending::Events(1));
    assert!(!after(many(16, one)).is_crowded());
    assert!(!after(many(8, several).chain(many(8, one))).is_crowded());
}

#[test]
fn one_great_turn_is_forgotten_as_soon_as_others() {
    let flood = (AT_ONCE, Ending::Events(usize::MAX));
    let one = (AT_ONCE, Ending::Events(1));
    assert!(!after(many(1, flood).chain(many(8, one))).is_crowded());
}

#[test]
fn a_crowd_is_not_forgotten_over_calls() {
    let several = (AT_ONCE, Ending::Events(12));
    let call = (QUICK, Ending::Call);
    assert!(after(many(8, several).chain(many(64, call))).is_crowded());
}

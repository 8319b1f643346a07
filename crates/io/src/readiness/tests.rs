//! The whole table: every set of flags against every transition.

use super::*;

/// Every word that can occur: ready and waiting exclude each other.
fn words() -> impl Iterator<Item = Readiness> {
    (0..16)
        .map(Readiness)
        .filter(|word| word.0 & (READY | WAITING) != READY | WAITING)
}

#[test]
fn an_event_makes_ready_keeps_what_is_sticky_and_changes_the_word() {
    for word in words() {
        for is_hung in [false, true] {
            let after = word.with_event(is_hung);
            assert!(after.is_ready() && !after.is_waiting());
            assert_eq!(after.is_shut(), word.is_shut());
            assert_eq!(after.0 & HUNG != 0, is_hung || word.0 & HUNG != 0);
            assert_ne!(after, word);
        }
    }
}

#[test]
fn nothing_but_an_event_makes_ready_and_nothing_unshuts() {
    for word in words() {
        for after in [
            word.cleared(),
            word.drained(),
            word.shut(),
            word.without_waiters(),
        ] {
            assert!(
                word.is_ready() || !after.is_ready(),
                "{word:?} to {after:?}"
            );
            assert!(after.is_shut() || !word.is_shut());
        }
    }
}

#[test]
fn a_waiter_is_admitted_only_where_an_event_will_come() {
    for word in words() {
        let admitted = word.with_waiter();
        assert_eq!(admitted.is_none(), word.is_ready() || word.is_shut());
        if let Some(after) = admitted {
            assert!(after.is_waiting());
            assert_eq!(after.without_waiters(), word.without_waiters());
        }
    }
}

#[test]
fn ready_and_waiting_exclude_each_other_whatever_happens() {
    for word in words() {
        let reached = [
            word.with_event(false),
            word.with_event(true),
            word.shut(),
            word.cleared(),
            word.drained(),
            word.without_waiters(),
            word.with_waiter().unwrap_or(word),
        ];
        for after in reached {
            assert!(
                !(after.is_ready() && after.is_waiting()),
                "{word:?} to {after:?}"
            );
        }
    }
}

#[test]
fn a_short_operation_clears_unless_the_peer_hung_up() {
    assert!(!Readiness::START.drained().is_ready());
    assert!(Readiness::START.with_event(true).drained().is_ready());
    assert!(!Readiness::START.with_event(true).cleared().is_ready());
}

#[test]
fn the_count_of_events_wraps_without_touching_a_flag() {
    let last = Readiness(!(TICK - 1) | HUNG);
    assert_eq!(last.with_event(false), Readiness(READY | HUNG));
    assert_eq!(
        format!("{:?}", Readiness::START.with_event(true)),
        "{\"ready\", \"hung\"}@1"
    );
}

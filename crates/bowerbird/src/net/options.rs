//! What the options of several kinds of sockets have in common.

use std::time::Duration;

/// The shortest whole number of seconds that is not less than `time`: the system counts in seconds
/// where this is used, and would take a fraction for none.
pub(super) const fn whole_seconds(time: Duration) -> Duration {
    let seconds = time.as_secs();
    if time.subsec_nanos() == 0 {
        Duration::from_secs(seconds)
    } else {
        Duration::from_secs(seconds.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    //! Promises about rounding.

    use super::*;

    #[test]
    fn fractions_of_a_second_are_never_none() {
        assert_eq!(whole_seconds(Duration::ZERO), Duration::ZERO);
        assert_eq!(
            whole_seconds(Duration::from_nanos(1)),
            Duration::from_secs(1)
        );
        assert_eq!(whole_seconds(Duration::from_secs(3)).as_secs(), 3);
        assert_eq!(whole_seconds(Duration::MAX).as_secs(), u64::MAX);
    }
}

//! A logarithmic scale: from numbers to places on the page, and which numbers to name beside it.

use crate::job::short_count;

/// More names than this would run into each other; then only powers of ten have one.
const TICKS_MAX: usize = 9;

/// From one number to another.
#[derive(Debug)]
pub(super) struct Scale {
    /// Logarithms of the numbers at both ends; the second is larger.
    ends: (f64, f64),
    /// Where these are on the page.
    places: (f64, f64),
}

impl Scale {
    /// Begins and ends at round numbers around `values`, which are above zero.
    pub(super) fn around(values: impl Iterator<Item = f64>, places: (f64, f64)) -> Self {
        let (low, high) = values.fold((f64::MAX, 0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let below = rounds().filter(|round| *round < low).last();
        let above = rounds().find(|round| *round > high);
        // Without values, or beyond all that is measured, one scale is as good as another.
        let (low, high) = match (below, above) {
            (Some(low), Some(high)) if low < high => (low, high),
            _ => (1.0, 10.0),
        };
        let ends = (low.log10(), high.log10());
        Self { ends, places }
    }

    /// From the first of `values`, which are in order, to the last.
    pub(super) fn between(values: &[f64], places: (f64, f64)) -> Self {
        let ends = match values {
            [first, .., last] if first < last => (first.log10(), last.log10()),
            // A single one is in the middle.
            [only, ..] => (only.log10() - 1.0, only.log10() + 1.0),
            [] => (0.0, 1.0),
        };
        Self { ends, places }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.ends.0) / (self.ends.1 - self.ends.0);
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// The round numbers on it, and how they read.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        // Rounding must not lose the ends.
        let (low, high) = (self.ends.0 - 1e-9, self.ends.1 + 1e-9);
        let is_inside = |value: &f64| (low..=high).contains(&value.log10());
        let mut values: Vec<f64> = rounds().filter(is_inside).collect();
        if values.len() > TICKS_MAX {
            values.retain(|value| (value.log10() - value.log10().round()).abs() < 1e-9);
        }
        let named = values.into_iter().map(|value| (value, name(value)));
        named.collect()
    }
}

/// 1, 2 and 5 times every power of ten that a reading can come near.
fn rounds() -> impl Iterator<Item = f64> {
    let of = |power| [1.0, 2.0, 5.0].map(|times| times * 10_f64.powi(power));
    (-6..15).flat_map(of)
}

fn name(value: f64) -> String {
    match value {
        1.0.. => short_count(value.round() as usize),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn a_scale_around_values_begins_and_ends_at_round_numbers() {
        let scale = Scale::around([30.0, 700.0, 45.0].into_iter(), (0.0, 100.0));
        let ticks: Vec<_> = scale.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(ticks, ["20", "50", "100", "200", "500", "1k"]);
        assert!(scale.place(20.0).abs() < 1e-6);
        assert!((scale.place(1_000.0) - 100.0).abs() < 1e-6);
        // On a logarithmic scale the middle is the geometric one.
        assert!((scale.place((20.0 * 1_000.0_f64).sqrt()) - 50.0).abs() < 1e-6);
    }

    #[test]
    fn a_value_on_a_round_number_is_not_on_the_edge() {
        let scale = Scale::around([100.0].into_iter(), (0.0, 1.0));
        let ticks: Vec<_> = scale.ticks().into_iter().map(|tick| tick.0).collect();
        assert_eq!(ticks, [50.0, 100.0, 200.0]);
    }

    #[test]
    fn a_wide_scale_names_powers_of_ten_only() {
        let scale = Scale::around([0.2, 30_000.0].into_iter(), (0.0, 1.0));
        let ticks: Vec<_> = scale.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(ticks, ["0.1", "1", "10", "100", "1k", "10k"]);
    }

    #[test]
    fn nothing_at_all_and_one_value_alone_have_a_place() {
        assert!(!Scale::around([].into_iter(), (0.0, 1.0)).ticks().is_empty());
        let alone = Scale::between(&[8.0], (10.0, 20.0));
        assert!((alone.place(8.0) - 15.0).abs() < 1e-9);
    }
}

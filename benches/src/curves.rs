//! Growth as curves: the rows of a workload that differ in size, or in the number of workers.
//!
//! `table` prints by how much an operation gets dearer from one end to the other, `report` draws
//! the curves. Only looks at a [`Summary`].

use crate::job::Target;
use crate::reading::Better;
use crate::summary::{Measure, Row, Summary};
use crate::workloads::{Point, WORKERS};

/// One case of a growth series, on all runtimes.
#[derive(Debug)]
pub(crate) struct Curve<'a> {
    /// In the order in which they were measured; never empty, and all have a point.
    rows: Vec<&'a Row>,
}

/// A point of a curve: how many tasks or workers, and the row with the numbers.
pub(crate) type At<'a> = (usize, &'a Row);

/// All curves, in the order of the table; none where nothing has grown.
pub(crate) fn gather(summary: &Summary) -> Vec<Curve<'_>> {
    let mut curves: Vec<Curve<'_>> = Vec::new();
    for row in summary.rows.iter().filter(|row| row.target.point.is_some()) {
        match curves.iter_mut().find(|curve| curve.is_of(row)) {
            Some(curve) => curve.rows.push(row),
            None => curves.push(Curve { rows: vec![row] }),
        }
    }
    curves
}

impl<'a> Curve<'a> {
    fn is_of(&self, row: &Row) -> bool {
        let first = self.rows[0];
        let of = |row: &Row| (row.target.workload, row.target.allocator);
        of(first) == of(row) && first.case == row.case
    }

    /// Workload, case and allocator.
    pub(crate) fn name(&self) -> String {
        let Row { target, case, .. } = self.rows[0];
        Target {
            point: None,
            ..*target
        }
        .title(case)
    }

    pub(crate) fn unit(&self) -> &'a str {
        &self.rows[0].unit
    }

    /// From few to many, with two workers.
    pub(crate) fn by_size(&self) -> Vec<At<'a>> {
        self.sorted(|point| (point.workers == WORKERS).then_some(point.size))
    }

    /// From one worker to eight; all of the same size, which is [`Self::size_by_workers`].
    pub(crate) fn by_workers(&self) -> Vec<At<'a>> {
        let wanted = self.size_by_workers();
        self.sorted(|point| (Some(point.size) == wanted).then_some(point.workers))
    }

    /// The size that was measured with other numbers of workers; `None` if there were no others.
    pub(crate) fn size_by_workers(&self) -> Option<usize> {
        let mut points = self.rows.iter().filter_map(|row| row.target.point);
        let other = points.find(|point| point.workers != WORKERS);
        other.map(|point| point.size)
    }

    fn sorted(&self, place: impl Fn(Point) -> Option<usize>) -> Vec<At<'a>> {
        let of = |row: &&'a Row| Some((place(row.target.point?)?, *row));
        let mut points: Vec<_> = self.rows.iter().filter_map(of).collect();
        points.sort_by_key(|(place, _)| *place);
        points
    }
}

/// How many times dearer an operation is at the last of these points than at the first, for the
/// runtime in `column`; `None` where it was measured at fewer than two.
pub(crate) fn growth(points: &[At<'_>], column: usize) -> Option<f64> {
    let of = |(_, row): &At<'_>| Some((row.spread(column, Measure::Value)?.median, row.better));
    let measured: Vec<_> = points.iter().filter_map(of).collect();
    let [(first, better), .., (last, _)] = measured.as_slice() else {
        return None;
    };
    let times = match better {
        Better::Lower => last / first,
        Better::Higher => first / last,
    };
    times.is_finite().then_some(times)
}

#[cfg(test)]
mod tests;

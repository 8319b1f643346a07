//! What all children came to: for each row and runtime the median and the range over the rounds.
//!
//! `rounds` fills a [`Summary`], `table` shows it. The small statistics workloads need for their
//! own samples are here too.

use crate::job::{Job, Target};
use crate::reading::{Better, Reading};

/// Everything measured.
#[derive(Debug)]
pub(crate) struct Summary {
    /// In the order of the columns; the others are compared with the first.
    pub(crate) runtimes: Vec<&'static str>,
    /// In the order in which they first came.
    pub(crate) rows: Vec<Row>,
    pub(crate) failures: Vec<Failure>,
    /// Children for which there was no time.
    pub(crate) unstarted: usize,
}

/// A child that gave no readings.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) target: Target,
    pub(crate) runtime: &'static str,
    pub(crate) message: String,
}

/// A case of a workload, or of a point of its growth, on all runtimes.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) target: Target,
    pub(crate) case: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
    /// For each runtime, in the order of the columns, the readings of all rounds.
    readings: Vec<Vec<Reading>>,
}

/// Which number of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Value,
    Cpu,
    Switches,
}

/// Over the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Summary {
    pub(crate) fn new(runtimes: &[&'static str]) -> Self {
        Self {
            runtimes: runtimes.to_vec(),
            rows: Vec::new(),
            failures: Vec::new(),
            unstarted: 0,
        }
    }

    /// Takes the readings of one child.
    pub(crate) fn add(&mut self, job: &Job, readings: Vec<Reading>) {
        let Job { target, runtime } = *job;
        let columns = self.runtimes.len();
        let column = self.runtimes.iter().position(|name| *name == runtime);
        let column = column.expect("only chosen runtimes are measured");
        for reading in readings {
            let is_it = |row: &Row| row.target == target && row.case == reading.case;
            let index = self.rows.iter().position(is_it).unwrap_or_else(|| {
                self.rows.push(Row {
                    target,
                    case: reading.case.clone(),
                    unit: reading.unit.clone(),
                    better: reading.better,
                    readings: vec![Vec::new(); columns],
                });
                self.rows.len() - 1
            });
            self.rows[index].readings[column].push(reading);
        }
    }
}

impl Row {
    /// Workload, case, point and unit.
    pub(crate) fn title(&self) -> String {
        format!("{} [{}]", self.target.title(&self.case), self.unit)
    }

    /// How many runtimes there are, measured or not.
    pub(crate) fn columns(&self) -> usize {
        self.readings.len()
    }

    /// What the runtime in `column` came to; `None` if that was not measured.
    pub(crate) fn spread(&self, column: usize, measure: Measure) -> Option<Spread> {
        let of = |reading: &Reading| match measure {
            Measure::Value => Some(reading.value),
            Measure::Cpu => reading.cpu_ns,
            Measure::Switches => reading.switches,
        };
        let mut values: Vec<f64> = self.readings[column].iter().filter_map(of).collect();
        if values.is_empty() {
            return None;
        }
        let median = median(&mut values);
        // `median` has sorted them.
        Some(Spread {
            median,
            min: values[0],
            max: values[values.len() - 1],
        })
    }

    /// How many times better the first runtime is than the one in `column`; below 1 it is worse.
    pub(crate) fn ratio(&self, column: usize, measure: Measure) -> Option<f64> {
        let ours = self.spread(0, measure)?.median;
        let theirs = self.spread(column, measure)?.median;
        let ratio = match (measure, self.better) {
            (Measure::Value, Better::Higher) => ours / theirs,
            _ => theirs / ours,
        };
        ratio.is_finite().then_some(ratio)
    }
}

/// The middle of `values`, which are sorted on return; zero if there are none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

/// The value that `percent` of `values` do not exceed; sorts them. Zero if there are none.
pub(crate) fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * percent / 100.0).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests;

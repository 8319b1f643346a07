//! By how much an operation gets dearer as there are more of them, under the table of a growth run.
//!
//! `table` calls [`write()`]; without points of growth nothing is written.

use std::io::{self, Write};

use super::{CELL, LABEL};
use crate::curves::{self, At, Curve};
use crate::job::short_count;
use crate::summary::Summary;

/// What the lines mean, above them.
const HEADING: &str = "\
How many times dearer an operation is at the end of a series than at its beginning; a rate, how many
times lower. Titles above are series, size and workers: 10k/2 is 10,000 at a time on two workers.";

pub(super) fn write(output: &mut impl Write, summary: &Summary) -> io::Result<()> {
    let curves = curves::gather(summary);
    if curves.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{HEADING}\n")?;
    write!(output, "{:LABEL$}", "growth")?;
    for name in &summary.runtimes {
        write!(output, "{name:>CELL$}")?;
    }
    writeln!(output)?;
    let columns = summary.runtimes.len();
    for curve in curves.iter().filter(|curve| is_cost(curve)) {
        let sizes = |size| short_count(size);
        write_line(
            output,
            (curve, "at a time"),
            &curve.by_size(),
            sizes,
            columns,
        )?;
        let workers = |count: usize| count.to_string();
        write_line(
            output,
            (curve, "workers"),
            &curve.by_workers(),
            workers,
            columns,
        )?;
    }
    Ok(())
}

/// Not how long an answer takes: each connection has a request under way, so it waits for those of
/// all others, and nothing is dearer for that.
fn is_cost(curve: &Curve<'_>) -> bool {
    curve.unit() != "us"
}

/// Nothing where there are no two points.
fn write_line(
    output: &mut impl Write,
    (curve, what): (&Curve<'_>, &str),
    points: &[At<'_>],
    short: impl Fn(usize) -> String,
    columns: usize,
) -> io::Result<()> {
    let [(first, _), .., (last, _)] = points else {
        return Ok(());
    };
    let (from, to) = (short(*first), short(*last));
    let label = format!("{}, {from} to {to} {what}", curve.name());
    write!(output, "{label:LABEL$}")?;
    for column in 0..columns {
        let times = curves::growth(points, column);
        let cell = times.map_or("-".to_owned(), |times| format!("{times:.2}x"));
        write!(output, "{cell:>CELL$}")?;
    }
    writeln!(output)
}

//! What the user sees: the table, or its rows as JSON.
//!
//! `rounds` calls this once, at the end; nothing else writes to standard output but children.

mod growth;

use std::io::{self, Write};

use crate::job::Target;
use crate::summary::{Measure, Row, Spread, Summary};
use crate::workloads::Point;

/// The lines of a row, and how each is labelled.
pub(crate) const MEASURES: [(Measure, &str); 3] = [
    (Measure::Value, ""),
    (Measure::Cpu, "  cpu ns/op"),
    (Measure::Switches, "  sleeps/op"),
];
/// Width of the first two columns together, and of each of the others.
const LABEL: usize = 48;
const CELL: usize = 30;
const RATIO: usize = 16;

/// What the table means, under it.
const LEGEND: &str = "\
Each cell: median (min..max) over the rounds. Ratios say how many times better the first runtime is:
above 1 it wins, for processor time and sleeps of threads too. Both sides of a ratio have the same
allocator: the C library's, or the one that a row names.
Every workload measures from inside a spawned task, so on a worker, in every runtime.";

/// Prints one sentence or more.
pub(crate) fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Prints names, one a line.
pub(crate) fn list(names: &[&str]) -> io::Result<()> {
    say(&names.join("\n"))
}

/// Prints the table, what failed, and how to read it.
pub(crate) fn print(summary: &Summary) -> io::Result<()> {
    write_table(&mut io::stdout().lock(), summary)
}

fn write_table(output: &mut impl Write, summary: &Summary) -> io::Result<()> {
    write!(output, "{:LABEL$}", "workload")?;
    for name in &summary.runtimes {
        write!(output, "{name:>CELL$}")?;
    }
    for name in summary.runtimes.iter().skip(1) {
        write!(output, "{:>RATIO$}", format!("vs {name}"))?;
    }
    writeln!(output)?;
    for row in &summary.rows {
        for (measure, label) in MEASURES {
            let name = match measure {
                Measure::Value => row.title(),
                _ => label.to_owned(),
            };
            write_line(output, &name, row, measure)?;
        }
    }
    for failure in &summary.failures {
        writeln!(
            output,
            "! {} on {}: {}",
            failure.target.title(""),
            failure.runtime,
            failure.message
        )?;
    }
    if summary.unstarted > 0 {
        let count = summary.unstarted;
        writeln!(
            output,
            "! the time was over: {count} children of later rounds were left out"
        )?;
    }
    writeln!(output, "\n{LEGEND}")?;
    growth::write(output, summary)
}

/// One line of a row; nothing if no runtime has such a number.
fn write_line(output: &mut impl Write, name: &str, row: &Row, measure: Measure) -> io::Result<()> {
    let columns = row.columns();
    let spreads: Vec<_> = (0..columns)
        .map(|column| row.spread(column, measure))
        .collect();
    if spreads.iter().all(Option::is_none) {
        return Ok(());
    }
    write!(output, "{name:LABEL$}")?;
    for spread in spreads {
        write!(output, "{:>CELL$}", spread.map_or("-".to_owned(), cell))?;
    }
    for column in 1..columns {
        let ratio = row
            .ratio(column, measure)
            .map_or("-".to_owned(), |r| format!("{r:.2}x"));
        write!(output, "{ratio:>RATIO$}")?;
    }
    writeln!(output)
}

/// A median and its range.
pub(crate) fn cell(spread: Spread) -> String {
    format!(
        "{} ({}..{})",
        short(spread.median),
        short(spread.min),
        short(spread.max)
    )
}

/// Three digits or a little more, without an exponent.
fn short(number: f64) -> String {
    let decimals = match number.abs() {
        0.0 => 0,
        100.0.. => 0,
        10.0.. => 1,
        0.1.. => 2,
        _ => 4,
    };
    format!("{number:.decimals$}")
}

/// Prints an object for each row and runtime, and one for each failure.
pub(crate) fn print_json(summary: &Summary) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for row in &summary.rows {
        for (column, runtime) in summary.runtimes.iter().enumerate() {
            if let Some(line) = json(row, column, runtime) {
                writeln!(output, "{line}")?;
            }
        }
    }
    for failure in &summary.failures {
        let (target, runtime) = (json_target(&failure.target), failure.runtime);
        let message = &failure.message;
        writeln!(
            output,
            r#"{{{target},"runtime":"{runtime}","failed":"{message}"}}"#
        )?;
    }
    Ok(())
}

/// `null` stands for what was not measured.
fn json(row: &Row, column: usize, runtime: &str) -> Option<String> {
    let Spread { median, min, max } = row.spread(column, Measure::Value)?;
    let number =
        |number: Option<f64>| number.map_or("null".to_owned(), |number| number.to_string());
    let of = |measure| number(row.spread(column, measure).map(|spread| spread.median));
    let (target, case, unit) = (json_target(&row.target), &row.case, &row.unit);
    let (cpu, switches) = (of(Measure::Cpu), of(Measure::Switches));
    let ratio = number(row.ratio(column, Measure::Value));
    let ratio_cpu = number(row.ratio(column, Measure::Cpu));
    Some(
        format!(r#"{{{target},"case":"{case}","runtime":"{runtime}","unit":"{unit}","#)
            + &format!(
                r#""median":{median},"min":{min},"max":{max},"cpu_ns":{cpu},"switches":{switches},"#
            )
            + &format!(r#""first_is_better":{ratio},"first_is_better_cpu":{ratio_cpu}}}"#),
    )
}

/// The keys that say what was measured; size and workers for points of growth alone.
fn json_target(target: &Target) -> String {
    let (workload, allocator) = (target.workload, target.allocator.name());
    let plain = format!(r#""workload":"{workload}","allocator":"{allocator}""#);
    match target.point {
        None => plain,
        Some(Point { size, workers }) => format!(r#"{plain},"size":{size},"workers":{workers}"#),
    }
}

#[cfg(test)]
mod tests;

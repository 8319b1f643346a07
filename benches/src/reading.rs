//! One measured number, and its way from a child to the conductor: a JSON object on a line.
//!
//! Workloads make readings, `child` prints them, `rounds` reads them back. Only what this file
//! writes has to be understood, so the reader is a search for keys and no JSON parser.

use std::fmt::{self, Write as _};

use crate::meter::Usage;

/// Which way is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

/// A number a workload came to, on one runtime, in one process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// Which of the workload's cases; empty where there is one only.
    pub(crate) case: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) value: f64,
    /// Processor time for an operation, in nanoseconds, all threads of the process together.
    pub(crate) cpu_ns: Option<f64>,
    /// How often a thread went to sleep, for an operation.
    pub(crate) switches: Option<f64>,
}

impl Reading {
    /// Wall time for each of `ops` operations in nanoseconds, with what else they used.
    pub(crate) fn per_op(case: impl fmt::Display, op: &str, usage: Usage, ops: usize) -> Self {
        let value = usage.wall.as_nanos() as f64 / ops as f64;
        Self::lower(case, format!("ns/{op}"), value).with(usage, ops)
    }

    /// A number that should be small.
    pub(crate) fn lower(case: impl fmt::Display, unit: impl Into<String>, value: f64) -> Self {
        let (case, unit) = (case.to_string(), unit.into());
        Self {
            case,
            unit,
            better: Better::Lower,
            value,
            cpu_ns: None,
            switches: None,
        }
    }

    /// A number that should be large.
    pub(crate) fn higher(case: impl fmt::Display, unit: impl Into<String>, value: f64) -> Self {
        Self {
            better: Better::Higher,
            ..Self::lower(case, unit, value)
        }
    }

    /// Adds the processor time and the sleeps of `ops` operations.
    pub(crate) fn with(mut self, usage: Usage, ops: usize) -> Self {
        self.cpu_ns = Some(usage.cpu.as_nanos() as f64 / ops as f64);
        self.switches = Some(usage.switches as f64 / ops as f64);
        self
    }

    /// As a JSON object on one line.
    pub(crate) fn to_json(&self) -> String {
        let Self {
            case, unit, value, ..
        } = self;
        let better = match self.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
        };
        let mut line =
            format!(r#"{{"case":"{case}","unit":"{unit}","better":"{better}","value":{value}"#);
        for (key, number) in [("cpu_ns", self.cpu_ns), ("switches", self.switches)] {
            if let Some(number) = number {
                write!(line, r#","{key}":{number}"#).expect("a string takes every write");
            }
        }
        line.push('}');
        line
    }

    /// Reads what [`Reading::to_json`] wrote.
    pub(crate) fn from_json(line: &str) -> Option<Self> {
        let text = |key| Some(field(line, key)?.trim_matches('"').to_owned());
        let number = |key| field(line, key)?.parse().ok();
        let better = match field(line, "better")? {
            r#""lower""# => Better::Lower,
            r#""higher""# => Better::Higher,
            _ => return None,
        };
        Some(Self {
            case: text("case")?,
            unit: text("unit")?,
            better,
            value: number("value")?,
            cpu_ns: number("cpu_ns"),
            switches: number("switches"),
        })
    }
}

/// The raw value behind `key`. No value of ours contains a comma, a brace or a quote.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let start = line.find(&format!(r#""{key}":"#))? + key.len() + 3;
    let rest = &line[start..];
    Some(&rest[..rest.find([',', '}'])?])
}

#[cfg(test)]
mod tests;

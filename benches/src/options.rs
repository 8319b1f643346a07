//! The command line: what a user may ask for, and the private forms in which the harness
//! starts itself (`--child`, `--load`, `--count`).
//!
//! `main` calls [`Order::parse`] once. Nothing else reads arguments.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::child;
use crate::counts;
use crate::load::Load;
use crate::runtimes;
use crate::workloads::Plan;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Measures bowerbird against other runtimes and prints medians, their range, and ratios.

  --quick              a look, not a measurement: small sizes, at most 60 s in all
  --rounds N           how often each workload runs on each runtime (default 5; with --quick 2)
  --only A,B           these workloads only; a part of a name is enough
  --runtimes A,B       these runtimes only; the first is the one the others are compared with
  --json               one JSON object a line instead of the table
  --report FOLDER      a page as well: FOLDER/index.html
  --list               the names of the workloads
  --counts [--record]  instructions per operation against the recorded ones, or record them
  --help               this";

/// What the process was started for.
#[derive(Debug)]
pub(crate) enum Order {
    Help,
    List,
    Conduct(Options),
    Child(Seat),
    Load(Load),
    Counts(counts::Mode),
    Count(Turns),
}

/// What one child under valgrind runs.
#[derive(Debug, PartialEq)]
pub(crate) struct Turns {
    pub(crate) name: String,
    pub(crate) turns: u64,
}

/// What the conductor is to do.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) plan: Plan,
    /// How many children a workload gets on each runtime.
    pub(crate) rounds: usize,
    pub(crate) is_json: bool,
    /// Where a page is to be written, if one is wanted.
    pub(crate) report: Option<PathBuf>,
    /// In the order of the columns; the first is the one that is compared.
    pub(crate) runtimes: Vec<&'static str>,
    /// In the order in which they run.
    pub(crate) workloads: Vec<&'static str>,
}

/// What one child measures.
#[derive(Debug, PartialEq)]
pub(crate) struct Seat {
    pub(crate) runtime: String,
    pub(crate) workload: String,
    pub(crate) plan: Plan,
}

impl Order {
    /// Reads the arguments after the program's name; the error is a sentence for the user.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.peekable();
        match arguments.peek().map(String::as_str) {
            Some("--help" | "-h") => return Ok(Self::Help),
            Some("--list") => return Ok(Self::List),
            Some("--child") => return child(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--load") => return load(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--counts") => return compare(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--count") => return count(&arguments.skip(1).collect::<Vec<_>>()),
            _ => {}
        }
        let mut is_quick = false;
        let mut is_json = false;
        let mut report = None;
        let mut rounds = None;
        let mut runtimes = runtimes::names();
        let mut workloads = child::workload_names();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--quick" => is_quick = true,
                "--json" => is_json = true,
                "--report" => report = Some(PathBuf::from(value()?)),
                "--rounds" => rounds = Some(number::<NonZero<usize>>(&value()?)?.get()),
                "--only" => {
                    workloads = pick(&value()?, &workloads, |name, part| name.contains(part))?
                }
                "--runtimes" => runtimes = pick(&value()?, &runtimes, |name, part| name == part)?,
                _ => return Err(format!("unknown argument {argument}")),
            }
        }
        let rounds = rounds.unwrap_or(if is_quick { 2 } else { 5 });
        let plan = Plan { is_quick };
        Ok(Self::Conduct(Options {
            plan,
            rounds,
            is_json,
            report,
            runtimes,
            workloads,
        }))
    }
}

/// `--child RUNTIME WORKLOAD [--quick]`
fn child(rest: &[String]) -> Result<Order, String> {
    let [runtime, workload, flags @ ..] = rest else {
        return Err("--child is for the harness itself".to_owned());
    };
    let plan = Plan {
        is_quick: flags.iter().any(|flag| flag == "--quick"),
    };
    Ok(Order::Child(Seat {
        runtime: runtime.clone(),
        workload: workload.clone(),
        plan,
    }))
}

/// `--load ADDRESS CONNECTIONS SPEECH WARM_MS MEASURED_MS`
fn load(rest: &[String]) -> Result<Order, String> {
    let [address, connections, speech, warm_ms, measured_ms] = rest else {
        return Err("--load is for the harness itself".to_owned());
    };
    Ok(Order::Load(Load {
        address: number::<SocketAddr>(address)?,
        connections: number(connections)?,
        speech: speech
            .parse()
            .map_err(|()| format!("{speech} is not spoken"))?,
        warm: Duration::from_millis(number(warm_ms)?),
        measured: Duration::from_millis(number(measured_ms)?),
    }))
}

/// `--counts [--record]`
fn compare(rest: &[String]) -> Result<Order, String> {
    match rest {
        [] => Ok(Order::Counts(counts::Mode::Compare)),
        [flag] if flag == "--record" => Ok(Order::Counts(counts::Mode::Record)),
        _ => Err("--counts takes --record or nothing".to_owned()),
    }
}

/// `--count LOOP TURNS`
fn count(rest: &[String]) -> Result<Order, String> {
    let [name, turns] = rest else {
        return Err("--count is for the harness itself".to_owned());
    };
    Ok(Order::Count(Turns {
        name: name.clone(),
        turns: number(turns)?,
    }))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} will not do here"))
}

/// The names among `known` that one of the comma-separated `wanted` asks for. Order is that of
/// `wanted`, so that `--runtimes` decides the columns.
fn pick(
    wanted: &str,
    known: &[&'static str],
    is_match: impl Fn(&str, &str) -> bool,
) -> Result<Vec<&'static str>, String> {
    let mut found = Vec::new();
    for part in wanted.split(',') {
        let mut matches = known
            .iter()
            .copied()
            .filter(|name| is_match(name, part))
            .peekable();
        if matches.peek().is_none() {
            return Err(format!("no {part} here; there are {}", known.join(", ")));
        }
        for name in matches {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

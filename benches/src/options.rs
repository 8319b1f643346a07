//! The command line: what a user may ask for, and the private forms in which the harness
//! starts itself (`--child`, `--load`, `--count`).
//!
//! `main` calls [`Order::parse`] once. Nothing else reads arguments.

use std::iter::Peekable;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::child;
use crate::counts;
use crate::job::Target;
use crate::load::Load;
use crate::runtimes;
use crate::workloads::{Plan, Point};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Measures bowerbird against other runtimes and prints medians, their range, and ratios.

  --quick              a look, not a measurement: small sizes, at most 60 s in all
  --rounds N           how often each workload runs on each runtime (default 5; with --quick 2)
  --growth [A,B]       curves: 1,000 to 1,000,000 at a time, and 1 to 8 workers (3 rounds;
                       with --quick 1, and to 10,000)
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
    pub(crate) targets: Vec<Target>,
}

/// What one child measures.
#[derive(Debug, PartialEq)]
pub(crate) struct Seat {
    pub(crate) runtime: String,
    pub(crate) workload: String,
    pub(crate) plan: Plan,
    /// Where on the workload's growth series, if that is what it is about.
    pub(crate) point: Option<Point>,
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
        let mut wish = Wish::default();
        while let Some(argument) = arguments.next() {
            wish.take(&argument, &mut arguments)?;
        }
        wish.grant().map(Self::Conduct)
    }
}

/// The switches as they were given.
#[derive(Debug, Default)]
struct Wish {
    is_quick: bool,
    is_json: bool,
    report: Option<PathBuf>,
    rounds: Option<usize>,
    /// Parts of names.
    only: Option<String>,
    /// Names.
    runtimes: Option<String>,
    /// Curves instead of the table, of all series or of those with such parts in their names.
    growth: Option<Option<String>>,
}

impl Wish {
    fn take<I>(&mut self, argument: &str, rest: &mut Peekable<I>) -> Result<(), String>
    where
        I: Iterator<Item = String>,
    {
        let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
        match argument {
            "--quick" => self.is_quick = true,
            "--json" => self.is_json = true,
            "--report" => self.report = Some(PathBuf::from(value()?)),
            "--rounds" => self.rounds = Some(number::<NonZero<usize>>(&value()?)?.get()),
            "--only" => self.only = Some(value()?),
            "--runtimes" => self.runtimes = Some(value()?),
            "--growth" => self.growth = Some(rest.next_if(|next| !next.starts_with("--"))),
            _ => return Err(format!("unknown argument {argument}")),
        }
        Ok(())
    }

    fn grant(self) -> Result<Options, String> {
        let plan = Plan {
            is_quick: self.is_quick,
        };
        let rounds = match (self.is_quick, &self.growth) {
            (true, None) => 2,
            (true, Some(_)) => 1,
            (false, None) => 5,
            (false, Some(_)) => 3,
        };
        let known = runtimes::names();
        let runtimes = match &self.runtimes {
            Some(names) => pick(names, &known, |name, part| name == part)?,
            None => known,
        };
        Ok(Options {
            plan,
            rounds: self.rounds.unwrap_or(rounds),
            is_json: self.is_json,
            report: self.report,
            runtimes,
            targets: match self.growth {
                None => workloads(self.only.as_deref())?,
                Some(name) => growth(plan, name.or(self.only).as_deref())?,
            },
        })
    }
}

/// The workloads of the table, or those among them that are wanted.
fn workloads(only: Option<&str>) -> Result<Vec<Target>, String> {
    let mut names = child::workload_names();
    if let Some(only) = only {
        names = pick(only, &names, |name, part| name.contains(part))?;
    }
    Ok(names.into_iter().map(Target::plain).collect())
}

/// The points of all growth series, or of those that are wanted.
fn growth(plan: Plan, only: Option<&str>) -> Result<Vec<Target>, String> {
    let all = child::growth(plan);
    let mut names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    if let Some(only) = only {
        names = pick(only, &names, |name, part| name.contains(part))?;
    }
    let wanted = all.into_iter().filter(|(name, _)| names.contains(name));
    let targets = wanted.flat_map(|(workload, points)| {
        let target = move |point| Target {
            workload,
            point: Some(point),
        };
        points.into_iter().map(target)
    });
    Ok(targets.collect())
}

/// `--child RUNTIME WORKLOAD [--quick] [--at SIZE WORKERS]`
fn child(rest: &[String]) -> Result<Order, String> {
    let [runtime, workload, flags @ ..] = rest else {
        return Err("--child is for the harness itself".to_owned());
    };
    let (is_quick, flags) = match flags {
        [quick, flags @ ..] if quick == "--quick" => (true, flags),
        flags => (false, flags),
    };
    let point = match flags {
        [] => None,
        [at, size, workers] if at == "--at" => Some(Point {
            size: number(size)?,
            workers: number(workers)?,
        }),
        _ => return Err("--child takes --quick and --at, in this order".to_owned()),
    };
    Ok(Order::Child(Seat {
        runtime: runtime.clone(),
        workload: workload.clone(),
        plan: Plan { is_quick },
        point,
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

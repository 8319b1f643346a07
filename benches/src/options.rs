//! The command line: what a user may ask for. The forms in which the harness starts itself are in
//! `private`.
//!
//! `main` calls [`Order::parse`] once. Nothing else reads arguments.

mod private;

use std::iter::Peekable;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;

use crate::builds::{Allocator, Build, Builds};
use crate::child;
use crate::counts;
use crate::job::Target;
use crate::load::{Hold, Load};
use crate::runtimes::TOKIO_OPT;
use crate::workloads::{Plan, Point};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Measures bowerbird against other runtimes and prints medians, their range, and ratios.

  --quick              a look, not a measurement: small sizes, at most 60 s in all
  --rounds N           how often each workload runs on each runtime (default 5; with --quick 2)
  --growth [A,B]       curves: 1,000 to 1,000,000 at a time, and 1 to 8 workers (3 rounds;
                       with --quick 1, and to 10,000)
  --mimalloc           every row a second time, with mimalloc instead of the system's allocator
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
    Hold(Hold),
    Page,
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
#[derive(Debug)]
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
    /// What children are started from.
    pub(crate) builds: Builds,
    /// What somebody should know before it begins.
    pub(crate) remark: Option<String>,
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
    pub(crate) fn parse(
        arguments: impl Iterator<Item = String>,
        builds: &Builds,
    ) -> Result<Self, String> {
        let mut arguments = arguments.peekable();
        match arguments.peek().map(String::as_str) {
            Some("--help" | "-h") => return Ok(Self::Help),
            Some("--list") => return Ok(Self::List),
            Some("--child") => return private::child(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--load") => return private::load(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--hold") => return private::hold(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--page") => return Ok(Self::Page),
            Some("--counts") => return private::compare(&arguments.skip(1).collect::<Vec<_>>()),
            Some("--count") => return private::count(&arguments.skip(1).collect::<Vec<_>>()),
            _ => {}
        }
        let mut wish = Wish::default();
        while let Some(argument) = arguments.next() {
            wish.take(&argument, &mut arguments)?;
        }
        wish.grant(builds).map(Self::Conduct)
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
    /// Everything once more, with mimalloc.
    is_mimalloc: bool,
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
            "--mimalloc" => self.is_mimalloc = true,
            "--only" => self.only = Some(value()?),
            "--runtimes" => self.runtimes = Some(value()?),
            "--growth" => self.growth = Some(rest.next_if(|next| !next.starts_with("--"))),
            _ => return Err(format!("unknown argument {argument}")),
        }
        Ok(())
    }

    fn grant(self, builds: &Builds) -> Result<Options, String> {
        let plan = Plan {
            is_quick: self.is_quick,
        };
        let rounds = match (self.is_quick, &self.growth) {
            (true, None) => 2,
            (true, Some(_)) => 1,
            (false, None) => 5,
            (false, Some(_)) => 3,
        };
        let allocators = self.allocators(builds)?;
        let (runtimes, remark) = self.runtimes(builds)?;
        let targets = match self.growth {
            None => workloads(self.only.as_deref())?,
            Some(name) => growth(plan, name.or(self.only).as_deref())?,
        };
        let with_each = targets.into_iter().flat_map(|target| {
            let with = move |allocator| Target {
                allocator,
                ..target
            };
            allocators.iter().copied().map(with)
        });
        Ok(Options {
            plan,
            rounds: self.rounds.unwrap_or(rounds),
            is_json: self.is_json,
            report: self.report,
            runtimes,
            targets: with_each.collect(),
            builds: builds.clone(),
            remark,
        })
    }

    fn allocators(&self, builds: &Builds) -> Result<Vec<Allocator>, String> {
        let mut allocators = vec![Allocator::OURS];
        if self.is_mimalloc && Allocator::OURS != Allocator::Mimalloc {
            if let Some(complaint) = builds.mimalloc.complaint("just bench-mimalloc") {
                return Err(complaint);
            }
            allocators.push(Allocator::Mimalloc);
        }
        Ok(allocators)
    }

    /// Those that are named, which have to be there, or all that are, and a remark about one that
    /// should be.
    fn runtimes(&self, builds: &Builds) -> Result<(Vec<&'static str>, Option<String>), String> {
        let there = builds.runtimes();
        let complaint = builds.opt.complaint("just bench-opt");
        let Some(names) = &self.runtimes else {
            let is_old = matches!(builds.opt, Build::Old(_)) && !there.contains(&TOKIO_OPT);
            let remark = complaint.filter(|_| is_old);
            return Ok((
                there,
                remark.map(|why| format!("without {TOKIO_OPT}: {why}")),
            ));
        };
        let mut known = there.clone();
        if !there.contains(&TOKIO_OPT) {
            known.push(TOKIO_OPT);
        }
        let wanted = pick(names, &known, |name, part| name == part)?;
        match wanted.iter().all(|name| there.contains(name)) {
            true => Ok((wanted, None)),
            false => Err(complaint.unwrap_or_default()),
        }
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
            point: Some(point),
            ..Target::plain(workload)
        };
        points.into_iter().map(target)
    });
    Ok(targets.collect())
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

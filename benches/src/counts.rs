//! How many instructions an operation costs, held against the recorded counts: a guard that the
//! noise of a shared machine cannot fool.
//!
//! `main` calls [`Mode::run`] for `--counts`. Each loop runs twice in a child under valgrind, with
//! N and with 2N turns; the difference is N turns without the start and the end. Loops have one
//! thread and never rest, so the counts hardly move. Never looks at a clock, and says nothing of
//! how fast a processor gets through the instructions.

mod loops;

mod record;

mod valgrind;

use std::io;
use std::path::{Path, PathBuf};

use crate::counts::record::{Count, Record};
use crate::table::say;

pub(crate) use loops::run as run_loop;

/// How many turns the shorter run of a loop has.
const TURNS: u64 = 5_000;

/// How many percent more instructions than recorded fail.
const TOLERANCE: f64 = 5.0;

/// What is to be done with the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Compare,
    Record,
}

impl Mode {
    /// Counts every loop, and compares or records.
    pub(crate) fn run(self) -> io::Result<()> {
        if !valgrind::is_installed()? {
            return say("skipped: valgrind, which counts the instructions, is not installed");
        }
        match self {
            Self::Compare => compare(),
            Self::Record => {
                let record = Record::new(count_all()?);
                std::fs::write(place(), record.to_text())?;
                say(&format!("recorded in {}", place().display()))
            }
        }
    }
}

/// An error if a count is more than [`TOLERANCE`] above the recorded one, or has none.
fn compare() -> io::Result<()> {
    let text = std::fs::read_to_string(place())?;
    let record = Record::from_text(&text).map_err(io::Error::other)?;
    if record.machine != record::MACHINE {
        let (theirs, ours) = (&record.machine, record::MACHINE);
        return say(&format!(
            "skipped: counts were recorded for {theirs}, this is {ours}"
        ));
    }
    let verdict = judge(&record.counts, &count_all()?);
    say(&verdict.lines.join("\n"))?;
    if verdict.is_accepted {
        return Ok(());
    }
    let mut advice = String::from("instruction counts changed; if that is meant, say so with");
    advice += " `just counts --record`, and why in the commit";
    if record.compiler != record::COMPILER {
        let (theirs, ours) = (&record.compiler, record::COMPILER);
        advice += &format!("\n(recorded with {theirs}, built now with {ours})");
    }
    Err(io::Error::other(advice))
}

/// What came of a comparison.
#[derive(Debug, PartialEq)]
struct Verdict {
    /// For the user: a line for each loop, below a heading.
    lines: Vec<String>,
    is_accepted: bool,
}

fn judge(recorded: &[Count], counted: &[Count]) -> Verdict {
    let mut lines = vec![line("instructions per operation", "recorded", "now", "")];
    let mut is_accepted = true;
    for now in counted {
        let before = recorded.iter().find(|count| count.name == now.name);
        let Some(before) = before else {
            is_accepted = false;
            lines.push(line(
                &now.name,
                "-",
                &now.instructions.to_string(),
                "not recorded",
            ));
            continue;
        };
        // Multiplied before divided: 5 % of a round number is then exactly 5 %.
        let more = now.instructions as f64 - before.instructions as f64;
        let percent = more * 100.0 / before.instructions as f64;
        let remark = match percent {
            more if more > TOLERANCE => "  MORE THAN RECORDED",
            less if less < -TOLERANCE => "  better: record it, lest it be lost unseen",
            _ => "",
        };
        is_accepted &= percent <= TOLERANCE;
        lines.push(line(
            &now.name,
            &before.instructions.to_string(),
            &now.instructions.to_string(),
            &format!("{percent:+.1} %{remark}"),
        ));
    }
    let is_counted = |name: &str| counted.iter().any(|count| count.name == name);
    for gone in recorded.iter().filter(|count| !is_counted(&count.name)) {
        is_accepted = false;
        let before = gone.instructions.to_string();
        lines.push(line(&gone.name, &before, "-", "there is no such loop"));
    }
    Verdict { lines, is_accepted }
}

fn line(name: &str, recorded: &str, now: &str, change: &str) -> String {
    format!("{name:28}{recorded:>10}{now:>10}  {change}")
        .trim_end()
        .to_owned()
}

fn count_all() -> io::Result<Vec<Count>> {
    let harness = std::env::current_exe()?;
    let counts = loops::names().map(|name| count(&harness, name));
    counts.collect()
}

fn count(harness: &Path, name: &str) -> io::Result<Count> {
    let once = valgrind::instructions(harness, name, TURNS)?;
    let twice = valgrind::instructions(harness, name, 2 * TURNS)?;
    let turns = twice.checked_sub(once).filter(|more| *more >= TURNS);
    let turns = turns.ok_or_else(|| io::Error::other(format!("{name} does not run its turns")))?;
    Ok(Count {
        name: name.to_owned(),
        instructions: (turns + TURNS / 2) / TURNS,
    })
}

/// The file of recorded counts, which belongs to the sources.
fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.toml")
}

#[cfg(test)]
mod tests;

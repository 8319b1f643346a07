//! The soak: thousands of short random programs over everything a loop does, with accounts that
//! must balance after each. `just soak`; see `docs/testing.md` for what it promises.
//!
//! A run (`restarts.rs`) is a loop with random knobs, some scenarios on it, and a way to end it;
//! each scenario has a file and keeps a ledger. A watchdog ends the process when nothing moves. It
//! sees nothing but the public API, and is no part of `cargo test`.
#![expect(
    clippy::print_stdout,
    reason = "a program that runs for minutes tells how far it is"
)]

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dice::Dice;
use house::Holdings;
use ledger::Stage;
use options::Options;
use restarts::Plan;
use watchdog::Watchdog;

mod options;

mod restarts;

mod parking;

mod timers;

mod spawns;

mod cancels;

mod groups;

mod blocking;

mod streams;

mod sockets;

#[cfg(unix)]
mod processes;

mod ledger;

mod house;

mod watchdog;

mod dice;

/// Memory may grow by so much, in bytes, after the first third of the time. Allocators keep what
/// they have, and eight workers have arenas of their own; a byte per task would show in minutes.
const GROWTH: u64 = 48 << 20;

/// Runs whose holdings are nobody's yardstick: what is made once and kept is made in them.
const WARM_UP: u64 = 60;

/// How often it tells how far it is.
const NEWS: Duration = Duration::from_secs(10);

/// One kind of program.
struct Scenario {
    /// The file it is in.
    name: &'static str,
    /// Whether it takes so long that it should play less often.
    is_dear: bool,
    /// The program.
    play: fn(Stage) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

macro_rules! scenario {
    ($name:ident, $is_dear:expr) => {
        Scenario {
            name: stringify!($name),
            is_dear: $is_dear,
            play: |stage| Box::pin($name::run(stage)),
        }
    };
}

fn scenarios() -> &'static [Scenario] {
    const ALL: &[Scenario] = &[
        scenario!(parking, false),
        scenario!(timers, false),
        scenario!(spawns, false),
        scenario!(cancels, false),
        scenario!(groups, false),
        scenario!(blocking, false),
        scenario!(streams, false),
        scenario!(sockets, false),
        #[cfg(unix)]
        scenario!(processes, true),
    ];
    ALL
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(told) => {
            eprintln!("{told}");
            return ExitCode::from(2);
        }
    };
    // In a line: a backtrace loads tables that would count as memory that grows.
    std::panic::set_hook(Box::new(|panic| eprintln!("soak: {panic}")));
    let watchdog = Watchdog::start();
    match soak(&options, &watchdog) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("\nsoak: {wrong}\n{}", watchdog.picture());
            ExitCode::FAILURE
        }
    }
}

/// Plays until the time is over; what to say at the end, good or bad.
fn soak(options: &Options, watchdog: &Watchdog) -> Result<String, String> {
    let begin = now();
    let mut seeds = Dice::new(first_seed());
    let (mut runs, mut news) = (0, begin);
    let mut held = None;
    let mut memory = Memory::default();
    while now() - begin < options.length {
        let plan = Plan {
            seed: options.seed.unwrap_or_else(|| seeds.next() >> 32),
            workers: options.workers[runs as usize % options.workers.len()],
            is_debug: options.is_debug,
        };
        restarts::play(plan, watchdog).map_err(|wrong| format!("{wrong}\nreplay: {plan}"))?;
        runs += 1;
        if runs == WARM_UP {
            held = Some(Holdings::now());
        }
        if let Some(held) = held {
            let left = held.await_return();
            left.map_err(|left| format!("{left} instead of {held}, after {plan}"))?;
        }
        memory.note(now() - begin > options.length / 3);
        if now() - news > NEWS {
            news = now();
            println!("{:4} s, {runs} runs, {memory}", (news - begin).as_secs());
        }
    }
    memory.check()?;
    let seconds = (now() - begin).as_secs();
    Ok(format!("{runs} runs in {seconds} s, all is well; {memory}"))
}

/// Peaks of memory, in bytes.
#[derive(Default)]
struct Memory {
    /// In the first third of the time.
    first: u64,
    /// After it.
    later: u64,
}

impl Memory {
    fn note(&mut self, is_later: bool) {
        let used = house::memory().unwrap_or(0);
        let peak = if is_later {
            &mut self.later
        } else {
            &mut self.first
        };
        *peak = used.max(*peak);
    }

    fn check(&self) -> Result<(), String> {
        if self.later <= self.first + GROWTH {
            return Ok(());
        }
        Err(format!("memory grows: {self}"))
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { first, later } = self;
        write!(f, "memory peaks at {} and {} MiB", first >> 20, later >> 20)
    }
}

/// Another one for each process: what was played yesterday need not be played again.
fn first_seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |since| since.as_nanos() as u64)
}

/// The time, for a bench that no loop is in.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to go on is the world's time"
)]
fn now() -> Instant {
    Instant::now()
}

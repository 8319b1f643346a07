//! The harness: the same small programs on bowerbird, tokio and smol, side by side in one run.
//!
//! `cargo run --release -p bowerbird-benches` prints the table; `-- --help` lists the switches.
//! The process that is started only conducts: for every round, workload and runtime it starts
//! itself again as a child, so that each reading comes from a process in which one runtime has run
//! one workload and nothing else. No measuring code knows which runtime it measures.
//!
//! Reading order: `options`, `builds`, `job`, `rounds` (the conductor), `child`, `runtimes` (the
//! seam), `workloads`, `meter` and `reading` (what is measured, and its shape), `summary`,
//! `curves`, `table` and `report` (what is shown).
//! Apart from all that stands `counts`, which measures no time.

#[cfg(not(target_os = "linux"))]
compile_error!("the harness reads /proc and drives its load through epoll: Linux only");

mod options;

mod builds;

mod job;

mod rounds;

mod child;

mod runtimes;

mod workloads;

mod repeat;

mod signal;

mod load;

mod descriptors;

mod page;

mod meter;

mod reading;

mod summary;

mod curves;

mod table;

mod report;

mod counts;

use std::process::ExitCode;

use crate::builds::Builds;
use crate::options::Order;

/// In the build for `--mimalloc`: every runtime in it takes its memory from here.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let parsed = Builds::find()
        .map_err(|error| error.to_string())
        .and_then(|builds| Order::parse(std::env::args().skip(1), &builds));
    let order = match parsed {
        Ok(order) => order,
        Err(message) => {
            eprintln!("{message}\n\n{}", options::USAGE);
            return ExitCode::FAILURE;
        }
    };
    let outcome = match order {
        Order::Help => table::say(options::USAGE),
        Order::List => table::list(&child::workload_names()),
        Order::Conduct(options) => rounds::conduct(&options),
        Order::Child(seat) => child::run(&seat),
        Order::Load(load) => load.run(),
        Order::Hold(order) => load::hold(&order),
        Order::Page => page::serve(),
        Order::Counts(mode) => mode.run(),
        Order::Count(child) => counts::run_loop(&child.name, child.turns),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

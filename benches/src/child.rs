//! One child: one workload on one runtime, its readings on standard output.
//!
//! `rounds` starts it; it never starts another but the load of the echo workloads.

use std::io::{self, Write};

use crate::options::Seat;
use crate::reading::Reading;
use crate::runtimes::{self, Runtime, Visitor};
use crate::workloads::{self, Plan};

/// Measures and prints.
pub(crate) fn run(seat: &Seat) -> io::Result<()> {
    let measure = Measure {
        workload: &seat.workload,
        plan: seat.plan,
    };
    let readings = runtimes::visit(&seat.runtime, measure).flatten();
    let readings = readings.ok_or_else(|| io::Error::other("no such runtime or workload"))?;
    let mut output = io::stdout().lock();
    for reading in readings {
        writeln!(output, "{}", reading.to_json())?;
    }
    Ok(())
}

/// Runs the workload of this name on whichever runtime it is shown.
struct Measure<'a> {
    workload: &'a str,
    plan: Plan,
}

impl Visitor for Measure<'_> {
    /// `None` if there is no such workload.
    type Output = Option<Vec<Reading>>;

    fn visit<R: Runtime>(self) -> Self::Output {
        let catalogue = workloads::catalogue::<R>();
        let workload = catalogue
            .iter()
            .find(|workload| workload.name == self.workload)?;
        Some((workload.run)(self.plan))
    }
}

/// The names of all workloads, in the order of the table; they are the same on every runtime.
pub(crate) fn workload_names() -> Vec<&'static str> {
    struct Names;

    impl Visitor for Names {
        type Output = Vec<&'static str>;

        fn visit<R: Runtime>(self) -> Self::Output {
            workloads::catalogue::<R>()
                .iter()
                .map(|workload| workload.name)
                .collect()
        }
    }

    runtimes::visit(runtimes::names()[0], Names).expect("the first name is one of the names")
}

//! One child: one workload on one runtime, its readings on standard output.
//!
//! `rounds` starts it; it never starts another but the load of the echo workloads.

use std::io::{self, Write};

use crate::descriptors;
use crate::options::Seat;
use crate::reading::Reading;
use crate::runtimes::{self, Runtime, Visitor};
use crate::workloads::{self, Plan, Point};

/// Measures and prints.
pub(crate) fn run(seat: &Seat) -> io::Result<()> {
    let measure = Measure {
        workload: &seat.workload,
        plan: seat.plan,
        point: seat.point,
    };
    // Servers have thousands of connections.
    descriptors::raise();
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
    /// Where on the workload's growth series; elsewhere it is run as it is in the table.
    point: Option<Point>,
}

impl Visitor for Measure<'_> {
    /// `None` if there is no such workload.
    type Output = Option<Vec<Reading>>;

    fn visit<R: Runtime>(self) -> Self::Output {
        if let Some(point) = self.point {
            let mut all = workloads::series::<R>().into_iter();
            let series = all.find(|series| series.name == self.workload)?;
            return Some((series.run)(self.plan, point));
        }
        let mut all = workloads::catalogue::<R>().into_iter();
        let workload = all.find(|workload| workload.name == self.workload)?;
        Some((workload.run)(self.plan))
    }
}

/// The names of all workloads, in the order of the table; they are the same on every runtime.
pub(crate) fn workload_names() -> Vec<&'static str> {
    struct Names;

    impl Visitor for Names {
        type Output = Vec<&'static str>;

        fn visit<R: Runtime>(self) -> Self::Output {
            let all = workloads::catalogue::<R>().into_iter();
            all.map(|workload| workload.name).collect()
        }
    }

    of_any_runtime(Names)
}

/// The names of all growth series, and their points.
pub(crate) fn growth(plan: Plan) -> Vec<(&'static str, Vec<Point>)> {
    struct Points(Plan);

    impl Visitor for Points {
        type Output = Vec<(&'static str, Vec<Point>)>;

        fn visit<R: Runtime>(self) -> Self::Output {
            let all = workloads::series::<R>().into_iter();
            all.map(|series| (series.name, series.points(self.0)))
                .collect()
        }
    }

    of_any_runtime(Points(plan))
}

fn of_any_runtime<V: Visitor>(visitor: V) -> V::Output {
    let visited = runtimes::visit(runtimes::names()[0], visitor);
    visited.expect("the first name is one of the names")
}

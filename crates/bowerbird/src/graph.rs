//! Who waits for whom: a picture of all tasks of a loop. asyncio: `graph.py`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use bowerbird_core::{Awaited, TaskState};

use crate::events::EventLoop;
use crate::tasks::{TaskId, TaskRef, with_loop};

/// Writes a picture of all unfinished tasks of the running loop on stderr.
///
/// - See [`EventLoop::dump_tasks`] for what is known of them.
/// - asyncio: `print_call_graph`, which shows one task; this one shows all of them.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// # bowerbird::run(async {
/// bowerbird::print_call_graph();
/// # });
/// ```
#[track_caller]
pub fn print_call_graph() {
    let tasks = with_loop(|handle| handle.all_tasks());
    eprintln!("{}", TaskDump::of(&tasks));
}

impl EventLoop {
    /// A picture of all unfinished tasks as they are now, from any thread; print it for a tree.
    ///
    /// - Name, state and type of each task are always known. Where it was created, and which tasks,
    ///   timers, promises, sockets and lines it awaits, is known of tasks created in
    ///   [debug mode](Self::set_debug), as of their last poll; other futures leave no trace.
    /// - Nothing is stopped for it: tasks go on while the picture is taken.
    /// - asyncio: `capture_call_graph`, and `python -m asyncio ps`.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// event_loop.set_debug(true);
    /// let task = event_loop.create_task(bowerbird::sleep(std::time::Duration::from_secs(60)));
    /// task.set_name("sleeper");
    /// event_loop.run_until_complete(bowerbird::yield_now()).expect("it runs");
    /// let dump = event_loop.dump_tasks();
    /// assert_eq!(dump.tasks().len(), 1);
    /// assert!(dump.to_string().starts_with("sleeper [waiting] awaits a timer"));
    /// ```
    pub fn dump_tasks(&self) -> TaskDump {
        TaskDump::of(&self.all_tasks())
    }
}

/// The unfinished tasks of a loop at one moment; prints as a tree, with the tasks that nobody
/// awaits at its roots.
///
/// ```
/// # bowerbird::run(async {
/// let task = bowerbird::create_task(std::future::pending::<()>());
/// task.set_name("stuck");
/// let dump = bowerbird::get_running_loop().unwrap().dump_tasks();
/// assert_eq!(&*dump.task(task.id()).unwrap().name, "stuck");
/// assert_eq!(dump.tasks().len(), 2); // this one is a task, too
/// assert!(dump.to_string().contains("stuck"));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TaskDump {
    /// By id, which is the order in which they were created.
    tasks: Vec<TaskInfo>,
}

/// What is known of one task.
///
/// ```
/// use bowerbird::{EventLoop, TaskState};
///
/// let event_loop = EventLoop::new_current_thread().expect("descriptors");
/// let task = event_loop.create_task(async {});
/// let dump = event_loop.dump_tasks();
/// let info = dump.task(task.id()).expect("it is not done");
/// assert_eq!((info.state, info.cancelling), (TaskState::Ready, 0));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its id.
    pub id: TaskId,
    /// Its name.
    pub name: Arc<str>,
    /// What it was doing.
    pub state: TaskState,
    /// The type of its future; for an async fn it names the function.
    pub type_name: &'static str,
    /// Where it was created, in debug mode.
    pub location: Option<&'static Location<'static>>,
    /// Cancel requests that stand.
    pub cancelling: usize,
    /// What it waits for, in debug mode.
    pub awaits: Vec<Awaited>,
    /// The tasks that wait for it, in debug mode.
    pub awaited_by: Vec<TaskId>,
}

impl TaskDump {
    fn of(tasks: &[TaskRef]) -> Self {
        let mut tasks: Vec<TaskInfo> = tasks.iter().map(TaskInfo::of).collect();
        tasks.sort_by_key(|task| task.id.as_u64());
        let mut awaited_by: HashMap<u64, Vec<TaskId>> = HashMap::new();
        for task in &tasks {
            for awaited in task.awaited_tasks() {
                awaited_by
                    .entry(awaited.as_u64())
                    .or_default()
                    .push(task.id);
            }
        }
        for task in &mut tasks {
            task.awaited_by = awaited_by.remove(&task.id.as_u64()).unwrap_or_default();
        }
        Self { tasks }
    }

    /// The tasks, in the order in which they were created.
    pub fn tasks(&self) -> &[TaskInfo] {
        &self.tasks
    }

    /// The task with this id.
    pub fn task(&self, id: TaskId) -> Option<&TaskInfo> {
        self.tasks.iter().find(|task| task.id == id)
    }

    fn write_tree(
        &self,
        f: &mut fmt::Formatter<'_>,
        seen: &mut Seen,
        root: &TaskInfo,
    ) -> fmt::Result {
        // A stack and no recursion: chains of tasks may be long.
        let mut stack = vec![(root, 0)];
        while let Some((task, depth)) = stack.pop() {
            write!(f, "{:1$}", "", 2 * depth)?;
            if !seen.insert(task.id.as_u64()) {
                writeln!(f, "{} (see above)", task.name)?;
                continue;
            }
            writeln!(f, "{task}")?;
            let children = task.awaited_tasks().filter_map(|id| self.task(id));
            let below: Vec<_> = children.map(|child| (child, depth + 1)).collect();
            stack.extend(below.into_iter().rev());
        }
        Ok(())
    }
}

/// Tasks that stand in the picture already.
type Seen = HashSet<u64>;

impl fmt::Display for TaskDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = Seen::new();
        let roots = self.tasks.iter().filter(|task| task.awaited_by.is_empty());
        for root in roots {
            self.write_tree(f, &mut seen, root)?;
        }
        // What is left waits in a circle.
        for task in &self.tasks {
            if !seen.contains(&task.id.as_u64()) {
                self.write_tree(f, &mut seen, task)?;
            }
        }
        Ok(())
    }
}

impl TaskInfo {
    fn of(task: &TaskRef) -> Self {
        Self {
            id: task.id(),
            name: task.name(),
            state: task.state(),
            type_name: task.type_name(),
            location: task.location(),
            cancelling: task.cancelling(),
            awaits: task.awaits(),
            awaited_by: Vec::new(),
        }
    }

    fn awaited_tasks(&self) -> impl Iterator<Item = TaskId> {
        self.awaits.iter().filter_map(|awaited| match awaited {
            Awaited::Task(id) => Some(*id),
            _ => None,
        })
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.name, self.state)?;
        if self.cancelling > 0 {
            f.write_str(" asked to end")?;
        }
        let mut words = " awaits";
        for awaited in &self.awaits {
            write!(f, "{words} ")?;
            words = ",";
            match awaited {
                Awaited::Task(id) => write!(f, "task {id}")?,
                Awaited::Timer => f.write_str("a timer")?,
                Awaited::Line(name) => f.write_str(name.trim_start_matches("bowerbird::"))?,
                Awaited::Promise => f.write_str("a promise")?,
                Awaited::Input(name) => write!(f, "input from {name}")?,
                Awaited::Output(name) => write!(f, "room in {name}")?,
                Awaited::Signal(number) => write!(f, "signal {number}")?,
                Awaited::Process(id) => write!(f, "the end of process {id}")?,
                _ => f.write_str("something else")?,
            }
        }
        write!(f, " ({})", self.type_name)?;
        match self.location {
            Some(location) => write!(f, " created at {location}"),
            None => Ok(()),
        }
    }
}

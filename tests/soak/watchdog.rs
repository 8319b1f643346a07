//! Ends the process when nothing moves any more, and tells what it sees. It knows no more than the
//! public API shows, and never touches what it watches.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bowerbird::EventLoop;

use crate::house;
use crate::ledger::Ledger;

/// Who does not move for so long hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(250);

/// What it says on its way out.
const HANGS: i32 = 3;

/// What is going on, as the runs tell it.
#[derive(Default)]
struct Scene {
    /// How to see this run again.
    title: String,
    /// What the run is about to do.
    phase: &'static str,
    /// Phases so far, of all runs.
    phases: u64,
    /// The run's loop, unless it is to be dropped by its last owner.
    event_loop: Option<EventLoop>,
    /// The run's scenarios.
    ledgers: Vec<Arc<Ledger>>,
}

/// The door to the watchdog.
#[derive(Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Scene>>);

impl Watchdog {
    /// Lets it loose; it lives as long as the process.
    pub(crate) fn start() -> Self {
        let watchdog = Self::default();
        let own = watchdog.clone();
        thread::Builder::new()
            .name("watchdog".into())
            .spawn(move || own.watch())
            .expect("at the start there are threads");
        watchdog
    }

    /// A run begins.
    pub(crate) fn begin(&self, title: String, event_loop: EventLoop, ledgers: Vec<Arc<Ledger>>) {
        let mut scene = self.scene();
        scene.title = title;
        scene.event_loop = Some(event_loop);
        scene.ledgers = ledgers;
        scene.phases += 1;
    }

    /// The run goes on to `phase`.
    pub(crate) fn enter(&self, phase: &'static str) {
        let mut scene = self.scene();
        scene.phase = phase;
        scene.phases += 1;
    }

    /// Lets go of the run's loop, so that another owner may be the last.
    pub(crate) fn forget_loop(&self) {
        let event_loop = self.scene().event_loop.take();
        // After the lock is gone: it may be the last owner itself.
        drop(event_loop);
    }

    /// All that can be seen.
    pub(crate) fn picture(&self) -> String {
        let scene = self.scene();
        let mut text = format!("{}\nphase: {}\n", scene.title, scene.phase);
        for ledger in &scene.ledgers {
            let _ = writeln!(text, "{ledger}");
        }
        let event_loop = scene.event_loop.clone();
        drop(scene);
        if let Some(event_loop) = event_loop {
            let (metrics, tasks) = (event_loop.metrics(), event_loop.dump_tasks());
            let _ = writeln!(text, "{event_loop:?}\n{metrics:#?}\n{tasks}");
        }
        text + &house::inventory()
    }

    fn watch(&self) {
        let (mut last, mut still) = (self.moves(), Duration::ZERO);
        loop {
            thread::park_timeout(LOOK);
            let now = self.moves();
            still = if now == last {
                still + LOOK
            } else {
                Duration::ZERO
            };
            last = now;
            if still >= PATIENCE {
                self.bark();
            }
        }
    }

    /// Whatever changes as something goes on.
    fn moves(&self) -> u64 {
        let scene = self.scene();
        let moves = scene.ledgers.iter().map(|ledger| ledger.moves());
        moves.fold(scene.phases, u64::wrapping_add)
    }

    fn bark(&self) -> ! {
        let title = self.scene().title.clone();
        eprintln!("\nsoak: nothing has moved for {PATIENCE:?}\n{title}");
        // What hangs may hold what the picture needs: it gets a thread, and only so much time.
        let own = self.clone();
        let painter = thread::spawn(move || eprintln!("{}", own.picture()));
        for _ in 0..20 {
            if painter.is_finished() {
                break;
            }
            thread::park_timeout(LOOK);
        }
        std::process::exit(HANGS);
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Who is connected to a server, and what phase the server is in. Used by the server and its accept
//! loops; a connection keeps its [`Membership`] until it ends.

use std::collections::BTreeMap;
use std::mem;
use std::net::Shutdown;
use std::sync::{Arc, Weak};

use super::connection::Connection;
use super::link::Link;
use super::listener::Listener;
use crate::tasks::TaskRef;
use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// The state of a server, behind its desk.
#[derive(Clone)]
pub(super) struct Roll(Arc<Desk<State>>);

/// See the module.
struct State {
    /// What it does.
    phase: Phase,
    /// Somebody is in `serve_forever`.
    is_served_forever: bool,
    /// The accept loops, to be cancelled.
    loops: Vec<TaskRef>,
    /// How many of them have not ended, with their listeners.
    open_loops: usize,
    /// Who is connected.
    members: BTreeMap<u64, Member>,
    /// The number of the next one.
    next: u64,
    /// Who waits until it is closed.
    closes: Line<(), ()>,
    /// Who waits until it is closed and nobody is connected.
    ends: Line<(), ()>,
}

/// What a server does.
enum Phase {
    /// It has listeners, and has not begun.
    Idle(Vec<Listener>),
    /// It accepts.
    Serving,
    /// It accepts no more, for good.
    Closed,
}

/// One who is connected. Weak: a connection that nobody holds has ended.
enum Member {
    /// Not through its handshake yet.
    Arriving(Weak<dyn Link>),
    /// In the hands of a handler.
    Connected(Weak<Connection>),
}

impl Roll {
    /// A server that has not begun.
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        Self(Arc::new(Desk::new(State {
            phase: Phase::Idle(listeners),
            is_served_forever: false,
            loops: Vec::new(),
            open_loops: 0,
            members: BTreeMap::new(),
            next: 0,
            closes: Line::new(),
            ends: Line::new(),
        })))
    }

    /// The listeners, to whoever begins to serve; each comes with a mark that its loop keeps.
    /// `None` on a closed server; empty when it serves already.
    pub(super) fn begin(&self) -> Option<Vec<(Listener, OpenLoop)>> {
        let listeners = self.0.with(|state, _| match &mut state.phase {
            Phase::Closed => None,
            Phase::Serving => Some(Vec::new()),
            Phase::Idle(listeners) => {
                let listeners = mem::take(listeners);
                state.phase = Phase::Serving;
                state.open_loops = listeners.len();
                Some(listeners)
            }
        })?;
        let marked = |listener| (listener, OpenLoop(self.clone()));
        Some(listeners.into_iter().map(marked).collect())
    }

    /// Remembers an accept loop; `false` when the server was closed meanwhile.
    pub(super) fn add_loop(&self, task: TaskRef) -> bool {
        self.0.with(|state, _| {
            let is_open = !matches!(state.phase, Phase::Closed);
            if is_open {
                state.loops.push(task);
            }
            is_open
        })
    }

    /// Accepts no more. Gives what is to be cancelled.
    pub(super) fn close(&self) {
        let (loops, phase) = self.0.with(|state, wakes| {
            let phase = mem::replace(&mut state.phase, Phase::Closed);
            serve_all(&mut state.closes, wakes);
            state.judge(wakes);
            (mem::take(&mut state.loops), phase)
        });
        drop(phase);
        for task in loops {
            task.cancel();
        }
    }

    /// Enters who has just connected; `None` when the server was closed meanwhile.
    pub(super) fn enter(&self, link: &Arc<dyn Link>) -> Option<Membership> {
        let member = Member::Arriving(Arc::downgrade(link));
        let number = self.0.with(|state, _| {
            if matches!(state.phase, Phase::Closed) {
                return None;
            }
            state.next += 1;
            state.members.insert(state.next, member);
            Some(state.next)
        })?;
        Some(Membership {
            roll: self.clone(),
            number,
        })
    }

    /// Who is connected now: links in their handshake, and connections.
    pub(super) fn members(&self) -> (Vec<Arc<dyn Link>>, Vec<Arc<Connection>>) {
        self.0.look(|state| {
            let members = || state.members.values();
            let arriving = members().filter_map(|member| match member {
                Member::Arriving(link) => link.upgrade(),
                Member::Connected(_) => None,
            });
            let connected = members().filter_map(|member| match member {
                Member::Connected(connection) => connection.upgrade(),
                Member::Arriving(_) => None,
            });
            (arriving.collect(), connected.collect())
        })
    }

    pub(super) fn is_serving(&self) -> bool {
        self.0.look(|state| matches!(state.phase, Phase::Serving))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.look(|state| matches!(state.phase, Phase::Closed))
    }

    /// Takes or gives back the right to serve for ever: what it was before.
    pub(super) fn set_served_forever(&self, is_served: bool) -> bool {
        self.0
            .with(|state, _| mem::replace(&mut state.is_served_forever, is_served))
    }

    /// Waits until it is closed.
    pub(super) async fn closed(&self) {
        Wait::<Closing>::new(&self.0, ()).await;
    }

    /// Waits until it is closed and nobody is connected.
    pub(super) async fn ended(&self) {
        Wait::<Ending>::new(&self.0, ()).await;
    }
}

impl State {
    /// Whether it is closed, its listeners too, and nobody is connected.
    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed) && self.open_loops == 0 && self.members.is_empty()
    }

    fn judge(&mut self, wakes: &mut Wakes) {
        if self.is_over() {
            serve_all(&mut self.ends, wakes);
        }
    }
}

/// A connection's entry in the roll; dropping it strikes it out.
pub(super) struct Membership {
    /// Where the entry is.
    roll: Roll,
    /// Which one it is.
    number: u64,
}

impl Membership {
    /// From now on this connection is the member.
    pub(super) fn pass_to(&self, connection: &Arc<Connection>) {
        let member = Member::Connected(Arc::downgrade(connection));
        let before = self
            .roll
            .0
            .with(|state, _| state.members.insert(self.number, member));
        drop(before);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let member = self.roll.0.with(|state, wakes| {
            let member = state.members.remove(&self.number);
            state.judge(wakes);
            member
        });
        drop(member);
    }
}

/// Kept by an accept loop, behind its listener: dropping it says that both are gone.
pub(super) struct OpenLoop(Roll);

impl Drop for OpenLoop {
    fn drop(&mut self) {
        self.0.0.with(|state, wakes| {
            state.open_loops -= 1;
            state.judge(wakes);
        });
    }
}

/// Closes whoever is connected, at once.
pub(super) fn abort_all(roll: &Roll) {
    let (arriving, connected) = roll.members();
    for link in arriving {
        // Its handshake fails for it, which is all that anybody could be told.
        let _closed = link.shutdown(Shutdown::Both);
    }
    connected.iter().for_each(|connection| connection.abort());
}

fn serve_all(line: &mut Line<(), ()>, wakes: &mut Wakes) {
    while line.serve((), wakes).is_ok() {}
}

/// The wait for a closed server.
struct Closing;

/// The wait for a server that is closed and empty.
struct Ending;

macro_rules! until {
    ($wait:ty, $line:ident, $is_met:expr) => {
        impl Service for $wait {
            type State = State;
            type Wish = ();
            type Mark = ();
            type Gift = ();
            type Output = ();

            const MARK: () = ();

            fn line(state: &mut State) -> &mut Line<(), ()> {
                &mut state.$line
            }

            fn serve_now(state: &mut State, _: (), _: &mut Wakes) -> Result<(), ()> {
                let is_met: fn(&State) -> bool = $is_met;
                if is_met(state) { Ok(()) } else { Err(()) }
            }

            fn collect(_: &mut State, _: (), _: (), _: &mut Wakes) {}

            fn left(_: &mut State, _: Option<()>, _: &mut Wakes) {
                // Everybody else who waited was told too.
            }
        }
    };
}

until!(Closing, closes, |state| matches!(
    state.phase,
    Phase::Closed
));

until!(Ending, ends, State::is_over);

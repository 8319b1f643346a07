//! Cancellation told naively: a program of nested scopes, catchers and combinators as one recursive
//! value, where every question is answered by walking all of it.
//!
//! Nothing here has ids of nodes, counts, wakers or a tree beside the program: what encloses what
//! is what contains what. `properties` runs the same program for real and compares.

use std::collections::HashSet;

use super::program::{Answer, Program};

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Request {
    /// How many scopes stand around the target, the target included; zero is the task.
    level: usize,
    /// How many requests were made before.
    number: usize,
}

impl Request {
    /// Of two at one place the wider, as late as the later.
    fn merge(self, other: Self) -> Self {
        Self {
            level: self.level.min(other.level),
            number: self.number.max(other.number),
        }
    }
}

fn widest(one: Option<Request>, two: Option<Request>) -> Option<Request> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.merge(two)),
        (one, two) => one.or(two),
    }
}

/// A program under way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Run {
    Fresh(Program),
    Done,
    /// A request was passed on; nothing comes any more.
    Resumed,
    Gate(usize),
    Scope {
        id: usize,
        level: usize,
        asked: bool,
        /// The number of a request that was passed on to it.
        leaving: Option<usize>,
        ended: bool,
        inner: Box<Run>,
    },
    Catch(Box<Catch>),
    Cleaning {
        held: Option<Request>,
        answer: Answer,
        inner: Box<Run>,
    },
    Join(Vec<Run>),
    Race(Box<Run>, Box<Run>),
    Then(Box<Run>, Box<Program>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Catch {
    id: usize,
    /// How many scopes stand around.
    level: usize,
    told: Option<Request>,
    arrived: Option<Request>,
    inner: Run,
    answer: Answer,
    cleanup: Program,
}

/// What the program sees of the world.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) open: HashSet<usize>,
    /// Scopes asked before they began.
    early: HashSet<usize>,
    /// Requests made so far.
    requests: usize,
    pub(super) log: Vec<String>,
}

impl World {
    fn request(&mut self, level: usize) -> Request {
        self.requests += 1;
        Request {
            level,
            number: self.requests,
        }
    }
}

/// What a poll came to: done or not, and the requests that go on outwards.
type Polled = (bool, Vec<Request>);

impl Run {
    /// One poll, with `level` scopes around.
    fn poll(&mut self, level: usize, world: &mut World) -> Polled {
        if let Self::Fresh(program) = self {
            *self = Self::start(program.clone(), level, world);
        }
        let polled = match self {
            Self::Fresh(_) | Self::Done => (true, vec![]),
            Self::Resumed => (false, vec![]),
            Self::Gate(gate) => {
                let is_open = world.open.contains(gate);
                if is_open {
                    world.log.push(format!("gate {gate}"));
                }
                (is_open, vec![])
            }
            Self::Scope { .. } => self.poll_scope(world),
            Self::Catch(_) => self.poll_catch(world),
            Self::Cleaning { .. } => self.poll_cleaning(level, world),
            Self::Join(all) => {
                let polled: Vec<Polled> =
                    all.iter_mut().map(|one| one.poll(level, world)).collect();
                let is_done = polled.iter().all(|(is_done, _)| *is_done);
                (
                    is_done,
                    polled.into_iter().flat_map(|(_, out)| out).collect(),
                )
            }
            Self::Race(one, two) => {
                let (is_done, mut out) = one.poll(level, world);
                if is_done {
                    out.extend(two.dropped());
                    (true, out)
                } else {
                    let (is_done, more) = two.poll(level, world);
                    out.extend(more);
                    if is_done {
                        out.extend(one.dropped());
                    }
                    (is_done, out)
                }
            }
            Self::Then(first, second) => {
                let (is_done, mut out) = first.poll(level, world);
                if !is_done {
                    return (false, out);
                }
                *self = Self::Fresh((**second).clone());
                let (is_done, more) = self.poll(level, world);
                out.extend(more);
                (is_done, out)
            }
        };
        if polled.0 {
            *self = Self::Done;
        }
        polled
    }

    fn start(program: Program, level: usize, world: &World) -> Self {
        let fresh = |program: Program| Box::new(Self::Fresh(program));
        match program {
            Program::Gate(gate) => Self::Gate(gate),
            Program::Scope(id, inner) => {
                let asked = world.early.contains(&id);
                let inner = fresh(*inner);
                Self::Scope {
                    id,
                    level: level + 1,
                    asked,
                    leaving: None,
                    ended: false,
                    inner,
                }
            }
            Program::Catch(id, inner, answer, cleanup) => Self::Catch(Box::new(Catch {
                id,
                level,
                told: None,
                arrived: None,
                inner: Self::Fresh(*inner),
                answer,
                cleanup: *cleanup,
            })),
            Program::Join(all, _) => Self::Join(all.into_iter().map(Self::Fresh).collect()),
            Program::Race(one, two) => Self::Race(fresh(*one), fresh(*two)),
            Program::Then(first, second) => Self::Then(fresh(*first), second),
        }
    }

    fn poll_scope(&mut self, world: &mut World) -> Polled {
        let Self::Scope {
            id,
            level,
            asked,
            leaving,
            ended,
            inner,
        } = self
        else {
            unreachable!()
        };
        let level = *level;
        if *asked && !*ended && inner.has_catcher() {
            *asked = false;
            inner.tell(world.request(level));
        }
        if *asked || *ended {
            world.log.push(format!("scope {id} ended"));
            return (true, inner.holdings(level - 1));
        }
        let (is_done, out) = inner.poll(level, world);
        let passed = out.iter().filter(|request| request.level == level);
        *leaving = passed.map(|request| request.number).chain(*leaving).max();
        let out = out.into_iter().filter(|request| request.level < level);
        let out = out.collect();
        if is_done {
            world.log.push(format!("scope {id} finished"));
        } else if leaving.is_some_and(|number| !inner.holds(level, number)) {
            (*leaving, *ended) = (None, true);
        }
        (is_done, out)
    }

    fn poll_catch(&mut self, world: &mut World) -> Polled {
        let Self::Catch(catch) = self else {
            unreachable!()
        };
        let level = catch.level;
        if let Some(told) = catch.told {
            let request = catch
                .inner
                .holdings(level)
                .into_iter()
                .fold(told, Request::merge);
            world.log.push(format!(
                "catcher {} got it for the task: {}",
                catch.id,
                request.level == 0
            ));
            let held = Some(request).filter(|_| catch.answer != Answer::Forget);
            let inner = Box::new(Self::Fresh(catch.cleanup.clone()));
            *self = Self::Cleaning {
                held,
                answer: catch.answer,
                inner,
            };
            return self.poll(level, world);
        }
        let (is_done, out) = catch.inner.poll(level, world);
        let out = out
            .into_iter()
            .fold(catch.arrived.take(), |one, two| widest(one, Some(two)));
        if is_done {
            world.log.push(format!("catcher {} finished", catch.id));
            return (true, out.into_iter().collect());
        }
        if out.is_some_and(|out| catch.inner.holds(level, out.number)) {
            catch.arrived = out;
        } else {
            catch.told = out;
        }
        (false, vec![])
    }

    fn poll_cleaning(&mut self, level: usize, world: &mut World) -> Polled {
        let Self::Cleaning {
            held,
            answer,
            inner,
        } = self
        else {
            unreachable!()
        };
        let (is_done, mut out) = inner.poll(level, world);
        if !is_done || *answer != Answer::PassOn {
            return (is_done, out);
        }
        out.extend(held.take());
        *self = Self::Resumed;
        (false, out)
    }

    /// What this runs inside itself right now.
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Fresh(_) | Self::Done | Self::Resumed | Self::Gate(_) => vec![],
            Self::Scope { inner, .. } | Self::Cleaning { inner, .. } => vec![inner],
            Self::Catch(catch) => vec![&catch.inner],
            Self::Join(all) => all.iter().collect(),
            Self::Race(one, two) => vec![one, two],
            Self::Then(first, _) => vec![first],
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Fresh(_) | Self::Done | Self::Resumed | Self::Gate(_) => vec![],
            Self::Scope { inner, .. } | Self::Cleaning { inner, .. } => vec![inner],
            Self::Catch(catch) => vec![&mut catch.inner],
            Self::Join(all) => all.iter_mut().collect(),
            Self::Race(one, two) => vec![one, two],
            Self::Then(first, _) => vec![first],
        }
    }

    fn has_catcher(&self) -> bool {
        matches!(self, Self::Catch(_)) || self.parts().into_iter().any(Self::has_catcher)
    }

    /// Tells the innermost catchers; whether there are any.
    fn tell(&mut self, request: Request) -> bool {
        let mut is_told = false;
        for part in self.parts_mut() {
            is_told |= part.tell(request);
        }
        match self {
            Self::Catch(catch) if !is_told => {
                catch.told = widest(catch.told, Some(request));
                true
            }
            _ => is_told,
        }
    }

    /// The request told to or held by this very node.
    fn own(&self) -> Option<Request> {
        match self {
            Self::Catch(catch) => catch.told,
            Self::Cleaning { held, .. } => *held,
            _ => None,
        }
    }

    /// Whether anyone in here, this node included, was told or holds a request of at most `level`
    /// that is not older than `number`.
    fn holds(&self, level: usize, number: usize) -> bool {
        let counts = |request: Request| request.level <= level && request.number >= number;
        let mut parts = self.parts().into_iter();
        self.own().is_some_and(counts) || parts.any(|part| part.holds(level, number))
    }

    /// All requests of at most `level` in here, those that wait to go on included.
    fn holdings(&self, level: usize) -> Vec<Request> {
        let arrived = match self {
            Self::Catch(catch) => catch.arrived,
            _ => None,
        };
        let own = self
            .own()
            .into_iter()
            .chain(arrived)
            .filter(|request| request.level <= level);
        own.chain(
            self.parts()
                .into_iter()
                .flat_map(|part| part.holdings(level)),
        )
        .collect()
    }

    /// What goes on outwards when this is dropped midway. A request that is held by plain code,
    /// and not inside a dropped scope or catcher, goes with it.
    fn dropped(&self) -> Vec<Request> {
        match self {
            Self::Scope { level, .. } => self.holdings(level - 1),
            Self::Catch(catch) => self.holdings(catch.level),
            _ => self.parts().into_iter().flat_map(Self::dropped).collect(),
        }
    }

    fn find_scope(&mut self, wanted: usize) -> Option<&mut Self> {
        if matches!(self, Self::Scope { id, .. } if *id == wanted) {
            return Some(self);
        }
        self.parts_mut()
            .into_iter()
            .find_map(|part| part.find_scope(wanted))
    }
}

/// How the model's task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Running,
    Done,
    Cancelled,
}

/// A task, naively.
pub(super) struct Model {
    body: Run,
    /// The number of a request that was passed on to the task.
    leaving: Option<usize>,
    pub(super) standing: Standing,
    pub(super) world: World,
}

impl Model {
    pub(super) fn new(program: Program) -> Self {
        let world = World::default();
        Self {
            body: Run::Fresh(program),
            leaving: None,
            standing: Standing::Running,
            world,
        }
    }

    pub(super) fn request_scope(&mut self, id: usize) {
        match self.body.find_scope(id) {
            Some(Run::Scope {
                level,
                asked,
                inner,
                ..
            }) => {
                let request = self.world.request(*level);
                if !inner.tell(request) {
                    *asked = true;
                }
            }
            _ => drop(self.world.early.insert(id)),
        }
    }

    pub(super) fn request_task(&mut self) {
        let request = self.world.request(0);
        if self.standing == Standing::Running && !self.body.tell(request) {
            self.end(Standing::Cancelled);
        }
    }

    /// Polls until nothing changes any more.
    pub(super) fn run(&mut self) {
        while self.standing == Standing::Running {
            let before = self.body.clone();
            let (is_done, out) = self.body.poll(0, &mut self.world);
            let passed = out.into_iter().map(|request| request.number);
            self.leaving = passed.chain(self.leaving).max();
            if is_done {
                self.end(Standing::Done);
            } else if self
                .leaving
                .is_some_and(|number| !self.body.holds(0, number))
            {
                self.end(Standing::Cancelled);
            } else if self.body == before {
                return;
            }
        }
    }

    fn end(&mut self, standing: Standing) {
        self.standing = standing;
        self.body = Run::Done;
    }
}

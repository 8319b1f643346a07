//! Random programs and random requests: the real thing against the naive [`model`](super::model).

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;

use proptest::prelude::*;

use super::super::forest::NodeId;
use super::super::{ScopeHandle, Tree, catch_cancel, scope};
use super::model::{Model, Standing};
use super::program::{Answer, Numbers, Program};
use super::toy::{Boxed, Gate, Log, Stand, Task, join, join_woken, select};
use crate::sync::lock_unranked as lock;

fn program() -> impl Strategy<Value = Program> {
    let answer = prop_oneof![
        Just(Answer::Forget),
        Just(Answer::Refuse),
        Just(Answer::PassOn)
    ];
    let leaf = Just(Program::Gate(0));
    leaf.prop_recursive(6, 24, 3, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let several = prop::collection::vec(inner, 1..4);
        prop_oneof![
            3 => boxed.clone().prop_map(|inner| Program::Scope(0, inner)),
            4 => (boxed.clone(), answer.clone(), boxed.clone()).prop_map(
                |(inner, answer, cleanup)| Program::Catch(0, inner, answer, cleanup)
            ),
            3 => (several, any::<bool>()).prop_map(|(all, woken)| Program::Join(all, woken)),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(one, two)| Program::Race(one, two)),
            2 => (boxed.clone(), boxed).prop_map(|(one, two)| Program::Then(one, two)),
        ]
    })
}

/// What happens to the task from outside.
#[derive(Debug, Clone, Copy)]
enum Event {
    Open(usize),
    RequestScope(usize),
    RequestTask,
    Run,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => any::<usize>().prop_map(Event::Open),
        3 => any::<usize>().prop_map(Event::RequestScope),
        2 => Just(Event::RequestTask),
        4 => Just(Event::Run),
    ]
}

/// The program for real, with what is needed to disturb it.
#[derive(Clone)]
struct Stage {
    gates: Rc<Vec<Gate>>,
    handles: Rc<RefCell<Vec<Option<ScopeHandle>>>>,
    log: Log,
}

impl Stage {
    fn new(numbers: Numbers) -> Self {
        let gates = (0..numbers.gates).map(|_| Gate::default()).collect();
        let handles = vec![None; numbers.scopes];
        Self {
            gates: Rc::new(gates),
            handles: Rc::new(RefCell::new(handles)),
            log: Log::default(),
        }
    }

    fn build(&self, program: &Program) -> Boxed<()> {
        let log = self.log.clone();
        match program {
            Program::Gate(id) => {
                let (id, gate) = (*id, self.gates[*id].clone());
                Box::pin(async move {
                    gate.pass().await;
                    log.add(format!("gate {id}"));
                })
            }
            Program::Scope(id, inner) => {
                let id = *id;
                let mut scope = Box::pin(scope(self.build(inner)));
                self.handles.borrow_mut()[id] = Some(scope.as_mut().handle());
                Box::pin(async move {
                    let way = if scope.await.is_ok() {
                        "finished"
                    } else {
                        "ended"
                    };
                    log.add(format!("scope {id} {way}"));
                })
            }
            Program::Catch(id, inner, answer, cleanup) => {
                self.build_catch((*id, *answer), self.build(inner), self.build(cleanup))
            }
            Program::Join(all, is_woken_only) => {
                let all: Vec<Boxed<()>> = all.iter().map(|one| self.build(one)).collect();
                if *is_woken_only {
                    Box::pin(async move { drop(join_woken(all).await) })
                } else {
                    Box::pin(async move { drop(join(all).await) })
                }
            }
            Program::Race(one, two) => Box::pin(select(self.build(one), self.build(two))),
            Program::Then(one, two) => {
                let (one, two) = (self.build(one), self.build(two));
                Box::pin(async move {
                    one.await;
                    two.await;
                })
            }
        }
    }

    fn build_catch(
        &self,
        (id, answer): (usize, Answer),
        inner: Boxed<()>,
        cleanup: Boxed<()>,
    ) -> Boxed<()> {
        let log = self.log.clone();
        Box::pin(async move {
            let Err(cancelled) = catch_cancel(inner).await else {
                return log.add(format!("catcher {id} finished"));
            };
            log.add(format!(
                "catcher {id} got it for the task: {}",
                cancelled.is_for_task()
            ));
            match answer {
                Answer::Forget => {
                    drop(cancelled);
                    cleanup.await;
                }
                Answer::Refuse => {
                    cleanup.await;
                    drop(cancelled);
                }
                Answer::PassOn => {
                    cleanup.await;
                    cancelled.resume().await;
                }
            }
        })
    }

    fn request_scope(&self, id: usize) {
        let handle = self.handles.borrow()[id].clone();
        handle
            .expect("built with the program")
            .request(Some("stop".into()));
    }
}

/// Recounts what the tree keeps counts of.
pub(super) fn audit(tree: &Tree) {
    let state = lock(&tree.state);
    let forest = &state.forest;
    let around = |mut id: NodeId| {
        let mut all = vec![];
        while let Some(outer) = forest.parent(id) {
            all.push(outer);
            id = outer;
        }
        all
    };
    let holders: Vec<_> = forest
        .all()
        .filter_map(|(id, node)| Some((id, node.request()?.target)))
        .collect();
    for (id, node) in forest.all() {
        let live = forest.all().filter(|(other, node)| {
            node.is_live_catcher() && (*other == id || around(*other).contains(&id))
        });
        assert_eq!(forest.live(id), live.count(), "live catchers in {id:?}");
        let held = holders.iter().filter(|(holder, target)| {
            around(*holder).contains(&id) && forest.is_beneath(id, *target)
        });
        assert_eq!(node.held, held.count(), "requests held in {id:?}");
    }
    assert_eq!(state.holders, holders.len());
}

fn standing(task: &Task<()>) -> Standing {
    match task.stand {
        Stand::Running => Standing::Running,
        Stand::Done(()) => Standing::Done,
        Stand::Cancelled => Standing::Cancelled,
    }
}

/// Cases are small and quick, and the interesting ones rare.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// Who gets which request, in which order, what ends and what goes on: as the model has it.
    /// That a woken-only join is among the combinators shows that nobody is left unwoken.
    #[test]
    fn requests_reach_whom_the_model_says(
        mut program in program(),
        events in prop::collection::vec(event(), 1..40),
    ) {
        let mut numbers = Numbers::default();
        program.number(&mut numbers);
        let stage = Stage::new(numbers);
        let mut model = Model::new(program.clone());
        let mut task = Task::new(stage.build(&program));
        task.poll();
        task.run();
        model.run();
        for event in events {
            match event {
                Event::Open(any) => {
                    let gate = any % numbers.gates;
                    stage.gates[gate].open();
                    model.world.open.insert(gate);
                }
                Event::RequestScope(any) => {
                    let Some(id) = any.checked_rem(numbers.scopes) else { continue };
                    stage.request_scope(id);
                    model.request_scope(id);
                }
                Event::RequestTask if task.stand == Stand::Running => {
                    let _either = task.request("stop");
                    model.request_task();
                }
                Event::RequestTask => {}
                Event::Run => {
                    task.run();
                    model.run();
                }
            }
            audit(&task.tree);
            prop_assert_eq!(stage.log.take(), std::mem::take(&mut model.world.log));
            prop_assert_eq!(standing(&task), model.standing);
        }
        task.run();
        model.run();
        prop_assert_eq!(stage.log.take(), std::mem::take(&mut model.world.log));
        prop_assert_eq!(standing(&task), model.standing);
        task.end_now();
        audit(&task.tree);
    }

    /// A program that wanders between two tasks loses nobody's place and leaves nothing behind,
    /// and enough requests always bring it to an end, in whichever task it is.
    #[test]
    fn wandering_programs_leave_nothing_behind(
        mut program in program(),
        events in prop::collection::vec((event(), any::<bool>()), 1..40),
    ) {
        let mut numbers = Numbers::default();
        program.number(&mut numbers);
        let stage = Stage::new(numbers);
        let body = Rc::new(RefCell::new(Some(stage.build(&program))));
        let mut tasks = [Task::new(borrow(&body)), Task::new(borrow(&body))];
        tasks.iter_mut().for_each(|task| task.is_owner = false);
        for (event, is_first) in events {
            let task = &mut tasks[usize::from(is_first)];
            match event {
                Event::Open(any) => stage.gates[any % numbers.gates].open(),
                Event::RequestScope(any) => {
                    let id = any.checked_rem(numbers.scopes);
                    id.into_iter().for_each(|id| stage.request_scope(id));
                }
                Event::RequestTask => drop(task.request("stop")),
                Event::Run => {
                    task.poll();
                    task.run();
                }
            }
            tasks.iter().for_each(|task| audit(&task.tree));
        }
        let mut last = Task::new(borrow(&body));
        last.is_owner = false;
        last.poll();
        last.run();
        for _ in 0..100 {
            last.cancel("stop");
        }
        prop_assert!(last.stand != Stand::Running, "a hundred requests end it");
        body.take();
        last.end_now();
        tasks.iter_mut().for_each(Task::end_now);
    }
}

/// Polls a future that others poll too; done when it is.
fn borrow(body: &Rc<RefCell<Option<Boxed<()>>>>) -> impl Future<Output = ()> + use<> {
    let body = body.clone();
    poll_fn(move |cx| {
        let mut body = body.borrow_mut();
        let polled = body.as_mut().map(|body| body.as_mut().poll(cx));
        if polled.is_none_or(|polled| polled.is_ready()) {
            *body = None;
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
}

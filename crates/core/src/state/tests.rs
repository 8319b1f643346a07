//! The word of state walked as a whole: every state that its users can bring about, every step that
//! is open to them there, and after each step all that the word promises (see [`Scene`]).

use std::collections::{HashSet, VecDeque};

use super::*;

mod scene;

use scene::{EVENTS, Event, Runner, Scene};

/// Every scene that can come about from a new task.
fn reachable(mut visit: impl FnMut(&Scene, Event, &Scene)) -> HashSet<Scene> {
    let mut known = HashSet::from([Scene::new()]);
    let mut ahead = VecDeque::from([Scene::new()]);
    while let Some(scene) = ahead.pop_front() {
        for event in EVENTS {
            let Some(next) = scene.after(event) else {
                continue;
            };
            visit(&scene, event, &next);
            if known.insert(next) {
                ahead.push_back(next);
            }
        }
    }
    known
}

#[test]
fn every_step_from_every_reachable_state_keeps_every_promise() {
    Scene::new().check();
    let known = reachable(|scene, event, next| {
        scene.check_step(next);
        let seen = std::panic::catch_unwind(|| next.check());
        assert!(seen.is_ok(), "{event:?} led from {scene:?}");
    });
    let words: HashSet<usize> = known.iter().map(|scene| scene.word % REF).collect();
    // Of 256. Another number means that a step came or went: look which, then write it down here.
    assert_eq!(words.len(), 120, "combinations of flags");
    assert!(
        known.iter().any(|scene| scene.freed),
        "no way leads to the end"
    );
}

#[test]
fn every_state_can_still_reach_its_end() {
    let mut steps: Vec<(Scene, Scene)> = Vec::new();
    let known = reachable(|scene, _, next| steps.push((*scene, *next)));
    let mut ending: HashSet<Scene> = known.iter().copied().filter(|scene| scene.freed).collect();
    let mut grown = 0;
    while ending.len() > grown {
        grown = ending.len();
        for (scene, next) in &steps {
            if ending.contains(next) {
                ending.insert(*scene);
            }
        }
    }
    let stuck = known.iter().find(|scene| !ending.contains(*scene));
    assert_eq!(stuck, None, "a task in this state is never freed");
}

#[test]
fn the_plain_steps_and_the_atomic_ones_agree_everywhere() {
    for scene in reachable(|_, _, _| {}) {
        let seen = State(scene.word);
        let word = || AtomicState(AtomicUsize::new(scene.word));
        let value = |word: &AtomicState| word.0.load(Ordering::Relaxed);
        let atomic = word();
        assert_eq!(
            (atomic.wake(), value(&atomic)),
            (seen.wake().1, seen.wake().0.0)
        );
        if scene.runner == Runner::Queued {
            let atomic = word();
            assert_eq!(
                (atomic.start(), value(&atomic)),
                (seen.start().1, seen.start().0.0)
            );
        }
        if scene.runner == Runner::Polling {
            let atomic = word();
            assert_eq!(
                (atomic.pause(), value(&atomic)),
                (seen.pause().1, seen.pause().0.0)
            );
        }
    }
}

#[test]
fn a_second_wake_never_queues_twice() {
    let (woken, first) = State(HANDLE | (2 * REF)).wake();
    assert_eq!(first, Woken::Enqueue);
    assert_eq!(woken.wake(), (woken, Woken::Nothing));
}

#[test]
fn a_request_that_asks_nobody_goes_before_one_that_asks() {
    let word = AtomicState::new();
    assert_eq!(word.cancel(false), Some(Woken::Nothing));
    assert_eq!(word.cancel(true), Some(Woken::Nothing));
    assert_eq!(word.start(), Started::Abort);
}

#[test]
fn a_state_names_its_flags() {
    assert_eq!(format!("{:?}", State::NEW), "queued handle refs 3");
    assert_eq!(
        format!("{:?}", State(DONE | COLD | REF)),
        "done cold refs 1"
    );
}

//! Which of many children want to be polled: so that a wait for a thousand tasks polls those that
//! woke, not all. Private; used by `gather` and its kin.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Wake, Waker};

/// The children that were woken and have not been polled since.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Shared with the children's wakers.
    list: Arc<List>,
    /// One waker per child, made once.
    wakers: Vec<Waker>,
}

#[derive(Debug)]
struct List {
    /// What changes.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Children to poll, in the order they were woken; none stands in it twice.
    woken: Vec<usize>,
    /// Which children stand in `woken`.
    is_woken: Vec<bool>,
    /// Who waits for all of them.
    parent: Option<Waker>,
}

/// Wakes the parent, and says for which child.
struct ChildWaker {
    /// The common list.
    list: Arc<List>,
    /// The child.
    child: usize,
}

impl Ready {
    /// So many children, all of which want their first poll.
    pub(crate) fn new(children: usize) -> Self {
        Self::of(State {
            woken: (0..children).collect(),
            is_woken: vec![true; children],
            parent: None,
        })
    }

    /// So many children, none of which wants a poll before it wakes.
    pub(crate) fn idle(children: usize) -> Self {
        Self::of(State {
            woken: Vec::new(),
            is_woken: vec![false; children],
            parent: None,
        })
    }

    fn of(state: State) -> Self {
        let children = state.is_woken.len();
        let list = Arc::new(List {
            state: Mutex::new(state),
        });
        let waker = |child| {
            Waker::from(Arc::new(ChildWaker {
                list: list.clone(),
                child,
            }))
        };
        let wakers = (0..children).map(waker).collect();
        Self { list, wakers }
    }

    /// The children to poll now; later ones wake the caller's task.
    pub(crate) fn take(&self, cx: &Context<'_>) -> Vec<usize> {
        let parent = cx.waker().clone();
        let mut state = self.list.lock();
        let before = state.parent.replace(parent);
        let woken = std::mem::take(&mut state.woken);
        for &child in &woken {
            state.is_woken[child] = false;
        }
        drop(state);
        drop(before);
        woken
    }

    /// The waker to poll this child with.
    pub(crate) fn waker(&self, child: usize) -> &Waker {
        &self.wakers[child]
    }
}

impl Drop for Ready {
    /// Children may keep their wakers for long, and those must not keep whoever waited.
    fn drop(&mut self) {
        let parent = self.list.lock().parent.take();
        drop(parent);
    }
}

impl List {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.list.lock();
        if std::mem::replace(&mut state.is_woken[self.child], true) {
            return;
        }
        state.woken.push(self.child);
        let parent = state.parent.take();
        drop(state);
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

#[cfg(test)]
mod tests;

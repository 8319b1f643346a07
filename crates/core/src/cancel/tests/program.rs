//! Programs of nested scopes, catchers and combinators, as values.
//!
//! `properties` makes them at random and runs each twice: for real, and by `model`. What happens to
//! a program is said there, never here.

/// What a catcher's owner does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Drops it, then cleans up.
    Forget,
    /// Cleans up, then drops it.
    Refuse,
    /// Cleans up, then passes it on.
    PassOn,
}

/// A program; numbers are given by [`Program::number`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// Waits at a gate.
    Gate(usize),
    /// A scope around.
    Scope(usize, Box<Program>),
    /// A catcher around, what its owner does, and the clean-up.
    Catch(usize, Box<Program>, Answer, Box<Program>),
    /// All at once; the flag says whether only woken branches are polled.
    Join(Vec<Program>, bool),
    /// Until one is done.
    Race(Box<Program>, Box<Program>),
    /// One after the other.
    Then(Box<Program>, Box<Program>),
}

/// How many there are of what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    pub(super) gates: usize,
    pub(super) scopes: usize,
    pub(super) catchers: usize,
}

impl Program {
    /// Numbers gates, scopes and catchers in the order of the text.
    pub(super) fn number(&mut self, next: &mut Numbers) {
        let take = |count: &mut usize| std::mem::replace(count, *count + 1);
        match self {
            Self::Gate(gate) => *gate = take(&mut next.gates),
            Self::Scope(scope, inner) => {
                *scope = take(&mut next.scopes);
                inner.number(next);
            }
            Self::Catch(catcher, inner, _, cleanup) => {
                *catcher = take(&mut next.catchers);
                inner.number(next);
                cleanup.number(next);
            }
            Self::Join(all, _) => all.iter_mut().for_each(|one| one.number(next)),
            Self::Race(one, two) | Self::Then(one, two) => {
                one.number(next);
                two.number(next);
            }
        }
    }
}

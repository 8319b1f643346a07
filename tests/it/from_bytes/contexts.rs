//! Contexts and variables beside arrays, step by step.

use std::iter::Copied;
use std::slice::Iter;

use bowerbird::contextvars::ResetProblem;
use bowerbird::{Context, ContextVar, Token, copy_context};

/// Variables of a program.
const COUNT: usize = 3;

static VARS: [ContextVar<u8>; COUNT] = [
    ContextVar::new("first"),
    ContextVar::new("second"),
    ContextVar::new("third"),
];

/// How deep contexts are entered in each other.
const DEPTH_MAX: usize = 8;

type Values = [Option<u8>; COUNT];

/// The real contexts beside what should be in them, by number.
#[derive(Default)]
struct Both {
    contexts: Vec<Context>,
    naive: Vec<Values>,
    tokens: Vec<Kept>,
}

/// A token, and what it should lead back to.
struct Kept {
    token: Token<u8>,
    var: usize,
    context: usize,
    before: Option<u8>,
}

/// Plays the bytes.
///
/// # Panics
/// When contexts do not do what the arrays do.
pub(crate) fn check(bytes: &[u8]) {
    let mut both = Both::default();
    let fresh = Context::new();
    both.contexts.push(fresh.clone());
    both.naive.push([None; COUNT]);
    fresh.run(|| both.play(0, 0, &mut bytes.iter().copied()));
    for (context, values) in both.contexts.iter().zip(&both.naive) {
        let seen: Vec<_> = VARS.iter().map(|var| context.get(var)).collect();
        assert_eq!(seen, values);
        assert_eq!(context.len(), values.iter().flatten().count());
    }
}

impl Both {
    /// Plays what is to happen in this context, up to its end.
    fn play(&mut self, here: usize, depth: usize, bytes: &mut Copied<Iter<'_, u8>>) {
        while let Some(what) = bytes.next() {
            let number = usize::from(bytes.next().unwrap_or(0));
            let var = number % COUNT;
            match what % 8 {
                0..=2 => self.set(here, var, what),
                3 | 4 => self.reset(here, var, number),
                5 => {
                    self.contexts.push(copy_context());
                    self.naive.push(self.naive[here]);
                }
                6 if depth < DEPTH_MAX => {
                    let other = number % self.contexts.len();
                    let context = self.contexts[other].clone();
                    context.run(|| self.play(other, depth + 1, bytes));
                }
                _ if depth > 0 => return,
                _ => {}
            }
            let seen: Vec<_> = VARS.iter().map(ContextVar::get).collect();
            assert_eq!(seen, self.naive[here]);
        }
    }

    fn set(&mut self, context: usize, var: usize, value: u8) {
        let token = VARS[var].set(value);
        let before = self.naive[context][var].replace(value);
        assert_eq!(token.old_value(), before);
        self.tokens.push(Kept {
            token,
            var,
            context,
            before,
        });
    }

    fn reset(&mut self, here: usize, var: usize, which: usize) {
        if self.tokens.is_empty() {
            return;
        }
        let kept = self.tokens.swap_remove(which % self.tokens.len());
        match VARS[var].reset(kept.token) {
            Ok(()) => {
                assert_eq!((kept.var, kept.context), (var, here));
                self.naive[here][var] = kept.before;
            }
            Err(error) => {
                assert!(kept.var != var || kept.context != here);
                let is_another = error.problem() == ResetProblem::OtherVar;
                assert_eq!(is_another, kept.var != var);
                let token = error.into_token();
                self.tokens.push(Kept { token, ..kept });
            }
        }
    }
}

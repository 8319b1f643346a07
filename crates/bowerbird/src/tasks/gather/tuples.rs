//! Tasks of different types, gathered as a tuple. What `gather!` and `try_gather!` expand to.

use std::panic::Location;
use std::task::{Context, Poll};

use bowerbird_core::{IntoTask, TaskError};

use super::{Children, Gather, OnLoop, Plain, Rule, Slot, Tried};
use crate::tasks::with_loop;

/// A tuple of awaitables, for [`gather!`](crate::gather!).
pub trait Tuple {
    /// The same as tasks.
    type Children: Children;

    /// Makes a task of each that is none, and gathers them.
    ///
    /// # Panics
    /// Outside a running loop.
    fn gather(self) -> Gather<Self::Children>;
}

/// A tuple of awaitables that give `Result`s with one error type, for
/// [`try_gather!`](crate::try_gather!).
pub trait TryTuple {
    /// The same as tasks.
    type Children: Children;

    /// Makes a task of each that is none, and gathers them.
    ///
    /// # Panics
    /// Outside a running loop.
    fn try_gather(self) -> Gather<Self::Children>;
}

macro_rules! tuple {
    ($($rule:ident $value:ident $item:ident $at:tt),+) => {
        impl<X, $($rule: Rule<Error = X>),+> Children for ($(Slot<$rule>,)+) {
            type Values = ($($rule::Value,)+);
            type Results = ($(Result<$rule::Value, X>,)+);
            type Error = X;

            fn poll_values(&mut self, cx: &mut Context<'_>) -> Poll<Result<Self::Values, X>> {
                let mut are_done = true;
                $(
                    are_done &= self.$at.poll(cx);
                    if let Some(error) = self.$at.take_failure() {
                        return Poll::Ready(Err(error));
                    }
                )+
                if !are_done {
                    return Poll::Pending;
                }
                Poll::Ready(Ok(($(self.$at.take()?,)+)))
            }

            fn poll_results(&mut self, cx: &mut Context<'_>) -> Poll<Self::Results> {
                let mut are_done = true;
                $(are_done &= self.$at.poll(cx);)+
                match are_done {
                    true => Poll::Ready(($(self.$at.take(),)+)),
                    false => Poll::Pending,
                }
            }

            fn cancel(&self) {
                $(self.$at.cancel();)+
            }
        }

        impl<$($item: IntoTask),+> Tuple for ($($item,)+) {
            type Children = ($(Slot<Plain<$item::Output>>,)+);

            #[track_caller]
            fn gather(self) -> Gather<Self::Children> {
                let location = Location::caller();
                Gather::new(with_loop(|handle| {
                    let spawner = OnLoop(handle, location);
                    ($(Slot::new(self.$at.into_task(&spawner)),)+)
                }))
            }
        }

        impl<X, $($value, $item),+> TryTuple for ($($item,)+)
        where
            X: From<TaskError>,
            $($item: IntoTask<Output = Result<$value, X>>,)+
        {
            type Children = ($(Slot<Tried<$value, X>>,)+);

            #[track_caller]
            fn try_gather(self) -> Gather<Self::Children> {
                let location = Location::caller();
                Gather::new(with_loop(|handle| {
                    let spawner = OnLoop(handle, location);
                    ($(Slot::new(self.$at.into_task(&spawner)),)+)
                }))
            }
        }
    };
}

tuple!(R0 V0 I0 0);
tuple!(R0 V0 I0 0, R1 V1 I1 1);
tuple!(R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2);
tuple!(R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3);
tuple!(R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4);
tuple!(R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5);
tuple!(R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6);
tuple!(
    R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6,
    R7 V7 I7 7
);
tuple!(
    R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6,
    R7 V7 I7 7, R8 V8 I8 8
);
tuple!(
    R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6,
    R7 V7 I7 7, R8 V8 I8 8, R9 V9 I9 9
);
tuple!(
    R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6,
    R7 V7 I7 7, R8 V8 I8 8, R9 V9 I9 9, R10 V10 I10 10
);
tuple!(
    R0 V0 I0 0, R1 V1 I1 1, R2 V2 I2 2, R3 V3 I3 3, R4 V4 I4 4, R5 V5 I5 5, R6 V6 I6 6,
    R7 V7 I7 7, R8 V8 I8 8, R9 V9 I9 9, R10 V10 I10 10, R11 V11 I11 11
);

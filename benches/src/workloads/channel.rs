//! 64 tasks send into one bounded channel, one task receives; async-channel on every runtime.

use smol::channel;

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;

const PRODUCERS: usize = 64;
const MESSAGES_EACH: usize = 1_000;
/// How many messages the channel holds.
const ROOM: usize = 64;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (usage, turns) = repeat(plan, || all_through::<R>(PRODUCERS, MESSAGES_EACH)).await;
        vec![Reading::per_op(
            "",
            "message",
            usage,
            turns * PRODUCERS * MESSAGES_EACH,
        )]
    })
}

pub(super) async fn all_through<R: Runtime>(producers: usize, messages_each: usize) {
    let (sender, receiver) = channel::bounded(ROOM);
    for _ in 0..producers {
        let sender = sender.clone();
        R::detach(R::spawn(async move {
            for number in 0..messages_each {
                sender
                    .send(number)
                    .await
                    .expect("the receiver outlives its senders");
            }
        }));
    }
    drop(sender);
    // The channel closes with the last producer.
    while receiver.recv().await.is_ok() {}
}

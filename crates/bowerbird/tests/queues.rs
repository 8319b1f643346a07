//! What queues promise: their order, first come first served on both ends, and no item lost or
//! doubled when a wait is dropped at any await.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use bowerbird::queues::{GetNowaitError, PutNowaitError};
use bowerbird::{
    LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown, ValueError, create_task,
    gather, yield_now,
};

mod harness;

use harness::{Hand, Seeded, on_every_loop, polls, within_patience};

/// What the three have in common, for tests that hold for all of them.
macro_rules! for_each_queue {
    ($queue:ident => $test:expr) => {{
        type $queue<T> = bowerbird::Queue<T>;
        $test;
    }
    {
        type $queue<T> = bowerbird::LifoQueue<T>;
        $test;
    }
    {
        type $queue<T> = bowerbird::PriorityQueue<T>;
        $test;
    }};
}

/// A fair queue by the book: who waits, who was promised something, and what there is.
struct Naive {
    maxsize: usize,
    items: Vec<usize>,
    getters: Vec<usize>,
    promised_items: Vec<usize>,
    putters: Vec<usize>,
    promised_places: Vec<usize>,
}

impl Naive {
    fn serve(&mut self) {
        while !self.getters.is_empty() && self.items.len() > self.promised_items.len() {
            self.promised_items.push(self.getters.remove(0));
        }
        let taken = |naive: &Self| naive.items.len() + naive.promised_places.len();
        while !self.putters.is_empty() && (self.maxsize == 0 || taken(self) < self.maxsize) {
            self.promised_places.push(self.putters.remove(0));
        }
    }

    fn leave(&mut self, who: usize) {
        let lists = [
            &mut self.getters,
            &mut self.promised_items,
            &mut self.putters,
            &mut self.promised_places,
        ];
        for list in lists {
            list.retain(|&other| other != who);
        }
        self.serve();
    }
}

/// Two kinds of waits of one queue.
enum Wait<'a> {
    Put(usize, Hand<'a, Result<(), QueueShutDown>>),
    Get(Hand<'a, Result<usize, QueueShutDown>>),
}

/// Puts, gets and leaves at random; `next` says which item the order of the queue takes next.
macro_rules! compare_with_naive {
    ($queue:ident, $seed:expr, $next:expr) => {{
        let mut random = Seeded::new($seed);
        let maxsize = random.below(4);
        let queue = $queue::new(maxsize);
        let mut naive = Naive {
            maxsize,
            items: vec![],
            getters: vec![],
            promised_items: vec![],
            putters: vec![],
            promised_places: vec![],
        };
        let mut waits = BTreeMap::new();
        for who in 0..400 {
            let item = random.below(50) * 1_000 + who;
            match random.below(7) {
                0 | 1 => {
                    naive.putters.push(who);
                    waits.insert(who, Wait::Put(item, Hand::new(queue.put(item))));
                }
                2 | 3 => {
                    naive.getters.push(who);
                    waits.insert(who, Wait::Get(Hand::new(queue.get())));
                }
                4 => drop(queue.put_nowait(item).map(|()| naive.items.push(item))),
                5 => drop(queue.get_nowait().map(|item| {
                    let next = $next(&naive.items);
                    assert_eq!(naive.items.remove(next), item);
                })),
                _ => {
                    let leaves = random.below(who + 1);
                    if waits.remove(&leaves).is_some() {
                        naive.leave(leaves);
                    }
                }
            }
            naive.serve();
            // Whoever has just come asks at once, and somebody else too.
            let asked = waits.keys().copied().nth(random.below(waits.len().max(1)));
            for asks in waits
                .contains_key(&who)
                .then_some(who)
                .into_iter()
                .chain(asked)
            {
                let is_over = match waits.get_mut(&asks) {
                    None => false,
                    Some(Wait::Put(item, hand)) => {
                        let is_promised = naive.promised_places.contains(&asks);
                        assert!(asks == who || is_promised == hand.is_woken());
                        assert_eq!(hand.poll(), is_promised.then_some(Ok(())));
                        naive.items.extend(is_promised.then_some(*item));
                        is_promised
                    }
                    Some(Wait::Get(hand)) => {
                        let is_promised = naive.promised_items.contains(&asks);
                        assert!(asks == who || is_promised == hand.is_woken());
                        let next = is_promised.then(|| $next(&naive.items));
                        let expected = next.map(|next| Ok(naive.items.remove(next)));
                        assert_eq!(hand.poll(), expected);
                        is_promised
                    }
                };
                if is_over {
                    waits.remove(&asks);
                    naive.leave(asks);
                }
            }
            assert_eq!(queue.qsize(), naive.items.len());
            assert_eq!(queue.is_empty(), naive.items.is_empty());
            assert_eq!(queue.is_full(), maxsize > 0 && naive.items.len() == maxsize);
        }
    }};
}

#[test]
fn each_order_does_what_a_naive_queue_would_do() {
    for seed in 0..200 {
        compare_with_naive!(Queue, seed, |_: &Vec<usize>| 0);
        compare_with_naive!(LifoQueue, seed, |items: &Vec<usize>| items.len() - 1);
        let lowest = |items: &Vec<usize>| {
            let lowest = items.iter().enumerate().min_by_key(|&(_, item)| item);
            lowest.map_or(0, |(at, _)| at)
        };
        compare_with_naive!(PriorityQueue, seed, lowest);
    }
}

#[test]
fn fault_021_an_item_promised_to_a_cancelled_wait_goes_to_the_next() {
    for_each_queue!(Kind => {
        let queue = Kind::new(0);
        let (promised, mut next) = (Hand::started(queue.get()), Hand::started(queue.get()));
        queue.put_nowait(1).unwrap();
        assert!(promised.is_woken() && !next.is_woken());
        assert_eq!(queue.qsize(), 1, "it stays until it is taken");
        assert_eq!(queue.get_nowait(), Err(GetNowaitError::Empty(QueueEmpty)));
        drop(promised);
        assert_eq!(next.poll(), Some(Ok(1)));
        assert!(queue.is_empty());
    });
}

#[test]
fn a_place_promised_to_a_cancelled_wait_goes_to_the_next() {
    for_each_queue!(Kind => {
        let queue = Kind::new(1);
        queue.put_nowait(1).unwrap();
        let (promised, mut next) = (Hand::started(queue.put(2)), Hand::started(queue.put(3)));
        assert_eq!(queue.get_nowait(), Ok(1));
        assert!(promised.is_woken() && !next.is_woken());
        let full = PutNowaitError::Full(QueueFull(4));
        assert_eq!(queue.put_nowait(4), Err(full), "it overtakes");
        drop(promised);
        assert_eq!(next.poll(), Some(Ok(())));
        assert_eq!(queue.get_nowait(), Ok(3), "what was cancelled was not put");
    });
}

#[test]
fn equal_priorities_come_out_in_the_order_in_which_they_were_put() {
    /// Compares by its first half alone.
    #[derive(Debug)]
    struct Job(u32, usize);
    impl Ord for Job {
        fn cmp(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }
    }
    impl PartialOrd for Job {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl PartialEq for Job {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other) == Ordering::Equal
        }
    }
    impl Eq for Job {}

    let queue = PriorityQueue::new(0);
    for number in 0..100 {
        let priority = u32::try_from(number * 7 % 3).unwrap();
        queue.put_nowait(Job(priority, number)).unwrap();
    }
    let mut jobs = Vec::new();
    while let Ok(Job(priority, number)) = queue.get_nowait() {
        jobs.push((priority, number));
    }
    assert_eq!(jobs.len(), 100);
    assert!(jobs.is_sorted());
}

#[test]
fn join_waits_until_every_item_is_done_and_not_longer() {
    for_each_queue!(Kind => {
        let queue = Kind::new(0);
        assert_eq!(Hand::new(queue.join()).poll(), Some(()));
        queue.put_nowait(1).unwrap();
        queue.put_nowait(2).unwrap();
        let mut joins = [Hand::started(queue.join()), Hand::started(queue.join())];
        queue.get_nowait().unwrap();
        queue.task_done().unwrap();
        assert!(joins[0].poll().is_none());
        queue.task_done().unwrap();
        // As in asyncio: whoever waited has seen the end, though more has been put since.
        queue.put_nowait(3).unwrap();
        assert!(joins.iter_mut().all(|join| join.poll().is_some()));
        queue.task_done().unwrap();
        assert_eq!(queue.task_done(), Err(ValueError::TaskDoneTooOften));
    });
}

#[test]
fn a_shutdown_lets_gets_drain_and_sends_puts_away() {
    for_each_queue!(Kind => {
        let queue = Kind::new(2);
        queue.put_nowait(1).unwrap();
        queue.put_nowait(2).unwrap();
        let mut waiting = Hand::started(queue.put(3));
        let mut promised = Hand::started(queue.put(4));
        drop(std::mem::replace(&mut waiting, Hand::started(queue.put(3))));
        queue.get_nowait().unwrap();
        assert!(promised.is_woken() && !waiting.is_woken());
        queue.shutdown(false);
        queue.shutdown(false);
        assert_eq!(promised.poll(), Some(Err(QueueShutDown)), "it had not been put yet");
        assert_eq!(waiting.poll(), Some(Err(QueueShutDown)));
        assert_eq!(queue.put_nowait(5), Err(PutNowaitError::ShutDown(5)));
        assert!(Hand::new(queue.get()).poll().is_some_and(|got| got.is_ok()));
        assert_eq!(Hand::new(queue.get()).poll(), Some(Err(QueueShutDown)));
        assert_eq!(queue.get_nowait(), Err(GetNowaitError::ShutDown(QueueShutDown)));
    });
}

#[test]
fn after_a_shutdown_an_item_whose_taker_is_gone_goes_to_who_waits() {
    for_each_queue!(Kind => {
        let queue = Kind::new(0);
        let promised = Hand::started(queue.get());
        let mut next = Hand::started(queue.get());
        let mut last = Hand::started(queue.get());
        queue.put_nowait(1).unwrap();
        queue.shutdown(false);
        assert!(!next.is_woken(), "there is one item left, and it may come free");
        assert_eq!(queue.get_nowait(), Err(GetNowaitError::Empty(QueueEmpty)));
        drop(promised);
        assert_eq!(next.poll(), Some(Ok(1)));
        assert_eq!(last.poll(), Some(Err(QueueShutDown)));
    });
}

#[test]
fn an_immediate_shutdown_drops_what_is_left_and_wakes_everybody() {
    for_each_queue!(Kind => {
        let (queue, empty) = (Kind::new(2), Kind::<usize>::new(0));
        for item in [1, 2] {
            queue.put_nowait(item).unwrap();
        }
        queue.get_nowait().unwrap();
        queue.put_nowait(3).unwrap();
        let (mut put, mut join) = (Hand::started(queue.put(4)), Hand::started(queue.join()));
        let (mut get, mut promised) = (Hand::started(empty.get()), Hand::started(empty.get()));
        std::mem::swap(&mut get, &mut promised);
        empty.put_nowait(1).unwrap();
        queue.shutdown(true);
        empty.shutdown(true);
        assert_eq!(put.poll(), Some(Err(QueueShutDown)));
        assert_eq!(get.poll(), Some(Err(QueueShutDown)));
        assert_eq!(promised.poll(), Some(Err(QueueShutDown)), "its item was dropped");
        assert!(queue.is_empty());
        assert!(join.poll().is_none(), "the item that was taken is not done");
        queue.task_done().unwrap();
        assert_eq!(join.poll(), Some(()));
        assert_eq!(Hand::new(empty.join()).poll(), Some(()));
    });
}

#[test]
fn tasks_get_items_in_the_order_in_which_they_came() {
    on_every_loop(|| async {
        let queue = Queue::new(0);
        let mut tasks = Vec::new();
        for number in 0..20 {
            let (queue, came) = (queue.clone(), Arc::new(bowerbird::Event::new()));
            let here = came.clone();
            tasks.push(create_task(async move {
                let mut get = std::pin::pin!(queue.get());
                assert!(polls(1, get.as_mut()).await.is_none());
                here.set();
                (number, get.await)
            }));
            came.wait().await;
        }
        // One item at a time, so that it is seen who gets it.
        for item in 0..20 {
            queue.put(item).await.unwrap();
            while !queue.is_empty() {
                yield_now().await;
            }
        }
        for (number, got) in gather(tasks).await.unwrap() {
            assert_eq!(got, Ok(number));
        }
    });
}

/// What rivals did: items put, items taken.
type Done = (Vec<usize>, Vec<usize>);

/// One rival: puts and gets, each dropped after so many polls, and notes what came true.
async fn rival(queue: Queue<usize>, number: u64, count: usize) -> Done {
    let mut random = Seeded::new(number + 1);
    let (mut put, mut got) = (Vec::new(), Vec::new());
    for step in 0..100 {
        let item = usize::try_from(number).expect("it is small") * 1_000 + step;
        let patience = 1 + random.below(count);
        if random.below(2) == 0 {
            let tried = polls(patience, queue.put(item)).await;
            put.extend(tried.map(|put| put.map_or_else(|_| panic!("it is open"), |()| item)));
        } else {
            let tried = polls(patience, queue.get()).await;
            got.extend(tried.into_iter().flatten());
        }
        if random.below(4) == 0 {
            yield_now().await;
        }
    }
    (put, got)
}

#[test]
fn whatever_was_put_is_taken_once_though_waits_are_dropped_at_any_poll() {
    on_every_loop(|| async {
        for maxsize in [1, 2, 3] {
            let queue = Queue::new(maxsize);
            // Keeps both ends moving, so that nobody of the others has to wait for ever.
            let pump = create_task({
                let queue = queue.clone();
                async move {
                    let mut done = Done::default();
                    for item in 0.. {
                        match (queue.is_shut_down(), item % 2) {
                            (true, _) => break,
                            (_, 0) => done.0.extend(queue.put_nowait(item).map(|()| item)),
                            _ => done.1.extend(queue.get_nowait()),
                        }
                        yield_now().await;
                    }
                    done
                }
            });
            let rivals = (1..7).map(|number| create_task(rival(queue.clone(), number * 1_000, 3)));
            let done = within_patience(gather(rivals)).await.expect("nobody hangs");
            queue.shutdown(false);
            let (mut put, mut got) = pump.await.unwrap();
            for (some_put, some_got) in done.unwrap() {
                put.extend(some_put);
                got.extend(some_got);
            }
            while let Ok(item) = queue.get_nowait() {
                got.push(item);
            }
            assert!(queue.is_empty(), "a promise was not passed on");
            put.sort_unstable();
            got.sort_unstable();
            assert_eq!(put, got);
        }
    });
}

#[test]
fn a_task_whose_queue_is_always_ready_lets_others_run() {
    on_every_loop(|| async {
        let queue = Queue::new(0);
        let other = create_task(async {});
        while !other.is_done() {
            queue.put(1).await.unwrap();
            queue.get().await.unwrap();
        }
    });
}

#[test]
fn a_wait_that_finds_nothing_spends_nothing_of_its_tasks_turn() {
    on_every_loop(|| async {
        let (empty, full) = (Queue::<u32>::new(0), Queue::new(0));
        full.put(1).await.unwrap();
        yield_now().await;
        for _ in 0..1_000 {
            assert!(polls(1, empty.get()).await.is_none());
        }
        assert_eq!(polls(1, full.get()).await, Some(Ok(1)));
    });
}

#[test]
fn queues_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync + Clone + Default>(_: &T) {}
    for_each_queue!(Kind => is_shared(&Kind::<u32>::default()));
    is_shared(&Queue::<std::cell::Cell<u32>>::new(1));
}

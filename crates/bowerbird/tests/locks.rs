//! What locks and their kin promise: order, and nothing lost when a wait is dropped at any await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bowerbird::{
    Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, LockGuard, RwLock,
    RwLockReadGuard, RwLockWriteGuard, Semaphore, ValueError, create_task, gather, yield_now,
};

mod harness;

use harness::{Hand, Seeded, on_every_loop, polls, within_patience};

/// A guard of either kind.
enum Guard<'a> {
    Read(RwLockReadGuard<'a, u64>),
    Write(RwLockWriteGuard<'a, u64>),
}

/// What a fair lock knows of those who came to it.
#[derive(Default)]
struct NaiveLock {
    /// Who waits, in order; true: to write.
    line: Vec<(usize, bool)>,
    /// Who has it, or may have it at the next poll; true: to write.
    inside: BTreeMap<usize, bool>,
}

impl NaiveLock {
    fn is_open_to(&self, writes: bool) -> bool {
        self.inside.is_empty() || (!writes && self.inside.values().all(|&writes| !writes))
    }

    fn serve(&mut self) {
        while let Some(&(who, writes)) = self.line.first() {
            if !self.is_open_to(writes) {
                return;
            }
            self.inside.insert(who, writes);
            self.line.remove(0);
        }
    }

    fn leave(&mut self, who: usize) {
        self.line.retain(|&(other, _)| other != who);
        self.inside.remove(&who);
        self.serve();
    }
}

async fn enter(lock: &RwLock<u64>, writes: bool) -> Guard<'_> {
    if writes {
        Guard::Write(lock.write().await)
    } else {
        Guard::Read(lock.read().await)
    }
}

/// Comes, asks, leaves at random, and compares what happens with the naive lock.
fn compare_locks(seed: u64, share_of_writers: usize) {
    let mut random = Seeded::new(seed);
    let (lock, mut written) = (RwLock::new(0), 0);
    let mut naive = NaiveLock::default();
    let mut waits: BTreeMap<usize, Hand<'_, Guard<'_>>> = BTreeMap::new();
    let mut guards: BTreeMap<usize, Guard<'_>> = BTreeMap::new();
    for who in 0..400 {
        let writes = random.below(100) < share_of_writers;
        if random.below(3) == 0 {
            waits.insert(who, Hand::new(enter(&lock, writes)));
            naive.line.push((who, writes));
            naive.serve();
        }
        let asked = waits.keys().copied().nth(random.below(waits.len().max(1)));
        // Whoever has just come asks at once, so that the orders of coming are the same.
        for asks in waits
            .contains_key(&who)
            .then_some(who)
            .into_iter()
            .chain(asked)
        {
            let Some(wait) = waits.get_mut(&asks) else {
                continue;
            };
            let is_inside = naive.inside.contains_key(&asks);
            assert!(
                asks == who || wait.is_woken() == is_inside,
                "{asks} is misled"
            );
            let Some(mut guard) = wait.poll() else {
                assert!(!is_inside, "{asks} waits in vain");
                continue;
            };
            assert!(is_inside, "{asks} overtakes");
            match &mut guard {
                Guard::Write(value) => {
                    **value += 1;
                    written += 1;
                }
                Guard::Read(value) => assert_eq!(**value, written),
            }
            waits.remove(&asks);
            guards.insert(asks, guard);
        }
        let leaves = random.below(who + 1);
        if random.below(2) == 0
            && (waits.remove(&leaves).is_some() | guards.remove(&leaves).is_some())
        {
            naive.leave(leaves);
        }
        assert_eq!(lock.try_write().is_some(), naive.inside.is_empty());
        let may_read = naive.line.is_empty() && naive.is_open_to(false);
        assert_eq!(lock.try_read().is_some(), may_read);
    }
    drop(waits);
    drop(guards);
    assert!(
        lock.try_write().is_some(),
        "all have left, and it is locked"
    );
}

#[test]
fn readers_and_writers_are_served_as_a_naive_lock_would_serve_them() {
    for seed in 0..300 {
        compare_locks(seed, [0, 20, 50, 100][usize::try_from(seed).unwrap() % 4]);
    }
}

#[test]
fn fault_050_a_reader_that_comes_after_a_writer_does_not_overtake_it() {
    let lock = RwLock::new(1);
    let reader = lock.try_read().unwrap();
    let writer = Hand::started(lock.write());
    let mut late = Hand::started(lock.read());
    assert!(lock.try_read().is_none());
    assert_eq!(*reader, 1);
    drop(writer);
    assert!(late.is_woken(), "only the writer was in the way");
    assert!(late.poll().is_some());
}

#[test]
fn fault_021_what_was_handed_to_a_cancelled_wait_goes_to_the_next() {
    let lock = Lock::new(0);
    let semaphore = Semaphore::new(0);
    let guard = lock.try_acquire().unwrap();
    let (handed, mut next) = (Hand::started(lock.acquire()), Hand::started(lock.lock()));
    let (given, mut other) = (
        Hand::started(semaphore.acquire()),
        Hand::started(semaphore.acquire()),
    );
    drop(guard);
    semaphore.release();
    assert!(handed.is_woken() && !next.is_woken());
    assert!(given.is_woken() && !other.is_woken());
    assert!(lock.try_acquire().is_none(), "late, and overtakes");
    assert!(semaphore.try_acquire().is_none(), "late, and overtakes");
    drop((handed, given));
    assert!(next.is_woken() && other.is_woken());
    assert!(next.poll().is_some() && other.poll().is_some());
    assert!(!lock.is_locked());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn permits_are_given_in_order_and_all_come_back() {
    for seed in 0..200 {
        let mut random = Seeded::new(seed);
        let total = random.below(4);
        let semaphore = BoundedSemaphore::new(total);
        let mut waits = Vec::new();
        let mut permits = Vec::new();
        for _ in 0..300 {
            match random.below(4) {
                0 => {
                    let mut wait = Hand::new(semaphore.acquire());
                    match wait.poll() {
                        Some(permit) => permits.push(permit),
                        None => waits.push(wait),
                    }
                }
                1 if !permits.is_empty() => drop(permits.remove(random.below(permits.len()))),
                2 if !waits.is_empty() => drop(waits.remove(random.below(waits.len()))),
                3 if !waits.is_empty() => {
                    let asks = random.below(waits.len());
                    let is_woken = waits[asks].is_woken();
                    let permit = waits[asks].poll();
                    assert_eq!(permit.is_some(), is_woken);
                    if let Some(permit) = permit {
                        permits.push(permit);
                        drop(waits.remove(asks));
                    }
                }
                _ => {}
            }
            let in_order = waits.is_sorted_by_key(|wait| !wait.is_woken());
            assert!(in_order, "somebody was served before those who came first");
            let served = waits.iter().filter(|wait| wait.is_woken()).count();
            assert_eq!(permits.len() + served + semaphore.available(), total);
            let all_served = served == waits.len();
            assert!(all_served || semaphore.is_locked(), "a permit lies idle");
            let is_locked = semaphore.is_locked();
            assert_eq!(semaphore.try_acquire().is_none(), is_locked);
        }
        drop((waits, permits));
        assert_eq!(semaphore.available(), total);
        assert_eq!(semaphore.release(), Err(ValueError::ReleasedTooOften));
    }
}

#[test]
fn a_forgotten_permit_is_released_by_hand() {
    let semaphore = Semaphore::new(1);
    semaphore.try_acquire().unwrap().forget();
    assert!(semaphore.is_locked());
    semaphore.release();
    semaphore.release();
    assert_eq!(semaphore.available(), 2, "nothing bounds it");
}

#[test]
fn an_event_that_is_cleared_at_once_has_woken_all_the_same() {
    let event = Event::new();
    let mut waits = [Hand::started(event.wait()), Hand::started(event.wait())];
    event.set();
    event.clear();
    assert!(waits.iter_mut().all(|wait| wait.poll().is_some()));
    drop(Hand::started(event.wait()));
    assert!(!event.is_set());
}

/// Waiters of a condition, with the lock free.
fn in_line<'a>(
    changed: &'a Condition,
    lock: &'a Lock<u32>,
    count: usize,
) -> Vec<Hand<'a, LockGuard<'a, u32>>> {
    let wait = |_| Hand::started(changed.wait(lock.try_acquire().expect("waiting releases it")));
    (0..count).map(wait).collect()
}

#[test]
fn a_notification_wakes_so_many_in_order_and_each_comes_back_with_the_lock() {
    let (lock, changed) = (Lock::new(0), Condition::new());
    let mut waits = in_line(&changed, &lock, 4);
    changed.notify(2);
    let woken: Vec<_> = waits.iter().map(Hand::is_woken).collect();
    assert_eq!(woken, [true, true, false, false]);
    let guard = waits[0].poll().expect("the lock is free");
    assert!(waits[1].poll().is_none(), "the first one has the lock");
    drop(guard);
    assert!(waits[1].poll().is_some());
    assert!(!waits[2].is_woken(), "both notifications were used");
    changed.notify_all();
    assert!(waits[2].poll().is_some() && waits[3].poll().is_some());
}

#[test]
fn fault_021_a_notification_of_a_cancelled_wait_goes_to_the_next() {
    let (lock, changed) = (Lock::new(0), Condition::new());
    let mut waits = in_line(&changed, &lock, 3);
    changed.notify(1);
    drop(waits.remove(0));
    assert!(waits[0].is_woken(), "before it could ask for the lock");
    let guard = lock.try_acquire().unwrap();
    assert!(waits[0].poll().is_none());
    drop(waits.remove(0));
    assert!(waits[0].is_woken(), "while it waited for the lock");
    drop(guard);
    assert!(waits[0].poll().is_some());
    assert!(!lock.is_locked());
}

#[test]
fn a_notification_for_all_is_not_passed_on_to_those_who_come_later() {
    let (lock, changed) = (Lock::new(0), Condition::new());
    let before = in_line(&changed, &lock, 2);
    changed.notify_all();
    let after = in_line(&changed, &lock, 1);
    drop(before);
    assert!(!after[0].is_woken());
}

#[test]
fn a_wait_whose_turn_is_over_takes_its_place_before_it_releases() {
    on_every_loop(|| async {
        let shared = Arc::new((Lock::new(false), Condition::new()));
        let (mine, theirs) = (shared.clone(), shared.clone());
        let waiter = create_task(async move {
            let (lock, changed) = &*mine;
            let guard = lock.acquire().await;
            // Spends what one poll may spend, so that the next operation has to yield first.
            for _ in 0..1_000 {
                let spent = Semaphore::new(1);
                if polls(1, spent.acquire()).await.is_none() {
                    break;
                }
            }
            drop(changed.wait_for(guard, |is_done| *is_done).await);
        });
        let notifier = create_task(async move {
            let (lock, changed) = &*theirs;
            loop {
                let mut guard = lock.acquire().await;
                // Set once only, by whoever gets the lock while the other one waits for it.
                if std::mem::replace(&mut *guard, true) {
                    return;
                }
                changed.notify(1);
            }
        });
        notifier.await.unwrap();
        waiter.await.unwrap();
    });
}

#[test]
fn a_barrier_numbers_its_parties_without_gaps_also_after_a_cancelled_wait() {
    let barrier = Barrier::new(3).unwrap();
    let gone = Hand::started(barrier.wait());
    let mut waits = [Hand::started(barrier.wait())];
    assert_eq!(barrier.n_waiting(), 2);
    drop(gone);
    assert_eq!(barrier.n_waiting(), 1);
    let mut second = Hand::started(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(2)));
    assert_eq!(barrier.n_waiting(), 0, "they are on their way out");
    let late = Hand::started(barrier.wait());
    assert_eq!(waits[0].poll(), Some(Ok(0)));
    assert_eq!(second.poll(), Some(Ok(1)));
    assert!(!late.is_woken(), "it belongs to the next round");
    assert_eq!(
        Hand::new(Barrier::new(1).unwrap().wait()).poll(),
        Some(Ok(0))
    );
}

#[test]
fn an_aborted_barrier_stays_broken_until_it_is_reset() {
    let broken = Some(Err(BrokenBarrierError));
    let barrier = Barrier::new(2).unwrap();
    let mut waits = [Hand::started(barrier.wait())];
    barrier.abort();
    assert_eq!(waits[0].poll(), broken);
    assert_eq!(Hand::new(barrier.wait()).poll(), broken);
    assert!(barrier.is_broken());
    barrier.reset();
    let mut sent_away = Hand::started(barrier.wait());
    barrier.reset();
    assert_eq!(sent_away.poll(), broken);
    let mut first = Hand::started(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    assert_eq!(first.poll(), Some(Ok(0)));
}

#[test]
fn tasks_get_a_contended_lock_in_the_order_in_which_they_came() {
    on_every_loop(|| async {
        let lock = Arc::new(Lock::new(Vec::new()));
        let guard = lock.acquire().await;
        let mut tasks = Vec::new();
        for number in 0..20 {
            let (lock, came) = (lock.clone(), Arc::new(Event::new()));
            let here = came.clone();
            tasks.push(create_task(async move {
                let mut acquire = std::pin::pin!(lock.acquire());
                // Its place is taken before the next task is even made.
                assert!(polls(1, acquire.as_mut()).await.is_none());
                here.set();
                acquire.await.push(number);
            }));
            came.wait().await;
        }
        drop(guard);
        gather(tasks).await.unwrap();
        assert_eq!(*lock.acquire().await, (0..20).collect::<Vec<_>>());
    });
}

/// Notifies one visitor after the other.
async fn ring(shop: Arc<Shop>) {
    loop {
        shop.changed.notify(1);
        yield_now().await;
    }
}

/// What the rivals of the next test share.
struct Shop {
    lock: Lock<u32>,
    settings: RwLock<u32>,
    seats: Semaphore,
    changed: Condition,
    open: Event,
    /// Who is inside `lock`, kept by those who are: never two.
    inside: Mutex<u32>,
}

impl Shop {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lock: Lock::new(0),
            settings: RwLock::new(0),
            seats: Semaphore::new(2),
            changed: Condition::new(),
            open: Event::new(),
            inside: Mutex::new(0),
        })
    }

    /// One visit: waits for everything there is to wait for.
    async fn visit(&self) {
        self.open.wait().await;
        let seat = self.seats.acquire().await;
        yield_now().await;
        let mut guard = self.lock.acquire().await;
        assert_eq!(
            std::mem::replace(&mut *self.inside.lock().expect("no test panics here"), 1),
            0
        );
        *guard += 1;
        *self.inside.lock().expect("no test panics here") = 0;
        drop(self.changed.wait(guard).await);
        drop(seat);
        let before = *self.settings.read().await;
        yield_now().await;
        let mut settings = self.settings.write().await;
        assert!(*settings >= before);
        *settings += 1;
    }
}

#[test]
fn a_visit_dropped_at_any_poll_leaves_everything_to_the_others() {
    on_every_loop(|| async {
        for count in 0..25 {
            let shop = Shop::new();
            let mut tasks = Vec::new();
            for rival in 0..6 {
                let shop = shop.clone();
                tasks.push(create_task(async move {
                    match rival % 3 {
                        0 => polls(count, shop.visit()).await,
                        _ => polls(usize::MAX, shop.visit()).await,
                    }
                }));
            }
            yield_now().await;
            shop.open.set();
            let bell = create_task(ring(shop.clone()));
            let visits = within_patience(gather(tasks)).await;
            let visits = visits.expect("nobody waits for who is gone").unwrap();
            bell.cancel();
            let completed = visits.iter().flatten().count();
            assert!(completed >= 4, "only those were dropped who had to be");
            assert!(!shop.lock.is_locked());
            assert_eq!(shop.seats.available(), 2);
            let settings = shop.settings.try_write().expect("nobody has it");
            assert!(usize::try_from(*settings).unwrap() == completed);
        }
    });
}

#[test]
fn all_of_them_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&Lock::new(std::cell::Cell::new(0)));
    is_shared(&RwLock::new(0));
    is_shared(&(Event::new(), Condition::new(), Semaphore::new(1)));
    is_shared(&(Barrier::new(1), BoundedSemaphore::new(1)));
}

#[test]
fn an_owner_has_the_value_without_locking() {
    let mut lock = Lock::new(1);
    *lock.get_mut() += 1;
    assert_eq!(format!("{lock:?}"), "Lock { value: 2, waiting: 0 }");
    assert_eq!(lock.into_inner(), 2);
    let mut lock = RwLock::new(1);
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
}

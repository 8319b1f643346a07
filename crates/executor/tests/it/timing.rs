//! Time: nothing early, nothing lost.

use std::future::poll_fn;
use std::sync::{Arc, mpsc};
use std::task::{Poll, Wake};
use std::time::Duration;

use crate::stage::{Sleep, both, run, spawn, watched};

/// Sends itself when woken.
struct Bell(mpsc::Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let _heard = self.0.send(());
    }
}

#[test]
fn a_sleep_never_ends_early_and_always_ends() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, async {
                let sleeps: Vec<_> = (0..200_u64)
                    .map(|number| {
                        let sleep = Sleep::new(&handle, Duration::from_micros(number * 53 % 9000));
                        let at = sleep.at;
                        spawn(&handle, async move { sleep.await >= at })
                    })
                    .collect();
                for sleep in sleeps {
                    assert!(sleep.await.unwrap());
                }
                assert_eq!(handle.metrics().timers, 0);
            });
        }
    });
}

#[test]
fn fault_056_a_timer_from_another_thread_wakes_a_loop_that_rests() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            // A far deadline stands already: the new one must come before it.
            run(&runtime, async {
                let mut far = Box::pin(Sleep::new(&handle, Duration::from_secs(3600)));
                let polled = poll_fn(|cx| Poll::Ready(far.as_mut().poll(cx).is_pending())).await;
                assert!(polled);
                for _ in 0..50 {
                    let outside = handle.clone();
                    let call = handle.to_thread(
                        move || {
                            let (tell, told) = mpsc::channel();
                            let waker = Arc::new(Bell(tell)).into();
                            let at = outside.now().after(Duration::from_millis(1));
                            outside.add_timer(at, &waker).unwrap();
                            told.recv().unwrap();
                            outside.now() >= at
                        },
                        Default::default(),
                    );
                    assert!(call.await.unwrap());
                }
            });
        }
    });
}

#[test]
fn a_timer_can_be_moved_and_taken_back() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, async {
                let (tell, told) = mpsc::channel();
                let waker = Arc::new(Bell(tell)).into();
                let far = handle.now().after(Duration::from_secs(3600));
                let timer = handle.add_timer(far, &waker).unwrap();
                let near = handle.now().after(Duration::from_millis(1));
                assert!(handle.reset_timer(timer, near));
                let gone = handle.add_timer(near, &waker).unwrap();
                handle.remove_timer(gone);
                Sleep::new(&handle, Duration::from_millis(5)).await;
                assert_eq!(told.try_iter().count(), 1);
                assert!(!handle.reset_timer(timer, near) && !handle.update_timer(timer, &waker));
            });
        }
    });
}

#[test]
fn sleeps_of_one_deadline_end_in_the_order_they_began() {
    watched(|| {
        let runtime = crate::stage::single();
        let handle = runtime.handle();
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        run(&runtime, async {
            let at = handle.now().after(Duration::from_millis(3));
            let sleeps: Vec<_> = (0..50)
                .map(|number| {
                    let mut sleep = Sleep::new(&handle, Duration::ZERO);
                    sleep.at = at;
                    let log = log.clone();
                    spawn(&handle, async move {
                        sleep.await;
                        log.lock().unwrap().push(number);
                    })
                })
                .collect();
            for sleep in sleeps {
                sleep.await.unwrap();
            }
        });
        assert!(log.lock().unwrap().iter().copied().eq(0..50));
    });
}

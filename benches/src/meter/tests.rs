use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Meter, number_after, pause, resident_bytes, stay_busy, thread_switches};

#[test]
fn being_busy_shows_as_processor_time() {
    let meter = Meter::start();
    stay_busy(Duration::from_millis(20));
    let usage = meter.stop();
    assert!(usage.wall >= Duration::from_millis(20));
    // Others may have the processor for a part of it, and other tests run in this process.
    assert!(usage.cpu > Duration::from_millis(1));
}

#[test]
fn waiting_for_another_thread_shows_as_voluntary_switches() {
    const TURNS: u64 = 50;
    let (to, from_us) = mpsc::sync_channel::<()>(0);
    let (back, from_them) = mpsc::sync_channel::<()>(0);
    let other = thread::spawn(move || from_us.iter().try_for_each(|()| back.send(())));
    let meter = Meter::start();
    for _ in 0..TURNS {
        to.send(()).unwrap();
        from_them.recv().unwrap();
    }
    let usage = meter.stop();
    drop(to);
    other.join().unwrap().unwrap();
    // std spins before it sleeps, so some turns may go without.
    assert!(usage.switches > 0);
}

#[test]
fn a_pause_shows_on_the_thread_that_makes_it() {
    let before = thread_switches();
    pause(Duration::from_millis(2));
    assert!(thread_switches() > before);
}

#[test]
fn memory_that_was_written_to_is_resident() {
    const SIZE: usize = 64 << 20;
    let before = resident_bytes();
    let block = std::hint::black_box(vec![1_u8; SIZE]);
    let grown = resident_bytes() - before;
    drop(block);
    assert!(grown > SIZE as u64 / 2, "{grown}");
}

#[test]
fn a_number_is_found_behind_its_label() {
    let status = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t34\n";
    assert_eq!(number_after(status, "\nvoluntary_ctxt_switches:"), Some(12));
    assert_eq!(number_after(status, "\nRss:"), None);
}

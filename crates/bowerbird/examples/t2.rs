#![allow(missing_docs)]
use std::time::Duration;
fn main() {
    let n: u64 = std::env::args().nth(1).map_or(2000, |s| s.parse().unwrap());
    let w: usize = std::env::args().nth(2).map_or(2, |s| s.parse().unwrap());
    let el = bowerbird::EventLoop::builder()
        .worker_threads(w)
        .build()
        .unwrap();
    let el2 = el.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(3));
        eprintln!("STUCK {:?}", el2.metrics());
        std::process::abort()
    });
    el.run_until_complete(async move {
        bowerbird::create_task(async move {
            for k in 0..5 {
                let tasks: Vec<_> = (0..n)
                    .map(|i| {
                        bowerbird::create_task(bowerbird::sleep(Duration::from_micros(
                            20_000 + i * 7919 % 50_000,
                        )))
                    })
                    .collect();
                for t in tasks {
                    t.await.unwrap();
                }
                eprintln!("round {k}");
            }
        })
        .await
        .unwrap();
    })
    .unwrap();
}

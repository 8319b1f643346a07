//! Ctrl-C during `run`, as asyncio's `Runner` treats it. Each program is a process of its own, in
//! which it sends itself the signal; how that process ends is the promise. Unix.
#![cfg(unix)]

use std::future::pending;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::sync::mpsc::channel;
use std::time::Duration;

use bowerbird::signal::{SIGINT, ctrl_c};
use bowerbird::{
    LoopError, Runner, StreamReader, StreamWriter, catch_cancel, create_task, current_task,
    finally, get_running_loop, run, sleep, start_server, to_thread, yield_now,
};
use rustix::process::{Signal, getpid, kill_process};

use crate::alone::{is_interruptible, output_alone};
use crate::loops::each_builder;

fn press() {
    kill_process(getpid(), Signal::INT).unwrap();
}

/// Runs `program` in a process of its own, on its main thread as far as anybody can see: the test
/// harness keeps the real one for itself.
#[track_caller]
fn program(name: &str, program: impl FnOnce() + Send) -> Option<Output> {
    in_foreground(name, || {
        std::thread::scope(|scope| {
            let main = std::thread::Builder::new().name("main".into());
            main.spawn_scoped(scope, program).unwrap().join().unwrap();
        });
    })
}

/// Runs it in a process to which Ctrl-C does what it does by default; skipped, by name, where none
/// can be had.
#[track_caller]
fn in_foreground(name: &str, program: impl FnOnce()) -> Option<Output> {
    let name = format!("ctrl_c::{name}");
    if !is_interruptible() {
        eprintln!("skipped: {name}: this run ignores Ctrl-C, and its children cannot but do so");
        return None;
    }
    output_alone(&name, &[], program)
}

fn said(ended: &Output) -> String {
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

#[track_caller]
fn assert_interrupted(ended: &Output) {
    let signal = ended.status.signal();
    assert_eq!(
        signal,
        Some(SIGINT.as_raw()),
        "{}\n{}",
        ended.status,
        said(ended)
    );
}

#[track_caller]
fn assert_passed(ended: &Output) {
    assert!(ended.status.success(), "{}\n{}", ended.status, said(ended));
}

fn each_runner() -> impl Iterator<Item = Runner> {
    let runner = |builder| {
        bowerbird::runners::RunnerBuilder::from(builder)
            .build()
            .unwrap()
    };
    each_builder().map(runner).into_iter()
}

#[test]
fn the_first_one_cancels_and_all_may_clean_up_before_the_process_ends_by_it() {
    let name = "the_first_one_cancels_and_all_may_clean_up_before_the_process_ends_by_it";
    let ended = program(name, || {
        run(async {
            create_task(finally(pending::<()>(), async {
                sleep(Duration::from_millis(20)).await;
                eprintln!("the leftover is clean");
            }))
            .detach();
            // Both have begun, so both have something to clean up.
            yield_now().await;
            sleep(Duration::from_millis(20)).await;
            let waiting = async {
                press();
                pending::<()>().await;
            };
            finally(waiting, async {
                sleep(Duration::from_millis(20)).await;
                eprintln!("main is clean");
            })
            .await;
            eprintln!("never said");
        });
        eprintln!("never said either");
    });
    let Some(ended) = ended else { return };
    assert_interrupted(&ended);
    let said = said(&ended);
    let order = ["main is clean", "the leftover is clean"].map(|line| said.find(line));
    assert!(order[0].is_some() && order[0] < order[1], "{said}");
    assert!(!said.contains("never said"), "{said}");
}

#[test]
fn a_main_future_that_swallows_it_gives_its_value() {
    let ended = program("a_main_future_that_swallows_it_gives_its_value", || {
        for mut runner in each_runner() {
            // Twice: the second run of a runner is as the first.
            for value in 0..2 {
                let answer = runner.run(async {
                    let waiting = async {
                        press();
                        pending::<()>().await;
                    };
                    assert!(catch_cancel(waiting).await.is_err());
                    sleep(Duration::from_millis(1)).await;
                    value
                });
                assert_eq!(answer, value);
            }
            let failed: Result<(), &str> = runner.run(async {
                press();
                match catch_cancel(pending::<()>()).await {
                    Ok(()) => Ok(()),
                    Err(_cancelled) => Err("another error"),
                }
            });
            assert_eq!(failed, Err("another error"));
        }
    });
    let Some(ended) = ended else { return };
    assert_passed(&ended);
}

#[test]
fn a_runner_can_be_asked_for_an_error_and_gives_ctrl_c_back() {
    let name = "a_runner_can_be_asked_for_an_error_and_gives_ctrl_c_back";
    let ended = program(name, || {
        for mut runner in each_runner() {
            let interrupted = runner.try_run(async {
                press();
                pending::<()>().await;
            });
            assert_eq!(interrupted, Err(LoopError::Interrupted));
            assert_eq!(runner.try_run(async { 2 }), Ok(2));
            runner.close();
            assert_eq!(runner.try_run(async {}), Err(LoopError::Closed));
        }
        eprintln!("so far, so good");
        press();
        std::thread::park_timeout(Duration::from_secs(60));
    });
    let Some(ended) = ended else { return };
    assert!(said(&ended).contains("so far, so good"), "{}", said(&ended));
    assert_interrupted(&ended);
}

#[test]
fn who_was_cancelled_by_others_as_well_was_not_interrupted() {
    let ended = program(
        "who_was_cancelled_by_others_as_well_was_not_interrupted",
        || {
            for mut runner in each_runner() {
                let cancelled = runner.try_run(async {
                    let waiting = async {
                        press();
                        pending::<()>().await;
                    };
                    let caught = catch_cancel(waiting).await.unwrap_err();
                    current_task().unwrap().cancel();
                    caught.resume().await;
                });
                assert_eq!(cancelled, Err(LoopError::Cancelled));
            }
        },
    );
    let Some(ended) = ended else { return };
    assert_passed(&ended);
}

#[test]
fn the_second_one_ends_the_process_whatever_the_clean_up_does() {
    let ended = program(
        "the_second_one_ends_the_process_whatever_the_clean_up_does",
        || {
            run(async {
                let waiting = async {
                    press();
                    pending::<()>().await;
                };
                finally(waiting, async {
                    eprintln!("cleaning up");
                    press();
                    pending::<()>().await;
                })
                .await;
            });
        },
    );
    let Some(ended) = ended else { return };
    assert!(said(&ended).contains("cleaning up"), "{}", said(&ended));
    assert_interrupted(&ended);
}

#[test]
fn the_second_one_ends_a_process_whose_loop_is_stuck() {
    let ended = program("the_second_one_ends_a_process_whose_loop_is_stuck", || {
        let runner = Runner::builder().flavor(bowerbird::Flavor::CurrentThread);
        runner.build().unwrap().run(async {
            eprintln!("stuck");
            // Until one has been handled, the next may melt into it: so they never end.
            std::thread::spawn(|| {
                loop {
                    press();
                    std::thread::yield_now();
                }
            });
            loop {
                std::thread::park();
            }
        });
    });
    let Some(ended) = ended else { return };
    assert!(said(&ended).contains("stuck"), "{}", said(&ended));
    assert_interrupted(&ended);
}

#[test]
fn one_during_the_end_of_a_run_ends_the_process_at_once() {
    let ended = program(
        "one_during_the_end_of_a_run_ends_the_process_at_once",
        || {
            run(async {
                create_task(finally(pending::<()>(), async {
                    eprintln!("cleaning up");
                    press();
                    pending::<()>().await;
                }))
                .detach();
                sleep(Duration::from_millis(20)).await;
            });
        },
    );
    let Some(ended) = ended else { return };
    assert!(said(&ended).contains("cleaning up"), "{}", said(&ended));
    assert_interrupted(&ended);
}

#[test]
fn a_server_with_an_idle_client_is_ended_by_the_first_one() {
    let ended = program(
        "a_server_with_an_idle_client_is_ended_by_the_first_one",
        || {
            run(async {
                let handler = async |mut reader: StreamReader, writer: StreamWriter| {
                    writer.write("hello").await.unwrap();
                    finally(reader.read(1), async { eprintln!("the handler is clean") })
                        .await
                        .unwrap();
                };
                let server = start_server(handler, "127.0.0.1:0").await.unwrap();
                let mut client = std::net::TcpStream::connect(server.local_addrs()[0]).unwrap();
                to_thread(move || {
                    client.read_exact(&mut [0; 5]).unwrap();
                    // Never closed: it stays as long as the process.
                    std::mem::forget(client);
                })
                .await
                .unwrap();
                press();
                server.serve_forever().await.unwrap();
            });
        },
    );
    let Some(ended) = ended else { return };
    assert!(
        said(&ended).contains("the handler is clean"),
        "{}",
        said(&ended)
    );
    assert_interrupted(&ended);
}

#[test]
fn a_run_on_another_thread_leaves_it_alone() {
    let ended = in_foreground("a_run_on_another_thread_leaves_it_alone", || {
        run(async {
            let waiting = async {
                press();
                pending::<()>().await;
            };
            finally(waiting, async { eprintln!("never said") }).await;
        });
    });
    let Some(ended) = ended else { return };
    assert_interrupted(&ended);
    assert!(!said(&ended).contains("never said"), "{}", said(&ended));
}

#[test]
fn a_program_that_listens_by_itself_is_not_interrupted() {
    let ended = program(
        "a_program_that_listens_by_itself_is_not_interrupted",
        || {
            for mut runner in each_runner() {
                let answer = runner.run(async {
                    let pressed = ctrl_c();
                    press();
                    pressed.await.unwrap();
                    let (told, is_told) = channel();
                    let event_loop = get_running_loop().unwrap();
                    let tell = move || told.send(()).unwrap();
                    event_loop.add_signal_handler(SIGINT, tell).unwrap();
                    press();
                    while is_told.try_recv().is_err() {
                        sleep(Duration::from_millis(1)).await;
                    }
                    assert!(event_loop.remove_signal_handler(SIGINT));
                    // From here on it is the runner's again.
                    press();
                    catch_cancel(pending::<()>()).await.is_err()
                });
                assert!(answer);
            }
        },
    );
    let Some(ended) = ended else { return };
    assert_passed(&ended);
}

#[test]
fn a_program_that_was_told_to_ignore_it_goes_on() {
    let name = "ctrl_c::a_program_that_was_told_to_ignore_it_goes_on";
    if std::env::var_os("IGNORES").is_none() {
        // As a shell starts what it puts into the background.
        let test = std::env::current_exe().unwrap();
        let ended = std::process::Command::new("sh")
            .args(["-c", "trap '' INT; exec \"$0\" \"$@\""])
            .arg(test)
            .args([name, "--exact", "--nocapture"])
            .env("IGNORES", "1")
            .output()
            .unwrap();
        return assert_passed(&ended);
    }
    let main = std::thread::Builder::new().name("main".into());
    let running = main.spawn(|| {
        run(async {
            press();
            sleep(Duration::from_millis(50)).await;
            5
        })
    });
    assert_eq!(running.unwrap().join().unwrap(), 5);
}

//! asyncio's `graph`: who waits for whom.

use std::future::pending;
use std::time::Duration;

#[cfg(unix)]
use bowerbird::signal::{SIGWINCH, signal};
#[cfg(unix)]
use bowerbird::subprocess::{PIPE, create_subprocess_exec};
use bowerbird::{
    Awaited, Lock, Promise, Task, TaskGroup, TaskRef, TaskState, TcpListener, create_task, gather,
    sleep, wait, yield_now,
};

use crate::loops::{each_builder, on_each};

#[test]
fn a_dump_shows_every_task_with_what_it_awaits_and_who_awaits_it() {
    let debug = each_builder().map(|builder| builder.debug(true));
    on_each(debug, |event_loop| {
        let own = event_loop.clone();
        let dump = event_loop.run_until_complete(async move {
            let sleeper = create_task(sleep(Duration::from_secs(600)));
            sleeper.set_name("sleeper");
            let below = sleeper.id();
            let parent = create_task(async move { drop(sleeper.await) });
            parent.set_name("parent");
            let lock = std::sync::Arc::new(Lock::new(()));
            let guard = lock.acquire().await;
            let second = lock.clone();
            let locked = create_task(async move { drop(second.acquire().await) });
            locked.set_name("locked");
            let named = |name: &str| {
                let dump = own.dump_tasks();
                let task = dump.tasks().iter().find(|task| &*task.name == name);
                task.cloned().unwrap()
            };
            let waits = |name: &str| {
                let task = named(name);
                task.state == TaskState::Waiting && !task.awaits.is_empty()
            };
            while !["sleeper", "parent", "locked"].into_iter().all(waits) {
                yield_now().await;
            }
            assert_eq!(named("sleeper").awaits, [Awaited::Timer]);
            assert_eq!(named("parent").awaits, [Awaited::Task(below)]);
            assert_eq!(named("sleeper").awaited_by, [parent.id()]);
            assert!(matches!(named("locked").awaits[..], [Awaited::Line(_)]));
            assert_eq!(named("locked").location.unwrap().file(), file!());
            let text = own.dump_tasks().to_string();
            drop(guard);
            parent.cancel();
            text
        });
        let dump = dump.unwrap();
        let lines: Vec<_> = dump.lines().collect();
        assert_eq!(lines.len(), 4, "{dump}");
        let parent = lines
            .iter()
            .position(|line| line.starts_with("parent [waiting] awaits task "));
        let below = lines[parent.unwrap() + 1];
        assert!(
            below.starts_with("  sleeper [waiting] awaits a timer ("),
            "{dump}"
        );
    });
}

#[test]
fn promises_sockets_and_all_children_are_told() {
    let debug = each_builder().map(|builder| builder.debug(true));
    on_each(debug, |event_loop| {
        let own = event_loop.clone();
        let told = event_loop.run_until_complete(async move {
            let promise = Promise::<()>::new();
            let kept = promise.clone();
            let promised = create_task(async move { drop(kept.await) });
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let reading = create_task(async move { drop(listener.accept().await) });
            let children = [(); 2].map(|()| create_task(pending::<()>()));
            let ids = children.each_ref().map(Task::id);
            let gathering = create_task(async move { drop(gather(children).await) });
            let members = [(); 2].map(|()| create_task(pending::<()>()));
            let member_ids = members.each_ref().map(Task::id);
            let waiting = create_task(async move { drop(wait(members).await) });
            let grouping = create_task(async move {
                let scope = TaskGroup::scope(async |group| {
                    group.builder().name("child").create_task(pending::<()>());
                    Ok::<_, ()>(())
                });
                scope.await
            });
            let awaits = |task: &TaskRef| own.dump_tasks().task(task.id()).unwrap().awaits.clone();
            let all = [
                promised.handle(),
                reading.handle(),
                gathering.handle(),
                waiting.handle(),
                grouping.handle(),
            ];
            while all.iter().any(|task| awaits(task).is_empty()) {
                yield_now().await;
            }
            assert_eq!(awaits(&all[0]), [Awaited::Promise]);
            assert!(matches!(awaits(&all[1])[..], [Awaited::Input(name)] if name.contains("Tcp")));
            assert_eq!(awaits(&all[2]), ids.map(Awaited::Task));
            assert_eq!(awaits(&all[3]), member_ids.map(Awaited::Task));
            let dump = own.dump_tasks();
            let child = dump.tasks().iter().find(|task| &*task.name == "child");
            assert_eq!(child.unwrap().awaited_by, [all[4].id()]);
            assert_eq!(awaits(&all[4]), [Awaited::Task(child.unwrap().id)]);
            all.iter().for_each(|task| assert!(task.cancel()));
        });
        told.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn signals_and_processes_are_told() {
    let debug = each_builder().map(|builder| builder.debug(true));
    on_each(debug, |event_loop| {
        let own = event_loop.clone();
        let told = event_loop.run_until_complete(async move {
            let listening = create_task(async { signal(SIGWINCH).unwrap().recv().await });
            let child = create_subprocess_exec("cat").stdin(PIPE);
            let child = child.await.unwrap();
            let ending = create_task(child.wait());
            let awaits = |task: &TaskRef| own.dump_tasks().task(task.id()).unwrap().awaits.clone();
            let (listening, ending) = (listening.handle(), ending.handle());
            while awaits(&listening).is_empty() || awaits(&ending).is_empty() {
                yield_now().await;
            }
            assert_eq!(awaits(&listening), [Awaited::Signal(SIGWINCH.as_raw())]);
            assert!(awaits(&ending).contains(&Awaited::Process(child.id())));
            let dump = own.dump_tasks().to_string();
            let expected = format!("the end of process {}", child.id());
            assert!(dump.contains(&expected), "{dump}");
            listening.cancel();
            child.kill().unwrap();
        });
        told.unwrap();
    });
}

#[test]
fn what_a_task_awaited_is_forgotten_when_it_goes_on() {
    let debug = each_builder().map(|builder| builder.debug(true));
    on_each(debug, |event_loop| {
        let own = event_loop.clone();
        let ran = event_loop.run_until_complete(async move {
            let task = create_task(async move {
                sleep(Duration::from_millis(1)).await;
                std::future::pending::<()>().await;
            });
            let awaits = || own.dump_tasks().task(task.id()).unwrap().awaits.clone();
            while awaits().is_empty() {
                yield_now().await;
            }
            while !awaits().is_empty() {
                yield_now().await;
            }
        });
        ran.unwrap();
    });
}

#[test]
fn without_debug_mode_a_dump_still_names_every_task() {
    on_each(each_builder(), |event_loop| {
        event_loop.set_debug(false);
        let first = event_loop.create_task(std::future::pending::<()>());
        first.set_name("first");
        let second = event_loop.create_task(async {});
        let dump = event_loop.dump_tasks();
        assert_eq!(dump.tasks().len(), 2);
        assert!(
            dump.tasks()
                .iter()
                .all(|task| task.state == TaskState::Ready)
        );
        assert!(dump.to_string().starts_with("first [ready] ("), "{dump}");
        assert_eq!(dump.task(second.id()).unwrap().id, second.id());
    });
}

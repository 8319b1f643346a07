//! What a task says about itself.

use std::collections::HashSet;
use std::future::{pending, ready};
use std::mem::size_of;
use std::panic::Location;

use super::toy::Toy;
use super::wakes::yield_now;
use crate::cell::Header;
use crate::{Birth, Runnable, Task, TaskRef, create};

async fn make_tea() {
    pending::<()>().await;
}

#[test]
fn a_task_has_a_name_from_its_id_until_it_gets_another() {
    let toy = Toy::new();
    let task = toy.spawn(ready(()));
    assert_eq!(&*task.name(), format!("Task-{}", task.id()));
    task.set_name("kettle");
    assert_eq!(
        (&*task.name(), &*task.handle().name()),
        ("kettle", "kettle")
    );
    toy.settle();
    task.set_name("done kettle");
    assert_eq!(&*task.name(), "done kettle");
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_task_can_be_born_with_a_name_and_a_place() {
    let toy = Toy::new();
    let place = Location::caller();
    let birth = Birth {
        name: Some("cup".into()),
        location: Some(place),
        ..Birth::default()
    };
    let (runnable, task, reference) = create(ready(()), toy.desk(), birth);
    assert_eq!(
        (&*reference.name(), reference.location()),
        ("cup", Some(place))
    );
    assert!(runnable.run().is_none());
    assert_eq!(&*task.name(), "cup");
    drop((task, reference));
    toy.assert_clean();
}

#[test]
fn ids_are_unique_across_threads_and_rise_on_each() {
    let ids = |_| {
        std::thread::spawn(|| {
            let toy = Toy::new();
            let make = |_| toy.spawn(ready(())).id();
            let ids: Vec<_> = (0..2_000).map(make).collect();
            toy.settle();
            ids
        })
    };
    let threads: Vec<_> = (0..3).map(ids).collect();
    let mut all = HashSet::new();
    for thread in threads {
        let ids = thread.join().unwrap();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.into_iter().all(|id| id.as_u64() > 0 && all.insert(id)));
    }
    assert_eq!(all.len(), 6_000);
}

#[test]
fn a_task_names_the_function_it_came_from() {
    let toy = Toy::new();
    let task = toy.spawn(make_tea());
    assert!(task.handle().type_name().contains("make_tea"));
    let text = format!("{:?}", task.handle());
    assert!(
        text.contains("queued") && text.contains("make_tea"),
        "{text}"
    );
    assert!(format!("{task:?}").contains("Task-"));
    toy.close();
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_reference_knows_its_task_from_every_other() {
    let toy = Toy::new();
    let (one, other) = (toy.spawn(ready(())), toy.spawn(ready(())));
    assert_eq!(one.handle(), one.handle());
    assert_ne!(one.handle(), other.handle());
    let runnable = toy.pop().unwrap();
    assert_eq!((runnable.task(), runnable.id()), (one.handle(), one.id()));
    assert!(format!("{runnable:?}").contains("Runnable"));
    drop(runnable);
    toy.settle();
    drop((one, other));
    toy.assert_clean();
}

#[test]
fn the_current_task_is_the_one_under_poll() {
    let toy = Toy::new();
    assert_eq!(TaskRef::current(), None);
    let outer = toy.spawn(async {
        let before = TaskRef::current().unwrap();
        yield_now().await;
        assert_eq!(TaskRef::current().unwrap(), before);
        before.id()
    });
    let mut panics: Task<()> = toy.spawn(async { panic!("as asked") });
    let (id, other) = (outer.id(), panics.handle());
    let inner = outer.handle().enter(|| {
        let nested = other.enter(|| TaskRef::current().unwrap());
        assert_eq!(nested, other);
        TaskRef::current().unwrap()
    });
    assert_eq!(inner.id(), id);
    toy.settle();
    assert_eq!(TaskRef::current(), None, "a panic leaves nothing behind");
    assert!(panics.try_result().unwrap().is_err());
    drop((outer, panics, inner, other));
    toy.assert_clean();
}

#[test]
fn runnables_handles_and_references_stay_small() {
    assert!(size_of::<Header>() <= 56, "{} bytes", size_of::<Header>());
    assert_eq!(size_of::<Option<Runnable>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<TaskRef>>(), size_of::<usize>());
}

#[test]
fn what_may_travel_travels_and_the_rest_stays() {
    fn travels<T: Send + Sync>() {}
    travels::<Runnable>();
    travels::<TaskRef>();
    travels::<Task<std::cell::Cell<u8>>>();
}

#[test]
fn a_task_knows_whether_its_handle_lives() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    let seen = task.handle();
    assert!(seen.has_handle());
    drop(task);
    assert!(!seen.has_handle());
    seen.cancel();
    toy.settle();
    drop(seen);
    toy.assert_clean();
}

#[test]
fn what_runs_outside_of_a_task_is_in_none_and_comes_back_also_when_it_panics() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        let own = TaskRef::current();
        assert!(TaskRef::outside(TaskRef::current).is_none());
        let failed = std::panic::catch_unwind(|| TaskRef::outside(|| panic!("inside")));
        assert!(failed.is_err());
        own == TaskRef::current()
    });
    toy.settle();
    assert!(task.try_result().unwrap().unwrap());
    drop(task);
    toy.assert_clean();
}

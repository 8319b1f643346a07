//! A loop that was stopped can be run again, and its tasks go on; stopped before it runs, it
//! makes one pass.

use bowerbird::{EventLoop, get_running_loop, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn count(page: Page) {
    for number in 0..4 {
        say!(page, "{number}");
        if number == 1 {
            get_running_loop().unwrap().stop();
        }
        yield_now().await;
    }
    get_running_loop().unwrap().stop();
}

async fn once(page: Page) {
    say!(page, "one pass");
    yield_now().await;
    say!(page, "another pass");
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop.create_task(count(page.clone())).detach();
    event_loop.run_forever().unwrap();
    say!(page, "stopped");
    event_loop.run_forever().unwrap();
    say!(page, "counted");
    let mut task = event_loop.create_task(once(page.clone()));
    event_loop.stop();
    event_loop.run_forever().unwrap();
    say!(page, "done {}", truth(task.is_done()));
    event_loop.run_until_complete(&mut task).unwrap().unwrap();
    event_loop.close().unwrap();
}

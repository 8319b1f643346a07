//! Callbacks run in the order of the calls, after the caller; what they call comes after them; a
//! cancelled one does not run.

use std::sync::{Arc, Mutex};

use bowerbird::{EventLoop, get_running_loop, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn print(event_loop: &EventLoop, page: &Page, text: &'static str) -> bowerbird::Handle {
    let page = page.clone();
    event_loop.call_soon(move || say!(page, "{text}"))
}

async fn program(page: Page) {
    let event_loop = get_running_loop().unwrap();
    let unwanted: Arc<Mutex<Option<bowerbird::Handle>>> = Arc::default();
    let (told, victim) = (page.clone(), unwanted.clone());
    event_loop.call_soon(move || {
        say!(told, "first");
        print(&get_running_loop().unwrap(), &told, "from first");
        victim.lock().unwrap().as_ref().unwrap().cancel();
    });
    print(&event_loop, &page, "second");
    let never = print(&event_loop, &page, "never");
    *unwanted.lock().unwrap() = Some(never.clone());
    say!(page, "called");
    yield_now().await;
    say!(
        page,
        "main goes on; cancelled {}",
        truth(never.is_cancelled())
    );
    yield_now().await;
}

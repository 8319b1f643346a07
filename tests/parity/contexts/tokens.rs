//! A token takes a set back; a context runs code with its own variables.

use bowerbird::{ContextVar, copy_context};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

static DEPTH: ContextVar<u32> = ContextVar::new("depth");

fn depth() -> String {
    DEPTH
        .get()
        .map_or("unset".to_owned(), |depth| depth.to_string())
}

async fn program(page: Page) {
    let token = DEPTH.set(1);
    let inner = DEPTH.set(2);
    say!(page, "{}", depth());
    DEPTH.reset(inner).unwrap();
    say!(page, "{}", depth());
    DEPTH.reset(token).unwrap();
    say!(page, "{}", depth());
    let context = copy_context();
    for _ in 0..2 {
        context.run(|| {
            say!(page, "inside {}", depth());
            DEPTH.set(7);
        });
    }
    say!(page, "outside {}", depth());
}

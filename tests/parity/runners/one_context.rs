//! The runs of a runner share one context: what one sets the next one sees.

use bowerbird::{ContextVar, Flavor, Runner};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

static STEP: ContextVar<&str> = ContextVar::new("step");

async fn work(page: &Page, name: &'static str) {
    say!(page, "{name} sees {}", STEP.get_or("nothing"));
    STEP.set(name);
}

fn program(page: Page) {
    let builder = Runner::builder().flavor(Flavor::CurrentThread);
    let mut runner = builder.build().unwrap();
    runner.run(work(&page, "one"));
    runner.run(work(&page, "two"));
    runner.close();
    say!(page, "outside {}", STEP.get_or("nothing"));
}

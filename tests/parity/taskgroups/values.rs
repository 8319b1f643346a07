//! A group waits for its children, those of children included; their values are there for the
//! asking.

use std::pin::Pin;

use bowerbird::{TaskGroup, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

type Group = TaskGroup<String>;

// Boxed, since a future cannot hold itself.
type Child = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

fn child(page: Page, group: Group, name: String, depth: u32) -> Child {
    Box::pin(async move {
        yield_now().await;
        if depth > 0 {
            let next = format!("{name}+");
            group.create_task(child(page.clone(), group.clone(), next, depth - 1));
        }
        say!(page, "end of {name}");
        Ok(name)
    })
}

async fn program(page: Page) {
    let grouped = Group::scope(async |group| {
        let [a, b] = [("a", 2), ("b", 0)].map(|(name, depth)| {
            group.create_task(child(page.clone(), group.clone(), name.to_owned(), depth))
        });
        say!(page, "body ends");
        Ok((a, b))
    });
    let (a, b) = grouped.await.unwrap();
    say!(page, "{} {}", a.await.unwrap(), b.await.unwrap());
}

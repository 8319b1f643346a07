//! The HTTP client that users of each runtime take, asking for a page of one line: so many tasks
//! that share a client, one request after the other in each. The server is a process without a
//! runtime (see `page`), so that processor time here is the client's.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Plan, TWO};
use crate::load::HELLO;
use crate::meter::{Meter, now};
use crate::page::Page;
use crate::reading::Reading;
use crate::runtimes::web::Web;

pub(super) fn run<R: Web, const TASKS: usize>(plan: Plan) -> Vec<Reading> {
    let (warm_ms, measured_ms) = plan.pick((50, 200), (300, 1_500));
    let page = Page::serve().expect("the loopback interface works and a child can be started");
    let url: Arc<str> = format!("http://{}/", page.address).into();
    let measured = R::run(TWO, async move {
        let client = R::client();
        ask::<R>(TASKS, &client, &url, warm_ms).await?;
        let meter = Meter::start();
        let answers = ask::<R>(TASKS, &client, &url, measured_ms).await?;
        io::Result::Ok((meter.stop(), answers))
    });
    let (usage, answers) = measured.expect("the page is served for as long as this takes");
    let rate = answers as f64 / usage.wall.as_secs_f64();
    vec![Reading::higher("rate", "requests/s", rate).with(usage, answers)]
}

/// Asks from `tasks` tasks for so long; how many answers came.
async fn ask<R: Web>(
    tasks: usize,
    client: &R::Client,
    url: &Arc<str>,
    millis: u64,
) -> io::Result<usize> {
    let end = now() + Duration::from_millis(millis);
    let task = |_| R::spawn(ask_in_turn::<R>(client.clone(), url.clone(), end));
    let asking: Vec<_> = (0..tasks).map(task).collect();
    let mut answers = 0;
    for task in asking {
        answers += R::join(task).await?;
    }
    Ok(answers)
}

async fn ask_in_turn<R: Web>(client: R::Client, url: Arc<str>, end: Instant) -> io::Result<usize> {
    let mut answers = 0;
    while now() < end {
        let length = R::get(&client, &url).await?;
        assert_eq!(length, HELLO.len(), "another page came");
        answers += 1;
    }
    Ok(answers)
}

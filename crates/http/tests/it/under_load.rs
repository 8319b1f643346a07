//! `wrk` and `h2load` against our server, for a moment: not how fast it is, but that each of many
//! thousand answers is one, with keep-alive, pipelines of their own making and sudden ends.

use std::convert::Infallible;
use std::process::Command;

use bowerbird_http::http::{Request, Response};
use bowerbird_http::{Incoming, service_fn};

use crate::programs::{is_here, run};
use crate::wire::{Served, inside_each};

async fn page(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("page ".repeat(500)))
}

#[test]
fn wrk_sees_answers_and_nothing_else() {
    if !is_here("wrk") {
        return;
    }
    inside_each(async || {
        let served = Served::new(service_fn(page), |server| server).await;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-c32", "-d1s"])
            .arg(format!("http://{}/", served.addr));
        let said = run(wrk).await;
        assert!(!said.contains("Socket errors"), "{said}");
        assert!(!said.contains("Non-2xx"), "{said}");
        let line = said.lines().find(|line| line.contains("requests in"));
        let count = line
            .and_then(|line| line.split_whitespace().next())
            .unwrap();
        assert!(count.parse::<usize>().unwrap() > 32, "{said}");
        served.stop().await;
    });
}

#[test]
fn h2load_sees_answers_and_nothing_else() {
    if !is_here("h2load") {
        return;
    }
    let mut protocols = vec!["--h1"];
    if cfg!(feature = "http2") {
        // Without a word more it begins with HTTP/2.
        protocols.push("--no-tls-proto=h2c");
    }
    inside_each(async || {
        let served = Served::new(service_fn(page), |server| server).await;
        for protocol in &protocols {
            let mut h2load = Command::new("h2load");
            h2load.args(["-n", "4000", "-c", "8", "-m", "16", "-t", "1", protocol]);
            let said = run({
                h2load.arg(format!("http://{}/", served.addr));
                h2load
            })
            .await;
            let all = "4000 total, 4000 started, 4000 done, 4000 succeeded, 0 failed, 0 errored, \
                       0 timeout";
            assert!(said.contains(all), "{protocol}\n{said}");
            assert!(
                said.contains("status codes: 4000 2xx"),
                "{protocol}\n{said}"
            );
        }
        served.stop().await;
    });
}

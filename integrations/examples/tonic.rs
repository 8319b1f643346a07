//! tonic in tasks of bowerbird, both ends: its health service on its own transport, which is
//! tokio's, and the same service on bowerbird's server, which is not; asked by its client. Prints
//! what it saw; ends with a panic where that is wrong.
//!
//! `cargo run --manifest-path integrations/Cargo.toml --example tonic`

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bowerbird::{Event, create_task};
use bowerbird_http::{Server, compat};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Told;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::{HealthReporter, health_reporter};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    compat::run(on_its_own_transport())?;
    println!("tonic: its transport and its client, on a loop inside of tokio");
    compat::run(on_our_server())?;
    println!("tonic: bowerbird's server and its client, on a loop inside of tokio");
    bowerbird::run(compat::tokio(on_our_server()))?;
    println!("tonic: bowerbird's server and its client, on an ordinary loop");
    Ok(())
}

async fn on_its_own_transport() -> Outcome {
    let (reporter, health) = health_reporter();
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let addr = incoming.local_addr()?;
    let stop = Arc::new(Event::new());
    let stopped = stop.clone();
    let serving = create_task(async move {
        let server = tonic::transport::Server::builder().add_service(health);
        let stopped = async { stopped.wait().await };
        server.serve_with_incoming_shutdown(incoming, stopped).await
    });
    ask(addr, reporter).await?;
    stop.set();
    serving.await??;
    Ok(())
}

/// A service of tonic's is one of tower's, and needs no tokio to be served.
async fn on_our_server() -> Outcome {
    let (reporter, health) = health_reporter();
    let server = Server::bind("127.0.0.1:0").await?;
    let addr = server.local_addrs()[0];
    let stop = Arc::new(Event::new());
    let stopped = stop.clone();
    let serving = create_task(async move {
        server
            .serve_until(Routes::new(health), stopped.wait())
            .await
    });
    ask(addr, reporter).await?;
    stop.set();
    serving.await?;
    Ok(())
}

/// A call with one answer, one with several, and one that fails.
async fn ask(addr: SocketAddr, reporter: HealthReporter) -> Outcome {
    let channel: Channel = Endpoint::from_shared(format!("http://{addr}"))?
        .connect()
        .await?;
    let mut client = HealthClient::new(channel);
    reporter
        .set_service_status("bird", ServingStatus::Serving)
        .await;
    let answer = client.check(question("bird")).await?;
    assert_eq!(answer.into_inner().status(), Told::Serving);
    let mut news = client.watch(question("bird")).await?.into_inner();
    assert_eq!(
        news.message().await?.map(|told| told.status()),
        Some(Told::Serving)
    );
    reporter
        .set_service_status("bird", ServingStatus::NotServing)
        .await;
    assert_eq!(
        news.message().await?.map(|told| told.status()),
        Some(Told::NotServing)
    );
    let unknown = client.check(question("fish")).await;
    let refused = unknown.expect_err("nobody reports about fish");
    assert_eq!(refused.code(), tonic::Code::NotFound);
    Ok(())
}

fn question(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

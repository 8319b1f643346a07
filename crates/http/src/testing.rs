//! A server on a free port, with a client bound to it, for tests. asyncio: aiohttp's `test_utils`.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bowerbird::{Event, Task, create_task};
use http::{Method, Request, Response};
use hyper::body::{Body, Incoming};
use tower_service::Service;

use crate::client::url::Url;
use crate::client::{ClientSession, RequestBuilder};
use crate::server::{Server, Stopped};

/// A server that is served by a task of this loop, and a client whose URLs are relative to it.
///
/// - The client keeps cookies, and follows redirects.
/// - Dropping it cancels the server at once; [`stop`](Self::stop) waits for requests under way.
/// - asyncio: aiohttp's `TestServer` and `TestClient`, or its `aiohttp_client` fixture.
///
/// ```
/// use bowerbird_http::testing::TestServer;
/// use bowerbird_http::{Incoming, http, service_fn};
///
/// async fn shout(request: http::Request<Incoming>) -> std::io::Result<http::Response<String>> {
///     Ok(http::Response::new(request.uri().path().to_uppercase()))
/// }
///
/// #[bowerbird::test]
/// async fn it_shouts() {
///     let server = TestServer::start(service_fn(shout)).await.unwrap();
///     let response = server.get("/hello").await.unwrap();
///     assert_eq!(response.text().await.unwrap(), "/HELLO");
///     assert_eq!(server.stop().await.cancelled, 0);
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens.
    addr: SocketAddr,
    /// Its client.
    client: ClientSession,
    /// Set when it is to stop.
    stop: Arc<Event>,
    /// The server.
    serving: Task<Stopped>,
}

impl TestServer {
    /// Serves at a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn start<S, B>(service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let server = Server::bind("127.0.0.1:0").await?;
        Self::start_with(server, service)
    }

    /// Serves with this server: its limits, its address.
    ///
    /// # Errors
    /// When the server listens at no TCP port, or its address makes no URL.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn start_with<S, B>(server: Server, service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let addrs = server.local_addrs();
        let addr = *addrs.first().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let client = ClientSession::builder().base_url(format!("http://{addr}/"));
        let client = client.build()?;
        let stop = Arc::new(Event::new());
        let stopped = stop.clone();
        let serving = create_task(async move {
            let stopped = async { stopped.wait().await };
            server.serve_until(service, stopped).await
        });
        Ok(Self {
            addr,
            client,
            stop,
            serving,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path.
    ///
    /// # Panics
    /// For what cannot stand in a URL.
    #[track_caller]
    pub fn url(&self, path: &str) -> Url {
        let base = Url::parse(&format!("http://{}/", self.addr));
        let joined = base.and_then(|base| base.join(path));
        match joined {
            Ok(url) => url,
            Err(error) => panic!("{path:?} is no path: {error}"),
        }
    }

    /// The client, whose URLs are relative to the server.
    pub fn client(&self) -> &ClientSession {
        &self.client
    }

    /// Asks the server for something.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(path)
    }

    /// Sends something to the server.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(path)
    }

    /// A request to the server by any method.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path)
    }

    /// Closes the client, and stops the server gracefully: requests under way are waited for.
    ///
    /// # Panics
    /// When the service did.
    pub async fn stop(mut self) -> Stopped {
        self.client.close();
        self.stop.set();
        match (&mut self.serving).await {
            Ok(stopped) => stopped,
            Err(error) => error.resume(),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.serving.cancel();
    }
}

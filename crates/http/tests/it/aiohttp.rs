//! aiohttp at the other end: its client asks our server, and our client asks its server. Nobody
//! here has written it, and its users are ours.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use bowerbird::gather;
use bowerbird_http::client::{
    ClientError, ClientSession, ClientTimeout, Connector, FormData, Part,
};
use bowerbird_http::http::StatusCode;
use bowerbird_http::ws::{Deflate, Upgraded, WebSocket, WebSocketOptions, WebSocketUpgrade};
use serde_json::{Value, json};

use crate::programs::{Serving, has_aiohttp, python, run};
use crate::wire::{Served, inside_each};

/// What their client asks of us; ends badly where an answer is wrong.
const CLIENT: &str = r#"
import asyncio, sys, aiohttp

async def pieces():
    for number in range(100):
        yield b"x" * 1000
        if number % 25 == 0:
            await asyncio.sleep(0.001)

async def plain(session):
    for _ in range(20):
        async with session.get("/hello") as answer:
            assert answer.status == 200 and await answer.text() == "hello"
    async with session.head("/hello") as answer:
        assert answer.headers["content-length"] == "5" and await answer.read() == b""
    async with session.get("/nothing") as answer:
        assert answer.status == 404
    async with session.get("/status/418") as answer:
        assert answer.status == 418
    async with session.post("/json", json={"a": [1, 2]}) as answer:
        assert await answer.json() == {"said": {"a": [1, 2]}}

async def bodies(session):
    large = bytes(range(256)) * 20_000
    async with session.post("/echo", data=large) as answer:
        assert await answer.read() == large
    async with session.post("/echo", data=pieces()) as answer:
        assert await answer.read() == b"x" * 100_000
    async with session.post("/json", json="expected", expect100=True) as answer:
        assert await answer.json() == {"said": "expected"}
    form = aiohttp.FormData()
    form.add_field("file", b"\x00\x01", filename="bird.png")
    async with session.post("/echo", data=form) as answer:
        assert b'filename="bird.png"' in await answer.read()
    async with session.get("/chunks") as answer:
        assert "content-length" not in answer.headers
        chunks = answer.content.iter_chunks()
        assert [len(chunk) async for chunk, end in chunks if end] == [1000] * 50

async def crowd(session):
    async def one(number):
        text = f"{number} " * number
        async with session.post("/echo", data=text) as answer:
            assert await answer.text() == text
    await asyncio.gather(*(one(number) for number in range(300)))

async def leaves(session):
    try:
        await session.get("/never", timeout=aiohttp.ClientTimeout(total=0.05))
        raise AssertionError("nobody answers")
    except asyncio.TimeoutError:
        pass
    answer = await session.get("/chunks")
    await answer.content.read(10)
    answer.close()

async def chat(session):
    # Windows other than of 15 bits are declined.
    for compress, agreed in [(0, 0), (15, 15), (12, 0)]:
        await chat_packed(session, compress, agreed)

async def chat_packed(session, compress, agreed):
    asked = session.ws_connect("/ws", protocols=["echo"], heartbeat=5, compress=compress)
    async with asked as socket:
        assert socket.protocol == "echo" and socket.compress == agreed
        for text in ["", "hello", "hello", "ä" * 70_000]:
            await socket.send_str(text)
            assert await socket.receive_str() == text
        await socket.send_bytes(b"\x00" * 1000)
        assert await socket.receive_bytes() == b"\x00" * 1000
        await socket.ping()
        assert await socket.close(code=1000, message=b"bye")
    assert socket.close_code == 1000

async def main():
    connector = aiohttp.TCPConnector(limit=20)
    timeout = aiohttp.ClientTimeout(total=50)
    async with aiohttp.ClientSession(sys.argv[1], connector=connector, timeout=timeout) as session:
        for part in [plain, bodies, crowd, leaves, chat, plain]:
            await part(session)
            print(part.__name__)

asyncio.run(main())
"#;

fn routes() -> Router {
    let chunks =
        || futures_lite::stream::iter((0..50).map(|_| std::io::Result::Ok("y".repeat(1000))));
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/never", get(std::future::pending::<String>))
        .route("/status/{code}", get(status))
        .route(
            "/json",
            any(async |Json(said): Json<Value>| Json(json!({"said": said}))),
        )
        .route(
            "/echo",
            any(async |asked: Request| Response::new(asked.into_body())),
        )
        .route(
            "/chunks",
            get(async move || Response::new(Body::from_stream(chunks()))),
        )
        .route("/ws", get(chat))
}

async fn status(Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

async fn chat(mut asked: Request) -> Response {
    match WebSocketUpgrade::from_request(&mut asked) {
        Err(error) => error.to_response(),
        Ok(upgrade) => upgrade
            .protocols(["echo"])
            .options(WebSocketOptions::new().compress(Deflate::new().min_bytes(0)))
            .accept(async |socket: WebSocket<Upgraded>| {
                while let Some(message) = socket.receive().await? {
                    socket.send(message).await?;
                }
                Ok(())
            }),
    }
}

#[test]
fn aiohttps_client_finds_nothing_strange_in_our_server() {
    if !has_aiohttp() {
        return;
    }
    inside_each(async || {
        // Who left has left: stopping need not wait for what nobody reads.
        let served = Served::new(routes(), |server| server.handler_cancellation(true)).await;
        let url = format!("http://{}/", served.addr);
        let said = run(python(CLIENT, &[&url])).await;
        let parts: Vec<&str> = said.lines().collect();
        assert_eq!(
            parts,
            ["plain", "bodies", "crowd", "leaves", "chat", "plain"]
        );
        served.stop().await;
    });
}

/// What our client asks; prints its port.
const SERVER: &str = r#"
import asyncio
from aiohttp import web

async def echo(request):
    return web.Response(body=await request.read(), content_type=request.content_type)

async def told(request):
    form = await request.post()
    return web.json_response({"name": form["name"], "file": form["file"].filename,
                              "bytes": len(form["file"].file.read())})

async def pieces(request):
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for number in range(50):
        await answer.write(b"z" * 1000)
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer

async def login(request):
    answer = web.HTTPFound("/who")
    answer.set_cookie("who", "me", path="/")
    raise answer

async def who(request):
    return web.json_response({"cookies": dict(request.cookies), "query": dict(request.query),
                              "auth": request.headers.get("authorization")})

async def never(request):
    await asyncio.sleep(3600)

async def chat(request):
    socket = web.WebSocketResponse(protocols=["echo"])
    await socket.prepare(request)
    async for message in socket:
        if message.type == web.WSMsgType.TEXT:
            if message.data == "bye":
                await socket.close(code=4000, message=b"as you wish")
            else:
                await socket.send_str(message.data)
        elif message.type == web.WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket

async def main():
    app = web.Application(client_max_size=16 * 1024 ** 2)
    app.add_routes([web.post("/echo", echo), web.post("/form", told), web.get("/pieces", pieces),
                    web.post("/login", login), web.get("/who", who), web.get("/never", never),
                    web.get("/ws", chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1])
    await asyncio.Event().wait()

asyncio.run(main())
"#;

#[test]
fn our_client_finds_nothing_strange_in_aiohttps_server() {
    if !has_aiohttp() {
        return;
    }
    let serving = Serving::start(SERVER);
    let url = format!("http://127.0.0.1:{}/", serving.port);
    inside_each(async || {
        let connector = Connector::builder().limit(20).build();
        let session = ClientSession::builder().connector(connector.clone());
        let session = session.base_url(url.as_str()).build().unwrap();
        bodies(&session).await.unwrap();
        ways(&session).await.unwrap();
        let texts = (0..200_usize).map(|number| {
            let text = number.to_string().repeat(number);
            let asked = session.post("echo").body(text.clone());
            async move { assert_eq!(asked.await.unwrap().text().await.unwrap(), text) }
        });
        gather(texts).await.unwrap();
        assert_eq!(connector.open_connections(), connector.idle_connections());
        assert!((1..=20).contains(&connector.open_connections()));
        let packed = Deflate::new().min_bytes(0);
        let plain = WebSocketOptions::new();
        talk(&session, &url, plain.clone()).await;
        talk(&session, &url, plain.clone().compress(packed.clone())).await;
        let forgetful = packed.server_no_context_takeover();
        let forgetful = forgetful.client_no_context_takeover();
        talk(&session, &url, plain.compress(forgetful)).await;
    });
}

async fn bodies(session: &ClientSession) -> Result<(), ClientError> {
    let large: Vec<u8> = (0..5_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let echoed = session.post("echo").body(large.clone()).await?;
    assert!(echoed.bytes().await? == large);
    let pieces = futures_lite::stream::iter((0..100).map(|_| Ok("x".repeat(1000).into())));
    let echoed = session.post("echo").body_stream(pieces).await?;
    assert_eq!(echoed.text().await?, "x".repeat(100_000));
    let said: Value = session
        .post("echo")
        .json(&json!({"a": 1}))
        .await?
        .json()
        .await?;
    assert_eq!(said, json!({"a": 1}));
    let file = Part::new(vec![7; 70_000]).file_name("bird.png");
    let form = FormData::new().text("name", "bower").part("file", file);
    let told: Value = session.post("form").multipart(form).await?.json().await?;
    assert_eq!(
        told,
        json!({"name": "bower", "file": "bird.png", "bytes": 70_000})
    );
    let mut pieces = session.get("pieces").await?;
    assert_eq!(pieces.content_length(), None);
    let mut length = 0;
    while let Some(piece) = pieces.chunk().await? {
        assert!(piece.iter().all(|byte| *byte == b'z'));
        length += piece.len();
    }
    assert_eq!(length, 50_000);
    Ok(())
}

async fn ways(session: &ClientSession) -> Result<(), ClientError> {
    let who = session.post("login").body("x").await?;
    assert_eq!(who.history().len(), 1);
    let who: Value = who.json().await?;
    assert_eq!(who["cookies"], json!({"who": "me"}));
    let asked = session.get("who").query([("bird", "bower & co")]);
    let who: Value = asked.basic_auth("me", "secret").await?.json().await?;
    assert_eq!(who["query"], json!({"bird": "bower & co"}));
    assert_eq!(who["auth"], "Basic bWU6c2VjcmV0");
    let missing = session.get("nothing").await?;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.text().await?.contains("404"));
    let limits = ClientTimeout::default().total(Duration::from_millis(50));
    let late = session.get("never").timeout(limits).await.unwrap_err();
    assert!(matches!(late, ClientError::ServerTimeout(_)), "{late:?}");
    Ok(())
}

async fn talk(session: &ClientSession, url: &str, options: WebSocketOptions) {
    let is_packed = options != WebSocketOptions::new();
    let url = format!("{}ws", url.replace("http", "ws"));
    let asked = session.ws_connect(&url).protocols(["echo"]);
    let socket = asked.options(options).await.unwrap();
    assert_eq!(socket.protocol(), Some("echo"));
    assert_eq!(socket.is_compressed(), is_packed);
    for length in [0, 1_000, 100_000] {
        let said = "w".repeat(length);
        socket.send(said.as_str()).await.unwrap();
        let heard = socket.receive().await.unwrap().unwrap();
        assert_eq!(heard.as_text(), Some(said.as_str()));
        socket.send(said.into_bytes()).await.unwrap();
        let heard = socket.receive().await.unwrap().unwrap();
        assert_eq!(heard.as_text(), None);
    }
    socket.send("bye").await.unwrap();
    assert!(socket.receive().await.unwrap().is_none());
    let reason = socket.close_reason().unwrap();
    assert_eq!((reason.code, &*reason.reason), (4000, "as you wish"));
}

//! TLS with programs that have another implementation of it: OpenSSL's own, curl, Python.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use bowerbird::tls::{TlsAcceptor, TlsConnector};
use bowerbird::{StreamReader, StreamWriter, open_connection, start_server, to_thread};

use crate::certificates::certificates;
use crate::folder::Folder;
use crate::loops::inside_each;
use crate::peers::{Peer, is_here, run_python};

fn acceptor() -> TlsAcceptor {
    let (chain, key) = &certificates().server;
    TlsAcceptor::builder(chain.as_str(), key.as_str())
        .build()
        .unwrap()
}

fn connector() -> TlsConnector {
    let authority = certificates().authority.as_str();
    TlsConnector::builder()
        .roots_pem(authority)
        .build()
        .unwrap()
}

/// A folder with the texts that other programs want as files.
fn files() -> Folder {
    let folder = Folder::new();
    let (chain, key) = &certificates().server;
    std::fs::write(folder.at("authority.pem"), &certificates().authority).unwrap();
    std::fs::write(folder.at("chain.pem"), chain).unwrap();
    std::fs::write(folder.at("key.pem"), key).unwrap();
    folder
}

fn path(folder: &Folder, name: &str) -> String {
    folder.at(name).into_os_string().into_string().unwrap()
}

async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(4096).await?;
        if bytes.is_empty() {
            writer.close();
            return writer.wait_closed().await;
        }
        writer.write(bytes).await?;
    }
}

const CLIENT_IN_PYTHON: &str = "
import asyncio, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    reader, writer = await asyncio.open_connection(
        '127.0.0.1', int(sys.argv[1]), ssl=context, server_hostname='localhost')
    for n in range(20):
        line = b'x' * n * 2000 + b'\\n'
        writer.write(line)
        await writer.drain()
        assert await reader.readuntil() == line
    writer.close()
    await writer.wait_closed()
    print('done')
asyncio.run(main())
";

const SERVER_IN_PYTHON: &str = "
import asyncio, ssl, sys
async def echo(reader, writer):
    async for line in reader:
        writer.write(line)
        await writer.drain()
    writer.close()
async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(echo, '127.0.0.1', 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
";

/// Answers in plain text, then goes on in TLS.
const UPGRADING_SERVER_IN_PYTHON: &str = "
import asyncio, ssl, sys
async def upgrade(reader, writer):
    assert await reader.readline() == b'STARTTLS\\n'
    writer.write(b'go\\n')
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    await writer.start_tls(context)
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(upgrade, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
";

#[test]
fn a_client_in_python_is_served_in_secret() {
    if !is_here("python3") {
        return;
    }
    let folder = files();
    inside_each(async || {
        let server = start_server(echo, "127.0.0.1:0")
            .tls(acceptor())
            .await
            .unwrap();
        let port = server.local_addrs()[0].port().to_string();
        let authority = path(&folder, "authority.pem");
        let printed = to_thread(move || run_python(CLIENT_IN_PYTHON, &[&port, &authority]));
        assert_eq!(printed.await.unwrap(), "done\n");
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_server_in_python_is_understood_in_secret() {
    if !is_here("python3") {
        return;
    }
    let folder = files();
    let (chain, key) = (path(&folder, "chain.pem"), path(&folder, "key.pem"));
    let mut peer = Peer::python(SERVER_IN_PYTHON, &[&chain, &key]);
    let port: u16 = peer.line().parse().unwrap();
    inside_each(async || {
        let connecting = open_connection(("localhost", port)).tls(connector());
        let (mut reader, writer) = connecting.await.unwrap();
        for round in 0..20 {
            let line = format!("{}\n", "y".repeat(round * 2_000));
            writer.write(&line).await.unwrap();
            assert_eq!(reader.readline().await.unwrap(), line.as_bytes());
        }
        writer.close();
        writer.wait_closed().await.unwrap();
    });
}

#[test]
fn a_server_in_python_goes_on_in_tls_with_us() {
    if !is_here("python3") {
        return;
    }
    let folder = files();
    let (chain, key) = (path(&folder, "chain.pem"), path(&folder, "key.pem"));
    let script = "import asyncio; print(hasattr(asyncio.StreamWriter, 'start_tls'))";
    if run_python(script, &[]).trim() != "True" {
        eprintln!("skipped: this python3 is older than start_tls");
        return;
    }
    let mut peer = Peer::python(UPGRADING_SERVER_IN_PYTHON, &[&chain, &key]);
    let port: u16 = peer.line().parse().unwrap();
    inside_each(async || {
        let (mut reader, mut writer) = open_connection(("127.0.0.1", port)).await.unwrap();
        writer.write("STARTTLS\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"go\n");
        writer
            .start_tls(&mut reader, &connector(), "localhost")
            .await
            .unwrap();
        writer.write("secret\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"secret\n");
    });
}

#[test]
fn openssl_is_served() {
    if !is_here("openssl") {
        return;
    }
    let folder = files();
    for version in ["-tls1_2", "-tls1_3"] {
        inside_each(async || {
            let server = start_server(echo, "127.0.0.1:0")
                .tls(acceptor())
                .await
                .unwrap();
            let addr = server.local_addrs()[0].to_string();
            let authority = path(&folder, "authority.pem");
            let talking = to_thread(move || {
                let mut child = Command::new("openssl")
                    .args([
                        "s_client",
                        "-quiet",
                        "-verify_return_error",
                        "-connect",
                        &addr,
                    ])
                    .args(["-CAfile", &authority, "-servername", "localhost", version])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                let mut input = child.stdin.take().unwrap();
                input.write_all(b"through openssl\n").unwrap();
                let line = Peer::of(child).line();
                drop(input);
                line
            });
            assert_eq!(talking.await.unwrap(), "through openssl");
        });
    }
}

#[test]
fn openssl_is_understood() {
    if !is_here("openssl") {
        return;
    }
    let folder = files();
    let mut command = Command::new("openssl");
    command
        .args(["s_server", "-accept", "0", "-rev"])
        .args([
            "-cert",
            &path(&folder, "chain.pem"),
            "-key",
            &path(&folder, "key.pem"),
        ])
        .stderr(Stdio::null());
    let mut peer = Peer::start(&mut command);
    let port: u16 = loop {
        let line = peer.line();
        assert!(!line.is_empty(), "it did not say where it listens");
        if let Some(place) = line.strip_prefix("ACCEPT ") {
            break place.rsplit(':').next().unwrap().parse().unwrap();
        }
    };
    inside_each(async || {
        let connecting = open_connection(("localhost", port)).tls(connector());
        let (mut reader, writer) = connecting.await.unwrap();
        writer.write("abc\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"cba\n");
        writer.close();
        // It leaves without its farewell, or after ours.
        let _closed = writer.wait_closed().await;
    });
}

#[test]
fn curl_is_served() {
    if !is_here("curl") {
        return;
    }
    let folder = files();
    let page = async |mut reader: StreamReader, writer: StreamWriter| {
        while reader.readline().await?.len() > 2 {}
        writer.write("HTTP/1.0 200 OK\r\n\r\n");
        writer.write("secret ".repeat(20_000));
        writer.close();
        writer.wait_closed().await
    };
    inside_each(async || {
        let server = start_server(page, "127.0.0.1:0")
            .tls(acceptor())
            .await
            .unwrap();
        let port = server.local_addrs()[0].port();
        let authority = path(&folder, "authority.pem");
        let fetching = to_thread(move || {
            Command::new("curl")
                .args([
                    "--silent",
                    "--show-error",
                    "--noproxy",
                    "*",
                    "--cacert",
                    &authority,
                ])
                .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
                .arg(format!("https://localhost:{port}/"))
                .output()
                .unwrap()
        });
        let fetched = fetching.await.unwrap();
        let told = String::from_utf8_lossy(&fetched.stderr);
        assert!(fetched.status.success(), "{told}");
        assert_eq!(fetched.stdout.len(), 7 * 20_000);
    });
}

//! An echo server and its clients. Some abort, some stop waiting midway, and now and then the
//! server throws everybody out. Every request is answered as it was sent, or fails by an error that
//! says so.

use std::io;
use std::net::SocketAddr;

use bowerbird::{
    ReadError, Server, StreamReader, StreamWriter, create_task, gather, open_connection, sleep,
    start_server, timeout,
};

use crate::ledger::{Entry, Ledger, Stage, is_hangup};

pub(crate) async fn run(mut stage: Stage) {
    let ledger = stage.ledger.clone();
    let serve = move |reader, writer| echo(ledger.enter(), reader, writer);
    let started = start_server(serve, "127.0.0.1:0").backlog(1000).await;
    let Some(server) = stage.ledger.allow("a server", started) else {
        return;
    };
    let addr = server.local_addrs()[0];
    // Of a server that throws its clients out any request may fail.
    let is_rough = stage.dice.is_one_in(3);
    let count = 1 + stage.dice.below(16);
    let client = |_| create_task(client(stage.fork(), addr, is_rough));
    let clients: Vec<_> = (0..count).map(client).collect();
    if is_rough {
        throw_out(&mut stage, &server).await;
    }
    stage.ledger.allow("a client", gather(clients).await);
    server.close();
    server.wait_closed().await;
}

async fn throw_out(stage: &mut Stage, server: &Server) {
    for _ in 0..stage.dice.below(4) {
        sleep(stage.dice.micros(2000)).await;
        if stage.dice.is_one_in(2) {
            server.abort_clients();
        } else {
            server.close_clients();
        }
    }
}

/// Sends back all that comes; that a client is gone is no news.
async fn echo(_entry: Entry, mut reader: StreamReader, writer: StreamWriter) {
    while let Ok(bytes) = reader.read(4096).await {
        if bytes.is_empty() || writer.write(bytes).await.is_err() {
            break;
        }
    }
    writer.close();
}

async fn client(mut stage: Stage, addr: SocketAddr, is_rough: bool) {
    let _entry = stage.ledger.enter();
    let (mut reader, writer) = match open_connection(addr).await {
        Ok(connection) => connection,
        Err(error) => return judge(&stage.ledger, is_rough, error),
    };
    for _ in 0..stage.dice.below(12) {
        match stage.dice.below(20) {
            0 => return writer.abort(),
            1 => return give_up(&mut stage, &mut reader, &writer).await,
            _ => {}
        }
        if let Err(error) = request(&mut stage, &mut reader, &writer).await {
            writer.close();
            return judge(&stage.ledger, is_rough, error);
        }
        stage.ledger.step();
    }
    writer.close();
    if let Err(error) = writer.wait_closed().await {
        judge(&stage.ledger, is_rough, error);
    }
}

/// One line there and back.
async fn request(
    stage: &mut Stage,
    reader: &mut StreamReader,
    writer: &StreamWriter,
) -> io::Result<()> {
    let size = stage.dice.pick(&[0, 10, 1000, 30_000]);
    let mut line = stage.dice.bytes(size);
    line.push(b'\n');
    writer.write(&line).await?;
    let answer = reader.readline().await.map_err(|error| match error {
        ReadError::Incomplete(_) => io::Error::from(io::ErrorKind::UnexpectedEof),
        error => error.into(),
    })?;
    // asyncio's `readline` gives what it has when the stream ends.
    if answer.last() != Some(&b'\n') {
        let is_part = line.starts_with(&answer);
        stage
            .ledger
            .check(is_part, || "half an answer is a wrong one".into());
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    stage.ledger.check(answer == line, || {
        format!("a wrong answer of {} bytes", answer.len())
    });
    Ok(())
}

/// Sends more than it reads, and goes.
async fn give_up(stage: &mut Stage, reader: &mut StreamReader, writer: &StreamWriter) {
    let bytes = stage.dice.bytes(100_000);
    let limit = stage.dice.micros(1000);
    let _answer = timeout(limit, async {
        writer.write(&bytes).await.ok();
        reader.readexactly(bytes.len()).await.ok()
    })
    .await;
    if stage.dice.is_one_in(2) {
        writer.abort();
    } else {
        writer.close();
    }
}

/// What may go wrong for a client.
fn judge(ledger: &Ledger, is_rough: bool, error: io::Error) {
    let is_right = ledger.is_lenient() || is_rough && is_hangup(&error);
    ledger.check(is_right, || {
        format!("a client: {error} ({:?})", error.kind())
    });
}

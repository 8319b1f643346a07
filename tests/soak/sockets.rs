//! Plain sockets: pairs of tasks that push bytes at each other, reads dropped midway, resets. What
//! arrives is a beginning of what was sent, and all of it unless somebody aborts.

use std::io;
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream, UdpSocket};
use bowerbird::{create_task, gather, timeout};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::ledger::{Stage, is_hangup};

pub(crate) async fn run(mut stage: Stage) {
    let count = 1 + stage.dice.below(8);
    let pair = |_| create_task(pair(stage.fork()));
    let pairs: Vec<_> = (0..count).map(pair).collect();
    let datagrams = create_task(datagrams(stage.fork()));
    stage.ledger.allow("a pair", gather(pairs).await);
    stage.ledger.allow("datagrams", datagrams.await);
}

/// A connection of its own, from the listener to the end.
async fn pair(mut stage: Stage) {
    let _entry = stage.ledger.enter();
    let Some((ours, theirs)) = stage.ledger.allow("a connection", connection().await) else {
        return;
    };
    let size = stage.dice.pick(&[0, 1, 5000, 200_000]);
    let bytes = stage.dice.bytes(size);
    let is_aborted = stage.dice.is_one_in(6);
    let sender = create_task(send(stage.fork(), ours, bytes.clone(), is_aborted));
    let got = receive(&mut stage, theirs).await;
    let sent = sender.await;
    stage.ledger.allow("a sender", sent);
    match got {
        Ok(got) => {
            let is_right = bytes.starts_with(&got) && (got.len() == size || is_aborted);
            let is_right = is_right || stage.ledger.is_lenient();
            stage
                .ledger
                .check(is_right, || format!("{} of {size} bytes came", got.len()));
        }
        Err(error) => {
            let is_right = stage.ledger.is_lenient() || is_aborted && is_hangup(&error);
            stage.ledger.check(is_right, || format!("a read: {error}"));
        }
    }
}

async fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let ours = TcpStream::connect(listener.local_addr()?).await?;
    let (theirs, _) = listener.accept().await?;
    Ok((ours, theirs))
}

async fn send(mut stage: Stage, mut stream: TcpStream, bytes: Vec<u8>, is_aborted: bool) {
    let _entry = stage.ledger.enter();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + stage.dice.below(rest.len()));
        if stage
            .ledger
            .allow("a write", stream.write_all(piece).await)
            .is_none()
        {
            return;
        }
        rest = after;
        stage.ledger.step();
        if is_aborted && stage.dice.is_one_in(2) {
            stage.ledger.allow("an abort", stream.abort());
            return;
        }
    }
    stage.ledger.allow("an end", stream.close().await);
}

/// Reads to the end; reads that are dropped midway have taken nothing.
async fn receive(stage: &mut Stage, mut stream: TcpStream) -> io::Result<Vec<u8>> {
    let (mut got, mut room) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        let limit = stage.dice.is_one_in(3).then(|| stage.dice.micros(50));
        let Ok(read) = timeout(limit, stream.read(&mut room)).await else {
            continue;
        };
        match read? {
            0 => return Ok(got),
            count => got.extend_from_slice(&room[..count]),
        }
        stage.ledger.step();
    }
}

/// Datagrams between two sockets of this machine, one at a time, so that none is lost for want of
/// room.
async fn datagrams(mut stage: Stage) {
    let _entry = stage.ledger.enter();
    let sockets = async {
        let (one, other) = (
            UdpSocket::bind("127.0.0.1:0"),
            UdpSocket::bind("127.0.0.1:0"),
        );
        let (one, other) = (one.await?, other.await?);
        let (here, there) = (one.local_addr()?, other.local_addr()?);
        io::Result::Ok((one, other, here, there))
    };
    let Some((one, other, here, there)) = stage.ledger.allow("UDP", sockets.await) else {
        return;
    };
    for _ in 0..stage.dice.below(10) {
        let size = stage.dice.below(1000);
        let bytes = stage.dice.bytes(size);
        stage
            .ledger
            .allow("send_to", one.send_to(&bytes, there).await);
        let mut room = [0; 1000];
        let received = timeout(Duration::from_secs(5), other.recv_from(&mut room)).await;
        let Some(received) = stage.ledger.allow("a datagram", received) else {
            return;
        };
        if let Some((count, from)) = stage.ledger.allow("recv_from", received) {
            let is_right = room[..count] == bytes && from == here;
            stage
                .ledger
                .check(is_right, || format!("{count} wrong bytes from {from}"));
        }
        stage.ledger.step();
    }
}

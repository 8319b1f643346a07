//! A server answers line by line, and sees its client's end.

use std::io;

use bowerbird::{StreamReader, StreamWriter, open_connection, start_server};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn serve(page: Page, mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let line = reader.readline().await?;
        if line.is_empty() {
            break;
        }
        writer.write(line.to_ascii_uppercase());
        writer.drain().await?;
    }
    say!(page, "server: the client has ended");
    writer.close();
    Ok(())
}

async fn program(page: Page) {
    let told = page.clone();
    let handler = move |reader, writer| serve(told.clone(), reader, writer);
    let server = start_server(handler, "127.0.0.1:0").await.unwrap();
    let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
    for line in ["one", "two"] {
        writer.write(format!("{line}\n"));
        writer.drain().await.unwrap();
        let answer = reader.readline().await.unwrap();
        say!(page, "client: {}", String::from_utf8_lossy(&answer).trim());
    }
    writer.write_eof().unwrap();
    let is_over = reader.read(None).await.unwrap().is_empty();
    say!(page, "client: the server's end {}", truth(is_over));
    writer.close();
    writer.wait_closed().await.unwrap();
    server.close();
    server.wait_closed().await;
    say!(page, "serving {}", truth(server.is_serving()));
}

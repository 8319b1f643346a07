//! Each way to read takes what it says, and leaves the rest; what ends too early says what came.

use bowerbird::{ReadError, StreamWriter, open_connection, start_server};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn serve(writer: StreamWriter) {
    writer.write("exactly;until!line\nfar too long a line\nhalf");
    writer.close();
}

/// Bytes as Python prints them.
fn quoted(bytes: impl AsRef<[u8]>) -> String {
    format!("b'{}'", bytes.as_ref().escape_ascii())
}

async fn program(page: Page) {
    let server = start_server(|_reader, writer| serve(writer), "127.0.0.1:0");
    let server = server.await.unwrap();
    let connecting = open_connection(server.local_addrs()[0]).limit(10);
    let (mut reader, writer) = connecting.await.unwrap();
    say!(page, "{}", quoted(reader.readexactly(8).await.unwrap()));
    say!(page, "{}", quoted(reader.readuntil("!").await.unwrap()));
    say!(page, "{}", quoted(reader.readline().await.unwrap()));
    if let Err(ReadError::LimitOverrun(_)) = reader.readline().await {
        say!(page, "over the limit");
    }
    if let Err(ReadError::Incomplete(error)) = reader.readexactly(5).await {
        say!(
            page,
            "{} of {}",
            quoted(&error.partial),
            error.expected.unwrap()
        );
    }
    say!(page, "at the end {}", truth(reader.at_eof()));
    writer.close();
    server.close();
}

//! `communicate` feeds a child and gathers what it says; its end is a number, below zero for a
//! signal.

use std::io::ErrorKind;

use bowerbird::subprocess::PIPE;
use bowerbird::{create_subprocess_exec, create_subprocess_shell};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn text(bytes: Option<Vec<u8>>) -> String {
    let text = bytes.map(|bytes| String::from_utf8(bytes).unwrap());
    text.map_or("None".to_owned(), |text| text.trim().to_owned())
}

fn code(code: Option<i32>) -> String {
    code.map_or("None".to_owned(), |code| code.to_string())
}

async fn program(page: Page) {
    let cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
    let mut child = cat.await.unwrap();
    say!(page, "running {}", code(child.returncode()));
    let (out, err) = child.communicate(b"fed").await.unwrap();
    say!(
        page,
        "{} {} {}",
        text(out),
        text(err),
        code(child.returncode())
    );
    let shell = create_subprocess_shell("echo said; echo told >&2; exit 3");
    let mut shell = shell.stdout(PIPE).stderr(PIPE).await.unwrap();
    let (out, err) = shell.communicate(b"").await.unwrap();
    say!(
        page,
        "{} {} {}",
        text(out),
        text(err),
        code(shell.returncode())
    );
    let sleeper = create_subprocess_exec("sleep").arg("60").await.unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().await.unwrap();
    say!(page, "{}", code(sleeper.returncode()));
    if sleeper.kill().unwrap_err().kind() == ErrorKind::NotFound {
        say!(page, "nobody is there");
    }
}

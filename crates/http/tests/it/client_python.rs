//! The client against the server of Python's standard library, which nobody here has written.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bowerbird_http::client::{ClientSession, Connector};
use bowerbird_http::http::StatusCode;

use crate::peers::bytes_of;
use crate::wire::inside_each;

/// `http.server`, in a folder of its own.
struct Python {
    child: Child,
    folder: std::path::PathBuf,
    port: u16,
}

impl Python {
    /// `None` where there is no Python, which is said.
    fn start(protocol: &str) -> Option<Self> {
        let name = format!("bowerbird-python-{}-{protocol}", std::process::id());
        let folder = std::env::temp_dir().join(name.replace('/', "-"));
        std::fs::create_dir_all(folder.join("inside")).unwrap();
        let song: String = (0..100_000)
            .map(|verse| format!("verse {verse}\n"))
            .collect();
        std::fs::write(folder.join("song.txt"), song).unwrap();
        let child = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1"])
            .args(["--protocol", protocol, "0"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no python3 to serve");
            return None;
        };
        // "Serving HTTP on 127.0.0.1 port 12345 (http://127.0.0.1:12345/) ..."
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        let mut words = said.split(' ').skip_while(|word| *word != "port");
        let port = words.nth(1).and_then(|port| port.parse().ok());
        Some(Self {
            child,
            folder,
            port: port.unwrap_or_else(|| panic!("it serves nowhere: {said:?}")),
        })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn files_lists_and_misses_of_pythons_server_come_whole() {
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        let Some(python) = Python::start(protocol) else {
            return;
        };
        let song = std::fs::read(python.folder.join("song.txt")).unwrap();
        inside_each(async || {
            let connector = Connector::builder().limit(3).build();
            let session = ClientSession::builder().connector(connector.clone());
            let session = session.base_url(format!("http://127.0.0.1:{}/", python.port));
            let session = session.build().unwrap();
            let fetched = (0..4).map(|_| {
                let request = session.get("song.txt");
                async move { bytes_of(request).await }
            });
            for fetched in bowerbird::gather(fetched).await.unwrap() {
                assert!(fetched == song, "{} bytes of {}", fetched.len(), song.len());
            }
            let list = session.get("inside").await.unwrap();
            assert_eq!(list.history().len(), 1);
            assert_eq!(list.url().path(), "/inside/");
            assert!(list.text().await.unwrap().contains("Directory listing"));
            let miss = session.get("nothing").await.unwrap();
            assert_eq!(miss.status(), StatusCode::NOT_FOUND);
            drop(miss);
            assert!(
                session
                    .post("song.txt")
                    .await
                    .unwrap()
                    .raise_for_status()
                    .is_err()
            );
            assert_eq!(connector.open_connections(), connector.idle_connections());
            // Of HTTP/1.0, none is kept.
            assert_eq!(connector.open_connections() > 0, protocol == "HTTP/1.1");
        });
    }
}

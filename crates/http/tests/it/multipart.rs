//! Forms with files, from this house's client, from curl, and from those who mean no good.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use bowerbird::Event;
use bowerbird_http::client::{FormData, Part};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::multipart::{MultipartError, MultipartReader};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{Incoming, service_fn};

use crate::folder::Folder;
use crate::wire::{Served, inside_each};

type Form = MultipartReader<Incoming>;

/// A server that answers with what `read` says of a form, or with what went wrong.
async fn served<F, Reading>(read: F) -> TestServer
where
    F: Fn(Form) -> Reading + Clone + Send + 'static,
    Reading: Future<Output = Result<String, MultipartError>> + Send + 'static,
{
    TestServer::start(service_fn(answering(read)))
        .await
        .unwrap()
}

type Answering = std::pin::Pin<
    Box<dyn Future<Output = Result<Response<String>, std::convert::Infallible>> + Send>,
>;

fn answering<F, Reading>(read: F) -> impl Fn(Request<Incoming>) -> Answering + Clone + Send
where
    F: Fn(Form) -> Reading + Clone + Send + 'static,
    Reading: Future<Output = Result<String, MultipartError>> + Send + 'static,
{
    move |request| {
        let read = read.clone();
        Box::pin(async move {
            let told = match MultipartReader::from_request(request) {
                Ok(form) => read(form).await,
                Err(error) => Err(error),
            };
            Ok(match told {
                Ok(told) => Response::new(told),
                Err(error) => error.to_response(),
            })
        })
    }
}

/// A line for each part: what it is called, and what is in it.
async fn tell(mut form: Form) -> Result<String, MultipartError> {
    let mut told = String::new();
    while let Some(part) = form.next().await? {
        let name = part.name().to_owned();
        let file = part.filename().unwrap_or("-").to_owned();
        let kind = part.content_type().unwrap_or("-").to_owned();
        told += &format!("{name} {file} {kind} {:?}\n", part.text().await?);
    }
    Ok(told)
}

#[test]
fn what_the_client_sends_is_what_the_server_reads() {
    inside_each(async || {
        let server = served(tell).await;
        let picture = Part::new("...")
            .file_name("bird ü.png")
            .content_type("image/png");
        let streamed = Part::new(bowerbird_http::client::RequestBody::reader(
            &b"streamed"[..],
        ));
        let form = FormData::new()
            .text("empty", "")
            .text("lines", "one\r\n--two\r\n")
            .part("picture", picture.unwrap())
            .part("stream", streamed);
        let told = server.post("/").multipart(form).await.unwrap();
        let expected = "empty - - \"\"\nlines - - \"one\\r\\n--two\\r\\n\"\n\
                        picture bird ü.png image/png \"...\"\nstream - - \"streamed\"\n";
        assert_eq!(told.text().await.unwrap(), expected);
        let nothing = server.post("/").multipart(FormData::new()).await.unwrap();
        assert_eq!(nothing.text().await.unwrap(), "");
        server.stop().await;
    });
}

#[test]
fn curl_sends_fields_and_files() {
    let found = Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if found.is_err() {
        #[expect(clippy::print_stderr, reason = "what is skipped is named")]
        {
            eprintln!("skipped: curl_sends_fields_and_files: there is no curl");
        }
        return;
    }
    inside_each(async || {
        let folder = Folder::new();
        let file = folder.put("a \"b\".txt", "contents\n");
        let server = served(tell).await;
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "-F",
            "field=a text",
        ]);
        curl.args([
            "-F",
            &format!(
                "file=@\"{}\";type=text/x-y",
                file.to_str().unwrap().replace('"', "\\\"")
            ),
        ]);
        curl.arg(server.url("/").as_str());
        let output = bowerbird::to_thread(move || curl.output().unwrap())
            .await
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        // Newer ones write quotes as browsers do, older ones hide them behind backslashes.
        let told = told.replace("%22", "\"");
        let expected = "field - - \"a text\"\nfile a \"b\".txt text/x-y \"contents\\n\"\n";
        assert_eq!(
            told,
            expected,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        server.stop().await;
    });
}

#[test]
fn a_file_goes_to_the_disk_and_unread_parts_are_passed_over() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let target = folder.at("saved");
        let to = target.clone();
        let server = served(move |mut form| {
            let to = to.clone();
            async move {
                let mut saved = 0;
                while let Some(part) = form.next().await? {
                    if part.name() == "wanted" {
                        saved = part.save(&to).await?;
                    }
                }
                Ok(saved.to_string())
            }
        })
        .await;
        let form = || {
            FormData::new()
                .part("before", Part::new(bytes.clone()))
                .part("wanted", Part::new(bytes.clone()).file_name("../evil"))
                .part("after", Part::new(bytes.clone()))
        };
        let told = server.post("/").multipart(form()).await.unwrap();
        assert_eq!(told.text().await.unwrap(), "3000000");
        assert!(std::fs::read(&target).unwrap() == bytes);
        // What is there is not written over, and not removed either.
        let told = server.post("/").multipart(form()).await.unwrap();
        assert_eq!(told.status(), 500);
        assert_eq!(told.text().await.unwrap(), "the form could not be stored\n");
        assert!(std::fs::read(&target).unwrap() == bytes);
        server.stop().await;
    });
}

#[test]
fn a_file_that_does_not_come_whole_is_not_kept() {
    inside_each(async || {
        let folder = Folder::new();
        let target = folder.at("half");
        let ended = Arc::new(Event::new());
        let error = Arc::new(Mutex::new(None));
        let (to, end, seen) = (target.clone(), ended.clone(), error.clone());
        let read = move |mut form: Form| {
            let (to, end, seen) = (to.clone(), end.clone(), seen.clone());
            async move {
                let part = form.next().await?.expect("there is a part");
                let saved = part.save(&to).await;
                *seen.lock().unwrap() = saved.err().map(|error| error.to_string());
                end.set();
                Ok(String::new())
            }
        };
        let served = Served::new(service_fn(answering(read)), |server| server).await;
        let mut client = served.client().await;
        client
            .say(
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\
                 content-type: multipart/form-data; boundary=b\r\n\r\n\
                 --b\r\ncontent-disposition: form-data; name=f\r\n\r\nsome of it",
            )
            .await;
        while !target.exists() {
            bowerbird::yield_now().await;
        }
        drop(client);
        ended.wait().await;
        assert!(error.lock().unwrap().is_some());
        // Removing is off the workers, too.
        while target.exists() {
            bowerbird::yield_now().await;
        }
        served.stop().await;
    });
}

/// Sends a form as it is.
async fn post(server: &TestServer, body: &str) -> (u16, String) {
    let request = server
        .post("/")
        .header("content-type", "multipart/form-data; boundary=b");
    let answer = request.body(body.to_owned()).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A part with a text.
fn part(name: &str, text: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n")
}

#[test]
fn what_is_no_form_is_the_clients_fault() {
    inside_each(async || {
        let server = served(tell).await;
        let (a, end) = (part("a", "x"), "--b--\r\n");
        assert_eq!(
            post(&server, &format!("{a}{end}")).await,
            (200, "a - - \"x\"\n".to_owned())
        );
        for (body, status) in [
            ("", 400),
            ("no form", 400),
            (&*a, 400),
            (&*format!("{a}--bb\r\n"), 400),
            ("--b\r\n\r\nnameless\r\n--b--", 400),
            (
                "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--b--",
                400,
            ),
            ("--b\r\nno header\r\n\r\n\r\n--b--", 400),
            (
                "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--b--",
                400,
            ),
            (
                "--b\nContent-Disposition: form-data; name=a\n\n\n--b--",
                400,
            ),
        ] {
            assert_eq!(post(&server, body).await.0, status, "{body}");
        }
        let other = server
            .post("/")
            .header("content-type", "text/plain")
            .body("x");
        assert_eq!(other.await.unwrap().status(), 415);
        let boundless = server
            .post("/")
            .header("content-type", "multipart/form-data")
            .body("x");
        assert_eq!(boundless.await.unwrap().status(), 400);
        server.stop().await;
    });
}

#[test]
fn each_limit_is_one() {
    inside_each(async || {
        let limited = |form: Form| {
            let form = form.max_parts(2).max_header_bytes(60);
            tell(form.max_field_bytes(10).max_body_bytes(300))
        };
        let server = served(limited).await;
        let (a, end) = (part("a", "0123456789"), "--b--\r\n");
        assert_eq!(post(&server, &format!("{a}{a}{end}")).await.0, 200);
        let (status, told) = post(&server, &format!("{a}{a}{a}{end}")).await;
        assert_eq!((status, &*told), (413, "the form has more parts than 2\n"));
        let (status, told) = post(&server, &format!("{}{end}", part("a", "01234567890"))).await;
        assert_eq!(
            (status, &*told),
            (413, "a part of the form has more bytes than 10\n")
        );
        let (status, told) = post(&server, &format!("{}{end}", part(&"a".repeat(60), ""))).await;
        assert_eq!(
            (status, &*told),
            (413, "the headers of a part have more bytes than 60\n")
        );
        let long = "x".repeat(301);
        let (status, told) = post(&server, &long).await;
        assert_eq!(
            (status, &*told),
            (413, "the form has more bytes than 300\n")
        );
        // The same, when nobody has said how long it will be.
        let reader = futures_lite::io::Cursor::new(format!("{a}{a}{end}{long}").into_bytes());
        let streamed = bowerbird_http::client::RequestBody::reader(reader);
        let request = server
            .post("/")
            .header("content-type", "multipart/form-data; boundary=b");
        assert_eq!(request.body(streamed).await.unwrap().status(), 413);
        server.stop().await;
    });
}

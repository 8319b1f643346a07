//! What is in a directory, as a page of links. Made by directories that are to be listed, on a
//! thread that may block.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use super::place::inside;

/// A page with links to all that can be asked for in the directory at `real`, in order.
///
/// - `name`: what the directory is called below its root; empty for the root.
/// - `root`: what links must not lead out of, if they must not. Those that do are not shown, nor is
///   what has a name that no URL stands for.
pub(super) fn page(real: &Path, name: &Path, root: Option<&Path>) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(real)? {
        let entry = entry?;
        let path = entry.path();
        let is_hidden = root.is_some_and(|root| inside(root, &path).is_err());
        // What has gone meanwhile, or leads nowhere, is not shown either.
        let (false, Ok(metadata), Ok(mut name)) = (
            is_hidden,
            fs::metadata(&path),
            entry.file_name().into_string(),
        ) else {
            continue;
        };
        if metadata.is_dir() {
            name.push('/');
        } else if !metadata.is_file() {
            continue;
        }
        names.push(name);
    }
    names.sort();
    if name.components().next().is_some() {
        names.insert(0, "../".to_owned());
    }
    let title: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
    Ok(written(&title.join("/"), &names))
}

/// The page itself.
fn written(title: &str, names: &[String]) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Index of /{title}</title>\n\
         <h1>Index of /{title}</h1>\n<ul>\n"
    );
    for name in names {
        let (link, text) = (link(name), escaped(name));
        writeln!(page, "<li><a href=\"./{link}\">{text}</a></li>")
            .expect("a `String` takes everything");
    }
    page + "</ul>\n"
}

/// A name as a part of a URL, which means nothing but itself.
fn link(name: &str) -> String {
    let mut link = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                link.push(char::from(byte));
            }
            other => write!(link, "%{other:02X}").expect("a `String` takes everything"),
        }
    }
    link
}

/// A text as a part of a page, which means nothing but itself.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::percent;

    #[test]
    fn names_mean_nothing_but_themselves() {
        let page = written(
            "<a>",
            &["\"><script>&'.txt".to_owned(), "a b?#%ä/".to_owned()],
        );
        let link = "<a href=\"./%22%3E%3Cscript%3E%26%27.txt\">\
                    &quot;&gt;&lt;script&gt;&amp;&#39;.txt</a>";
        assert!(page.contains(link), "{page}");
        assert!(
            page.contains("<a href=\"./a%20b%3F%23%25%C3%A4/\">a b?#%ä/</a>"),
            "{page}"
        );
        assert!(
            page.contains("<title>Index of /&lt;a&gt;</title>"),
            "{page}"
        );
    }

    #[test]
    fn what_is_linked_is_what_is_asked_for() {
        for name in ["plain", "a b", "ä€", "%41", "a+b&c=d", "..."] {
            assert_eq!(percent::decoded(&link(name)).as_deref(), Some(name));
        }
    }
}

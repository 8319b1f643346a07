use super::{escaped, facts, page, write};
use crate::job::{Job, Target};
use crate::reading::Reading;
use crate::summary::{Failure, Summary};

fn summary() -> Summary {
    let mut summary = Summary::new(&["bowerbird", "tokio"]);
    let (us, them) = ("bowerbird", "tokio");
    for (workload, case, runtime, value) in [
        ("spawn", "10k", us, 100.0),
        ("spawn", "10k", them, 400.0),
        ("a<b & \"c\"", "", us, 300.0),
        ("a<b & \"c\"", "", them, 150.0),
        ("alone", "", us, 1.0),
        ("beyond", "", us, 1e-9),
        ("beyond", "", them, 1e9),
    ] {
        let target = Target::plain(workload);
        let readings = vec![Reading::lower(case, "ns/task", value)];
        summary.add(&Job { target, runtime }, readings);
    }
    let message = "it said <no> & hung\u{1b}[0m".to_owned();
    let (target, runtime) = (Target::plain("idle"), "tokio");
    summary.failures.push(Failure {
        target,
        runtime,
        message,
    });
    summary
}

/// Walks the tags: each one that is opened must be closed, in order, with its attributes quoted.
fn assert_well_formed(html: &str) {
    let mut open = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(start) = rest.find('<') {
        assert_text(&rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
            assert_eq!(
                tag.matches('"').count(),
                2 * tag.matches("=\"").count(),
                "<{tag}>"
            );
            if !tag.ends_with('/') {
                open.push(tag.split([' ', '\n']).next().unwrap());
            }
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
}

/// No bare `&` and no `>` that belongs to nothing; style sheets have neither.
fn assert_text(text: &str) {
    for part in text.split('&').skip(1) {
        let is_entity = ["amp;", "lt;", "gt;", "quot;"]
            .iter()
            .any(|name| part.starts_with(name));
        assert!(is_entity, "{text}");
    }
    assert!(!text.contains(['>', '\u{1b}']), "{text}");
}

#[test]
fn the_page_is_well_formed_whatever_names_and_messages_are() {
    assert_well_formed(&page(&summary(), &facts::gather(3)));
    assert_well_formed(&page(&Summary::new(&["bowerbird"]), &[]));
}

#[test]
#[should_panic(expected = "left == right")]
fn a_tag_left_open_is_noticed() {
    assert_well_formed("<!DOCTYPE html><p><b>text</p>");
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&summary(), &[]);
    let namespace = "http://www.w3.org/2000/svg";
    assert_eq!(page.matches("://").count(), page.matches(namespace).count());
    for word in ["<script", "<link", "<img", " src=", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn wins_point_right_and_defeats_are_marked() {
    let page = page(&summary(), &[]);
    assert!(page.contains("spawn 10k [ns/task] against tokio: 4.00x"));
    assert!(page.contains("<td class=\"worse\">0.50x</td>"));
    // Two powers of two are two eighths of the scale, on either side of 1.
    assert!(
        page.contains("x=\"475.0\" y=\"48.0\" width=\"155.0\""),
        "{page}"
    );
    assert!(
        page.contains("x=\"397.5\" y=\"68.0\" width=\"77.5\""),
        "{page}"
    );
}

#[test]
fn the_file_is_written_where_it_was_asked_for() {
    let name = format!("bowerbird-report-{}", std::process::id());
    let folder = std::env::temp_dir().join(name).join("deep");
    write(&folder, &summary(), 2).unwrap();
    let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
    std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    assert_well_formed(&page);
}

#[test]
fn days_have_their_dates() {
    assert_eq!(facts::date(0), "1970-01-01");
    assert_eq!(facts::date(59), "1970-03-01");
    assert_eq!(facts::date(11_016), "2000-02-29");
    assert_eq!(facts::date(20_779), "2026-11-22");
    assert_eq!(facts::date(47_541), "2100-03-01");
}

#[test]
fn what_means_something_to_a_browser_is_escaped() {
    assert_eq!(escaped("<a & \"b\">\u{7}"), "&lt;a &amp; &quot;b&quot;&gt;");
}

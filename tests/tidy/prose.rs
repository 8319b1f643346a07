//! Rules for texts: links that lead somewhere, and nothing left lying about.

use std::path::Path;

use crate::house::{assert_none, files, root};

/// Put together here, so that this file does not break its own rule.
const LEFTOVERS: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("X", "XX"),
];

/// Places that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/ho", "me/"),
];

/// The targets of a text's links, without those to other sites and to places in the same text.
fn links(text: &str) -> Vec<&str> {
    let mut is_listing = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_listing = !is_listing;
        }
        let parts = line.split("](").skip(1).filter(|_| !is_listing);
        let targets = parts.filter_map(|part| part.split(')').next());
        let targets = targets.map(|target| target.split('#').next().unwrap_or_default());
        let is_local = |target: &&str| !target.is_empty() && !target.contains("://");
        links.extend(targets.filter(is_local));
    }
    links
}

#[test]
fn links_are_found_and_told_apart() {
    let text = "[a](b.md) and [c](d/e.md#f), [g](https://h), [i](#j)\n```\n[k](l)\n```\n";
    assert_eq!(links(text), ["b.md", "d/e.md"]);
}

#[test]
fn no_link_is_dead() {
    assert_none(files(&[".md"]).iter().flat_map(|file| {
        let folder = root().join(&file.path);
        let folder = folder.parent().unwrap().to_owned();
        let dead = links(&file.text).into_iter();
        let dead = dead.filter(move |link| !folder.join(Path::new(link)).exists());
        let complaints = dead.map(|link| format!("{}: {link} is not there", file.path));
        complaints.collect::<Vec<_>>()
    }));
}

#[test]
fn every_paper_is_in_the_index() {
    let index = std::fs::read_to_string(root().join("docs/README.md")).unwrap();
    let index = links(&index);
    let papers = files(&[".md"]).into_iter().map(|file| file.path);
    let names = papers.filter_map(|path| path.strip_prefix("docs/").map(str::to_owned));
    let missing = names.filter(|name| name != "README.md" && !index.contains(&name.as_str()));
    assert_none(missing.map(|name| format!("docs/README.md does not mention {name}")));
}

#[test]
fn nothing_is_left_for_later_and_nothing_points_at_one_machine() {
    let texts = files(&[".rs", ".md", ".toml", ".py", "justfile", "run"]);
    assert_none(texts.iter().flat_map(|file| {
        let words = LEFTOVERS.iter().chain(&MACHINE_PATHS);
        let found = words.filter(|word| file.text.contains(**word));
        let complaints = found.map(|word| format!("{}: {word}", file.path));
        complaints.collect::<Vec<_>>()
    }));
}

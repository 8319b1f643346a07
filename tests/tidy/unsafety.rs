//! Rules for unsafe code: `docs/unsafe.md` is what the notes in the sources say.
//!
//! Each unsafe block, function and implementation is a row: its place, and what its `SAFETY:` note
//! (for a function, its `# Safety` section) rests on. The table is made from the sources, so that a
//! reader sees all of it at once, and a change of one without a look at the other fails here.

use std::fmt::Write as _;

use crate::house::{assert_none, files, is_test, root};
use crate::sources::{code, is_unsafe};

/// Makes the table anew instead of comparing it.
const RENEW: &str = "BOWERBIRD_RENEW";

/// What is above the table.
const HEAD: &str = concat!(
    "# Unsafe code\n\n",
    "Every unsafe place of what users run, and what its note rests on: an invariant of\n",
    "[ARCHITECTURE.md](ARCHITECTURE.md) (`I1` …) where it cites one, else its first words.\n",
    "Made from the sources by `tests/tidy`, which fails when they differ;\n",
    "`BOWERBIRD_RENEW=1 cargo test -p bowerbird-tests --test tidy` makes it anew.\n",
    "`tests/tidy/sources.rs` says which rooms may hold such code, and\n",
    "[reliability.md](reliability.md) which tools have seen it run.\n",
);

/// What the functions of a table rest on.
const ENTRY: &str = "the contract of the table that it is an entry of";

/// How an unsafe place is introduced.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// `block`, `function`, `implementation`, `trait`.
    kind: &'static str,
    /// The function that it is, or is in.
    name: String,
    /// What the note says.
    note: String,
}

/// What kind of place a line of code opens, if it opens one.
fn kind(line: &str) -> Option<&'static str> {
    let code = code(line);
    let is_type = code.contains(": unsafe fn") || code.contains("<unsafe fn");
    let (_, after) = code.split_once("unsafe").filter(|_| !is_type)?;
    let word = after.split_whitespace().next().unwrap_or_default();
    match word {
        "fn" => Some("function"),
        "impl" => Some("implementation"),
        "trait" => Some("trait"),
        "extern" => Some("foreign functions"),
        _ if after.trim_start().starts_with('{') => Some("block"),
        _ => None,
    }
}

/// The comment that ends right above a line, in reading order, without its marks.
fn comment_above(lines: &[&str], at: usize) -> Vec<String> {
    let is_between = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("//") || line.starts_with("#[")
    };
    let above: Vec<_> = lines[..at].iter().rev().take_while(is_between).collect();
    let texts = above
        .iter()
        .rev()
        .filter(|line| line.trim_start().starts_with("//"));
    texts
        .map(|line| line.trim_start_matches([' ', '/']).to_owned())
        .collect()
}

/// What a comment says behind its mark.
fn note(comment: &[String]) -> Option<String> {
    let at = comment
        .iter()
        .position(|line| line.starts_with("SAFETY:") || line == "# Safety")?;
    let text = comment[at..].join(" ");
    let text = text
        .trim_start_matches("SAFETY:")
        .trim_start_matches("# Safety");
    Some(text.trim().to_owned())
}

/// The invariants that a note cites, or its first words.
fn basis(note: &str) -> String {
    let is_number = |word: &&str| {
        word.strip_prefix('I')
            .is_some_and(|digits| digits.parse::<u8>().is_ok())
    };
    let words = note.split(|character: char| !character.is_alphanumeric());
    let mut cited: Vec<_> = words.filter(is_number).collect();
    cited.dedup();
    if !cited.is_empty() {
        return cited.join(", ");
    }
    let first = note.split(['.', ';', ':']).next().unwrap_or_default();
    first.replace('|', "\\|")
}

/// The function that a line opens or stands in; of an implementation, what it is of.
fn name(lines: &[&str], at: usize) -> String {
    if let Some((_, whole)) = lines[at].split_once("unsafe impl") {
        let whole = whole
            .split(" for ")
            .map(|part| part.trim_start_matches('<'));
        return whole
            .last()
            .unwrap_or_default()
            .trim_end_matches("{}")
            .trim()
            .replace('|', "");
    }
    let named = lines[..=at].iter().rev().find_map(|line| {
        code(line)
            .split_once("fn ")
            .map(|(_, name)| name.to_owned())
    });
    let is_name = |character: &char| character.is_alphanumeric() || *character == '_';
    named
        .unwrap_or_default()
        .chars()
        .take_while(is_name)
        .collect()
}

/// Where the statement begins that a line is a part of.
fn beginning(lines: &[&str], at: usize) -> usize {
    let is_before = |line: &&str| {
        let line = line.trim();
        let is_other = line.is_empty() || line.starts_with("//") || line.starts_with("#[");
        is_other || line.ends_with([';', '{', '}', ','])
    };
    let before = lines[..at].iter().rposition(is_before);
    before.map_or(0, |before| before + 1)
}

/// The unsafe places of a text, in order; of one without a note, its line.
fn places(text: &str) -> Vec<Result<Place, usize>> {
    let lines: Vec<_> = text.lines().collect();
    let mut places = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_unsafe(line)) {
        let Some(kind) = kind(line) else { continue };
        let found = note(&comment_above(&lines, beginning(&lines, at)));
        // The entries of a table of functions have its contract, which stands there.
        let is_entry = kind == "function" && text.contains("Table") && !line.contains("pub(crate)");
        let found = found.or_else(|| is_entry.then(|| ENTRY.to_owned()));
        let name = name(&lines, at);
        places.push(found.map(|note| Place { kind, name, note }).ok_or(at + 1));
    }
    places
}

/// The paper as the sources want it, and the places without a note.
fn paper() -> (String, Vec<String>) {
    let (mut paper, mut complaints, mut count) = (String::new(), Vec::new(), 0);
    for file in files(&[".rs"]) {
        if is_test(&file.path) || !file.path.starts_with("crates/") {
            continue;
        }
        let places = places(&file.text);
        if places.is_empty() {
            continue;
        }
        let _ = writeln!(
            paper,
            "\n## `{}`\n\n| where | what | rests on |\n|---|---|---|",
            file.path
        );
        for place in places {
            match place {
                Ok(Place { kind, name, note }) => {
                    count += 1;
                    let _ = writeln!(paper, "| `{name}` | {kind} | {} |", basis(&note));
                }
                Err(line) => complaints.push(format!("{}:{line}: no note", file.path)),
            }
        }
    }
    (format!("{HEAD}\n{count} places.\n{paper}"), complaints)
}

#[test]
fn places_and_their_notes_are_found() {
    let text = concat!(
        "// SAFETY: it is ours (I1), and\n",
        "// stays so (I2).\n",
        "let x = unsafe { y() };\n",
        "/// Does it.\n",
        "///\n",
        "/// # Safety\n",
        "/// The caller holds it.\n",
        "#[inline]\n",
        "pub unsafe fn f() {}\n",
        "run: unsafe fn(),\n",
        "let x = unsafe { z() };\n",
    );
    let places = places(text);
    let of = |at: usize| {
        places[at]
            .as_ref()
            .map(|place| (place.kind, basis(&place.note)))
    };
    assert_eq!(of(0), Ok(("block", "I1, I2".into())));
    assert_eq!(of(1), Ok(("function", "The caller holds it".into())));
    assert_eq!(places.len(), 3);
    assert_eq!(places[2], Err(11));
}

#[test]
fn the_table_of_unsafe_code_is_what_the_sources_say() {
    let path = root().join("docs/unsafe.md");
    let (paper, complaints) = paper();
    assert_none(complaints);
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&path, &paper).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written.replace('\r', "") == paper,
        "docs/unsafe.md is out of date: {RENEW}=1 cargo test -p bowerbird-tests --test tidy, and \
         read the difference"
    );
}

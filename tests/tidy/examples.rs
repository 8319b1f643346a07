//! Every public item of the facade is shown at work: by an example of its own, by its type's, or by
//! that of an item which its documentation points to.

use std::collections::HashSet;

use crate::house::{assert_none, files, is_test};

/// What the facade's sources say of one public item.
#[derive(Debug, Default, Clone)]
struct Item {
    /// The type whose method it is.
    owner: Option<String>,
    name: String,
    has_example: bool,
    /// The names that its documentation points to.
    links: Vec<String>,
    /// File and line.
    place: String,
}

impl Item {
    fn path(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether a reader comes from here to an example, if those in `shown` have one.
    fn is_shown(&self, shown: &HashSet<String>) -> bool {
        let of_type = self
            .owner
            .as_ref()
            .is_some_and(|owner| shown.contains(owner));
        self.has_example || of_type || self.links.iter().any(|link| shown.contains(link))
    }
}

/// The first word of `text`, made of what names are made of.
fn word(text: &str) -> &str {
    let is_end = |character: char| !character.is_alphanumeric() && character != '_';
    &text[..text.find(is_end).unwrap_or(text.len())]
}

/// The name of what a line declares for everybody; none for what a macro will name.
fn declared(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ")?;
    let rest = ["const ", "async "].iter().fold(rest, |rest, word| {
        let tail = rest.strip_prefix(word).unwrap_or(rest);
        // `const` alone declares a constant.
        if tail.starts_with("fn ") || tail.starts_with("async fn ") {
            tail
        } else {
            rest
        }
    });
    let kinds = [
        "fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ",
    ];
    let name = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    Some(word(name)).filter(|name| !name.is_empty())
}

/// The type that an `impl` is for.
fn implemented(line: &str) -> Option<&str> {
    let mut rest = line.strip_prefix("impl")?;
    if let Some(generics) = rest.strip_prefix('<') {
        // An arrow closes nothing.
        let (mut depth, mut before) = (1, ' ');
        let is_closing = |character: char| {
            depth += match character {
                '<' => 1,
                '>' if before != '-' => -1,
                _ => 0,
            };
            before = character;
            depth == 0
        };
        rest = &generics[generics.find(is_closing)? + 1..];
    }
    let of = rest.split(" for ").last()?.trim_start();
    // A macro's own types are shown where the macro is used.
    let name = if of.starts_with('$') { "$" } else { word(of) };
    Some(name).filter(|name| !name.is_empty())
}

/// What a line of documentation points to: ``[`a::b`]`` is `b`, and, as a method, `a::b`.
fn links<'a>(line: &'a str, owner: Option<&'a str>) -> impl Iterator<Item = String> + 'a {
    let linked = line.split("[`").skip(1);
    linked.flat_map(move |text| {
        let path = text.split('`').next().unwrap_or("");
        let path = path.split(['(', '<', '!']).next().unwrap_or("");
        let parts: Vec<&str> = path.split("::").collect();
        let last = parts[parts.len() - 1].to_owned();
        let parent = parts
            .len()
            .checked_sub(2)
            .map(|at| match (parts[at], owner) {
                ("Self", Some(owner)) => owner,
                (parent, _) => parent,
            });
        let method = parent.map(|parent| format!("{parent}::{last}"));
        [Some(last), method].into_iter().flatten()
    })
}

/// The public items of a file.
fn items(path: &str, text: &str) -> Vec<Item> {
    let (mut items, mut owner) = (Vec::new(), None);
    let mut next = Item::default();
    // What stands between the documentation and the item.
    let (mut is_hidden, mut is_attributed) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let code = line.trim();
        if let Some(doc) = code.strip_prefix("///") {
            next.has_example |= doc.contains("```");
            next.links.extend(links(doc, owner.as_deref()));
            continue;
        }
        is_hidden |= code.starts_with("#[doc(hidden)]");
        let is_inside = line.starts_with(' ');
        if let Some(name) = implemented(code) {
            owner = Some(name.to_owned());
        }
        let is_attribute = is_attributed || code.starts_with("#[");
        is_attributed = is_attribute && !code.ends_with(']');
        let is_macros = is_inside && owner.as_deref() == Some("$");
        if let Some(name) = declared(code).filter(|_| !is_hidden && !is_macros) {
            items.push(Item {
                owner: owner.clone().filter(|_| is_inside),
                name: name.to_owned(),
                place: format!("{path}:{}", number + 1),
                ..next.clone()
            });
        }
        if !is_attribute {
            (next, is_hidden) = (Item::default(), false);
        }
    }
    items
}

/// Those of the items that no example shows.
fn unshown(items: &[Item]) -> Vec<&Item> {
    let mut shown = HashSet::new();
    loop {
        let before = shown.len();
        let new: Vec<String> = items
            .iter()
            .filter(|item| item.is_shown(&shown))
            .map(Item::path)
            .collect();
        shown.extend(new);
        if shown.len() == before {
            return items.iter().filter(|item| !item.is_shown(&shown)).collect();
        }
    }
}

#[test]
fn an_item_is_shown_by_its_own_example_its_types_or_one_it_points_to() {
    let text = "\
/// ```
pub struct Shown;
impl<T: Fn() -> u8> Shown<T> {
    pub async fn method() {}
}
/// What [`Shown::method`] gives.
#[must_use(
    so
)]
pub struct Pointing;
/// See [`nothing`].
pub const fn alone() {}
#[doc(hidden)]
pub fn hidden() {}
impl fmt::Debug for Other {
    pub const fn method() {}
}
pub struct $Macro;
impl<T $(: $Ord)?> $Macro<T> {
    pub fn method() {}
}
";
    let items = items("file", text);
    let places: Vec<_> = unshown(&items).iter().map(|item| item.path()).collect();
    assert_eq!(places, ["alone", "Other::method"]);
    assert_eq!(items.len(), 5);
}

#[test]
fn every_public_item_of_the_facade_is_shown_at_work() {
    let of_facade = |path: &str| path.starts_with("crates/bowerbird/src/") && !is_test(path);
    let files = files(&[".rs"])
        .into_iter()
        .filter(|file| of_facade(&file.path));
    let items: Vec<Item> = files
        .flat_map(|file| items(&file.path, &file.text))
        .collect();
    assert!(
        items.len() > 500,
        "the rule sees {} items only",
        items.len()
    );
    let complaints = unshown(&items).into_iter();
    assert_none(complaints.map(|item| format!("{}: {} has no example", item.place, item.path())));
}

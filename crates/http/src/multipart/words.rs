//! Values of headers that have parameters: what a part is called, and what is between parts. Pure.

use crate::percent;

/// A value's first word, in lower case, and its parameters, their names in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) first: String,
    parameters: Vec<(String, String)>,
}

impl Words {
    /// What a value says; `None` for what says nothing.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (first, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t', ';']);
            if rest.is_empty() {
                break;
            }
            let (name, after) = rest.split_once('=')?;
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => {
                    let end = after.find(';').unwrap_or(after.len());
                    (after[..end].trim().to_owned(), &after[end..])
                }
            };
            parameters.push((name.trim().to_ascii_lowercase(), value));
            rest = after;
        }
        let first = first.trim().to_ascii_lowercase();
        Some(Self { first, parameters })
    }

    /// A parameter, the first of its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The name of a file: in the extended form of RFC 8187 where that is UTF-8, for those who
    /// write it although RFC 7578 forbids it, or as it is.
    pub(super) fn filename(&self) -> Option<String> {
        let extended = self.get("filename*").and_then(|value| {
            let (charset, rest) = value.split_once('\'')?;
            let (_language, text) = rest.split_once('\'')?;
            let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
            is_utf8.then(|| percent::decoded(text)).flatten()
        });
        extended.or_else(|| self.get("filename").map(str::to_owned))
    }
}

/// What is said up to the closing quote, and what follows it.
///
/// A backslash hides a quote or a backslash, as old clients write them; before other characters it
/// is one, since others send whole paths of Windows.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, hidden)) => value.push(hidden),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filename(value: &str) -> Option<String> {
        Words::parse(value).unwrap().filename()
    }

    #[test]
    fn parameters_are_found_however_they_are_written() {
        let words = Words::parse("Form-Data ; Name=\"a;b=\\\"c\\\"\"; x = y ;; z=\"\"").unwrap();
        assert_eq!(words.first, "form-data");
        assert_eq!(words.get("name"), Some("a;b=\"c\""));
        assert_eq!(words.get("x"), Some("y"));
        assert_eq!(words.get("z"), Some(""));
        assert_eq!(words.get("nothing"), None);
        for nothing in ["form-data; name", "form-data; name=\"a", "a; b=\"\\\""] {
            assert_eq!(Words::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn names_of_files_come_from_all_kinds_of_clients() {
        assert_eq!(filename("form-data; filename=a.txt").unwrap(), "a.txt");
        let windows = r#"form-data; filename="C:\folder\a.txt""#;
        assert_eq!(filename(windows).unwrap(), r"C:\folder\a.txt");
        let both = "form-data; filename=\"x\"; filename*=UTF-8''%e2%82%ac";
        assert_eq!(filename(both).unwrap(), "€");
        let unknown = "form-data; filename=\"x\"; filename*=latin1''%e4";
        assert_eq!(filename(unknown).unwrap(), "x");
        assert_eq!(filename("form-data; name=a"), None);
    }
}

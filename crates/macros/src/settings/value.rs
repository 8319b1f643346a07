//! The right-hand sides of the arguments: what each may be, and how it is read.
//!
//! Called by the reader in `settings`. A value that does not fit is `None` here; the words for the
//! author are the reader's.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};

use crate::settings::Flavor;

/// What the argument `key` takes, for the message when it got something else; `None` if there is
/// no such argument.
pub(crate) fn wanted(key: &str) -> Option<&'static str> {
    Some(match key {
        "flavor" => r#"a string: `"multi_thread"` or `"current_thread"`"#,
        "worker_threads" => "a whole number, at least 1",
        "debug" => "`true` or `false`",
        "crate" => r#"a path in a string, such as `"::bowerbird"`"#,
        _ => return None,
    })
}

/// The one token of a value. The error is the place of what is too much, or nothing if there was
/// no value.
pub(crate) fn single(
    mut tokens: impl Iterator<Item = TokenTree>,
) -> Result<TokenTree, Option<Span>> {
    let value = tokens.next().ok_or(None)?;
    if let Some(extra) = tokens.next() {
        // A minus sign is the mistake itself, not the number behind it.
        let is_sign = matches!(&value, TokenTree::Punct(_));
        return Err(Some(if is_sign { value.span() } else { extra.span() }));
    }
    match value {
        // A literal that passed through a `macro_rules!` comes in an invisible group.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            single(group.stream().into_iter()).map_err(|span| span.or(Some(group.span())))
        }
        value => Ok(value),
    }
}

pub(crate) fn flavor(value: &TokenTree) -> Option<Flavor> {
    match text(value)?.as_str() {
        "multi_thread" => Some(Flavor::MultiThread),
        "current_thread" => Some(Flavor::CurrentThread),
        _ => None,
    }
}

/// A whole number above zero, in any of Rust's spellings.
pub(crate) fn positive(value: &TokenTree) -> Option<usize> {
    let TokenTree::Literal(literal) = value else {
        return None;
    };
    let spelled = literal.to_string().replace('_', "");
    let digits = [
        "usize", "u64", "u32", "u16", "u8", "i64", "i32", "i16", "i8",
    ]
    .iter()
    .find_map(|suffix| spelled.strip_suffix(suffix))
    .unwrap_or(&spelled);
    let number = match digits.get(..2) {
        Some("0x") => usize::from_str_radix(&digits[2..], 16),
        Some("0o") => usize::from_str_radix(&digits[2..], 8),
        Some("0b") => usize::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    number.ok().filter(|number| *number > 0)
}

pub(crate) fn boolean(value: &TokenTree) -> Option<bool> {
    match value {
        TokenTree::Ident(word) if word == "true" => Some(true),
        TokenTree::Ident(word) if word == "false" => Some(false),
        _ => None,
    }
}

/// The path spelled in a string, its tokens placed where the string is.
pub(crate) fn path(value: &TokenTree) -> Option<TokenStream> {
    let tokens: TokenStream = text(value)?.parse().ok()?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    is_path(&tokens).then(|| {
        let place = |mut token: TokenTree| {
            token.set_span(value.span());
            token
        };
        tokens.into_iter().map(place).collect()
    })
}

/// Whether these are names joined by `::`, with or without one in front.
fn is_path(tokens: &[TokenTree]) -> bool {
    let mut rest = after_colons(tokens).unwrap_or(tokens);
    loop {
        match rest {
            [TokenTree::Ident(_)] => return true,
            [TokenTree::Ident(_), behind @ ..] => match after_colons(behind) {
                Some(next) => rest = next,
                None => return false,
            },
            _ => return false,
        }
    }
}

/// What follows a leading `::`, or `None` if there is none.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..]
            if first.as_char() == ':'
                && first.spacing() == Spacing::Joint
                && second.as_char() == ':' =>
        {
            Some(rest)
        }
        _ => None,
    }
}

/// The inside of a string literal, raw or not. Escapes are left as they are: no value that is
/// taken contains one.
fn text(value: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = value else {
        return None;
    };
    let spelled = literal.to_string();
    let bare = spelled
        .strip_prefix('r')
        .unwrap_or(&spelled)
        .trim_matches('#');
    bare.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

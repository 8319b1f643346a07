//! The function under the attribute, taken apart into its pieces.
//!
//! `expand` calls [`parse`] and then asks [`Function::complaints`]. Only as much of Rust's grammar
//! is known here as tells the pieces apart: types, parameters and the body stay tokens, and the
//! compiler judges them later, at the author's own places.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, token_stream};
use quote::ToTokens;

use crate::complaint::Complaint;

/// A function, each piece as the author wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// Outer attributes, doc comments among them.
    pub(crate) attributes: Vec<Group>,
    /// Empty for a private function.
    pub(crate) visibility: TokenStream,
    /// `async`, `unsafe`, `const`, `extern "C"`: what stands before `fn`.
    pub(crate) qualifiers: Vec<TokenTree>,
    /// The word `fn`.
    pub(crate) keyword: Ident,
    pub(crate) name: Ident,
    /// From `<` to its `>`, or empty.
    pub(crate) generics: TokenStream,
    /// With its parentheses.
    pub(crate) parameters: Group,
    /// From `->` on, or empty.
    pub(crate) output: TokenStream,
    /// From `where` on, or empty.
    pub(crate) bounds: TokenStream,
    /// With its braces.
    pub(crate) body: Group,
}

impl Function {
    /// What keeps it from being an entry point; `attribute` is the one it stands under.
    pub(crate) fn complaints(&self, attribute: &str) -> Vec<Complaint> {
        let mut found = Vec::new();
        let mut complain = |span, message| found.push(Complaint::new(span, message));
        if !self
            .qualifiers
            .iter()
            .any(|word| word.to_string() == "async")
        {
            let message = format!("`{attribute}` needs an `async fn`: write `async` before `fn`");
            complain(self.keyword.span(), message);
        }
        for word in &self.qualifiers {
            if ["const", "unsafe", "extern"].contains(&word.to_string().as_str()) {
                complain(
                    word.span(),
                    format!("`{attribute}` takes no `{word}` function"),
                );
            }
        }
        if let Some(first) = first_of(&self.generics).or_else(|| first_of(&self.bounds)) {
            complain(
                first,
                format!("a function under `{attribute}` has no generics"),
            );
        }
        if !self.parameters.stream().is_empty() {
            let message = format!("a function under `{attribute}` has no parameters");
            complain(self.parameters.span(), message);
        }
        found
    }

    /// The author's own `#[test]`, however its path is spelled.
    pub(crate) fn test_attribute(&self) -> Option<Span> {
        self.attributes.iter().find_map(|attribute| {
            let last = attribute.stream().into_iter().last()?;
            let is_path = attribute
                .stream()
                .into_iter()
                .all(|token| matches!(token, TokenTree::Ident(_) | TokenTree::Punct(_)));
            (is_path && last.to_string() == "test").then(|| last.span())
        })
    }
}

/// Where the first token is, if there is one.
fn first_of(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().next().map(|token| token.span())
}

/// Takes `item` apart.
///
/// Fails with a complaint that names `attribute` if `item` is not a function with a body.
pub(crate) fn parse(item: TokenStream, attribute: &str) -> Result<Function, Complaint> {
    let mut cursor = Cursor {
        tokens: item.into_iter().peekable(),
        last: Span::call_site(),
    };
    let stranger = |span| Complaint::new(span, format!("`{attribute}` needs an `async fn`"));
    let attributes = cursor.attributes();
    let visibility = cursor.visibility();
    let qualifiers = cursor.until(|token| !is_qualifier(token));
    let keyword = cursor.ident().filter(|word| word == "fn");
    let keyword = keyword.ok_or_else(|| stranger(cursor.last))?;
    let name = cursor.ident().ok_or_else(|| stranger(cursor.last))?;
    let generics = cursor.generics();
    let parameters = cursor
        .group(Delimiter::Parenthesis)
        .ok_or_else(|| stranger(cursor.last))?;
    let is_end = |token: &TokenTree| is_body(token) || is_mark(token, ';');
    let output = cursor.until(|token| is_word(token, "where") || is_end(token));
    let bounds = cursor.until(is_end);
    let body = cursor.group(Delimiter::Brace).ok_or_else(|| {
        let message = format!("a function under `{attribute}` has a body");
        Complaint::new(cursor.last, message)
    })?;
    Ok(Function {
        attributes,
        visibility,
        qualifiers,
        keyword,
        name,
        generics,
        parameters,
        output: output.into_iter().collect(),
        bounds: bounds.into_iter().collect(),
        body,
    })
}

/// The tokens not read yet.
struct Cursor {
    tokens: Peekable<token_stream::IntoIter>,
    /// Where the token looked at last is, to point at when it was the wrong one.
    last: Span,
}

impl Cursor {
    fn attributes(&mut self) -> Vec<Group> {
        let mut found = Vec::new();
        while self.take(|token| is_mark(token, '#')).is_some() {
            found.extend(self.group(Delimiter::Bracket));
        }
        found
    }

    /// `pub`, `pub(…)`, or what a `$vis` of a `macro_rules!` left: an invisible group.
    fn visibility(&mut self) -> TokenStream {
        if let Some(group) = self.group(Delimiter::None) {
            return group.stream();
        }
        let Some(word) = self.take(|token| is_word(token, "pub")) else {
            return TokenStream::new();
        };
        let scope = self.group(Delimiter::Parenthesis);
        [word]
            .into_iter()
            .chain(scope.map(TokenTree::Group))
            .collect()
    }

    /// From `<` to the `>` that closes it; the `>` of an arrow closes nothing.
    fn generics(&mut self) -> TokenStream {
        let mut found = TokenStream::new();
        if !self.tokens.peek().is_some_and(|token| is_mark(token, '<')) {
            return found;
        }
        let mut depth = 0_usize;
        let mut is_arrow = false;
        while let Some(token) = self.take(|_| true) {
            if is_mark(&token, '<') {
                depth += 1;
            } else if is_mark(&token, '>') && !is_arrow {
                depth -= 1;
            }
            is_arrow = is_mark(&token, '-');
            token.to_tokens(&mut found);
            if depth == 0 {
                break;
            }
        }
        found
    }

    /// Everything before the first token that `is_end` holds for.
    fn until(&mut self, is_end: impl Fn(&TokenTree) -> bool) -> Vec<TokenTree> {
        std::iter::from_fn(|| self.take(|token| !is_end(token))).collect()
    }

    fn ident(&mut self) -> Option<Ident> {
        match self.take(|token| matches!(token, TokenTree::Ident(_)))? {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        }
    }

    fn group(&mut self, delimiter: Delimiter) -> Option<Group> {
        let is_wanted =
            |token: &TokenTree| matches!(token, TokenTree::Group(g) if g.delimiter() == delimiter);
        match self.take(is_wanted)? {
            TokenTree::Group(group) => Some(group),
            _ => None,
        }
    }

    /// The next token, if `is_wanted` holds for it.
    fn take(&mut self, is_wanted: impl Fn(&TokenTree) -> bool) -> Option<TokenTree> {
        self.last = self.tokens.peek()?.span();
        self.tokens.next_if(is_wanted)
    }
}

fn is_qualifier(token: &TokenTree) -> bool {
    ["const", "async", "unsafe", "extern"]
        .iter()
        .any(|word| is_word(token, word))
        || matches!(token, TokenTree::Literal(_))
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

#[cfg(test)]
mod tests;

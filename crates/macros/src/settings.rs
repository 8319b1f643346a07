//! The arguments between the attribute's parentheses, read into a [`Settings`].
//!
//! `expand` calls [`parse`]; it always gets settings back, the defaults standing in wherever an
//! argument was wrong, and the complaints beside them. Nothing here looks at the function.

mod value;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::complaint::Complaint;

/// The end of every message about an argument's name.
const NAMES: &str = "the arguments are `flavor`, `worker_threads`, `debug` and `crate`";

/// How the loop is to be built.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) flavor: Flavor,
    /// `None` leaves the number to the loop.
    pub(crate) worker_threads: Option<usize>,
    /// `None` leaves it to the loop, which may look at its environment.
    pub(crate) debug: Option<bool>,
    /// The path of the facade, without a trailing `::`.
    pub(crate) root: TokenStream,
}

/// The facade's enum of the same name, before there is a facade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
}

impl ToTokens for Flavor {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::MultiThread => quote!(MultiThread),
            Self::CurrentThread => quote!(CurrentThread),
        });
    }
}

/// Reads `arguments`; `flavor` is the one used where none is named.
pub(crate) fn parse(arguments: TokenStream, flavor: Flavor) -> (Settings, Vec<Complaint>) {
    let mut reader = Reader {
        settings: Settings {
            flavor,
            worker_threads: None,
            debug: None,
            root: quote!(::bowerbird),
        },
        seen: Vec::new(),
        complaints: Vec::new(),
    };
    for piece in split_at_commas(arguments) {
        if let Err(complaint) = reader.read(piece) {
            reader.complaints.push(complaint);
        }
    }
    reader.compare();
    (reader.settings, reader.complaints)
}

/// The pieces between top-level commas; a comma at the end adds none. An empty piece holds the
/// comma that ended it, so that there is something to point at.
fn split_at_commas(arguments: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for token in arguments {
        let is_comma = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == ',');
        if !is_comma || piece.is_empty() {
            piece.push(token);
        }
        if is_comma {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The settings read up to now.
struct Reader {
    /// Begins as the defaults.
    settings: Settings,
    /// Every known name met, right value or not, to find the second of a kind.
    seen: Vec<Ident>,
    /// In the order of the arguments.
    complaints: Vec<Complaint>,
}

impl Reader {
    /// Reads one `name = value`.
    fn read(&mut self, piece: Vec<TokenTree>) -> Result<(), Complaint> {
        let mut tokens = piece.into_iter();
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            other => {
                let span = other.map_or_else(Span::call_site, |token| token.span());
                return Err(Complaint::new(
                    span,
                    format!("expected `name = value`; {NAMES}"),
                ));
            }
        };
        let key = name.to_string();
        let Some(wanted) = value::wanted(&key) else {
            let message = format!("unknown argument `{key}`; {NAMES}");
            return Err(Complaint::new(name.span(), message));
        };
        if self.seen.contains(&name) {
            let message = format!("`{key}` is given twice; leave one");
            return Err(Complaint::new(name.span(), message));
        }
        self.seen.push(name.clone());
        let ill = |span| Complaint::new(span, format!("`{key}` takes {wanted}"));
        match tokens.next() {
            Some(TokenTree::Punct(mark)) if mark.as_char() == '=' => {}
            other => return Err(ill(other.map_or(name.span(), |token| token.span()))),
        }
        let value = value::single(tokens).map_err(|span| ill(span.unwrap_or(name.span())))?;
        self.store(&key, &value).ok_or_else(|| ill(value.span()))
    }

    /// Takes the value over; `None` if it is not one that `key` takes.
    fn store(&mut self, key: &str, value: &TokenTree) -> Option<()> {
        let settings = &mut self.settings;
        match key {
            "flavor" => settings.flavor = value::flavor(value)?,
            "worker_threads" => settings.worker_threads = Some(value::positive(value)?),
            "debug" => settings.debug = Some(value::boolean(value)?),
            _ => settings.root = value::path(value)?,
        }
        Some(())
    }

    /// Complains of arguments that are right alone and wrong together.
    fn compare(&mut self) {
        if self.settings.flavor == Flavor::MultiThread {
            return;
        }
        let Some(name) = self.seen.iter().find(|name| *name == "worker_threads") else {
            return;
        };
        let message = "`worker_threads` needs `flavor = \"multi_thread\"`: \
                       a current-thread loop has no workers";
        self.complaints.push(Complaint::new(name.span(), message));
    }
}

#[cfg(test)]
mod tests;

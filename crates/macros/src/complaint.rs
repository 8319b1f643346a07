//! What the author is told: a message, and the place in their code it is about.
//!
//! `settings` and `item` make complaints, `expand` prints them. A complaint never stops the
//! reading of the rest, so that one build shows every mistake.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// One mistake of the author's.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    /// Where the compiler points; always a token the author wrote, if there is one.
    span: Span,
    /// What is wrong and what would be right; lower case, no full stop.
    message: String,
}

impl Complaint {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl ToTokens for Complaint {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let message = &self.message;
        tokens.extend(quote_spanned! { self.span => ::core::compile_error! { #message } });
    }
}

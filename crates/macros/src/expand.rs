//! What an attribute turns its function into.
//!
//! The two entry points in `lib.rs` call [`expand`]; it works on `proc_macro2` tokens alone, so
//! that tests can call it too. The author's `async fn` stays whole, inside a plain function of the
//! same name: the compiler then judges its body and return type exactly as if the attribute were
//! not there, and points at the author's lines.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::complaint::Complaint;
use crate::item::{self, Function};
use crate::settings::{self, Flavor, Settings};

/// Which attribute is being expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Main,
    Test,
}

impl Entry {
    /// As the author wrote it.
    fn name(self) -> &'static str {
        match self {
            Self::Main => "#[bowerbird::main]",
            Self::Test => "#[bowerbird::test]",
        }
    }

    fn default_flavor(self) -> Flavor {
        match self {
            Self::Main => Flavor::MultiThread,
            Self::Test => Flavor::CurrentThread,
        }
    }
}

/// The function for the compiler; with complaints, a function of the same name that has the
/// author's inside and is never run, so that the one mistake is the only one reported.
pub(crate) fn expand(entry: Entry, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (settings, mut complaints) = settings::parse(arguments, entry.default_flavor());
    let function = match item::parse(item.clone(), entry.name()) {
        Ok(function) => function,
        Err(complaint) => return quote! { #(#complaints)* #complaint #item },
    };
    complaints.extend(function.complaints(entry.name()));
    if entry == Entry::Test {
        complaints.extend(function.test_attribute().map(|span| {
            let message = "`#[bowerbird::test]` makes this a test already: take this one away";
            Complaint::new(span, message)
        }));
    }
    if complaints.is_empty() {
        entry_point(entry, &settings, &function)
    } else {
        let rest = salvage(&function);
        quote! { #(#complaints)* #rest }
    }
}

/// The function that builds a loop and runs the author's on it.
fn entry_point(entry: Entry, settings: &Settings, function: &Function) -> TokenStream {
    let Function {
        attributes,
        visibility,
        keyword,
        name,
        output,
        ..
    } = function;
    let Settings { flavor, root, .. } = settings;
    let test = (entry == Entry::Test).then(|| quote! { #[::core::prelude::v1::test] });
    let workers = settings
        .worker_threads
        .map(|count| quote! { .worker_threads(#count) });
    let debug = settings.debug.map(|is_on| quote! { .debug(#is_on) });
    let inner = AsWritten(function);
    quote! {
        #(# #attributes)*
        #test
        #visibility #keyword #name() #output {
            #inner

            #[allow(clippy::expect_used)]
            let mut runner = #root::runners::Runner::builder()
                .flavor(#root::Flavor::#flavor)
                #workers
                #debug
                .build()
                .expect("the system refused to build an event loop");
            runner.run(#name())
        }
    }
}

/// A function of the name, which can be called and does nothing.
fn salvage(function: &Function) -> TokenStream {
    let Function {
        visibility,
        keyword,
        name,
        ..
    } = function;
    let inner = AsWritten(function);
    quote! {
        #[allow(dead_code)]
        #visibility #keyword #name() {
            #[allow(dead_code)]
            #inner
        }
    }
}

/// The author's function without its attributes and visibility, which belong to the outer one.
struct AsWritten<'a>(&'a Function);

impl ToTokens for AsWritten<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Function {
            qualifiers,
            keyword,
            name,
            generics,
            ..
        } = self.0;
        let Function {
            parameters,
            output,
            bounds,
            body,
            ..
        } = self.0;
        tokens.extend(quote! {
            #(#qualifiers)* #keyword #name #generics #parameters #output #bounds #body
        });
    }
}

#[cfg(test)]
mod tests;

//! Whole expansions, compared token by token.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Entry, expand};

fn check(entry: Entry, arguments: TokenStream, item: TokenStream, expected: TokenStream) {
    assert_eq!(
        expand(entry, arguments, item).to_string(),
        expected.to_string()
    );
}

#[test]
fn main_runs_on_many_threads_unless_told_otherwise() {
    check(
        Entry::Main,
        quote!(),
        quote! {
            /// Docs.
            #[cfg(unix)]
            pub async fn main() -> Result<(), E> { f().await }
        },
        quote! {
            /// Docs.
            #[cfg(unix)]
            pub fn main() -> Result<(), E> {
                async fn main() -> Result<(), E> { f().await }

                #[allow(clippy::expect_used)]
                let mut runner = ::bowerbird::runners::Runner::builder()
                    .flavor(::bowerbird::Flavor::MultiThread)
                    .build()
                    .expect("the system refused to build an event loop");
                runner.run(main())
            }
        },
    );
}

#[test]
fn a_test_runs_on_one_thread_unless_told_otherwise() {
    check(
        Entry::Test,
        quote!(),
        quote! { #[ignore] async fn works() {} },
        quote! {
            #[ignore]
            #[::core::prelude::v1::test]
            fn works() {
                async fn works() {}

                #[allow(clippy::expect_used)]
                let mut runner = ::bowerbird::runners::Runner::builder()
                    .flavor(::bowerbird::Flavor::CurrentThread)
                    .build()
                    .expect("the system refused to build an event loop");
                runner.run(works())
            }
        },
    );
}

#[test]
fn every_argument_reaches_the_builder() {
    check(
        Entry::Test,
        quote!(
            flavor = "multi_thread",
            worker_threads = 3,
            debug = true,
            crate = "crate::birds"
        ),
        quote! { async fn works() {} },
        quote! {
            #[::core::prelude::v1::test]
            fn works() {
                async fn works() {}

                #[allow(clippy::expect_used)]
                let mut runner = crate::birds::runners::Runner::builder()
                    .flavor(crate::birds::Flavor::MultiThread)
                    .worker_threads(3usize)
                    .debug(true)
                    .build()
                    .expect("the system refused to build an event loop");
                runner.run(works())
            }
        },
    );
}

#[test]
fn with_a_complaint_a_plain_function_of_the_name_remains() {
    check(
        Entry::Main,
        quote!(debug = 1),
        quote! { pub async fn main<T>(t: T) -> T { t.await } },
        quote! {
            ::core::compile_error! { "`debug` takes `true` or `false`" }
            ::core::compile_error! { "a function under `#[bowerbird::main]` has no generics" }
            ::core::compile_error! { "a function under `#[bowerbird::main]` has no parameters" }
            #[allow(dead_code)]
            pub fn main() {
                #[allow(dead_code)]
                async fn main<T>(t: T) -> T { t.await }
            }
        },
    );
}

#[test]
fn what_is_not_a_function_is_left_as_it_was() {
    check(
        Entry::Main,
        quote!(),
        quote! { struct Main; },
        quote! {
            ::core::compile_error! { "`#[bowerbird::main]` needs an `async fn`" }
            struct Main;
        },
    );
}

#[test]
fn a_second_test_attribute_is_refused_on_a_test_only() {
    let twice = quote! { #[test] async fn works() {} };
    let refused = |entry| {
        let tokens = expand(entry, quote!(), twice.clone()).to_string();
        tokens.contains("makes this a test already")
    };
    assert!(refused(Entry::Test));
    assert!(!refused(Entry::Main));
}

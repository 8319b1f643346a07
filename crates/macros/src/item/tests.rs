//! Functions in, their pieces or messages out, as tables.

use proc_macro2::TokenStream;

use super::{Function, parse};
use crate::complaint::Complaint;

fn read(item: &str) -> Result<Function, Complaint> {
    let tokens: TokenStream = item.parse().unwrap();
    parse(tokens, "#[x]")
}

#[test]
fn each_piece_of_a_function_is_found() {
    let item = "#[a] #[doc = \"b\"] pub(crate) async fn name<F: Fn() -> Vec<u8>, const N: usize>\
                (f: F) -> Result<[u8; { 3 }], E> where F: Send { f() }";
    let found = read(item).unwrap();
    assert_eq!(found.attributes.len(), 2);
    assert_eq!(found.visibility.to_string(), "pub (crate)");
    assert_eq!(found.qualifiers.len(), 1);
    assert_eq!(found.name, "name");
    assert_eq!(
        found.generics.to_string(),
        "< F : Fn () -> Vec < u8 >, const N : usize >"
    );
    assert_eq!(found.parameters.to_string(), "(f : F)");
    assert_eq!(found.output.to_string(), "-> Result < [u8 ; { 3 }] , E >");
    assert_eq!(found.bounds.to_string(), "where F : Send");
    assert_eq!(found.body.to_string(), "{ f () }");
}

#[test]
fn a_plain_function_has_empty_pieces() {
    let found = read("async fn main() {}").unwrap();
    assert!(found.attributes.is_empty() && found.visibility.is_empty());
    assert!(found.generics.is_empty() && found.output.is_empty() && found.bounds.is_empty());
    assert!(found.complaints("#[x]").is_empty());
}

#[test]
fn what_is_not_a_function_with_a_body_is_refused() {
    for (item, message) in [
        ("struct S;", "`#[x]` needs an `async fn`"),
        ("", "`#[x]` needs an `async fn`"),
        ("pub async", "`#[x]` needs an `async fn`"),
        ("async fn", "`#[x]` needs an `async fn`"),
        ("async fn main();", "a function under `#[x]` has a body"),
        (
            "async fn main() -> u8",
            "a function under `#[x]` has a body",
        ),
    ] {
        assert_eq!(read(item).unwrap_err().message(), message, "{item}");
    }
}

#[test]
fn a_signature_no_entry_point_can_have_is_refused() {
    let not_async = "`#[x]` needs an `async fn`: write `async` before `fn`";
    let generics = "a function under `#[x]` has no generics";
    let parameters = "a function under `#[x]` has no parameters";
    let table: &[(&str, &[&str])] = &[
        ("fn f() {}", &[not_async]),
        (
            "async unsafe fn f() {}",
            &["`#[x]` takes no `unsafe` function"],
        ),
        (
            "async extern \"C\" fn f() {}",
            &["`#[x]` takes no `extern` function"],
        ),
        (
            "const fn f() {}",
            &[not_async, "`#[x]` takes no `const` function"],
        ),
        ("async fn f<T>() {}", &[generics]),
        ("async fn f() where u8: Copy {}", &[generics]),
        ("async fn f(a: u8) {}", &[parameters]),
        ("async fn f(&self) {}", &[parameters]),
        ("fn f<T>(a: T) {}", &[not_async, generics, parameters]),
    ];
    for (item, messages) in table {
        let complaints = read(item).unwrap().complaints("#[x]");
        let found: Vec<&str> = complaints.iter().map(Complaint::message).collect();
        assert_eq!(found, *messages, "{item}");
    }
}

#[test]
fn only_a_test_attribute_counts_as_one() {
    for (item, is_test) in [
        ("#[test] async fn f() {}", true),
        ("#[ignore] #[core::prelude::v1::test] async fn f() {}", true),
        ("#[cfg(test)] async fn f() {}", false),
        ("#[doc = \"test\"] async fn f() {}", false),
        (
            "#[should_panic(expected = \"test\")] async fn f() {}",
            false,
        ),
    ] {
        assert_eq!(
            read(item).unwrap().test_attribute().is_some(),
            is_test,
            "{item}"
        );
    }
}

//! Arguments in, settings or messages out, as tables.

use proc_macro2::TokenStream;

use super::{Flavor, Settings, parse};

fn read(arguments: &str) -> (Settings, Vec<String>) {
    let tokens: TokenStream = arguments.parse().unwrap();
    let (settings, complaints) = parse(tokens, Flavor::MultiThread);
    (
        settings,
        complaints.iter().map(|c| c.message().to_owned()).collect(),
    )
}

#[test]
fn good_arguments_are_read_without_a_word() {
    for (arguments, expected) in [
        ("", "MultiThread None None :: bowerbird"),
        (
            r#"flavor = "multi_thread""#,
            "MultiThread None None :: bowerbird",
        ),
        (
            r#"flavor = "current_thread","#,
            "CurrentThread None None :: bowerbird",
        ),
        (
            r##"flavor = r#"current_thread"#"##,
            "CurrentThread None None :: bowerbird",
        ),
        (
            "worker_threads = 4",
            "MultiThread Some(4) None :: bowerbird",
        ),
        (
            "worker_threads = 1_0usize",
            "MultiThread Some(10) None :: bowerbird",
        ),
        (
            "worker_threads = 0x10",
            "MultiThread Some(16) None :: bowerbird",
        ),
        ("debug = true", "MultiThread None Some(true) :: bowerbird"),
        (
            "debug = false, worker_threads = 1",
            "MultiThread Some(1) Some(false) :: bowerbird",
        ),
        (r#"crate = "crate""#, "MultiThread None None crate"),
        (r#"crate = "::a::b""#, "MultiThread None None :: a :: b"),
        (
            r#"crate = "my::birds", debug = true"#,
            "MultiThread None Some(true) my :: birds",
        ),
    ] {
        let (settings, messages) = read(arguments);
        assert_eq!(messages, [] as [&str; 0], "{arguments}");
        let Settings {
            flavor,
            worker_threads,
            debug,
            root,
        } = settings;
        let found = format!("{flavor:?} {worker_threads:?} {debug:?} {root}");
        assert_eq!(found, expected, "{arguments}");
    }
}

#[test]
fn a_bad_argument_is_named_and_the_right_ones_are_listed() {
    let names = "the arguments are `flavor`, `worker_threads`, `debug` and `crate`";
    let flavors = "`flavor` takes a string: `\"multi_thread\"` or `\"current_thread\"`";
    let workers = "`worker_threads` takes a whole number, at least 1";
    let debug = "`debug` takes `true` or `false`";
    let path = "`crate` takes a path in a string, such as `\"::bowerbird\"`";
    let unknown = |name: &str| format!("unknown argument `{name}`; {names}");
    let shape = format!("expected `name = value`; {names}");
    let table: Vec<(&str, String)> = vec![
        ("workers = 4", unknown("workers")),
        ("multi_thread", unknown("multi_thread")),
        (r#""multi_thread""#, shape.clone()),
        (",", shape.clone()),
        ("debug = true,, worker_threads = 2", shape),
        ("flavor", flavors.into()),
        ("flavor = ", flavors.into()),
        (r#"flavor: "multi_thread""#, flavors.into()),
        (r#"flavor("multi_thread")"#, flavors.into()),
        ("flavor = multi_thread", flavors.into()),
        (r#"flavor = "basic""#, flavors.into()),
        (
            r#"flavor = "multi_thread" "current_thread""#,
            flavors.into(),
        ),
        ("worker_threads = 0", workers.into()),
        ("worker_threads = -1", workers.into()),
        ("worker_threads = 1.5", workers.into()),
        (r#"worker_threads = "4""#, workers.into()),
        ("worker_threads = num_cpus()", workers.into()),
        ("worker_threads = 99999999999999999999999", workers.into()),
        (r#"debug = "true""#, debug.into()),
        ("debug = 1", debug.into()),
        ("debug = yes", debug.into()),
        ("crate = bowerbird", path.into()),
        (r#"crate = """#, path.into()),
        (r#"crate = "a::""#, path.into()),
        (r#"crate = "a b""#, path.into()),
        (r#"crate = "a<b>""#, path.into()),
        (r#"crate = "(""#, path.into()),
        (
            "debug = true, debug = true",
            "`debug` is given twice; leave one".into(),
        ),
        ("debug = 1, worker_threads = 2", debug.into()),
    ];
    for (arguments, message) in table {
        assert_eq!(read(arguments).1, [message], "{arguments}");
    }
}

#[test]
fn worker_threads_on_a_current_thread_loop_is_refused_in_either_order() {
    for arguments in [
        r#"flavor = "current_thread", worker_threads = 2"#,
        r#"worker_threads = 2, flavor = "current_thread""#,
    ] {
        let messages = read(arguments).1;
        assert_eq!(messages.len(), 1, "{arguments}");
        assert!(
            messages[0].contains("needs `flavor = \"multi_thread\"`"),
            "{arguments}"
        );
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let messages = read(r#"workers = 1, debug = 2, flavor = "x", debug = true"#).1;
    assert_eq!(messages.len(), 4, "{messages:?}");
}

#[test]
fn a_value_that_came_through_another_macro_is_read() {
    use proc_macro2::{Delimiter, Group, Literal, TokenTree};
    let inside = TokenTree::from(Literal::usize_unsuffixed(3)).into();
    let wrapped = Group::new(Delimiter::None, inside);
    let (settings, complaints) = parse(
        quote::quote!(worker_threads = #wrapped),
        Flavor::MultiThread,
    );
    assert!(complaints.is_empty());
    assert_eq!(settings.worker_threads, Some(3));
}

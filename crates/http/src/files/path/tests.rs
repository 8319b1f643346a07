use std::path::Component;

use proptest::prelude::*;

use super::*;

fn path(url_path: &str) -> Option<String> {
    below(url_path).map(|below| below.path.to_str().unwrap().replace('\\', "/"))
}

#[test]
fn names_are_decoded_once_and_slashes_are_none_of_them() {
    assert_eq!(path("/a/b.txt").unwrap(), "a/b.txt");
    assert_eq!(path("//a///b").unwrap(), "a/b");
    assert_eq!(path("/sp%20ace/%C3%A4").unwrap(), "sp ace/ä");
    assert_eq!(path("/%2525").unwrap(), "%25");
    assert_eq!(path("/...").unwrap(), "...");
    assert_eq!(path("").unwrap(), "");
    assert!(below("/a/").unwrap().is_directory);
    assert!(!below("/a").unwrap().is_directory);
}

#[test]
fn what_leads_elsewhere_is_refused_however_it_is_written() {
    let hostile = [
        "/..",
        "/a/../b",
        "/./a",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a%2fb",
        "/a%2Fb",
        "/a\\b",
        "/a%5cb",
        "/..%5c..",
        "/a%00.txt",
        "/%",
        "/%4",
        "/%zz",
        "/%ff",
        "/%c0%ae%c0%ae/a",
    ];
    for url_path in hostile {
        assert_eq!(below(url_path), None, "{url_path}");
    }
    assert_eq!(below(&format!("/{}", "a".repeat(256))), None);
    assert_eq!(below(&"/aaaaaaaaa".repeat(500)), None);
}

#[test]
fn drives_streams_and_devices_of_windows_are_known() {
    for name in [
        "c:",
        "file.txt::$DATA",
        "con",
        "NUL.txt",
        "Com1",
        "lpt9.a",
        "aux .b",
    ] {
        assert!(is_special_on_windows(name), "{name}");
    }
    for name in ["console", "com", "com10", "null", "file.txt"] {
        assert!(!is_special_on_windows(name), "{name}");
    }
}

/// What hostile paths are made of, and harmless ones.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5C", "\\", "%00", "%25", "%", "2e", "a",
        "b.txt", "C:", "%c3%a4", "%ff", "~", " ",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever is let through stays below the directory, name by name.
    #[test]
    fn nothing_that_is_let_through_leaves_the_directory(url_path in pieces()) {
        let Some(found) = below(&url_path) else { return Ok(()) };
        let mut parts = found.path.components();
        prop_assert!(parts.all(|part| matches!(part, Component::Normal(_))), "{url_path}");
        let text = found.path.to_str().unwrap();
        prop_assert!(!text.contains('\0'), "{url_path}");
        if cfg!(unix) {
            prop_assert!(!text.contains('\\'), "{url_path}");
        }
        // Joining it gives no more names than were asked for.
        let asked = url_path.split('/').filter(|segment| !segment.is_empty()).count();
        prop_assert_eq!(found.path.components().count(), asked);
    }

    /// Every name that can be one is found again, when all of it is escaped.
    #[test]
    fn what_is_escaped_is_what_is_found(name in "[^/\\\\\0]{1,40}") {
        prop_assume!(name != "." && name != "..");
        prop_assume!(cfg!(unix) || !is_special_on_windows(&name));
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(below(&escaped).map(|below| below.path), Some(PathBuf::from(name)));
    }
}

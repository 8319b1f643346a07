//! Rules for what depends on what: the doors between the rooms.

use std::collections::BTreeSet;
use std::process::Command;

use crate::house::{File, assert_none, files, root};

/// What each crate may use when it runs: a door that is not here has to be argued for, here and in
/// `docs/dependencies.md`. Loom stands in for std in the first three when they are explored.
const DOORS: [(&str, &[&str]); 6] = [
    ("core", &["loom", "pin-project-lite"]),
    (
        "io",
        &[
            "libc",
            "loom",
            "polling",
            "rustix",
            "signal-hook-registry",
            "socket2",
        ],
    ),
    (
        "executor",
        &[
            "bowerbird-core",
            "bowerbird-io",
            "crossbeam-deque",
            "crossbeam-utils",
            "loom",
            "num_cpus",
            "shuttle",
        ],
    ),
    ("macros", &["proc-macro2", "quote"]),
    (
        "bowerbird",
        &[
            "bowerbird-core",
            "bowerbird-executor",
            "bowerbird-io",
            "bowerbird-macros",
            "futures-core",
            "futures-io",
            "pin-project-lite",
            "rustls",
            "rustls-native-certs",
            "socket2",
            "tracing",
            "webpki-roots",
        ],
    ),
    (
        "http",
        &[
            "async-compression",
            "bowerbird",
            "bytes",
            "cookie_store",
            "flate2",
            "futures-core",
            "futures-io",
            "http",
            "http-body-util",
            "httpdate",
            "hyper",
            "hyper-util",
            "memchr",
            "mime_guess",
            "pin-project-lite",
            "serde",
            "serde_json",
            "tokio",
            "tower-layer",
            "tower-service",
            "tracing",
            "tungstenite",
            "url",
        ],
    ),
];

/// Names on the left of `=` in the tables whose headings `is_wanted` accepts.
fn keys(manifest: &str, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    let mut heading = "";
    let mut keys = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(inner) = line.strip_prefix('[') {
            heading = inner.trim_end_matches(']');
        } else if let Some((key, _)) = line.split_once('=') {
            if is_wanted(heading) && !line.starts_with([' ', '#']) {
                keys.insert(key.trim());
            }
        }
    }
    keys
}

/// What it needs to run.
fn is_runtime(heading: &str) -> bool {
    heading.ends_with("dependencies") && !is_for_tests(heading)
}

fn is_for_tests(heading: &str) -> bool {
    heading.ends_with("dev-dependencies")
}

fn manifest(folder: &str) -> File {
    let path = format!("{folder}/Cargo.toml");
    let found = files(&["Cargo.toml"]);
    let mut found = found.into_iter().filter(|file| file.path == path);
    found.next().unwrap()
}

#[test]
fn tables_of_a_manifest_are_told_apart() {
    let text = "[dependencies]\na = { x = 1 }\n[dev-dependencies]\nb = 1\n\
                [target.\"cfg(loom)\".dependencies]\nc = 1\n[features]\nd = []\n";
    assert_eq!(keys(text, is_runtime), BTreeSet::from(["a", "c"]));
    assert_eq!(keys(text, is_for_tests), BTreeSet::from(["b"]));
}

#[test]
fn crates_use_the_doors_they_have() {
    for (name, doors) in DOORS {
        let manifest = manifest(&format!("crates/{name}"));
        let used = keys(&manifest.text, is_runtime);
        let doors = BTreeSet::from_iter(doors.iter().copied());
        let unknown = used.difference(&doors);
        assert_none(unknown.map(|to| format!("{name} must not depend on {to}")));
        let unused = doors.difference(&used);
        assert_none(unused.map(|to| format!("{name} no longer needs its door to {to}")));
    }
}

#[test]
fn every_dependency_has_its_reason_written_down() {
    let reasons = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let mut all = BTreeSet::new();
    for file in files(&["Cargo.toml"]) {
        let used = keys(&file.text, |heading| heading.ends_with("dependencies"));
        all.extend(used.into_iter().map(str::to_owned));
    }
    let ours = |name: &String| name.starts_with("bowerbird");
    let silent = all.into_iter().filter(|name| !ours(name));
    let silent = silent.filter(|name| !reasons.contains(&format!("`{name}`")));
    assert_none(silent.map(|name| format!("docs/dependencies.md says nothing of {name}")));
}

#[test]
fn no_other_runtime_is_in_the_tree() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "bowerbird", "--edges", "normal"])
        .args(["--all-features", "--target", "all", "--prefix", "none"])
        .current_dir(root())
        .output();
    // The tests may run where there is no cargo; CI has one.
    let Ok(tree) = tree else { return };
    let told = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{told}");
    let names = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<_> = names
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains("bowerbird-core"), "{names:?}");
    let runtimes = [
        "tokio",
        "smol",
        "async-std",
        "async-executor",
        "async-io",
        "mio",
    ];
    let found = runtimes.iter().filter(|name| names.contains(**name));
    assert_none(found.map(|name| format!("bowerbird depends on {name}")));
}

/// What of tokio is its runtime.
const TOKIOS_RUNTIME: [&str; 6] = ["rt", "rt-multi-thread", "net", "time", "process", "signal"];

/// The features of tokio's that `bowerbird-http` has built for its own `features`; `None` where
/// there is no cargo to ask: the tests may run there, CI has one.
fn tokio_in_http(features: &str) -> Option<Vec<String>> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "bowerbird-http", "--edges", "normal"])
        .args(["--features", features, "--target", "all"])
        .args(["--prefix", "none", "--format", "{p} [{f}]"])
        .current_dir(root())
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{told}");
    let lines = String::from_utf8(tree.stdout).unwrap();
    let tokio = lines.lines().find(|line| line.starts_with("tokio "));
    let features = tokio.and_then(|line| line.split_once('['));
    let (_, features) = features.expect("hyper depends on tokio");
    let features = features.trim_end_matches(" (*)").trim_end_matches(']');
    Some(features.split(',').map(str::to_owned).collect())
}

#[test]
fn http_brings_types_of_tokio_and_none_of_its_runtime_unless_it_is_asked_to() {
    let manifest = manifest("crates/http");
    let mut features = keys(&manifest.text, |heading| heading == "features");
    assert!(features.remove("tokio-compat"), "{features:?}");
    let features: Vec<&str> = features.into_iter().collect();
    let Some(built) = tokio_in_http(&features.join(",")) else {
        return;
    };
    let is_runtime = |feature: &&String| TOKIOS_RUNTIME.contains(&feature.as_str());
    let found = built.iter().filter(is_runtime);
    assert_none(found.map(|feature| format!("bowerbird-http brings tokio's {feature}")));
    let asked = tokio_in_http("tokio-compat").unwrap_or_default();
    assert!(
        asked.iter().any(|feature| feature == "rt-multi-thread"),
        "{asked:?}"
    );
}

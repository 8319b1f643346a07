use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Allocator, Build, Builds};
use crate::runtimes::TOKIO_OPT;

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("bowerbird-builds-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// A file that was written so many seconds after the others' beginning.
    fn program(&self, path: &str, seconds: u64) -> PathBuf {
        let place = self.0.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds);
        File::create(&place).unwrap().set_modified(time).unwrap();
        place
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn builds(opt: Build, mimalloc: Build) -> Builds {
    let ours = PathBuf::from("ours");
    Builds {
        ours,
        opt,
        mimalloc,
    }
}

#[test]
fn a_build_beside_ours_is_ready_unless_it_is_older() {
    let folder = Folder::new("search");
    let ours = folder.program("release/harness", 10);
    let newer = folder.program("opt/release/harness", 10);
    let older = folder.program("mimalloc/release/harness", 9);
    assert_eq!(Build::search(&ours, "opt"), Build::Ready(newer));
    let old = Build::search(&ours, "mimalloc");
    assert_eq!(old, Build::Old(older));
    assert!(old.complaint("just it").unwrap().contains("`just it`"));
    let missing = Build::search(&ours, "other");
    let place = folder.0.join("other/release/harness");
    assert_eq!(missing, Build::Missing(place));
}

#[test]
fn each_child_comes_from_the_build_that_has_both_runtime_and_allocator() {
    let ready = |name: &str| Build::Ready(name.into());
    let all = builds(ready("opt"), ready("mimalloc"));
    let other = match Allocator::OURS {
        Allocator::System => Allocator::Mimalloc,
        Allocator::Mimalloc => Allocator::System,
    };
    let program = |runtime, allocator| all.program(runtime, allocator);
    assert_eq!(program("smol", Allocator::OURS), Some(Path::new("ours")));
    if cfg!(not(any(tokio_unstable, feature = "mimalloc"))) {
        assert_eq!(program("smol", other), Some(Path::new("mimalloc")));
        assert_eq!(program(TOKIO_OPT, Allocator::OURS), Some(Path::new("opt")));
    }
    assert_eq!(program(TOKIO_OPT, other), None);
}

#[test]
fn a_runtime_whose_build_is_not_ready_is_not_offered() {
    let missing = Build::Missing("opt".into());
    let without = builds(missing.clone(), missing.clone()).runtimes();
    assert_eq!(without.contains(&TOKIO_OPT), cfg!(tokio_unstable));
    let with = builds(Build::Ready("opt".into()), missing).runtimes();
    let tokio = with.iter().position(|name| *name == "tokio").unwrap();
    assert_eq!(with[tokio + 1], TOKIO_OPT);
}

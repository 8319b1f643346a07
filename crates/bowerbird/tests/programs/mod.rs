//! The examples of this crate, as programs to be run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// An example as it is today. Cargo builds them when it builds all targets; when it runs one test
/// alone it does not, and what stands there may be old.
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let release = (!cfg!(debug_assertions)).then_some("--release");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "bowerbird", "--examples"])
            .args(release)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
    });
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

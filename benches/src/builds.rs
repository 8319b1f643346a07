//! Builds of this harness: which there are, and which of them a child is started from.
//!
//! Two things are settled when a program is built and not when it runs: the allocator, and tokio's
//! `--cfg`. So each has a build of its own, in a folder beside this one: `just bench-mimalloc` and
//! `just bench-opt` make them. `options` asks what can be had, `rounds` which program to start.
//! Never builds anything.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

use crate::runtimes::{self, TOKIO_OPT};

/// The folder of the build with tokio's switches, beside our own profile's.
const OPT: &str = "opt";
/// The folder of the build with mimalloc.
const MIMALLOC: &str = "mimalloc";

/// Where a process takes its memory from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// The C library's.
    System,
    Mimalloc,
}

impl Allocator {
    /// That of this process.
    pub(crate) const OURS: Self = if cfg!(feature = "mimalloc") {
        Self::Mimalloc
    } else {
        Self::System
    };

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Mimalloc => "mimalloc",
        }
    }
}

/// What became of the search for another build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Build {
    Ready(PathBuf),
    /// Older than ours: it may be of other sources, and would measure those.
    Old(PathBuf),
    Missing(PathBuf),
}

/// All that were found.
#[derive(Clone, Debug)]
pub(crate) struct Builds {
    /// The program that runs now.
    pub(crate) ours: PathBuf,
    pub(crate) opt: Build,
    pub(crate) mimalloc: Build,
}

impl Builds {
    /// Looks beside the program that runs now.
    pub(crate) fn find() -> io::Result<Self> {
        let ours = env::current_exe()?;
        Ok(Self {
            opt: Build::search(&ours, OPT),
            mimalloc: Build::search(&ours, MIMALLOC),
            ours,
        })
    }

    /// The runtimes that can be measured, in the order of the columns.
    pub(crate) fn runtimes(&self) -> Vec<&'static str> {
        let mut names = runtimes::names();
        if matches!(self.opt, Build::Ready(_)) && !names.contains(&TOKIO_OPT) {
            // Behind the tokio it is to be compared with.
            let tokio = names.iter().position(|name| *name == "tokio");
            names.insert(tokio.map_or(names.len(), |at| at + 1), TOKIO_OPT);
        }
        names
    }

    /// The program in which `runtime` takes its memory from `allocator`; `None` if there is none.
    pub(crate) fn program(&self, runtime: &str, allocator: Allocator) -> Option<&Path> {
        let is_ours = runtimes::names().contains(&runtime);
        let build = match (allocator == Allocator::OURS, runtime == TOKIO_OPT) {
            (true, _) if is_ours => return Some(&self.ours),
            (true, true) => &self.opt,
            (false, false) if allocator == Allocator::Mimalloc => &self.mimalloc,
            _ => return None,
        };
        match build {
            Build::Ready(program) => Some(program),
            Build::Old(_) | Build::Missing(_) => None,
        }
    }
}

impl Build {
    /// `target/release/harness` has its sibling at `target/opt/release/harness`.
    fn search(ours: &Path, folder: &str) -> Self {
        let name = ours.file_name().unwrap_or(OsStr::new("bowerbird-benches"));
        let profile = ours.parent().unwrap_or(Path::new("."));
        let target = profile.parent().unwrap_or(Path::new("."));
        let profile = profile.file_name().unwrap_or(OsStr::new("release"));
        let place = target.join(folder).join(profile).join(name);
        match (built(&place), built(ours)) {
            (None, _) => Self::Missing(place),
            (Some(theirs), Some(ours)) if theirs < ours => Self::Old(place),
            (Some(_), _) => Self::Ready(place),
        }
    }

    /// Why it cannot be used, and what to do about it; `recipe` makes it.
    pub(crate) fn complaint(&self, recipe: &str) -> Option<String> {
        match self {
            Self::Ready(_) => None,
            Self::Old(place) => Some(format!(
                "{} is older than this program; `{recipe}` makes it anew",
                place.display()
            )),
            Self::Missing(place) => Some(format!(
                "there is no {}; `{recipe}` makes it",
                place.display()
            )),
        }
    }
}

fn built(program: &Path) -> Option<SystemTime> {
    fs::metadata(program).ok()?.modified().ok()
}

#[cfg(test)]
mod tests;

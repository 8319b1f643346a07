//! What the numbers were measured on, with, and when.
//!
//! `report` asks once. What the machine does not tell is left out.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::builds::Allocator;

const SECONDS_OF_A_DAY: u64 = 86_400;

/// Names and facts, in the order in which they are shown.
pub(super) fn gather(rounds: usize) -> Vec<(&'static str, String)> {
    let facts = [
        ("date", Some(today())),
        ("rounds", Some(rounds.to_string())),
        ("processor", processor()),
        ("memory", memory()),
        ("system", system()),
        ("allocator", Some(Allocator::OURS.name().to_owned())),
        ("build", Some(build().to_owned())),
        ("compiler", Some(env!("BENCH_RUSTC").to_owned())),
        ("versions", Some(env!("BENCH_VERSIONS").to_owned())),
    ];
    let told = facts.into_iter();
    told.filter_map(|(name, fact)| Some((name, fact?)))
        .collect()
}

fn build() -> &'static str {
    match cfg!(debug_assertions) {
        true => "not optimised: these numbers mean nothing",
        false => "optimised",
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let model = after(&text, "model name")?;
    let count = std::thread::available_parallelism().ok()?;
    Some(format!("{model}, {count} to run on"))
}

fn memory() -> Option<String> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: f64 = after(&text, "MemTotal")?.split(' ').next()?.parse().ok()?;
    Some(format!("{:.1} GiB", kib / 1_048_576.0))
}

fn system() -> Option<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!(
        "Linux {}, {}",
        release.trim(),
        std::env::consts::ARCH
    ))
}

/// The value of the first line `key : value`.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim())
}

fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / SECONDS_OF_A_DAY);
    date(days)
}

/// Year, month and day of the day so many days after the first of 1970.
pub(super) fn date(mut days: u64) -> String {
    let mut year = 1970;
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    let months = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}

/// How many days more than 365 a year has.
fn leap(year: u64) -> u64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    u64::from(is_leap)
}

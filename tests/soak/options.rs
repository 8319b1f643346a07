//! The command line of the soak.

use std::time::Duration;

/// What is asked for.
pub(crate) struct Options {
    /// How long to go on.
    pub(crate) length: Duration,
    /// Numbers of workers, taken in turn.
    pub(crate) workers: Vec<usize>,
    /// Plays this program again and again, instead of new ones.
    pub(crate) seed: Option<u64>,
    /// All loops in debug mode: pictures of tasks then tell what they await.
    pub(crate) is_debug: bool,
}

/// What the options are.
const USAGE: &str = "\
usage: soak [--seconds N] [--workers 1,2,8] [--seed N] [--debug]
  --seconds N      how long to go on (120)
  --workers LIST   numbers of workers, taken in turn (1,2,8)
  --seed N         play one program again and again, as a failure told its seed
  --debug          every loop in debug mode";

impl Options {
    /// Reads them; the error is a text to print.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            length: Duration::from_secs(120),
            workers: vec![1, 2, 8],
            seed: None,
            is_debug: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--seconds" => options.length = Duration::from_secs(number(&value()?)?),
                "--workers" => options.workers = workers(&value()?)?,
                "--seed" => options.seed = Some(number(&value()?)?),
                "--debug" => options.is_debug = true,
                _ => return Err(format!("unknown option {name}\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn workers(list: &str) -> Result<Vec<usize>, String> {
    let one = |text| match number(text)? {
        0 => Err("a loop has at least 1 worker".to_owned()),
        count => Ok(count as usize),
    };
    list.split(',').map(one).collect()
}

//! The recorded counts, and the file they stand in: lines of `key = value`, as TOML has them.
//!
//! `counts` reads and writes it whole. Only what this file writes has to be understood.

/// Counts of different processors' instructions cannot be compared.
pub(super) const MACHINE: &str = std::env::consts::ARCH;

/// With what this program was built.
pub(super) const COMPILER: &str = env!("BENCH_RUSTC");

/// What stands above the counts.
const HEADING: &str = "\
# Instructions for one operation, counted by valgrind; `just counts` compares, and a count that is
# more than 5 % above its line here fails in CI. Written by `just counts --record`.
";

/// What one operation of a loop costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) name: String,
    pub(super) instructions: u64,
}

/// What was counted once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) machine: String,
    pub(super) compiler: String,
    /// In the order in which they run.
    pub(super) counts: Vec<Count>,
}

impl Record {
    /// What was counted here and now.
    pub(super) fn new(counts: Vec<Count>) -> Self {
        Self {
            machine: MACHINE.to_owned(),
            compiler: COMPILER.to_owned(),
            counts,
        }
    }

    pub(super) fn to_text(&self) -> String {
        let (machine, compiler) = (&self.machine, &self.compiler);
        let mut text = format!(
            "{HEADING}\nmachine = \"{machine}\"\ncompiler = \"{compiler}\"\n\n[instructions]\n"
        );
        for Count { name, instructions } in &self.counts {
            text += &format!("{name} = {instructions}\n");
        }
        text
    }

    /// Reads what [`Record::to_text`] wrote; the error names the line.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        let mut record = Self {
            machine: String::new(),
            compiler: String::new(),
            counts: Vec::new(),
        };
        let is_told = |line: &&str| !line.is_empty() && !line.starts_with(['#', '[']);
        for line in text.lines().filter(is_told) {
            let amiss = || format!("counts.toml: {line:?} is no count");
            let (key, value) = line.split_once(" = ").ok_or_else(amiss)?;
            match key {
                "machine" => record.machine = value.trim_matches('"').to_owned(),
                "compiler" => record.compiler = value.trim_matches('"').to_owned(),
                name => {
                    let instructions = value.parse().ok().filter(|count| *count > 0);
                    record.counts.push(Count {
                        name: name.to_owned(),
                        instructions: instructions.ok_or_else(amiss)?,
                    });
                }
            }
        }
        Ok(record)
    }
}

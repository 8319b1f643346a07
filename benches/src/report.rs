//! The report: one page that carries all it needs, so that it can be kept, sent, opened anywhere.
//!
//! `rounds` calls [`write()`] after the last child. The page is HTML as strict as XML, without
//! script and link; `bars` and `curves` draw the pictures, `facts` says on what machine it was
//! measured. Never measures anything itself.

mod bars;

mod curves;

mod facts;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::summary::{Row, Summary};
use crate::table;

/// The page's name in its folder.
const PAGE: &str = "index.html";

/// Colours of both themes; the picture takes them from here too.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2024;--faint:#6b7280;--line:#d6d9de;--paper:#fff;\
--r0:#a3246e;--r1:#2563a8;--r2:#b4650f;--r3:#5b7f2b;--worse:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--faint:#9aa1ab;--line:#3a4048;\
--paper:#15181c;--r0:#e884bd;--r1:#6aa5e8;--r2:#e0a050;--r3:#9cc466;--worse:#f2867d}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
max-width:72rem;margin:2rem auto;padding:0 1rem}\
svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}\
svg .small{font-size:10px}svg .name{font-weight:600;font-size:14px}svg .faint{fill:var(--faint)}\
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\
th:first-child,td:first-child{text-align:left}.beside td{color:var(--faint);border:0}\
.worse{color:var(--worse)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}\
dt{color:var(--faint)}dd{margin:0}";

/// Writes the page into `folder`, which is made if need be.
pub(crate) fn write(folder: &Path, summary: &Summary, rounds: usize) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let place = folder.join(PAGE);
    std::fs::write(&place, page(summary, &facts::gather(rounds)))?;
    table::say(&format!("the report is in {}", place.display()))
}

fn page(summary: &Summary, facts: &[(&str, String)]) -> String {
    let ours = escaped(summary.runtimes[0]);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width\"/>\
         <title>{ours} against other runtimes</title><style>{STYLE}</style></head><body>\n\
         <h1>{ours} against other runtimes</h1>\n{}{}{}\
         <h2>All numbers</h2>\n\
         <p>Medians and ranges over the rounds; under each line the processor time of an operation \
         and how often a thread went to sleep for it.</p>\n{}{}</body></html>\n",
        facts_list(facts),
        comparison(summary, &ours),
        growth(summary),
        numbers(summary),
        shortcomings(summary),
    )
}

/// The bars; nothing where only growth was measured.
fn comparison(summary: &Summary, ours: &str) -> String {
    let is_plain = |row: &Row| row.target.point.is_none();
    if !summary.rows.is_empty() && !summary.rows.iter().any(is_plain) {
        return String::new();
    }
    format!(
        "<h2>How many times better {ours} is</h2>\n\
         <p>Above 1 it wins, for rates and for times alike. The scale is logarithmic.</p>\n{}",
        bars::draw(summary)
    )
}

/// The curves; nothing where no growth was measured.
fn growth(summary: &Summary) -> String {
    let all = crate::curves::gather(summary);
    if all.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<h2>Growth</h2>\n\
         <p>What an operation costs as there are more of them, on two workers, and as there are \
         more workers; a rate is better where it is higher. Dots are medians over the rounds, \
         whiskers their range, all axes logarithmic.</p>\n",
    );
    for curve in &all {
        html += &curves::draw(curve, &summary.runtimes);
    }
    html
}

fn facts_list(facts: &[(&str, String)]) -> String {
    let mut list = String::from("<dl>\n");
    for (name, fact) in facts {
        push(
            &mut list,
            format_args!("<dt>{name}</dt><dd>{}</dd>\n", escaped(fact)),
        );
    }
    list + "</dl>\n"
}

/// The table of the terminal, as a table.
fn numbers(summary: &Summary) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n<tr><th>workload</th>");
    for name in &summary.runtimes {
        push(&mut html, format_args!("<th>{}</th>", escaped(name)));
    }
    for name in summary.runtimes.iter().skip(1) {
        push(
            &mut html,
            format_args!("<th>against {}</th>", escaped(name)),
        );
    }
    html += "</tr>\n";
    for row in &summary.rows {
        add_row(&mut html, row);
    }
    html + "</table></div>\n"
}

/// A line for each measure that some runtime has a number for.
fn add_row(html: &mut String, row: &Row) {
    let columns = 0..row.columns();
    for (measure, label) in table::MEASURES {
        let spreads: Vec<_> = columns.clone().map(|at| row.spread(at, measure)).collect();
        if spreads.iter().all(Option::is_none) {
            continue;
        }
        let (class, name) = match label {
            "" => ("", row.title()),
            label => (" class=\"beside\"", label.to_owned()),
        };
        push(html, format_args!("<tr{class}><td>{}</td>", escaped(&name)));
        for spread in spreads {
            let cell = spread.map_or("-".to_owned(), table::cell);
            push(html, format_args!("<td>{cell}</td>"));
        }
        for column in columns.clone().skip(1) {
            let (class, ratio) = match row.ratio(column, measure) {
                Some(ratio) if ratio < 1.0 => (" class=\"worse\"", format!("{ratio:.2}x")),
                Some(ratio) => ("", format!("{ratio:.2}x")),
                None => ("", "-".to_owned()),
            };
            push(html, format_args!("<td{class}>{ratio}</td>"));
        }
        *html += "</tr>\n";
    }
}

/// What was not measured, and why; nothing if all was.
fn shortcomings(summary: &Summary) -> String {
    let mut html = String::new();
    for failure in &summary.failures {
        let told = format!(
            "{} on {}: {}",
            failure.target.title(""),
            failure.runtime,
            failure.message
        );
        push(
            &mut html,
            format_args!("<p class=\"worse\">{}</p>\n", escaped(&told)),
        );
    }
    if summary.unstarted > 0 {
        let count = summary.unstarted;
        let told = format_args!("<p class=\"worse\">No time was left for {count} children.</p>\n");
        push(&mut html, told);
    }
    html
}

/// Of the runtime in `column`. The style sheet has four; more runtimes take turns.
fn colour(column: usize) -> String {
    format!("var(--r{})", column % 4)
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes every write");
}

/// Text as it may stand between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            // Of the control characters XML knows these alone.
            other if other.is_control() && !matches!(other, '\n' | '\t') => {}
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests;

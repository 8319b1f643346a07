//! The picture: for each row a bar for every other runtime, from 1 to the ratio.
//!
//! `report` puts it into the page. Bars to the right are wins; what is beyond the scale is cut
//! there, and its number stands beside it as beside all others.

use super::{colour, escaped, push};
use crate::summary::{Measure, Row, Summary};

/// The ends of the scale, as powers of two.
const LEFT: f64 = -2.0;
const RIGHT: f64 = 6.0;

/// Sizes, in the picture's own units.
const WIDTH: f64 = 1_000.0;
const LABELS: f64 = 320.0;
/// Room for the number behind the longest bar.
const NUMBERS: f64 = 60.0;
const BAR: f64 = 11.0;
const GAP: f64 = 9.0;
/// Above the first bar: legend and scale.
const HEAD: f64 = 48.0;

/// An SVG element.
pub(super) fn draw(summary: &Summary) -> String {
    let others = summary.runtimes.len() - 1;
    let is_drawn = |row: &&Row| {
        row.target.point.is_none() && (1..=others).any(|at| row.ratio(at, Measure::Value).is_some())
    };
    let rows: Vec<_> = summary.rows.iter().filter(is_drawn).collect();
    if rows.is_empty() {
        return "<p>Nothing was measured on two runtimes.</p>\n".to_owned();
    }
    let step = BAR * others as f64 + GAP;
    let height = HEAD + step * rows.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Ratios of all workloads</title>\n"
    );
    add_legend(&mut svg, &summary.runtimes[1..]);
    add_scale(&mut svg, height);
    for (index, row) in rows.iter().enumerate() {
        add_row(&mut svg, row, &summary.runtimes, HEAD + step * index as f64);
    }
    svg + "</svg>\n"
}

fn add_legend(svg: &mut String, others: &[&str]) {
    for (index, name) in others.iter().enumerate() {
        let x = LABELS + 130.0 * index as f64;
        let (colour, name) = (colour(index + 1), escaped(name));
        push(
            svg,
            format_args!(
                "<rect x=\"{x}\" y=\"4\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"14\">against {name}</text>\n",
                x + 18.0
            ),
        );
    }
}

/// A line for each power of two, the one at 1 in ink.
fn add_scale(svg: &mut String, height: f64) {
    for power in LEFT as i32..=RIGHT as i32 {
        let x = place(f64::from(power));
        let stroke = if power == 0 {
            "var(--ink)"
        } else {
            "var(--line)"
        };
        let label = match power {
            0.. => format!("{}x", 1 << power),
            _ => format!("1/{}", 1 << -power),
        };
        push(
            svg,
            format_args!(
                "<line x1=\"{x:.1}\" y1=\"{HEAD}\" x2=\"{x:.1}\" y2=\"{height}\" \
                 stroke=\"{stroke}\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
                HEAD - 10.0
            ),
        );
    }
}

fn add_row(svg: &mut String, row: &Row, runtimes: &[&str], top: f64) {
    let middle = top + BAR * (runtimes.len() - 1) as f64 / 2.0 + 4.0;
    let title = escaped(&row.title());
    let x = LABELS - 12.0;
    push(
        svg,
        format_args!("<text x=\"{x}\" y=\"{middle:.1}\" text-anchor=\"end\">{title}</text>\n"),
    );
    for (column, name) in runtimes.iter().enumerate().skip(1) {
        let Some(ratio) = row.ratio(column, Measure::Value) else {
            continue;
        };
        let y = top + BAR * (column - 1) as f64;
        let (one, end) = (place(0.0), place(ratio.log2()));
        let (from, width) = (one.min(end), (end - one).abs().max(1.0));
        let (colour, name) = (colour(column), escaped(name));
        push(
            svg,
            format_args!(
                "<rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" \
                 fill=\"{colour}\"><title>{title} against {name}: {ratio:.2}x</title></rect>\
                 <text x=\"{:.1}\" y=\"{:.1}\" class=\"small\">{ratio:.2}</text>\n",
                BAR - 2.0,
                one.max(end) + 5.0,
                y + BAR - 2.0,
            ),
        );
    }
}

/// Where a power of two is on the scale; its end for what is beyond, zero and infinity included.
fn place(power: f64) -> f64 {
    let share = (power.clamp(LEFT, RIGHT) - LEFT) / (RIGHT - LEFT);
    LABELS + share * (WIDTH - LABELS - NUMBERS)
}

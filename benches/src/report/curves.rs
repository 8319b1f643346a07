//! Growth as pictures: for each series a chart with two panels, cost over size and cost over
//! workers. All axes are logarithmic, so that what grows by the same factor rises alike.
//!
//! `report` puts them into the page; what belongs to a curve is in `crate::curves`.

mod scale;

use super::{colour, escaped, push};
use crate::curves::{At, Curve};
use crate::job::short_count;
use crate::summary::{Measure, Row, Spread};
use scale::Scale;

/// Sizes, in the picture's own units.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 290.0;
/// The upper and the lower end of both panels; above is the title, below the places.
const TOP: f64 = 40.0;
const BOTTOM: f64 = 244.0;
/// Where the panels begin and end.
const BY_SIZE: (f64, f64) = (56.0, 600.0);
const BY_WORKERS: (f64, f64) = (680.0, 985.0);
/// How far a panel's points keep from its sides.
const MARGIN: f64 = 16.0;
/// Room for a name in the legend, by its characters.
const LETTER: f64 = 7.0;

/// An SVG element.
pub(super) fn draw(curve: &Curve<'_>, runtimes: &[&str]) -> String {
    let title = escaped(&format!("{} [{}]", curve.name(), curve.unit()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>{title}</title>\n<text x=\"0\" y=\"16\" class=\"name\">{title}</text>\n"
    );
    let (sizes, workers) = (curve.by_size(), curve.by_workers());
    let chart = Chart::of(curve, runtimes);
    let cost = chart.scale_of(&sizes, &workers);
    add_legend(&mut svg, runtimes, chart.is_time);
    let caption = "at a time, two workers".to_owned();
    chart.add_panel(&mut svg, &sizes, (BY_SIZE, &cost), (short_count, caption));
    if let Some(size) = curve.size_by_workers() {
        let caption = format!("workers, {} at a time", short_count(size));
        let name = |count: usize| count.to_string();
        chart.add_panel(&mut svg, &workers, (BY_WORKERS, &cost), (name, caption));
    }
    svg + "</svg>\n"
}

fn add_legend(svg: &mut String, runtimes: &[&str], is_time: bool) {
    let mut x = BY_SIZE.0 + 330.0;
    for (column, name) in runtimes.iter().enumerate() {
        let (colour, text) = (colour(column), escaped(name));
        push(
            svg,
            format_args!(
                "<rect x=\"{x}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"16\">{text}</text>\n",
                x + 18.0
            ),
        );
        x += 34.0 + LETTER * name.len() as f64;
    }
    if is_time {
        let told = "dashed: processor time";
        push(
            svg,
            format_args!("<text x=\"{x}\" y=\"16\" class=\"faint\">{told}</text>\n"),
        );
    }
}

/// What both panels of a picture share.
struct Chart {
    /// How many runtimes there are.
    columns: usize,
    /// Whether the values are nanoseconds, so that processor time fits on the same scale.
    is_time: bool,
}

impl Chart {
    fn of(curve: &Curve<'_>, runtimes: &[&str]) -> Self {
        Self {
            columns: runtimes.len(),
            is_time: curve.unit().starts_with("ns/"),
        }
    }

    /// What is drawn of a row.
    fn measures(&self) -> &'static [Measure] {
        match self.is_time {
            true => &[Measure::Cpu, Measure::Value],
            false => &[Measure::Value],
        }
    }

    /// From below the smallest number in either panel to above the largest.
    fn scale_of(&self, sizes: &[At<'_>], workers: &[At<'_>]) -> Scale {
        let rows = sizes.iter().chain(workers).map(|(_, row)| *row);
        let all = rows.flat_map(|row| {
            let columns = (0..self.columns).flat_map(move |column| {
                let of = move |measure: &Measure| spread(row, column, *measure);
                self.measures().iter().filter_map(of)
            });
            columns.flat_map(|spread| [spread.min, spread.max])
        });
        Scale::around(all, (BOTTOM, TOP))
    }

    /// Lines, grid and names of one panel.
    fn add_panel(
        &self,
        svg: &mut String,
        points: &[At<'_>],
        ((left, right), cost): ((f64, f64), &Scale),
        (name, caption): (impl Fn(usize) -> String, String),
    ) {
        let places: Vec<f64> = points.iter().map(|(place, _)| *place as f64).collect();
        let across = Scale::between(&places, (left + MARGIN, right - MARGIN));
        add_grid(svg, (left, right), cost);
        for (place, _) in points {
            let (x, text) = (across.place(*place as f64), name(*place));
            push(
                svg,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>\n",
                    BOTTOM + 17.0
                ),
            );
        }
        let middle = f64::midpoint(left, right);
        push(
            svg,
            format_args!(
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" \
                 class=\"faint\">{caption}</text>\n",
                BOTTOM + 36.0
            ),
        );
        for column in 0..self.columns {
            for measure in self.measures() {
                let line = Line {
                    column,
                    measure: *measure,
                };
                line.add(svg, points, (&across, cost));
            }
        }
    }
}

/// A line for each round cost, and its name at the left.
fn add_grid(svg: &mut String, (left, right): (f64, f64), cost: &Scale) {
    for (value, text) in cost.ticks() {
        let y = cost.place(value);
        push(
            svg,
            format_args!(
                "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" \
                 stroke=\"var(--line)\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" class=\"small\">{text}</text>\n",
                left - 6.0,
                y + 3.5
            ),
        );
    }
}

/// One runtime's number, over one panel.
struct Line {
    column: usize,
    measure: Measure,
}

impl Line {
    fn add(&self, svg: &mut String, points: &[At<'_>], (across, cost): (&Scale, &Scale)) {
        let of = |(place, row): &At<'_>| {
            let spread = spread(row, self.column, self.measure)?;
            Some((across.place(*place as f64), spread))
        };
        let points: Vec<(f64, Spread)> = points.iter().filter_map(of).collect();
        let corners: Vec<_> = points
            .iter()
            .map(|(x, spread)| format!("{x:.1},{:.1}", cost.place(spread.median)))
            .collect();
        let (colour, corners) = (colour(self.column), corners.join(" "));
        let style = match self.measure {
            Measure::Value => "stroke-width=\"2\"",
            _ => "stroke-width=\"1.3\" stroke-dasharray=\"4 4\"",
        };
        push(
            svg,
            format_args!(
                "<polyline points=\"{corners}\" fill=\"none\" stroke=\"{colour}\" {style}/>\n"
            ),
        );
        if self.measure == Measure::Value {
            for (x, spread) in points {
                add_point(svg, x, (cost, spread), &colour);
            }
        }
    }
}

/// A dot at the median, and a whisker over the rounds.
fn add_point(svg: &mut String, x: f64, (cost, spread): (&Scale, Spread), colour: &str) {
    let Spread { median, min, max } = spread;
    let (y, low, high) = (cost.place(median), cost.place(min), cost.place(max));
    push(
        svg,
        format_args!(
            "<line x1=\"{x:.1}\" y1=\"{low:.1}\" x2=\"{x:.1}\" y2=\"{high:.1}\" \
             stroke=\"{colour}\"/>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\">\
             <title>{}</title></circle>\n",
            crate::table::cell(spread)
        ),
    );
}

/// What can be drawn on a logarithmic scale.
fn spread(row: &Row, column: usize, measure: Measure) -> Option<Spread> {
    row.spread(column, measure)
        .filter(|spread| spread.min > 0.0)
}

#[cfg(test)]
mod tests;

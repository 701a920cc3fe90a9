//! The chart: commands a second of each system, at 1, 64 and 1,024 callers, as bars on a logarithmic scale.
//!
//! A self-contained SVG with a ground of its own, so that it can be read on a light page and on a dark one.

use super::Report;
use crate::case::{Place, System};
use measure::words::thousands;
use std::fmt::Write as _;

const WIDTH: f64 = 880.0;
/// Where bars begin and where the axis ends.
const LEFT: f64 = 220.0;
const RIGHT: f64 = 800.0;
const TOP: f64 = 92.0;
const BAR: f64 = 18.0;
const BAR_GAP: f64 = 3.0;
const GROUP_GAP: f64 = 16.0;

const SYSTEMS: [(System, &str); 4] = [
    (System::Cooly, "cooly"),
    (System::Bare, "bare"),
    (System::RowLock, "lock"),
    (System::Conventional, "orm"),
];

const STYLE: &str = r"
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; } .small { font-size: 12px; fill: #59636e; } .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .ground { fill: #ffffff; } .grid { stroke: #d1d9e0; stroke-width: 1; }
  .cooly { fill: #0b7a5b; } .bare { fill: #8c959f; } .lock { fill: #bf7b12; } .orm { fill: #b3423a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; } .ground { fill: #0d1117; } .grid { stroke: #30363d; }
    .cooly { fill: #34c796; } .bare { fill: #7d8590; } .lock { fill: #e0a03a; } .orm { fill: #e5706a; }
  }
";

/// Draws the report.
pub(super) fn chart(report: &Report) -> String {
    let groups = groups(report);
    let scale = Scale::of(&groups);
    let mut bars = String::new();
    let mut y = TOP;
    for group in &groups {
        y = group.draw(&scale, y, &mut bars) + GROUP_GAP;
    }
    let bottom = y - GROUP_GAP / 2.0;
    let height = bottom + 52.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"Durable commands a second, by system and number of callers\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height:.0}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"24\" y=\"32\">Durable purchases a second, one Postgres, one run</text>\n"
    );
    out += &legend(&groups);
    out += &scale.draw(bottom);
    out + &bars + "</svg>\n"
}

/// The bars of one load.
struct Group {
    name: String,
    bars: Vec<(System, &'static str, f64)>,
}

fn groups(report: &Report) -> Vec<Group> {
    let mut groups = Vec::new();
    for (place, on) in [(Place::Spread, "10,000 accounts"), (Place::Hot, "one account")] {
        for callers in [1, 64, 1_024] {
            let bars = SYSTEMS
                .iter()
                .filter_map(|(system, class)| Some((*system, *class, report.rate(*system, callers, place)?)));
            let bars: Vec<_> = bars.collect();
            let callers_name = if callers == 1 { "caller" } else { "callers" };
            let name = format!("{} {callers_name}, {on}", thousands(callers as f64));
            if !bars.is_empty() {
                groups.push(Group { name, bars });
            }
        }
    }
    groups
}

impl Group {
    /// Returns where it ends.
    fn draw(&self, scale: &Scale, top: f64, out: &mut String) -> f64 {
        let height = self.bars.len() as f64 * (BAR + BAR_GAP) - BAR_GAP;
        let middle = top + height / 2.0 + 4.5;
        let _ =
            writeln!(out, "<text class=\"end\" x=\"{}\" y=\"{middle:.1}\">{}</text>", LEFT - 10.0, self.name);
        for (place, (system, class, rate)) in self.bars.iter().enumerate() {
            let y = top + place as f64 * (BAR + BAR_GAP);
            let end = scale.x(*rate);
            let _ = writeln!(
                out,
                "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\">\
                 <title>{}: {}</title></rect><text class=\"small\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                end - LEFT,
                system.name(),
                thousands(*rate),
                end + 6.0,
                y + BAR - 4.5,
                thousands(*rate),
            );
        }
        top + height
    }
}

/// Powers of ten from left to right.
struct Scale {
    low: i32,
    high: i32,
}

impl Scale {
    fn of(groups: &[Group]) -> Scale {
        let rates = groups.iter().flat_map(|group| &group.bars).map(|(_, _, rate)| rate.max(1.0));
        let (low, high) = rates
            .fold((f64::INFINITY, 10.0), |(low, high): (f64, f64), rate| (low.min(rate), high.max(rate)));
        let low = if low.is_finite() { (low.log10() - 0.3).floor() as i32 } else { 0 };
        Scale { low, high: (high.log10().ceil() as i32).max(low + 1) }
    }

    fn x(&self, rate: f64) -> f64 {
        let share = (rate.max(1.0).log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        LEFT + share * (RIGHT - LEFT)
    }

    fn draw(&self, bottom: f64) -> String {
        let mut out = String::new();
        for power in self.low..=self.high {
            let rate = 10_f64.powi(power);
            let x = self.x(rate);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"small middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                TOP - 10.0,
                bottom + 18.0,
                thousands(rate),
            );
        }
        let middle = f64::midpoint(LEFT, RIGHT);
        let _ = writeln!(
            out,
            "<text class=\"small middle\" x=\"{middle:.1}\" y=\"{:.1}\">commands a second, logarithmic scale</text>",
            bottom + 38.0
        );
        out
    }
}

fn legend(groups: &[Group]) -> String {
    let mut out = String::new();
    let mut x = 24.0;
    for (system, class) in SYSTEMS {
        if !groups.iter().flat_map(|group| &group.bars).any(|(drawn, _, _)| *drawn == system) {
            continue;
        }
        let name = system.name();
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x:.0}\" y=\"48\" width=\"12\" height=\"12\" rx=\"2\"/>\
             <text x=\"{:.0}\" y=\"58.5\">{name}</text>",
            x + 18.0
        );
        x += 18.0 + name.chars().count() as f64 * 7.0 + 22.0;
    }
    out
}

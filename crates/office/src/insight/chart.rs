//! A line over weeks, drawn as SVG. Its numbers stand in a table beside it.

use askama::Template;
use askama::filters::HtmlSafe;
use calendar::Day;
use register::Ratio;

const WIDTH: usize = 720;
const HEIGHT: usize = 160;
const LEFT: usize = 48;
const BOTTOM: usize = 24;

/// Attendance by school week.
#[derive(Template, Clone, Debug)]
#[template(path = "insight/trend.html")]
pub struct Trend {
    /// In words, for who does not see it.
    words: String,
    /// `x,y` of each week.
    points: Vec<(usize, usize)>,
    /// Where a line across stands, and what it says.
    lines: Vec<(usize, String)>,
    /// Where a week is named.
    names: Vec<(usize, String)>,
}

impl HtmlSafe for Trend {}

impl Trend {
    /// The line through these weeks.
    pub fn of(weeks: Vec<(Day, Ratio)>) -> Trend {
        // Whole percentages decide the scale; thousandths the place.
        let thousandths = |share: &Ratio| (share.part * 1000).checked_div(share.whole).unwrap_or(0);
        let least = weeks
            .iter()
            .map(|(_, share)| thousandths(share))
            .min()
            .unwrap_or(900);
        let floor = (least / 50).saturating_sub(1).min(19) * 50;
        let high = HEIGHT - BOTTOM - 8;
        let place = |value: u64| 8 + (1000 - value) as usize * high / (1000 - floor) as usize;
        let step = (WIDTH - LEFT - 16) / weeks.len().saturating_sub(1).max(1);
        let across = |number: usize| LEFT + number * step;
        let points = weeks.iter().enumerate();
        let points = points.map(|(number, (_, share))| (across(number), place(thousandths(share))));
        let every = weeks.len().div_ceil(8).max(1);
        let names = weeks.iter().enumerate().step_by(every);
        let names = names.map(|(number, (monday, _))| {
            (
                across(number),
                monday
                    .short()
                    .split_once(' ')
                    .map_or(String::new(), |(_, day)| day.to_owned()),
            )
        });
        Trend {
            words: words(&weeks),
            points: points.collect(),
            lines: [1000, (1000 + floor) / 2, floor]
                .map(|value| (place(value), format!("{}%", value as f64 / 10.0)))
                .into(),
            names: names.collect(),
        }
    }

    fn path(&self) -> String {
        let points = self.points.iter().map(|(x, y)| format!("{x},{y}"));
        points.collect::<Vec<_>>().join(" ")
    }
}

fn words(weeks: &[(Day, Ratio)]) -> String {
    let lowest = weeks.iter().min_by(|one, two| one.1.compare(two.1));
    let highest = weeks.iter().max_by(|one, two| one.1.compare(two.1));
    match (weeks.last(), lowest, highest) {
        (Some(last), Some(lowest), Some(highest)) => format!(
            "Attendance over {} school weeks: lowest {}% in the week of {}, highest {}% in the week of {}, {}% in the last",
            weeks.len(),
            lowest.1.show(1),
            lowest.0.short(),
            highest.1.show(1),
            highest.0.short(),
            last.1.show(1),
        ),
        _ => "No school week yet".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(number: i32, part: u64) -> (Day, Ratio) {
        let monday: Day = "2026-09-07".parse().expect("a real day");
        (monday.plus_days(7 * number), Ratio { part, whole: 1000 })
    }

    #[test]
    fn every_week_has_a_point_inside_the_picture() {
        for parts in [vec![], vec![0], vec![1000], vec![912, 950, 0, 1000]] {
            let weeks = parts.iter().enumerate();
            let trend = Trend::of(weeks.map(|(n, part)| week(n as i32, *part)).collect());
            assert_eq!(trend.points.len(), parts.len());
            assert!(
                trend.points.iter().all(|(x, y)| *x < WIDTH && *y < HEIGHT),
                "{parts:?}"
            );
        }
    }

    #[test]
    fn the_words_say_what_the_line_shows() {
        let trend = Trend::of(vec![week(0, 950), week(1, 912), week(2, 931)]);
        assert_eq!(
            trend.words,
            "Attendance over 3 school weeks: lowest 91.2% in the week of Mon 14 Sep, highest 95.0% in the week of Mon 7 Sep, 93.1% in the last"
        );
    }
}

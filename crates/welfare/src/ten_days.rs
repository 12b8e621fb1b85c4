//! The watch over runs of unauthorised absence: at how many sessions a pupil comes onto the daily case list (E-030). Dated data.

use std::sync::LazyLock;

use calendar::Day;

/// A length at which a run comes onto the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The first day on which it holds.
    pub from: Day,
    /// The last, if there is one.
    pub to: Option<Day>,
    /// So many sessions one after another.
    pub sessions: usize,
    /// What is to be done.
    pub asks: String,
    /// The rule.
    pub rule: String,
    /// Where it comes from.
    pub source: String,
}

/// Every point, as `data/ten-day-watch.csv` has it, the shortest run first.
pub fn points() -> &'static [Point] {
    static POINTS: LazyLock<Vec<Point>> = LazyLock::new(|| {
        read(include_str!("../data/ten-day-watch.csv"))
            .expect("the table of this crate can be read")
    });
    &POINTS
}

fn read(text: &str) -> Option<Vec<Point>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.ok()?;
            Some(Point {
                from: record.get(0)?.parse().ok()?,
                to: match record.get(1)? {
                    "" => None,
                    text => Some(text.parse().ok()?),
                },
                sessions: record.get(2)?.parse().ok()?,
                asks: record.get(3)?.to_owned(),
                rule: record.get(4)?.to_owned(),
                source: record.get(5)?.to_owned(),
            })
        })
        .collect()
}

/// The furthest point that a run of unauthorised sessions has reached on a day; none for a run that is too short to stand on the list.
///
/// Rule: E-030 (PRODUCT); 20 is E-154 (LAW reg 13): names go to the authority, at intervals agreed with it. Units: sessions without a break, which
/// `columns::unauthorised_run` counts. A run stands on the list from its sixth session until it ends, and not only on the days on which it reaches a point.
pub fn reached(sessions: usize, day: Day) -> Option<&'static Point> {
    let holds = |point: &&Point| point.from <= day && point.to.is_none_or(|last| day <= last);
    points()
        .iter()
        .filter(holds)
        .filter(|point| point.sessions <= sessions)
        .max_by_key(|point| point.sessions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_comes_onto_the_list_at_six_and_goes_on_at_fourteen_and_twenty() {
        let today: Day = "2026-11-24".parse().expect("a day");
        for (sessions, at) in [
            (0, None),
            (5, None),
            (6, Some(6)),
            (13, Some(6)),
            (14, Some(14)),
            (19, Some(14)),
            (20, Some(20)),
            (61, Some(20)),
        ] {
            let point = reached(sessions, today).map(|point| point.sessions);
            assert_eq!(point, at, "{sessions}");
        }
        let twenty = reached(20, today).expect("a point");
        assert_eq!(twenty.rule, "E-154");
        let before: Day = "2024-08-18".parse().expect("a day");
        assert_eq!(reached(20, before), None, "before the guidance of 2024");
    }
}

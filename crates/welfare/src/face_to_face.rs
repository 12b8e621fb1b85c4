//! How often somebody must see a child whose absence goes on, face to face (E-017, E-160). Dated data, and a school's own numbers over it.
//!
//! A telephone call is no sighting, whoever answers: only who came to be seen, was visited, or was visible on a video call was seen.

use std::sync::LazyLock;

use calendar::{Day, SchoolCalendar};

use crate::tier::Tier;

/// The longest that a school may leave between two sightings: ten school days, after which the authority is told of the absence (E-154).
pub const LONGEST: u8 = 10;

/// How often a child of a tier is seen, from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first day on which it holds.
    pub from: Day,
    /// The last, if there is one.
    pub to: Option<Day>,
    /// For whom.
    pub tier: Tier,
    /// At least once in so many school days.
    pub school_days: u8,
    /// The rule.
    pub rule: String,
    /// Where the number comes from. None is national.
    pub source: String,
}

/// Every line, as `data/face-to-face.csv` has it.
pub fn lines() -> &'static [Line] {
    static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
        read(include_str!("../data/face-to-face.csv")).expect("the table of this crate can be read")
    });
    &LINES
}

fn read(text: &str) -> Option<Vec<Line>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.ok()?;
            Some(Line {
                from: record.get(0)?.parse().ok()?,
                to: match record.get(1)? {
                    "" => None,
                    text => Some(text.parse().ok()?),
                },
                tier: Tier::from_key(record.get(2)?)?,
                school_days: record.get(3)?.parse().ok()?,
                rule: record.get(4)?.to_owned(),
                source: record.get(5)?.to_owned(),
            })
        })
        .collect()
}

/// How often children are seen at a school on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    lines: Vec<Line>,
}

impl Intervals {
    /// The usual numbers of this day, or the school's own: for red, amber and green, each at least once in so many school days.
    pub fn on(day: Day, own: Option<[u8; 3]>) -> Intervals {
        let holds = |line: &&Line| line.from <= day && line.to.is_none_or(|last| day <= last);
        let mut held: Vec<Line> = lines().iter().filter(holds).cloned().collect();
        for (tier, decided) in Tier::ALL.into_iter().zip(own.iter().flatten()) {
            let usual = held.iter_mut().find(|line| line.tier == tier);
            if let Some(line) = usual.filter(|line| line.school_days != *decided) {
                line.school_days = *decided;
                line.source = "the school's own setting".to_owned();
            }
        }
        Intervals { lines: held }
    }

    /// How often a child of this tier is seen; none on a day for which no line holds.
    pub fn of(&self, tier: Tier) -> Option<&Line> {
        self.lines.iter().find(|line| line.tier == tier)
    }

    /// When a child of this tier is to be seen again; none on a day for which no line holds.
    pub fn contact(
        &self,
        tier: Tier,
        seen: Seen,
        calendar: &SchoolCalendar,
        today: Day,
    ) -> Option<Contact> {
        Some(contact(seen, self.of(tier)?.school_days, calendar, today))
    }
}

/// When the school last saw a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// On this day: in a register, at home, or where they came to be seen.
    On(Day),
    /// Never since this first day on roll.
    NotSince(Day),
}

impl Seen {
    /// The later of two: a sighting stands for never having come.
    pub fn or_later(self, sighting: Option<Day>) -> Seen {
        match (self, sighting) {
            (Seen::On(day), Some(other)) => Seen::On(day.max(other)),
            (Seen::NotSince(_), Some(other)) => Seen::On(other),
            (seen, None) => seen,
        }
    }
}

/// When a child was last seen and is to be seen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When the school last saw the child.
    pub seen: Seen,
    /// School days since, today among them; nought for who was seen today.
    pub school_days: usize,
    /// The last day on which the child must be seen again.
    pub due: Day,
    /// The day on which this is asked.
    pub today: Day,
}

/// When a child who was last seen then is to be seen again, once in so many school days.
///
/// Rule: E-017 (LOCAL). Source: SRC-MILLBROOK; see `docs/law/escalation.md`. Units: school days (E-002). The day of the last sighting is not
/// counted (E-005), so a red child who was here on Friday is due on Monday. Holidays and closed days do not count, in either direction. A child
/// who has never come is due as if they had been seen on the day before their first. A day that the calendar does not reach is today, so that
/// it is early rather than never.
pub fn contact(seen: Seen, every: u8, calendar: &SchoolCalendar, today: Day) -> Contact {
    let since = match seen {
        Seen::On(day) => day,
        Seen::NotSince(first) => first.previous(),
    };
    let due = calendar.school_days_after(since, u32::from(every));
    Contact {
        seen,
        school_days: calendar
            .school_days_between(since.plus_days(1), today)
            .len(),
        due: due.unwrap_or(today),
        today,
    }
}

impl Contact {
    /// Whether the child has to be seen today at the latest.
    pub fn is_due(&self) -> bool {
        self.due <= self.today
    }

    /// Whether the day on which the child had to be seen has passed.
    pub fn is_late(&self) -> bool {
        self.due < self.today
    }

    /// In words: `seen 3 school days ago, due today`.
    pub fn words(&self) -> String {
        format!("{}, {}", self.seen_words(), self.due_words())
    }

    /// How long ago the child was seen, in words.
    pub fn seen_words(&self) -> String {
        match (self.seen, self.school_days) {
            (Seen::NotSince(first), _) => format!("never seen since {}", first.short()),
            (Seen::On(_), 0) => "seen today".to_owned(),
            (Seen::On(_), 1) => "seen 1 school day ago".to_owned(),
            (Seen::On(_), days) => format!("seen {days} school days ago"),
        }
    }

    /// By when they are to be seen again, in words.
    pub fn due_words(&self) -> String {
        match self.due {
            due if due == self.today => "due today".to_owned(),
            due if due < self.today => format!("was due {}", due.short()),
            due => format!("due {}", due.short()),
        }
    }
}

#[cfg(test)]
mod tests {
    use calendar::{CalendarRows, Period};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    /// Two halves of a term with the last week of October between them.
    fn autumn() -> SchoolCalendar {
        let half = |name: &str, first, last| Period {
            name: name.to_owned(),
            first: day(first),
            last: day(last),
        };
        let terms = vec![
            half("Autumn 1", "2026-09-01", "2026-10-23"),
            half("Autumn 2", "2026-11-02", "2026-12-18"),
        ];
        SchoolCalendar::new(CalendarRows {
            terms,
            ..CalendarRows::default()
        })
        .expect("a calendar")
    }

    fn asked(tier: Tier, seen: Seen, today: &str) -> String {
        let intervals = Intervals::on(day(today), None);
        let contact = intervals.contact(tier, seen, &autumn(), day(today));
        contact.expect("a line for each tier").words()
    }

    #[test]
    fn red_is_seen_daily_amber_every_third_and_green_every_fifth_school_day() {
        let thursday = Seen::On(day("2026-11-19"));
        for (tier, today, words) in [
            (Tier::Red, "2026-11-19", "seen today, due Fri 20 Nov"),
            (Tier::Red, "2026-11-20", "seen 1 school day ago, due today"),
            (
                Tier::Red,
                "2026-11-23",
                "seen 2 school days ago, was due Fri 20 Nov",
            ),
            (
                Tier::Amber,
                "2026-11-23",
                "seen 2 school days ago, due Tue 24 Nov",
            ),
            (
                Tier::Amber,
                "2026-11-24",
                "seen 3 school days ago, due today",
            ),
            (
                Tier::Amber,
                "2026-11-25",
                "seen 4 school days ago, was due Tue 24 Nov",
            ),
            (
                Tier::Green,
                "2026-11-25",
                "seen 4 school days ago, due Thu 26 Nov",
            ),
            (
                Tier::Green,
                "2026-11-26",
                "seen 5 school days ago, due today",
            ),
            (
                Tier::Green,
                "2026-11-27",
                "seen 6 school days ago, was due Thu 26 Nov",
            ),
        ] {
            assert_eq!(asked(tier, thursday, today), words, "{tier:?} {today}");
        }
    }

    #[test]
    fn a_holiday_counts_for_nothing_and_a_sighting_in_it_begins_the_count_anew() {
        let before = Seen::On(day("2026-10-22"));
        assert_eq!(
            asked(Tier::Amber, before, "2026-11-02"),
            "seen 2 school days ago, due Tue 3 Nov"
        );
        let in_it = before.or_later(Some(day("2026-10-28")));
        assert_eq!(
            asked(Tier::Amber, in_it, "2026-11-02"),
            "seen 1 school day ago, due Wed 4 Nov"
        );
        let older = in_it.or_later(Some(day("2026-10-01")));
        assert_eq!(older, in_it, "an older sighting takes nothing back");
    }

    #[test]
    fn a_child_who_never_came_is_due_from_the_first_day_on_roll() {
        let never = Seen::NotSince(day("2026-11-23"));
        assert_eq!(
            asked(Tier::Red, never, "2026-11-23"),
            "never seen since Mon 23 Nov, due today"
        );
        assert_eq!(
            asked(Tier::Green, never, "2026-11-23"),
            "never seen since Mon 23 Nov, due Fri 27 Nov"
        );
        assert_eq!(
            never.or_later(Some(day("2026-11-24"))),
            Seen::On(day("2026-11-24"))
        );
    }

    #[test]
    fn a_school_decides_its_own_numbers_and_the_screen_says_so() {
        let today = day("2026-11-24");
        let own = Intervals::on(today, Some([1, 2, 5]));
        let amber = own.of(Tier::Amber).expect("a line");
        assert_eq!(
            (amber.school_days, amber.source.as_str()),
            (2, "the school's own setting")
        );
        let green = own.of(Tier::Green).expect("a line");
        assert!(green.source.contains("MILLBROOK"), "{green:?}");
    }

    #[test]
    fn every_day_since_the_guidance_has_one_line_for_each_tier() {
        for on in ["2024-08-19", "2026-11-24", "2031-01-01"] {
            for tier in Tier::ALL {
                let held = lines().iter().filter(|line| {
                    line.tier == tier
                        && line.from <= day(on)
                        && line.to.is_none_or(|last| day(on) <= last)
                });
                assert_eq!(held.count(), 1, "{on} {tier:?}");
            }
        }
        let before = Intervals::on(day("2024-08-18"), None);
        assert_eq!(before.of(Tier::Red), None, "before the guidance of 2024");
    }

    #[test]
    fn beyond_the_calendar_it_is_due_today_rather_than_never() {
        let seen = Seen::On(day("2026-12-17"));
        let after = contact(seen, 5, &autumn(), day("2026-12-18"));
        assert!(after.is_due() && !after.is_late());
    }
}

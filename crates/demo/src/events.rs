//! What the days of term are like for everybody: season, illness going round, Eid, trips, fixtures, study leave.

use calendar::{Day, Session, Slot, Weekday};

use crate::chance::{Chance, Purpose};
use crate::year::{self, ClosureKind, SchoolYear};

/// A day with sessions. Its two slots stand at twice its own index on the axis.
pub(crate) struct SchoolDay {
    pub(crate) day: Day,
    /// Which of the four school years.
    pub(crate) year: usize,
    /// The school could not open.
    pub(crate) closed: bool,
    /// Eid al-Fitr or Eid al-Adha.
    pub(crate) eid: bool,
}

impl SchoolDay {
    pub(crate) fn slots(&self) -> [Slot; 2] {
        Session::BOTH.map(|session| Slot::new(self.day, session))
    }

    /// How much more (or less) often pupils fall out on this weekday.
    pub(crate) fn weekday_pull(&self) -> f64 {
        [1.25, 0.85, 0.82, 0.93, 1.4][self.day.weekday().index().min(4)]
    }

    /// How much more often pupils fall ill in this month.
    pub(crate) fn season(&self) -> f64 {
        [
            1.28, 1.15, 1.05, 0.9, 0.88, 0.95, 1.0, 1.0, 0.7, 0.9, 1.15, 1.35,
        ][self.day.month() as usize - 1]
    }
}

/// Every day on which pupils came or should have come, from the start of the first year up to and including today.
pub(crate) fn school_days(years: &[SchoolYear], today: Day) -> Vec<SchoolDay> {
    let mut days: Vec<SchoolDay> = Vec::new();
    for (year, school_year) in years.iter().enumerate() {
        let slots = school_year.slots();
        for slot in slots.iter().filter(|slot| slot.session == Session::Am) {
            days.push(SchoolDay {
                day: slot.day,
                year,
                closed: school_year.closures.iter().any(|closure| {
                    closure.day == slot.day && closure.kind == ClosureKind::Unplanned
                }),
                eid: is_eid(slot.day),
            });
        }
    }
    days.retain(|day| day.day <= today);
    days
}

/// Days of Eid in term, as the calendars foretell them (a day either way, by the moon).
fn is_eid(day: Day) -> bool {
    const EIDS: &[(i16, i8, i8)] = &[
        (2023, 4, 21),
        (2023, 6, 28),
        (2024, 4, 10),
        (2024, 6, 17),
        (2025, 3, 31),
        (2025, 6, 6),
        (2026, 3, 20),
        (2026, 5, 27),
        (2027, 3, 10),
        (2027, 5, 17),
        (2028, 2, 28),
        (2028, 5, 5),
    ];
    EIDS.contains(&(day.year(), day.month(), day.day_of_month()))
}

/// A bout of illness going round a school or a year group.
pub(crate) struct Wave {
    /// The year group it goes round; None goes round all.
    year_group: Option<u8>,
    peak: Day,
    height: f64,
    /// Days from the peak in which it falls to a third or so.
    width: f64,
}

/// The winter's bouts of every school year, and a small one now and then in a single year group.
pub(crate) fn waves(seed: u64, years: &[SchoolYear]) -> Vec<Wave> {
    let mut chance = Chance::new(seed, Purpose::Waves, 0);
    let mut waves = Vec::new();
    for school_year in years {
        let first = school_year.first_year;
        let whole_school = [
            (year::date(first, 12, 3), 1.1),
            (year::date(first + 1, 1, 27), 0.9),
            (year::date(first, 10, 6), 0.35),
        ];
        for (peak, height) in whole_school {
            waves.push(Wave {
                year_group: None,
                peak: peak.plus_days(chance.between(-9, 9)),
                height: height * chance.within(0.7, 1.3),
                width: chance.within(8.0, 13.0),
            });
        }
        for _ in 0..4 {
            waves.push(Wave {
                year_group: Some(chance.between(7, 13) as u8),
                peak: year::date(first, 9, 20).plus_days(chance.between(0, 260)),
                height: chance.within(0.8, 1.6),
                width: chance.within(3.0, 6.0),
            });
        }
    }
    waves
}

/// How much more illness there is in this year group on this day because of what is going round: 1 when nothing is.
pub(crate) fn going_round(waves: &[Wave], day: Day, year_group: u8) -> f64 {
    let extra: f64 = waves
        .iter()
        .filter(|wave| wave.year_group.is_none_or(|only| only == year_group))
        .map(|wave| {
            let distance = f64::from(wave.peak.days_until(day)) / wave.width;
            wave.height * (-distance * distance).exp()
        })
        .sum();
    1.0 + extra
}

/// A visit or fixture that takes pupils out of school.
pub(crate) struct Outing {
    pub(crate) year_group: u8,
    pub(crate) from: Day,
    pub(crate) to: Day,
    /// Both sessions, or the afternoon only.
    pub(crate) whole_day: bool,
    /// The share of the year group that goes.
    pub(crate) share: f64,
    /// Sport rather than a visit.
    pub(crate) sport: bool,
    pub(crate) note: &'static str,
}

impl Outing {
    pub(crate) fn covers(&self, day: Day, session: Session) -> bool {
        self.from <= day && day <= self.to && (self.whole_day || session == Session::Pm)
    }
}

/// Trips, a residential, the theatre and matches of every year group.
pub(crate) fn outings(seed: u64, years: &[SchoolYear]) -> Vec<Outing> {
    const VISITS: &[&str] = &[
        "Geography fieldwork at Specimen Edge",
        "Visit to the Exampleton museum",
        "Theatre visit, English department",
        "Science fair at Sampleby",
        "University open day",
        "Art gallery visit",
    ];
    let mut chance = Chance::new(seed, Purpose::Events, 0);
    let mut outings = Vec::new();
    for school_year in years {
        for year_group in 7..=13 {
            for _ in 0..3 {
                let day = some_day(&mut chance, school_year);
                outings.push(Outing {
                    year_group,
                    from: day,
                    to: day,
                    whole_day: true,
                    share: chance.within(0.12, 0.45),
                    sport: false,
                    note: chance.pick(VISITS),
                });
            }
            for _ in 0..6 {
                let day = some_day(&mut chance, school_year);
                outings.push(Outing {
                    year_group,
                    from: day,
                    to: day,
                    whole_day: false,
                    share: 0.06,
                    sport: true,
                    note: "Inter-school fixture, supervised by the physical education department",
                });
            }
        }
        let monday = school_year.half_terms[5].first_day.monday().plus_days(14);
        outings.push(Outing {
            year_group: 8,
            from: monday,
            to: monday.plus_days(4),
            whole_day: true,
            share: 0.2,
            sport: false,
            note: "Year 8 residential at the Nether Sample outdoor centre",
        });
    }
    outings
}

fn some_day(chance: &mut Chance, year: &SchoolYear) -> Day {
    let length = year.first_pupil_day().days_until(year.last_day());
    let day = year
        .first_pupil_day()
        .plus_days(15 + chance.below((length - 40).max(1) as usize) as i32);
    year.first_pupil_day_from(day)
}

/// The week in which Year 10 is out on work experience: the last full one but one.
pub(crate) fn work_experience_week(year: &SchoolYear) -> (Day, Day) {
    let monday = year.last_day().monday().plus_days(-14);
    (monday, monday.plus_days(4))
}

/// Whether Year 11 and Year 13 study at home for their examinations: from the second week after the summer half-term break to the last Friday in June.
pub(crate) fn is_study_leave(year: &SchoolYear, year_group: u8, day: Day) -> bool {
    matches!(year_group, 11 | 13)
        && day >= year.half_terms[5].first_day.plus_days(11)
        && day <= year.last_friday_in_june()
}

/// The half-days of the week that a sixth former has no lessons in, by a number of the pupil's.
pub(crate) fn is_untimetabled(number: usize, weekday: Weekday, session: Session) -> bool {
    const FREE: [[(Weekday, Session); 2]; 6] = [
        [
            (Weekday::Friday, Session::Pm),
            (Weekday::Tuesday, Session::Pm),
        ],
        [
            (Weekday::Friday, Session::Pm),
            (Weekday::Monday, Session::Am),
        ],
        [
            (Weekday::Wednesday, Session::Pm),
            (Weekday::Thursday, Session::Am),
        ],
        [
            (Weekday::Wednesday, Session::Pm),
            (Weekday::Friday, Session::Am),
        ],
        [
            (Weekday::Thursday, Session::Pm),
            (Weekday::Tuesday, Session::Am),
        ],
        [
            (Weekday::Monday, Session::Pm),
            (Weekday::Wednesday, Session::Am),
        ],
    ];
    FREE[number % FREE.len()].contains(&(weekday, session))
}

//! The school's years: terms, half-terms, INSET days, bank holidays and the snow.

use calendar::{
    CalendarRows, Day, DayException, ExceptionKind, Period, Session, Sessions, Slot, TimeOfDay,
    Weekday,
};

/// One school year, from the first day of the autumn term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchoolYear {
    /// The calendar year in which it begins: 2026 for 2026/27.
    pub first_year: i16,
    /// As people write it: `2026/27`.
    pub label: String,
    /// The six half-terms in order. First and last days are days of the school week, INSET days included.
    pub half_terms: Vec<HalfTerm>,
    /// Days inside the half-terms on which the school does not meet, and the one on which it could not, in order.
    pub closures: Vec<Closure>,
}

/// Half a term: `Autumn 1` to `Summer 2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HalfTerm {
    /// `Autumn 1`, `Autumn 2`, `Spring 1` and so on.
    pub name: &'static str,
    /// The first day, which may be an INSET day.
    pub first_day: Day,
    /// The last day.
    pub last_day: Day,
}

/// A weekday inside a half-term that differs from the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Closure {
    /// The day.
    pub day: Day,
    /// Why it differs.
    pub kind: ClosureKind,
    /// In words, as the school would tell parents.
    pub reason: &'static str,
}

/// Why a weekday of term is unlike the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClosureKind {
    /// A bank holiday: no sessions, planned (`#`).
    BankHoliday,
    /// A day on which staff train: no sessions, planned (`#`). Five a year.
    Inset,
    /// The building is a polling station: no sessions, planned (`#`).
    PollingStation,
    /// The school had to close: the sessions stay and carry `Y4`.
    Unplanned,
}

/// When registers are taken, from a day on. Thirty minutes each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionTimes {
    /// The first day these times hold.
    pub from: Day,
    /// The morning register opens.
    pub morning_opens: TimeOfDay,
    /// The morning register closes: later arrivals are `U`.
    pub morning_closes: TimeOfDay,
    /// The afternoon register opens.
    pub afternoon_opens: TimeOfDay,
    /// The afternoon register closes.
    pub afternoon_closes: TimeOfDay,
}

impl SessionTimes {
    /// When the register of this session opens.
    pub fn opens(&self, session: Session) -> TimeOfDay {
        match session {
            Session::Am => self.morning_opens,
            Session::Pm => self.afternoon_opens,
        }
    }

    /// When the register of this session closes.
    pub fn closes(&self, session: Session) -> TimeOfDay {
        match session {
            Session::Am => self.morning_closes,
            Session::Pm => self.afternoon_closes,
        }
    }
}

/// Sessions that a school year must offer are 380: 190 days.
const SCHOOL_DAYS_IN_A_YEAR: usize = 190;

impl SchoolYear {
    /// The year that begins in September of `first_year`, as a school near us would set it.
    ///
    /// `polling_day`: whether the first Thursday in May is lost to an election. The summer term ends when 190 days are held.
    pub(crate) fn set(first_year: i16, polling_day: bool) -> SchoolYear {
        let dates = TermDates::of(first_year);
        let mut closures = dates.closures(polling_day);
        closures.sort_by_key(|closure| closure.day);
        let mut half_terms = dates.half_terms();
        half_terms[5].last_day = last_day_of_summer(&half_terms, &closures);
        let last_day = half_terms[5].last_day;
        closures.retain(|closure| {
            closure.day <= last_day && half_terms.iter().any(|half| half.contains(closure.day))
        });
        SchoolYear {
            first_year,
            label: format!("{first_year}/{:02}", (first_year + 1) % 100),
            half_terms,
            closures,
        }
    }

    /// The first day on which pupils come.
    pub fn first_pupil_day(&self) -> Day {
        self.first_pupil_day_from(self.half_terms[0].first_day)
    }

    /// The first day from `day` on, in this school year, on which pupils come; the last day of the year if there is none left.
    pub(crate) fn first_pupil_day_from(&self, day: Day) -> Day {
        day.through(self.last_day())
            .find(|day| self.is_pupil_day(*day))
            .unwrap_or(self.last_day())
    }

    /// The last day of the summer term.
    pub fn last_day(&self) -> Day {
        self.half_terms[5].last_day
    }

    /// Whether sessions are due: a weekday of a half-term without a planned closure. The snow day is one.
    pub fn is_pupil_day(&self, day: Day) -> bool {
        !day.weekday().is_weekend()
            && self.half_terms.iter().any(|half| half.contains(day))
            && !self
                .closures
                .iter()
                .any(|closure| closure.day == day && closure.kind != ClosureKind::Unplanned)
    }

    /// Every session due in this year, in order.
    pub fn slots(&self) -> Vec<Slot> {
        self.half_terms[0]
            .first_day
            .through(self.last_day())
            .filter(|day| self.is_pupil_day(*day))
            .flat_map(|day| Session::BOTH.map(|session| Slot::new(day, session)))
            .collect()
    }

    /// The last Friday in June of this year, when compulsory school age ends and Years 11 and 13 leave.
    pub fn last_friday_in_june(&self) -> Day {
        on_or_before(date(self.first_year + 1, 6, 30), Weekday::Friday)
    }

    /// The Wednesday on which it snowed, if this is the year with the snow: in the third full week of the spring term.
    pub(crate) fn snow_day(&self) -> Day {
        self.half_terms[2].first_day.monday().plus_days(16)
    }

    /// Adds this year's three terms, three half-term breaks and exceptional days to a calendar's rows.
    pub(crate) fn add_to(&self, rows: &mut CalendarRows) {
        for (name, halves) in ["Autumn term", "Spring term", "Summer term"]
            .iter()
            .zip(self.half_terms.chunks(2))
        {
            rows.terms.push(Period {
                name: format!("{name} {}", self.label),
                first: halves[0].first_day,
                last: halves[1].last_day,
            });
            rows.breaks.push(Period {
                name: format!("{} half-term {}", &name[..6], self.label),
                first: halves[0].last_day.next(),
                last: halves[1].first_day.previous(),
            });
        }
        rows.exceptions
            .extend(self.closures.iter().map(|closure| DayException {
                day: closure.day,
                kind: match closure.kind {
                    ClosureKind::BankHoliday => ExceptionKind::BankHoliday,
                    ClosureKind::Inset => ExceptionKind::Inset,
                    ClosureKind::PollingStation => ExceptionKind::PlannedClosure,
                    ClosureKind::Unplanned => ExceptionKind::UnplannedClosure(Sessions::BOTH),
                },
            }));
    }

    /// Records that the school could not open on the snow day.
    pub(crate) fn let_it_snow(&mut self) {
        self.closures.push(Closure {
            day: self.snow_day(),
            kind: ClosureKind::Unplanned,
            reason: "Snow: the site could not be made safe",
        });
        self.closures.sort_by_key(|closure| closure.day);
    }
}

impl HalfTerm {
    /// Whether the day lies between the first and the last day.
    pub fn contains(&self, day: Day) -> bool {
        self.first_day <= day && day <= self.last_day
    }
}

/// The first calendar year of the school year in which a day lies. The turn is 1 September, when pupils move up.
pub(crate) fn first_year_of(day: Day) -> i16 {
    day.year() - i16::from(day.month() < 9)
}

/// The day on which pupils move up into the year that begins in `first_year`.
pub(crate) fn moving_up_day(first_year: i16) -> Day {
    date(first_year, 9, 1)
}

/// The days that shape a school year.
struct TermDates {
    year: i16,
    autumn: Day,
    october_monday: Day,
    christmas_friday: Day,
    spring: Day,
    february_monday: Day,
    spring_end: Day,
    summer: Day,
    may_monday: Day,
}

impl TermDates {
    fn of(first_year: i16) -> TermDates {
        let next = first_year + 1;
        let christmas_friday = on_or_before(date(first_year, 12, 22), Weekday::Friday);
        let (spring_end, summer) = easter_break(next);
        TermDates {
            year: first_year,
            autumn: autumn_start(first_year),
            october_monday: on_or_before(date(first_year, 10, 31), Weekday::Monday),
            christmas_friday,
            spring: after_new_year(christmas_friday.plus_days(17)),
            february_monday: on_or_before(date(next, 2, 18), Weekday::Monday),
            spring_end,
            summer,
            may_monday: on_or_before(date(next, 5, 31), Weekday::Monday),
        }
    }

    fn half_terms(&self) -> Vec<HalfTerm> {
        let half = |name, first_day, last_day| HalfTerm {
            name,
            first_day,
            last_day,
        };
        let friday_before = |monday: Day| monday.plus_days(-3);
        let monday_after = |monday: Day| monday.plus_days(7);
        vec![
            half("Autumn 1", self.autumn, friday_before(self.october_monday)),
            half(
                "Autumn 2",
                monday_after(self.october_monday),
                self.christmas_friday,
            ),
            half("Spring 1", self.spring, friday_before(self.february_monday)),
            half(
                "Spring 2",
                monday_after(self.february_monday),
                self.spring_end,
            ),
            half("Summer 1", self.summer, friday_before(self.may_monday)),
            half(
                "Summer 2",
                monday_after(self.may_monday),
                date(self.year + 1, 7, 31),
            ),
        ]
    }

    fn closures(&self, polling_day: bool) -> Vec<Closure> {
        let inset = |day| Closure {
            day,
            kind: ClosureKind::Inset,
            reason: "INSET day",
        };
        let mut closures = vec![
            inset(self.autumn),
            inset(self.autumn.next()),
            inset(self.october_monday.plus_days(7)),
            inset(self.spring),
            inset(self.may_monday.plus_days(7)),
        ];
        closures.extend(self.bank_holidays());
        if polling_day {
            closures.push(Closure {
                day: on_or_after(date(self.year + 1, 5, 1), Weekday::Thursday),
                kind: ClosureKind::PollingStation,
                reason: "The hall is a polling station",
            });
        }
        closures
    }

    /// The bank holidays that may fall into term: those of the table, and early May where the table does not reach.
    fn bank_holidays(&self) -> Vec<Closure> {
        let next = self.year + 1;
        let bank_holiday = |day, reason| Closure {
            day,
            kind: ClosureKind::BankHoliday,
            reason,
        };
        let mut holidays: Vec<Closure> = self
            .autumn
            .through(date(next, 7, 31))
            .filter_map(calendar::bank_holiday)
            .map(|row| bank_holiday(row.day, row.name.as_str()))
            .collect();
        let may = date(next, 5, 1)..date(next, 5, 9);
        if !holidays.iter().any(|closure| may.contains(&closure.day)) {
            let first_monday = on_or_after(may.start, Weekday::Monday);
            holidays.push(bank_holiday(first_monday, "Early May bank holiday"));
        }
        holidays
    }
}

/// The first weekday of September, or the Monday after where that is a Friday.
fn autumn_start(year: i16) -> Day {
    let first = date(year, 9, 1);
    match first.weekday() {
        Weekday::Friday | Weekday::Saturday | Weekday::Sunday => {
            on_or_after(first, Weekday::Monday)
        }
        _ => first,
    }
}

/// The Monday after Christmas, or Tuesday where the New Year's bank holiday falls on it.
fn after_new_year(monday: Day) -> Day {
    if monday.day_of_month() <= 3 {
        monday.next()
    } else {
        monday
    }
}

/// The last day of the spring term and the first of the summer term: two weeks about Easter.
fn easter_break(year: i16) -> (Day, Day) {
    let easter = calendar::easter_sunday(year);
    if easter <= date(year, 4, 1) {
        (easter.plus_days(-3), easter.plus_days(15))
    } else if easter <= date(year, 4, 11) {
        (easter.plus_days(-9), easter.plus_days(8))
    } else {
        (easter.plus_days(-16), easter.plus_days(2))
    }
}

fn last_day_of_summer(half_terms: &[HalfTerm], closures: &[Closure]) -> Day {
    let closed = |day: Day| closures.iter().any(|closure| closure.day == day);
    half_terms
        .iter()
        .flat_map(|half| half.first_day.through(half.last_day))
        .filter(|day| !day.weekday().is_weekend() && !closed(*day))
        .take(SCHOOL_DAYS_IN_A_YEAR)
        .last()
        .expect("a school year has days")
}

pub(crate) fn date(year: i16, month: i8, day: i8) -> Day {
    Day::new(year, month, day).expect("only days that every year has are asked for")
}

fn on_or_after(day: Day, weekday: Weekday) -> Day {
    let ahead = (weekday.index() + 7 - day.weekday().index()) % 7;
    day.plus_days(ahead as i32)
}

fn on_or_before(day: Day, weekday: Weekday) -> Day {
    let back = (day.weekday().index() + 7 - weekday.index()) % 7;
    day.plus_days(-(back as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a real day")
    }

    #[test]
    fn every_year_has_190_days_five_inset_days_and_ends_in_late_july() {
        for year in 2015..2045 {
            let school_year = SchoolYear::set(year, year % 3 == 0);
            assert_eq!(school_year.slots().len(), 380, "{}", school_year.label);
            let insets = school_year
                .closures
                .iter()
                .filter(|closure| closure.kind == ClosureKind::Inset);
            assert_eq!(insets.count(), 5, "{}", school_year.label);
            let end = school_year.last_day();
            assert!(
                end >= date(year + 1, 7, 14) && end <= date(year + 1, 7, 30),
                "{end}"
            );
            assert!(school_year.is_pupil_day(school_year.snow_day()));
        }
    }

    #[test]
    fn the_year_2026_27_is_set_as_a_school_would_set_it() {
        let year = SchoolYear::set(2026, false);
        assert_eq!(year.label, "2026/27");
        assert_eq!(year.first_pupil_day(), day("2026-09-03"));
        let halves: Vec<_> = year
            .half_terms
            .iter()
            .map(|half| (half.first_day.to_string(), half.last_day.to_string()))
            .collect();
        assert_eq!(halves[0].1, "2026-10-23");
        assert_eq!(halves[1], ("2026-11-02".into(), "2026-12-18".into()));
        assert_eq!(halves[2], ("2027-01-04".into(), "2027-02-12".into()));
        assert_eq!(halves[3], ("2027-02-22".into(), "2027-03-25".into()));
        assert_eq!(halves[4].0, "2027-04-12");
        assert_eq!(year.last_friday_in_june(), day("2027-06-25"));
    }

    #[test]
    fn a_year_turns_on_the_first_of_september() {
        assert_eq!(first_year_of(day("2026-08-31")), 2025);
        assert_eq!(first_year_of(day("2026-09-01")), 2026);
    }
}

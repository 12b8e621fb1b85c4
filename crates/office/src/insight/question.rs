//! What a figure is a figure of: who, over which days, by whose reckoning. A question is a query string, so every number is a link.

use std::fmt::{self, Write};

use calendar::{Day, SchoolCalendar, Session, Slot, Weekday};
use register::Profile;

use crate::book::GroupKind;
use crate::ids::{EnrolmentId, GroupId, PupilId};
use crate::people::RecordKind;

/// Whose sessions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Everybody on roll at any time in the period.
    School,
    /// The members of a group, in the sessions on whose day they were its members.
    Group(GroupId),
    /// Everybody in no group of this kind, in the sessions of which that is so. With the groups they make up the school.
    InNo(GroupKind),
    /// Those with a characteristic, in the sessions on whose day they had it: last year's figure uses last year's status.
    Having(Answer),
    /// One pupil, over all their times on roll here.
    Pupil(PupilId),
    /// One of a pupil's times on roll: what national figures count.
    Enrolment(EnrolmentId),
}

/// A kind of characteristic by which figures are told apart.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Trait {
    /// The word in the database and in addresses.
    pub kind: &'static str,
    /// In the words that staff use.
    pub label: &'static str,
    /// Who may see it: as this kind of record.
    pub record: RecordKind,
    /// Value and words of each answer. Every pupil has exactly one on every day; the last stands for everything else.
    pub answers: &'static [(&'static str, &'static str)],
}

/// One answer to a [`Trait`]: with free school meals, or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The trait.
    pub of: &'static Trait,
    /// Its value.
    pub value: &'static str,
}

macro_rules! yes_or_no {
    ($kind:literal, $record:ident, $label:literal, $yes:literal, $no:literal) => {
        Trait {
            kind: $kind,
            label: $label,
            record: RecordKind::$record,
            answers: &[("yes", $yes), ("no", $no)],
        }
    };
}

/// The characteristics by which figures are told apart.
pub static TRAITS: &[Trait] = &[
    Trait {
        kind: "sex",
        label: "Sex",
        record: RecordKind::PupilCore,
        answers: &[("F", "Girls"), ("M", "Boys"), ("no", "Sex not recorded")],
    },
    yes_or_no!(
        "fsm",
        VulnerabilityFlags,
        "Free school meals",
        "Free school meals",
        "No free school meals"
    ),
    yes_or_no!(
        "pupil_premium",
        VulnerabilityFlags,
        "Pupil premium",
        "Pupil premium",
        "No pupil premium"
    ),
    Trait {
        kind: "sen",
        label: "Special educational needs",
        record: RecordKind::SenProfile,
        answers: &[
            ("K", "SEN support"),
            ("E", "Education, health and care plan"),
            ("no", "No special educational needs"),
        ],
    },
    yes_or_no!(
        "eal",
        VulnerabilityFlags,
        "English as an additional language",
        "English as an additional language",
        "English not an additional language"
    ),
    yes_or_no!(
        "looked_after",
        SocialCareStatus,
        "Looked after",
        "Looked after",
        "Not looked after"
    ),
    yes_or_no!(
        "previously_looked_after",
        SocialCareStatus,
        "Previously looked after",
        "Previously looked after",
        "Not previously looked after"
    ),
    yes_or_no!(
        "child_protection",
        SocialCareStatus,
        "Child protection plan",
        "Child protection plan",
        "No child protection plan"
    ),
    yes_or_no!(
        "child_in_need",
        SocialCareStatus,
        "Child in need",
        "Child in need",
        "Not a child in need"
    ),
    yes_or_no!(
        "service_child",
        VulnerabilityFlags,
        "Service child",
        "Service child",
        "Not a service child"
    ),
    yes_or_no!(
        "young_carer",
        VulnerabilityFlags,
        "Young carer",
        "Young carer",
        "Not a young carer"
    ),
];

impl Trait {
    /// Its answers.
    pub fn each(&'static self) -> impl Iterator<Item = Answer> {
        self.answers
            .iter()
            .map(move |(value, _)| Answer { of: self, value })
    }

    /// The answer that a recorded value stands for; nothing recorded is the last answer.
    pub fn answer(&'static self, recorded: Option<&str>) -> Answer {
        let value = match recorded {
            None | Some("no") => "no",
            Some(value) => self
                .answers
                .iter()
                .map(|(known, _)| *known)
                .find(|known| *known == value)
                // A flag is held whatever the value says, unless it says no.
                .unwrap_or(if self.answers[0].0 == "yes" {
                    "yes"
                } else {
                    "no"
                }),
        };
        Answer { of: self, value }
    }
}

impl Answer {
    /// In words.
    pub fn label(self) -> &'static str {
        let words = self.of.answers.iter();
        words
            .clone()
            .find(|(value, _)| *value == self.value)
            .map_or("", |(_, label)| label)
    }

    /// The word in addresses: `fsm-yes`.
    pub fn key(self) -> String {
        format!("{}-{}", self.of.kind, self.value)
    }

    /// The answer with this word.
    pub fn from_key(key: &str) -> Option<Answer> {
        let (kind, value) = key.rsplit_once('-')?;
        let of = TRAITS.iter().find(|one| one.kind == kind)?;
        of.each().find(|answer| answer.value == value)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::School => f.write_str("school"),
            Who::Group(group) => write!(f, "group-{group}"),
            Who::InNo(kind) => write!(f, "no-{}", kind.key()),
            Who::Having(answer) => f.write_str(&answer.key()),
            Who::Pupil(pupil) => write!(f, "pupil-{pupil}"),
            Who::Enrolment(enrolment) => write!(f, "time-{enrolment}"),
        }
    }
}

impl Who {
    /// Whom this word of an address means.
    pub fn from_key(key: &str) -> Option<Who> {
        if key == "school" {
            return Some(Who::School);
        }
        match key.split_once('-')? {
            ("group", id) => Some(Who::Group(GroupId(id.parse().ok()?))),
            ("pupil", id) => Some(Who::Pupil(PupilId(id.parse().ok()?))),
            ("time", id) => Some(Who::Enrolment(EnrolmentId(id.parse().ok()?))),
            ("no", kind) => Some(Who::InNo(GroupKind::from_key(kind)?)),
            _ => Answer::from_key(key).map(Who::Having),
        }
    }
}

/// Over which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// The school year that holds a day (today, if none is given), as far as it has come.
    Year(Option<Day>),
    /// The term that holds a day, or the last one before it.
    Term(Option<Day>),
    /// The half-term that holds a day, or the last one before it.
    HalfTerm(Option<Day>),
    /// From one day to another.
    Days(Day, Day),
}

/// The first and the last day of a period, with the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub first: Day,
    /// The last day, which may be still to come.
    pub last: Day,
    /// Its name: `2026/27 to date`, `Autumn 1`; empty for days that a person chose.
    pub name: String,
}

impl Span {
    /// Whether the day lies in it.
    pub fn holds(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// As people say it, as far as it has come: `Thu 3 Sep to Tue 24 Nov 2026`.
    pub fn words(&self, today: Day) -> String {
        let last = self.last.min(today).max(self.first);
        format!("{} to {} {}", self.first.short(), last.short(), last.year())
    }
}

impl When {
    /// The days that are meant; none when the calendar has no terms there, or the days end before they begin.
    pub fn span(self, calendar: &SchoolCalendar, today: Day) -> Option<Span> {
        match self {
            When::Days(first, last) => (first <= last).then_some(Span {
                first,
                last,
                name: String::new(),
            }),
            When::Year(on) => {
                let on = on.unwrap_or(today);
                let year = calendar.school_year_of(on);
                let (first, last) = calendar
                    .days_of(year)
                    .filter(|(first, _)| *first <= today)
                    .or_else(|| calendar.days_of(year.previous()))?;
                let year = calendar.school_year_of(first);
                let name = if last < today {
                    year.to_string()
                } else {
                    format!("{year} to date")
                };
                Some(Span { first, last, name })
            }
            When::HalfTerm(on) => {
                let half = half_term(calendar, on.unwrap_or(today))?;
                Some(Span {
                    first: half.first,
                    last: half.last,
                    name: half.name.clone(),
                })
            }
            When::Term(on) => {
                let half = half_term(calendar, on.unwrap_or(today))?;
                let year = calendar.school_year_of(half.first);
                let name = term_name(&half.name);
                let mut halves = calendar.terms().iter().filter(|one| {
                    term_name(&one.name) == name && calendar.school_year_of(one.first) == year
                });
                let first = halves.next()?;
                let last = halves.next_back().unwrap_or(first);
                Some(Span {
                    first: first.first,
                    last: last.last,
                    name: name.to_owned(),
                })
            }
        }
    }

    /// The word in addresses.
    pub fn key(self) -> &'static str {
        match self {
            When::Year(_) => "year",
            When::Term(_) => "term",
            When::HalfTerm(_) => "half-term",
            When::Days(..) => "days",
        }
    }
}

fn half_term(calendar: &SchoolCalendar, on: Day) -> Option<&calendar::Period> {
    calendar.terms().iter().rev().find(|term| term.first <= on)
}

/// `Autumn` of `Autumn 1`: half-terms are named by their term and a number.
fn term_name(half: &str) -> &str {
    half.trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end()
}

/// One session of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Only {
    /// The weekday.
    pub weekday: Weekday,
    /// Morning or afternoon.
    pub session: Session,
}

/// From Monday to Sunday.
pub const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

impl Only {
    /// Whether it is this session.
    pub fn holds(self, slot: Slot) -> bool {
        slot.day.weekday() == self.weekday && slot.session == self.session
    }

    /// The session of the week with this word: `Mon-AM`.
    pub fn from_key(key: &str) -> Option<Only> {
        let (weekday, session) = key.split_once('-')?;
        Some(Only {
            weekday: WEEKDAYS.into_iter().find(|one| one.short() == weekday)?,
            session: session.parse().ok()?,
        })
    }
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.weekday.short(), self.session)
    }
}

/// A question that a figure answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Whose sessions.
    pub who: Who,
    /// Over which days.
    pub when: When,
    /// By whose reckoning.
    pub profile: Profile,
    /// Of one session of the week alone.
    pub only: Option<Only>,
}

impl Question {
    /// The usual one: the school year to date by the school's own reckoning.
    pub fn usual(who: Who) -> Question {
        Question {
            who,
            when: When::Year(None),
            profile: Profile::School,
            only: None,
        }
    }

    /// The same question about somebody else.
    pub fn about(self, who: Who) -> Question {
        Question { who, ..self }
    }

    /// The period and profile as the end of a query string, what is usual left out: `&period=term`.
    pub fn tail(&self) -> String {
        let mut tail = String::new();
        let on = match self.when {
            When::Year(on) | When::Term(on) | When::HalfTerm(on) => {
                if !matches!(self.when, When::Year(_)) {
                    tail = format!("&period={}", self.when.key());
                }
                on
            }
            When::Days(from, to) => {
                tail = format!("&period=days&from={from}&to={to}");
                None
            }
        };
        // Writing to a string cannot fail.
        if let Some(on) = on {
            let _ = write!(tail, "&on={on}");
        }
        if self.profile != Profile::School {
            let _ = write!(tail, "&profile={}", self.profile.key());
        }
        if let Some(only) = self.only {
            let _ = write!(tail, "&at={only}");
        }
        tail
    }

    /// The page that says why the figure is what it is.
    pub fn why(&self) -> String {
        format!("/why?who={}{}", self.who, self.tail())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, Period};

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn calendar() -> SchoolCalendar {
        let term = |name: &str, first, last| Period {
            name: name.to_owned(),
            first: day(first),
            last: day(last),
        };
        SchoolCalendar::new(CalendarRows {
            terms: vec![
                term("Summer 2", "2026-06-01", "2026-07-21"),
                term("Autumn 1", "2026-09-03", "2026-10-23"),
                term("Autumn 2", "2026-11-02", "2026-12-18"),
                term("Spring 1", "2027-01-04", "2027-02-12"),
            ],
            ..CalendarRows::default()
        })
        .expect("sound rows")
    }

    #[test]
    fn every_one_that_can_be_asked_about_reads_back_from_its_word() {
        let mut all = vec![Who::School, Who::Group(GroupId(12)), Who::Pupil(PupilId(3))];
        all.extend(GroupKind::ALL.map(Who::InNo));
        all.extend(TRAITS.iter().flat_map(Trait::each).map(Who::Having));
        for who in all {
            assert_eq!(Who::from_key(&who.to_string()), Some(who));
        }
        for nobody in ["", "group-", "group-x", "fsm", "fsm-perhaps", "no-gang"] {
            assert_eq!(Who::from_key(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn a_flag_is_held_whatever_its_value_says_unless_it_says_no() {
        let fsm = &TRAITS[1];
        assert_eq!(fsm.answer(Some("yes")).value, "yes");
        assert_eq!(fsm.answer(Some("")).value, "yes");
        assert_eq!(fsm.answer(Some("no")).value, "no");
        assert_eq!(fsm.answer(None).value, "no");
        let sen = &TRAITS[3];
        assert_eq!(sen.answer(Some("K")).label(), "SEN support");
        assert_eq!(sen.answer(Some("N")).value, "no");
    }

    #[test]
    fn a_term_is_both_its_halves_and_a_holiday_belongs_to_the_half_before_it() {
        let calendar = calendar();
        let span = |when: When| {
            let span = when.span(&calendar, day("2026-11-24")).expect("terms");
            (span.first.to_string(), span.last.to_string(), span.name)
        };
        let of = |first: &str, last: &str, name: &str| (first.into(), last.into(), name.into());
        assert_eq!(
            span(When::Term(None)),
            of("2026-09-03", "2026-12-18", "Autumn")
        );
        assert_eq!(
            span(When::HalfTerm(Some(day("2026-10-28")))),
            of("2026-09-03", "2026-10-23", "Autumn 1")
        );
        assert_eq!(span(When::Year(None)).2, "2026/27 to date");
        let backwards = When::Days(day("2026-11-02"), day("2026-11-01"));
        assert_eq!(backwards.span(&calendar, day("2026-11-24")), None);
    }

    #[test]
    fn a_question_says_only_what_is_not_usual() {
        let usual = Question::usual(Who::Pupil(PupilId(7)));
        assert_eq!(usual.why(), "/why?who=pupil-7");
        let other = Question {
            when: When::Days(day("2026-09-03"), day("2026-09-30")),
            profile: Profile::DfeFullYear,
            ..usual
        };
        assert_eq!(
            other.tail(),
            "&period=days&from=2026-09-03&to=2026-09-30&profile=dfe_full_year"
        );
    }
}

//! Pupils, their stays on the roll, their homes and the grown-ups around them.

use calendar::{Day, Session, Weekday};

/// Sex as the admission register has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// A pupil, past or present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pupil {
    /// The school's own number, six digits with leading noughts.
    pub admission_number: String,
    /// The unique pupil number, with a right check letter; a few are temporary (last character a letter).
    pub upn: String,
    /// Legal forename.
    pub forename: String,
    /// Legal middle name, or empty.
    pub middle_names: String,
    /// Legal surname.
    pub surname: String,
    /// The name used at school.
    pub preferred_forename: String,
    /// The surname used at school.
    pub preferred_surname: String,
    /// Sex.
    pub sex: Sex,
    /// Date of birth.
    pub born: Day,
    /// Index into the households: where the pupil lives.
    pub household: usize,
    /// The school year (first calendar year) in which this pupil's year group was Year 7.
    pub year_seven_in: i16,
    /// School before this one.
    pub previous_school: &'static str,
}

impl Pupil {
    /// The year group in the school year that begins in `first_year`.
    pub fn year_group_in(&self, first_year: i16) -> u8 {
        (7 + first_year - self.year_seven_in).clamp(0, 99) as u8
    }
}

/// How a pupil is registered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrolmentKind {
    /// On this school's roll only.
    Single,
    /// On this roll as the main school and on another's.
    DualMain,
    /// Here for a time from another school, which keeps the pupil on its roll.
    Guest,
}

/// One stay on the roll.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enrolment {
    /// Index into the pupils.
    pub pupil: usize,
    /// How registered.
    pub kind: EnrolmentKind,
    /// The starting day, the first on which the pupil is marked.
    pub start: Day,
    /// The last day on roll, marked too. None while on roll, also where a leaving is to be expected.
    pub end: Option<Day>,
    /// The letter of the ground on which the name was deleted (R-305; `NCSA` for those over compulsory school age), if it was.
    pub deletion_ground: Option<&'static str>,
    /// The school moved to, or at which the pupil is also registered.
    pub other_school: Option<&'static str>,
}

impl Enrolment {
    /// Whether the pupil is on roll on this day.
    pub fn covers(&self, day: Day) -> bool {
        self.start <= day && self.end.is_none_or(|end| day <= end)
    }
}

/// A home at an address of no town. Postcodes are of the district EC9, which does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Household {
    /// House number and street.
    pub street: String,
    /// Town.
    pub town: &'static str,
    /// Postcode.
    pub postcode: String,
}

/// A grown-up. One person for all their children, at home together or apart.
///
/// Telephone numbers come from the ranges kept free for drama (07700 900000 to 900999, 01632 960000 to 960999). There are a
/// thousand of each, so in a large school strangers share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Adult {
    /// `Mrs`, `Mr`, `Ms`, `Dr`.
    pub title: &'static str,
    /// Forename.
    pub forename: String,
    /// Surname.
    pub surname: String,
    /// Index into the households.
    pub household: usize,
    /// Mobile number, national form.
    pub mobile: Option<String>,
    /// Landline, national form.
    pub landline: Option<String>,
    /// E-mail address at example.org or example.com.
    pub email: Option<String>,
    /// Language code of the census.
    pub language: &'static str,
    /// The same in words.
    pub language_name: &'static str,
    /// Whether an interpreter is needed on the telephone.
    pub interpreter: bool,
}

/// A grown-up's place in a pupil's life.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contact {
    /// Index into the pupils.
    pub pupil: usize,
    /// Index into the adults.
    pub adult: usize,
    /// 1 is rung first.
    pub priority: u8,
    /// `Mother`, `Father`, `Foster carer` and so on.
    pub relationship: &'static str,
    /// Whether this person has parental responsibility.
    pub parental_responsibility: bool,
    /// Whether the pupil normally lives with this person.
    pub lives_with: bool,
    /// Whether the school must not get in touch with this person.
    pub do_not_contact: bool,
    /// What a court has ordered, in words.
    pub court_order: Option<&'static str>,
}

/// The half-days of a week that an arrangement covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Weekly(u16);

impl Weekly {
    /// Every session of the week.
    pub const ALL: Weekly = Weekly(0b11_1111_1111);

    /// These half-days.
    pub(crate) fn of(half_days: &[(Weekday, Session)]) -> Weekly {
        Weekly(
            half_days
                .iter()
                .fold(0, |bits, (weekday, session)| bits | bit(*weekday, *session)),
        )
    }

    /// Whether this half-day is among them.
    pub fn covers(self, weekday: Weekday, session: Session) -> bool {
        self.0 & bit(weekday, session) != 0
    }
}

fn bit(weekday: Weekday, session: Session) -> u16 {
    1 << (weekday.index() * 2 + session.index())
}

/// An arrangement that fixes a pupil's marks beforehand: a part-time timetable, provision elsewhere, a suspension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Index into the enrolments.
    pub enrolment: usize,
    /// First day.
    pub from: Day,
    /// Last day, if agreed.
    pub to: Option<Day>,
    /// The half-days of the week.
    pub weekly: Weekly,
    /// The mark to be made.
    pub mark: crate::Mark,
    /// What the mark rests on.
    pub note: &'static str,
}

impl Plan {
    pub(crate) fn covers(&self, day: Day, session: Session) -> bool {
        self.from <= day
            && self.to.is_none_or(|to| day <= to)
            && self.weekly.covers(day.weekday(), session)
    }
}

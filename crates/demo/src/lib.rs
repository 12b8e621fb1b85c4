//! A believable, wholly synthetic school, for the demo, the journeys and the measurements.
//!
//! [`generate`] makes the same school from the same [`Request`] every time, dated relative to the day it is asked for: three
//! school years of calendar, staff in every role, families, pupils with a history, and every mark up to yesterday. Lists refer
//! to one another by position ("index"), which never changes for one request.
//!
//! It deliberately does not know: the database, the application's ids and passwords, the clock. It counts nothing: figures come from
//! `columns`, and rules from `register`. Nobody in it is real.

mod cast;
mod chance;
mod characteristics;
mod cohorts;
mod events;
mod families;
mod groups;
mod lessons;
mod marks;
mod names;
mod people;
mod staff;
mod timetable;
mod today;
mod upn;
mod year;

use calendar::{CalendarRows, Day, Instant, Slot, TimeOfDay};

pub use cast::{Role, Story};
pub use characteristics::{Characteristic, Characteristics};
pub use groups::{Group, GroupKind, Membership};
pub use lessons::{InLesson, LessonRegister};
pub use marks::{Amendment, Mark, MarkDetail, Marks, RegisterRun};
pub use people::{Adult, Contact, Enrolment, EnrolmentKind, Household, Plan, Pupil, Sex, Weekly};
pub use staff::{Grant, Scope, StaffMember};
pub use timetable::{Lesson, Period, Timetable};
pub use today::{PlannedMark, TakenMark, TakenRegister, Today, TodayRegister};
pub use year::{Closure, ClosureKind, HalfTerm, SchoolYear, SessionTimes};

/// What school to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The day on which the school is looked at, at about 08:50. May be any day, also in a holiday.
    pub today: Day,
    /// Pupils on roll in an ordinary week of this school year, from 7 on; 1,500 is a large secondary school.
    ///
    /// After the last Friday in June the leavers of Years 11 and 13 are gone and the roll is shorter.
    pub pupils: usize,
    /// Another number makes another school.
    pub seed: u64,
}

impl Request {
    /// A school of 1,500 pupils as it stands on this day.
    pub fn on(today: Day) -> Request {
        Request {
            today,
            pupils: 1500,
            seed: 4998,
        }
    }
}

/// The whole school.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DemoSchool {
    /// What was asked for.
    pub request: Request,
    /// Name, numbers and session times.
    pub identity: Identity,
    /// Four school years in order: the two before, the current one, and the next, whose dates are already published.
    pub years: Vec<SchoolYear>,
    /// Staff, governors and the trust's people.
    pub staff: Vec<StaffMember>,
    /// Homes. Siblings share one.
    pub households: Vec<Household>,
    /// Parents, carers and other grown-ups.
    pub adults: Vec<Adult>,
    /// Everyone who was on roll at any time in the three years.
    pub pupils: Vec<Pupil>,
    /// Who is to be rung for whom, in the order of priority for each pupil.
    pub contacts: Vec<Contact>,
    /// Stays on the roll. A pupil who left and came back has two.
    pub enrolments: Vec<Enrolment>,
    /// Dated facts about pupils.
    pub characteristics: Vec<Characteristics>,
    /// Years, houses, tutor groups and classes.
    pub groups: Vec<Group>,
    /// Who was in which group, when.
    pub memberships: Vec<Membership>,
    /// What is taught when in the current year.
    pub timetable: Timetable,
    /// Standing arrangements, such as a part-time timetable.
    pub plans: Vec<Plan>,
    /// The session axis: every session due from the first day of the year before last up to and including today.
    pub slots: Vec<Slot>,
    /// When the register of each slot opened.
    pub slot_opens: Vec<Instant>,
    /// For each enrolment, its marks: every session due before today.
    pub marks: Vec<Marks>,
    /// The morning as it stands at 08:50, if the school meets today.
    pub today: Option<Today>,
    /// Pupils with a story worth showing, so that journeys and tours find them.
    pub cast: Vec<Role>,
}

/// Who the school is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its name.
    pub name: &'static str,
    /// Its short name, for narrow places.
    pub short_name: &'static str,
    /// Unique reference number.
    pub urn: &'static str,
    /// Number of the local authority.
    pub authority: u16,
    /// Number of the establishment within the authority.
    pub establishment: u16,
    /// Name of the invented authority.
    pub authority_name: &'static str,
    /// Name of the invented trust.
    pub trust: &'static str,
    /// Postal address, in lines.
    pub address: [&'static str; 3],
    /// Telephone number, from the range kept free for drama.
    pub telephone: &'static str,
    /// Youngest and oldest year group.
    pub year_groups: (u8, u8),
    /// When registers are taken.
    pub session_times: SessionTimes,
}

impl DemoSchool {
    /// Enrolments that are current on this day, by index.
    pub fn on_roll(&self, day: Day) -> impl Iterator<Item = usize> + '_ {
        (0..self.enrolments.len()).filter(move |index| self.enrolments[*index].covers(day))
    }

    /// The school year in which today lies.
    pub fn current_year(&self) -> &SchoolYear {
        &self.years[2]
    }

    /// The years' terms, half-term breaks and exceptional days as rows for [`calendar::SchoolCalendar`].
    pub fn calendar_rows(&self) -> CalendarRows {
        let mut rows = CalendarRows::default();
        for year in &self.years {
            year.add_to(&mut rows);
        }
        rows
    }

    /// Who took the register with this mark, as an index into the staff: the tutor of that year.
    pub fn recorded_by(&self, enrolment: usize, slot: usize) -> usize {
        self.groups[self.marks[enrolment].tutor_group_at(slot)].staff
    }

    /// When the register with this mark was saved: two to nine minutes after it opened, the same for the whole group.
    pub fn recorded_at(&self, enrolment: usize, slot: usize) -> Instant {
        let group = self.marks[enrolment].tutor_group_at(slot);
        let spread = (group * 31 + slot * 17) % 420;
        self.slot_opens[slot].plus_seconds(120 + spread as i64)
    }
}

/// Makes the school that was asked for.
///
/// Pure and repeatable: equal requests give equal schools. A request for fewer than seven pupils is served with seven.
pub fn generate(request: &Request) -> DemoSchool {
    let request = Request {
        pupils: request.pupils.max(7),
        ..*request
    };
    let seed = request.seed;
    let years = school_years(request.today);
    let session_times = session_times(&years);
    let days = events::school_days(&years, request.today);

    let mut roll = cohorts::fill(&request, &years, &days);
    let mut homes = families::settle(seed, &mut roll);
    let drawn = cast::draw(&request, &days, &mut roll, &mut homes);
    let characteristics = characteristics::assign(&request, &years, &roll, &homes, &drawn.cast);
    let groups = groups::form(&request, &years, &roll);
    let staff = staff::appoint(&request, &groups);

    let slots: Vec<Slot> = days.iter().flat_map(events::SchoolDay::slots).collect();
    let slot_opens = slots
        .iter()
        .map(|slot| Instant::at_london(slot.day, session_times.opens(slot.session)))
        .collect();
    let story = marks::Setting {
        request: &request,
        years: &years,
        days: &days,
        roll: &roll,
        families: &homes.families,
        characteristics: &characteristics,
        groups: &groups,
        drawn: &drawn,
        office: staff.attendance_office(),
        session_times: &session_times,
    };
    let simulated = marks::simulate(&story);
    let (marks, today) = today::split(&story, simulated);
    let timetable = timetable::draw_up(&groups, &years[2]);

    DemoSchool {
        request,
        identity: identity(session_times),
        years,
        staff: staff.members,
        households: homes.households,
        adults: homes.adults,
        pupils: roll.pupils,
        contacts: homes.contacts,
        enrolments: roll.enrolments,
        characteristics,
        timetable,
        groups: groups.groups,
        memberships: groups.memberships,
        plans: drawn.plans,
        slots,
        slot_opens,
        marks,
        today,
        cast: drawn.cast,
    }
}

/// The years before last, before, current and next, with one polling day and one snow closure in the past.
fn school_years(today: Day) -> Vec<SchoolYear> {
    let current = year::first_year_of(today);
    let mut years: Vec<SchoolYear> = (current - 2..=current + 1)
        .map(|first_year| SchoolYear::set(first_year, first_year == current - 1))
        .collect();
    let winter = if years[2].snow_day() < today { 2 } else { 1 };
    years[winter].let_it_snow();
    years
}

fn session_times(years: &[SchoolYear]) -> SessionTimes {
    let clock =
        |hour, minute| TimeOfDay::new(hour, minute, 0).expect("a clock time of the school day");
    SessionTimes {
        from: years[0].half_terms[0].first_day,
        morning_opens: clock(8, 40),
        morning_closes: clock(9, 10),
        afternoon_opens: clock(13, 30),
        afternoon_closes: clock(14, 0),
    }
}

fn identity(session_times: SessionTimes) -> Identity {
    Identity {
        name: "Rollbook Example Academy",
        short_name: "Example Academy",
        urn: "199998",
        authority: cohorts::AUTHORITY,
        establishment: cohorts::ESTABLISHMENT,
        authority_name: "Exampleshire",
        trust: "Specimen Learning Trust",
        address: ["Ledger Street", "Exampleton", "EC9A 1AA"],
        telephone: "01632 960000",
        year_groups: (7, 13),
        session_times,
    }
}

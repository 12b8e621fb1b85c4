//! The pupils with a story: each kind of case that the product is for is played by somebody at any time of the year.

use calendar::{Day, Session, Weekday};

use crate::chance::{Chance, Purpose};
use crate::cohorts::{AUTHORITY, Roll};
use crate::events::SchoolDay;
use crate::families::Homes;
use crate::people::{Enrolment, EnrolmentKind, Plan, Weekly};
use crate::year::first_year_of;
use crate::{Mark, Request, names, upn};

/// What a pupil of the cast shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Story {
    /// One of two pupils of the same year with the same name and the same birthday.
    Namesake,
    /// Has a temporary pupil number.
    TemporaryNumber,
    /// No contact has a telephone number.
    NoUsableNumber,
    /// A parent must not be contacted, by a court's order.
    CourtOrder,
    /// The home needs an interpreter.
    Interpreter,
    /// Left last year and came back.
    ReEntry,
    /// Also registered at the referral unit, where two days of the week are spent (`D`).
    DuallyRegistered,
    /// Here for some weeks from another school.
    Guest,
    /// On a temporary part-time timetable (`C2`).
    PartTimeTimetable,
    /// Suspended these days (`E`).
    Suspended,
    /// On an extended work placement on Fridays (`W`).
    WorkExperience,
    /// At alternative provision two days a week (`B`).
    AlternativeProvision,
    /// Taught in hospital by arrangement of the authority (`K`).
    TaughtByAuthority,
    /// Hardly ever comes.
    SeverelyAbsent,
    /// Many short absences, Mondays above all.
    ShortSpells,
    /// Late nearly every other day.
    OftenLate,
    /// Has not missed a session.
    NeverAbsent,
    /// Was ill for six weeks last winter.
    LongIllness,
    /// Went on holiday in term (`G`).
    TermTimeHoliday,
    /// Of a travelling family (`T`).
    MobileChild,
    /// Looked after by the authority.
    LookedAfter,
    /// Has a child protection plan.
    ChildProtection,
    /// Has a parent in the forces.
    ServiceChild,
    /// Cares for somebody at home.
    YoungCarer,
    /// Absent without explanation these last two days (`N`).
    Unexplained,
    /// Ten unexplained or unagreed sessions lie within the last weeks.
    NearPenaltyNotice,
}

/// A pupil with a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The story.
    pub story: Story,
    /// Index into the pupils.
    pub pupil: usize,
}

/// The cast and the arrangements that their stories bring with them.
pub(crate) struct Drawn {
    pub(crate) cast: Vec<Role>,
    pub(crate) plans: Vec<Plan>,
}

/// Each story, how many pupils of a school of 1,500 play it (at least one in any school), and their year groups.
const PLAYBILL: &[(Story, usize, std::ops::RangeInclusive<u8>)] = &[
    (Story::Namesake, 2, 9..=9),
    (Story::ReEntry, 2, 9..=11),
    (Story::PartTimeTimetable, 4, 8..=10),
    (Story::Suspended, 3, 8..=11),
    (Story::DuallyRegistered, 4, 9..=11),
    (Story::AlternativeProvision, 5, 9..=10),
    (Story::TaughtByAuthority, 2, 8..=10),
    (Story::WorkExperience, 2, 10..=11),
    (Story::Guest, 1, 8..=9),
    (Story::Unexplained, 5, 7..=11),
    (Story::NearPenaltyNotice, 4, 8..=10),
    (Story::SeverelyAbsent, 17, 8..=11),
    (Story::ShortSpells, 10, 8..=11),
    (Story::OftenLate, 10, 7..=11),
    (Story::NeverAbsent, 8, 7..=11),
    (Story::LongIllness, 4, 8..=11),
    (Story::TermTimeHoliday, 6, 7..=10),
    (Story::MobileChild, 2, 7..=9),
    (Story::TemporaryNumber, 8, 7..=11),
    (Story::NoUsableNumber, 1, 7..=11),
    (Story::CourtOrder, 3, 7..=11),
    (Story::Interpreter, 4, 7..=11),
    (Story::LookedAfter, 5, 7..=11),
    (Story::ChildProtection, 5, 7..=11),
    (Story::ServiceChild, 4, 7..=11),
    (Story::YoungCarer, 6, 7..=13),
];

/// Draws the cast, and changes the people whose story asks for it.
pub(crate) fn draw(
    request: &Request,
    days: &[SchoolDay],
    roll: &mut Roll,
    homes: &mut Homes,
) -> Drawn {
    let mut stage = Stage {
        request,
        days,
        roll,
        homes,
        chance: Chance::new(request.seed, Purpose::Stories, 0),
        drawn: Drawn {
            cast: Vec::new(),
            plans: Vec::new(),
        },
    };
    for (story, of_1500, year_groups) in PLAYBILL {
        let players = (of_1500 * request.pupils / 1500).max(1);
        let players = if *story == Story::Namesake {
            2
        } else {
            players
        };
        for _ in 0..players {
            if let Some(pupil) = stage.player(year_groups) {
                stage.drawn.cast.push(Role {
                    story: *story,
                    pupil,
                });
                stage.play(*story, pupil);
            }
        }
    }
    stage.drawn
}

struct Stage<'a> {
    request: &'a Request,
    days: &'a [SchoolDay],
    roll: &'a mut Roll,
    homes: &'a mut Homes,
    chance: Chance,
    drawn: Drawn,
}

impl Stage<'_> {
    /// A pupil of these year groups who is on roll, was so from the first day of their Year 7, and has no story yet.
    fn player(&mut self, year_groups: &std::ops::RangeInclusive<u8>) -> Option<usize> {
        let current = first_year_of(self.request.today);
        let count = self.roll.pupils.len();
        let first = self.chance.below(count);
        (0..count).map(|step| (first + step) % count).find(|pupil| {
            let own = &self.roll.pupils[*pupil];
            year_groups.contains(&own.year_group_in(current))
                && self.drawn.cast.iter().all(|role| role.pupil != *pupil)
                && self.has_stayed(*pupil)
        })
    }

    fn has_stayed(&self, pupil: usize) -> bool {
        let stay = &self.roll.enrolments[self.roll.enrolment_of(pupil)];
        stay.end.is_none()
            && first_year_of(stay.start) == self.roll.pupils[pupil].year_seven_in
            && stay.start.month() == 9
    }

    fn play(&mut self, story: Story, pupil: usize) {
        match story {
            Story::Namesake => self.share_a_name(pupil),
            Story::TemporaryNumber => self.lose_number(pupil),
            Story::NoUsableNumber => self.lose_telephones(pupil),
            Story::CourtOrder => self.order_by_court(pupil),
            Story::Interpreter => self.need_interpreter(pupil),
            Story::ReEntry => self.leave_and_return(pupil),
            Story::Guest => self.be_a_guest(pupil),
            Story::DuallyRegistered => self.share_with_referral_unit(pupil),
            _ => self.arrange(story, pupil),
        }
    }

    /// The second of two pupils takes the name, sex and birthday of the first.
    fn share_a_name(&mut self, pupil: usize) {
        let twin = self
            .drawn
            .cast
            .iter()
            .find(|role| role.story == Story::Namesake && role.pupil != pupil)
            .map(|role| self.roll.pupils[role.pupil].clone());
        let Some(other) = twin else { return };
        let own = &mut self.roll.pupils[pupil];
        own.forename = other.forename;
        own.surname = other.surname;
        own.preferred_forename = other.preferred_forename;
        own.preferred_surname = other.preferred_surname;
        own.middle_names = other.middle_names;
        own.sex = other.sex;
        own.born = other.born;
    }

    fn lose_number(&mut self, pupil: usize) {
        let serial = self.drawn.cast.len();
        let own = &mut self.roll.pupils[pupil];
        own.upn = upn::temporary(AUTHORITY, own.year_seven_in, serial);
    }

    fn adults_of(&self, pupil: usize) -> Vec<usize> {
        self.homes
            .contacts
            .iter()
            .filter(|contact| contact.pupil == pupil)
            .map(|contact| contact.adult)
            .collect()
    }

    fn lose_telephones(&mut self, pupil: usize) {
        for adult in self.adults_of(pupil) {
            self.homes.adults[adult].mobile = None;
            self.homes.adults[adult].landline = None;
        }
    }

    fn order_by_court(&mut self, pupil: usize) {
        let last = self
            .homes
            .contacts
            .iter_mut()
            .filter(|contact| contact.pupil == pupil)
            .max_by_key(|contact| contact.priority);
        if let Some(contact) = last.filter(|contact| contact.priority > 1) {
            contact.lives_with = false;
            contact.do_not_contact = true;
            contact.court_order =
                Some("Prohibited steps order: must not collect the child from school");
        }
    }

    fn need_interpreter(&mut self, pupil: usize) {
        for adult in self.adults_of(pupil) {
            let person = &mut self.homes.adults[adult];
            person.interpreter = true;
            if person.language == "ENG" {
                (person.language, person.language_name) = ("UKR", "Ukrainian");
            }
        }
    }

    /// Left in the middle of last school year for another school and came back some ten weeks of school later.
    fn leave_and_return(&mut self, pupil: usize) {
        let last_year: Vec<&SchoolDay> = self.days.iter().filter(|day| day.year == 1).collect();
        let (left, back) = (last_year[70].day, last_year[120].day);
        let number = self.roll.enrolment_of(pupil);
        let first = &mut self.roll.enrolments[number];
        first.end = Some(left);
        first.deletion_ground = Some("A");
        first.other_school = Some(names::SECONDARY_SCHOOLS[0]);
        self.roll.enrolments.push(Enrolment {
            pupil,
            kind: EnrolmentKind::Single,
            start: back,
            end: None,
            deletion_ground: None,
            other_school: None,
        });
    }

    fn be_a_guest(&mut self, pupil: usize) {
        let start = self.school_days_ago(18);
        let number = self.roll.enrolment_of(pupil);
        let stay = &mut self.roll.enrolments[number];
        stay.kind = EnrolmentKind::Guest;
        stay.start = start;
        stay.other_school = Some(names::SECONDARY_SCHOOLS[1]);
        self.roll.pupils[pupil].previous_school = names::SECONDARY_SCHOOLS[1];
    }

    fn share_with_referral_unit(&mut self, pupil: usize) {
        let number = self.roll.enrolment_of(pupil);
        let stay = &mut self.roll.enrolments[number];
        stay.kind = EnrolmentKind::DualMain;
        stay.other_school = Some(names::REFERRAL_UNIT);
        let from = self.school_days_ago(60);
        let days = whole_days(&[Weekday::Tuesday, Weekday::Thursday]);
        self.plan(pupil, from, None, days, Mark::DUAL, names::REFERRAL_UNIT);
    }

    fn arrange(&mut self, story: Story, pupil: usize) {
        const FRIDAY: &[Weekday] = &[Weekday::Friday];
        const AFTERNOONS: &[(Weekday, Session)] = &[
            (Weekday::Monday, Session::Pm),
            (Weekday::Tuesday, Session::Pm),
            (Weekday::Wednesday, Session::Pm),
            (Weekday::Thursday, Session::Pm),
            (Weekday::Friday, Session::Pm),
        ];
        match story {
            Story::PartTimeTimetable => {
                let from = self.school_days_ago(16);
                let to = Some(self.request.today.plus_days(18));
                let note = "Temporary part-time timetable agreed with the parent: mornings only, reviewed in six weeks";
                self.plan(
                    pupil,
                    from,
                    to,
                    Weekly::of(AFTERNOONS),
                    Mark::PART_TIME,
                    note,
                );
            }
            Story::Suspended => {
                let from = self.school_days_ago(1);
                let to = Some(self.request.today.plus_days(2));
                let note = "Suspended for a fixed period; work set";
                self.plan(pupil, from, to, Weekly::ALL, Mark::SUSPENDED, note);
            }
            Story::WorkExperience => {
                let from = self.school_days_ago(90);
                let note = "Extended work placement at the Specimen Garage, Fridays";
                self.plan(
                    pupil,
                    from,
                    None,
                    whole_days(FRIDAY),
                    Mark::WORK_EXPERIENCE,
                    note,
                );
            }
            Story::AlternativeProvision => {
                let from = self.school_days_ago(110);
                let days = whole_days(&[Weekday::Monday, Weekday::Wednesday]);
                let note = "Construction course at the Sampleby Skills Yard, supervised";
                self.plan(pupil, from, None, days, Mark::OFF_SITE, note);
            }
            Story::TaughtByAuthority => {
                let from = self.school_days_ago(25);
                let note = "Hospital and home tuition arranged by the authority";
                self.plan(pupil, from, None, Weekly::ALL, Mark::BY_AUTHORITY, note);
            }
            Story::MobileChild => {
                let (from, to) = (self.school_days_ago(150), Some(self.school_days_ago(125)));
                let note = "Family travelling for work";
                self.plan(pupil, from, to, Weekly::ALL, Mark::MOBILE, note);
            }
            Story::TermTimeHoliday => {
                let (from, to) = (self.school_days_ago(40), Some(self.school_days_ago(35)));
                let note = "Leave asked for and refused";
                self.plan(pupil, from, to, Weekly::ALL, Mark::HOLIDAY, note);
            }
            Story::LongIllness => {
                let last_year: Vec<&SchoolDay> =
                    self.days.iter().filter(|day| day.year == 1).collect();
                let (from, to) = (last_year[82].day, Some(last_year[111].day));
                let note = "Glandular fever; medical letter seen";
                self.plan(pupil, from, to, Weekly::ALL, Mark::ILL, note);
            }
            _ => {}
        }
    }

    fn plan(
        &mut self,
        pupil: usize,
        from: Day,
        to: Option<Day>,
        weekly: Weekly,
        mark: Mark,
        note: &'static str,
    ) {
        self.drawn.plans.push(Plan {
            enrolment: self.roll.enrolment_of(pupil),
            from,
            to,
            weekly,
            mark,
            note,
        });
    }

    /// The school day so many before today, counting today if the school meets; the first one known if there are not so many.
    fn school_days_ago(&self, count: usize) -> Day {
        let last = self.days.len() - 1;
        self.days[last.saturating_sub(count)].day
    }
}

fn whole_days(weekdays: &[Weekday]) -> Weekly {
    let half_days: Vec<(Weekday, Session)> = weekdays
        .iter()
        .flat_map(|weekday| Session::BOTH.map(|session| (*weekday, session)))
        .collect();
    Weekly::of(&half_days)
}

//! Year groups, houses, tutor groups and classes, and who was in which, when.

use calendar::Day;

use crate::Request;
use crate::chance::{Chance, Purpose};
use crate::cohorts::Roll;
use crate::year::{self, SchoolYear};

/// What a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// A year group: `Year 9`. Lasts; its pupils pass through.
    Year,
    /// A house. Lasts; its pupils stay.
    House,
    /// A tutor group of one school year: `9C`.
    Tutor,
    /// A class in a subject, of one school year: `9x/Ma2`.
    Class,
}

/// A group of pupils.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// What for.
    pub kind: GroupKind,
    /// Its name, unique among the groups of its kind and school year.
    pub name: String,
    /// The year group its pupils are in; none for a house.
    pub year_group: Option<u8>,
    /// The school year it belongs to (first calendar year); none if it lasts.
    pub school_year: Option<i16>,
    /// The subject of a class.
    pub subject: Option<&'static str>,
    /// Index into the staff: head of year or house, tutor, or teacher of the class.
    pub staff: usize,
    /// The first day it holds pupils.
    pub from: Day,
    /// The last day; none for groups that last or are of the current year.
    pub to: Option<Day>,
}

/// A pupil's time in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    /// Index into the enrolments.
    pub enrolment: usize,
    /// Index into the groups.
    pub group: usize,
    /// First day.
    pub from: Day,
    /// Last day; none while it goes on.
    pub to: Option<Day>,
}

/// Groups with their members and the number of teachers they ask for.
pub(crate) struct Groups {
    pub(crate) groups: Vec<Group>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) teachers: usize,
    /// The tutor group of each enrolment in each of the three years past and present.
    pub(crate) tutor_groups: Vec<[Option<usize>; 3]>,
}

/// Houses, each with two of the ten tutor groups of a year.
pub(crate) const HOUSES: [&str; 5] = ["Alder", "Birch", "Cedar", "Hazel", "Rowan"];
/// Tutor groups are lettered without I and O.
const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Subjects in the order in which teachers are appointed to them, again and again.
pub(crate) const SUBJECTS: [(&str, &str); 10] = [
    ("English", "En"),
    ("Mathematics", "Ma"),
    ("Science", "Sc"),
    ("Humanities", "Hu"),
    ("Languages", "La"),
    ("English", "En"),
    ("Mathematics", "Ma"),
    ("Science", "Sc"),
    ("Arts and technology", "At"),
    ("Physical education", "Pe"),
];
/// Pupils in a class of Years 7 to 11, and of the sixth form.
const CLASS: usize = 27;
const SIXTH_FORM_CLASS: usize = 18;

/// Heads of Years 7 to 13 and of the houses stand first in the staff list, in this order, before the teachers.
pub(crate) const HEADS: usize = 7 + HOUSES.len();

/// Forms all groups of the three years past and present.
pub(crate) fn form(request: &Request, years: &[SchoolYear], roll: &Roll) -> Groups {
    let teachers = (7 * roll.forms.0 + roll.forms.0 / 2).max(9);
    let mut former = Former {
        request,
        roll,
        years,
        teachers,
        chance: Chance::new(request.seed, Purpose::Groups, 0),
        groups: Vec::new(),
        memberships: Vec::new(),
        tutor_groups: vec![[None; 3]; roll.enrolments.len()],
        classes_of: vec![0; teachers],
    };
    former.lasting_groups();
    for year in 0..3 {
        former.year_groups_of(year);
        former.tutor_groups_of(year);
        former.classes_of(year);
    }
    Groups {
        groups: former.groups,
        memberships: former.memberships,
        teachers,
        tutor_groups: former.tutor_groups,
    }
}

struct Former<'a> {
    request: &'a Request,
    roll: &'a Roll,
    years: &'a [SchoolYear],
    teachers: usize,
    chance: Chance,
    groups: Vec<Group>,
    memberships: Vec<Membership>,
    tutor_groups: Vec<[Option<usize>; 3]>,
    /// How many classes each teacher has had.
    classes_of: Vec<usize>,
}

impl Former<'_> {
    fn lasting_groups(&mut self) {
        let from = self.years[0].half_terms[0]
            .first_day
            .min(year::moving_up_day(self.years[0].first_year));
        for year_group in 7..=13_u8 {
            self.groups.push(Group {
                kind: GroupKind::Year,
                name: format!("Year {year_group}"),
                year_group: Some(year_group),
                school_year: None,
                subject: None,
                staff: usize::from(year_group) - 7,
                from,
                to: None,
            });
        }
        for (number, house) in HOUSES.iter().enumerate() {
            self.groups.push(Group {
                kind: GroupKind::House,
                name: (*house).to_owned(),
                year_group: None,
                school_year: None,
                subject: None,
                staff: 7 + number,
                from,
                to: None,
            });
        }
        for (number, enrolment) in self.roll.enrolments.iter().enumerate() {
            let house = 7 + self.roll.natures[enrolment.pupil].form / 2 % HOUSES.len();
            if enrolment.end.is_none_or(|end| end >= from) {
                self.memberships.push(Membership {
                    enrolment: number,
                    group: house,
                    from: enrolment.start.max(from),
                    to: enrolment.end,
                });
            }
        }
    }

    /// First and last day of a school year as groups reckon it: from 1 September to 31 August.
    fn span(&self, year: usize) -> (Day, Day) {
        let first_year = self.years[year].first_year;
        let next = year::moving_up_day(first_year + 1);
        (year::moving_up_day(first_year), next.previous())
    }

    /// Enrolments with a day in this school year, with the year group they are in.
    fn enrolled_in(&self, year: usize) -> Vec<(usize, u8)> {
        let (first, last) = self.span(year);
        let first_year = self.years[year].first_year;
        self.roll
            .enrolments
            .iter()
            .enumerate()
            .filter(|(_, stay)| stay.start <= last && stay.end.is_none_or(|end| end >= first))
            .map(|(number, stay)| {
                (
                    number,
                    self.roll.pupils[stay.pupil].year_group_in(first_year),
                )
            })
            .filter(|(_, year_group)| (7..=13).contains(year_group))
            .collect()
    }

    fn join(&mut self, enrolment: usize, group: usize, year: usize) {
        let (first, last) = self.span(year);
        let stay = &self.roll.enrolments[enrolment];
        let year_end = (year < 2).then_some(last);
        let to = match (stay.end, year_end) {
            (Some(left), Some(end)) => Some(left.min(end)),
            (left, end) => left.or(end),
        };
        self.memberships.push(Membership {
            enrolment,
            group,
            from: stay.start.max(first),
            to,
        });
    }

    fn open(
        &mut self,
        year: usize,
        kind: GroupKind,
        name: String,
        year_group: u8,
        subject: Option<&'static str>,
        staff: usize,
    ) -> usize {
        let (from, last) = self.span(year);
        self.groups.push(Group {
            kind,
            name,
            year_group: Some(year_group),
            school_year: Some(self.years[year].first_year),
            subject,
            staff,
            from,
            to: (year < 2).then_some(last),
        });
        self.groups.len() - 1
    }

    fn year_groups_of(&mut self, year: usize) {
        for (enrolment, year_group) in self.enrolled_in(year) {
            self.join(enrolment, usize::from(year_group) - 7, year);
        }
    }

    /// A tutor goes up the school with the group, and takes another after Year 13.
    fn tutor_groups_of(&mut self, year: usize) {
        let first_year = self.years[year].first_year;
        let (main, sixth) = self.roll.forms;
        let enrolled = self.enrolled_in(year);
        for year_group in 7..=13_u8 {
            let forms = if year_group <= 11 { main } else { sixth.max(1) };
            let year_seven_in = first_year - i16::from(year_group) + 7;
            let first = self.groups.len();
            for form in 0..forms {
                let tutor = year_seven_in.rem_euclid(7) as usize * main + form;
                let staff = HEADS + tutor % self.teachers;
                self.open(
                    year,
                    GroupKind::Tutor,
                    format!("{year_group}{}", letter(form)),
                    year_group,
                    None,
                    staff,
                );
            }
            for (enrolment, _) in enrolled.iter().filter(|(_, other)| *other == year_group) {
                let nature = &self.roll.natures[self.roll.enrolments[*enrolment].pupil];
                let form = if year_group <= 11 {
                    nature.form
                } else {
                    nature.sixth_form
                };
                self.tutor_groups[*enrolment][year] = Some(first + form);
                self.join(*enrolment, first + form, year);
            }
        }
    }

    fn classes_of(&mut self, year: usize) {
        let enrolled = self.enrolled_in(year);
        for year_group in 7..=13_u8 {
            let members: Vec<usize> = enrolled
                .iter()
                .filter(|(_, other)| *other == year_group)
                .map(|(enrolment, _)| *enrolment)
                .collect();
            if year_group <= 11 {
                self.sets(year, year_group, &members);
            } else {
                self.sixth_form_classes(year, year_group, &members);
            }
        }
    }

    /// English, mathematics and science in sets, in two halves of the year where it is large.
    fn sets(&mut self, year: usize, year_group: u8, members: &[usize]) {
        let halves: &[&str] = if members.len() > 2 * CLASS {
            &["x", "y"]
        } else {
            &[""]
        };
        for (side, half) in halves.iter().enumerate() {
            let in_half: Vec<usize> = members
                .iter()
                .copied()
                .filter(|enrolment| {
                    let form = self.roll.natures[self.roll.enrolments[*enrolment].pupil].form;
                    halves.len() == 1 || form % 2 == side
                })
                .collect();
            for (subject, short) in &SUBJECTS[..3] {
                let ordered = self.by_ability(&in_half);
                let sets = ordered.len().div_ceil(CLASS).max(1);
                for (number, set) in ordered
                    .chunks(ordered.len().div_ceil(sets).max(1))
                    .enumerate()
                {
                    let name = format!("{year_group}{half}/{short}{}", number + 1);
                    self.class(year, year_group, name, subject, set);
                }
            }
        }
    }

    fn by_ability(&mut self, enrolments: &[usize]) -> Vec<usize> {
        let mut ranked: Vec<(f64, usize)> = enrolments
            .iter()
            .map(|enrolment| {
                let ability = self.roll.natures[self.roll.enrolments[*enrolment].pupil].ability;
                (ability + 0.12 * self.chance.bell(), *enrolment)
            })
            .collect();
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0).reverse());
        ranked.into_iter().map(|(_, enrolment)| enrolment).collect()
    }

    /// Every sixth former takes three of six subjects.
    fn sixth_form_classes(&mut self, year: usize, year_group: u8, members: &[usize]) {
        const TAUGHT: [usize; 6] = [0, 1, 2, 3, 4, 8];
        for (place, subject_number) in TAUGHT.iter().enumerate() {
            let (subject, short) = SUBJECTS[*subject_number];
            let takers: Vec<usize> = members
                .iter()
                .copied()
                .filter(|enrolment| {
                    (self.roll.enrolments[*enrolment].pupil * 7 / 3 + place).is_multiple_of(2)
                })
                .collect();
            for (number, class) in takers.chunks(SIXTH_FORM_CLASS).enumerate() {
                let name = format!("{year_group}/{short}{}", number + 1);
                self.class(year, year_group, name, subject, class);
            }
        }
    }

    fn class(
        &mut self,
        year: usize,
        year_group: u8,
        name: String,
        subject: &'static str,
        members: &[usize],
    ) {
        let teacher = self.teacher_of(subject);
        let group = self.open(
            year,
            GroupKind::Class,
            name,
            year_group,
            Some(subject),
            HEADS + teacher,
        );
        for enrolment in members {
            self.join(*enrolment, group, year);
        }
    }

    /// The teacher of this subject with the fewest classes so far.
    fn teacher_of(&mut self, subject: &str) -> usize {
        let teacher = (0..self.teachers)
            .filter(|teacher| SUBJECTS[teacher % SUBJECTS.len()].0 == subject)
            .min_by_key(|teacher| self.classes_of[*teacher])
            .unwrap_or(self.request.pupils % self.teachers);
        self.classes_of[teacher] += 1;
        teacher
    }
}

/// `A` to `Z` without I and O, then `AA` and so on.
fn letter(form: usize) -> String {
    let last = LETTERS[form % LETTERS.len()] as char;
    match form / LETTERS.len() {
        0 => last.to_string(),
        round => format!("{}{last}", LETTERS[(round - 1) % LETTERS.len()] as char),
    }
}
